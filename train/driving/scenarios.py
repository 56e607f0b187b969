"""Named scenarios and suites: what they change in the worlds that a pilot is judged in."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import msgspec

from car.errors import ConfigError
from car.simulation.conditions import ORDINARY, Conditions
from car.simulation.scene import FOREIGN
from car.simulation.world import WorldSpec

ALL = "all"
SCENARIO_FILE, SUITE_FILE = "scenarios.toml", "suites.toml"
OWN_TRACKS = 950_000
"""Seed of the first road where a scenario has a family of its own."""

Surfaces = Literal["foreign"]


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that may go wrong.

    Attributes:
        name: as on the command line.
        what: in a few words.
        conditions: those that differ from the ordinary.
        tracks: another family of roads, or None.
        surfaces: other surfaces, or None.
    """

    name: str
    what: str
    conditions: Conditions
    tracks: Literal["hairpins", "narrow"] | None = None
    surfaces: Surfaces | None = None


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A set of worlds to be judged in.

    Attributes:
        what: in a few words.
        tracks: for parse_tracks.
        laps: on each.
        seed: of the first world.
        goal_per_100_laps: off-road events that a pilot should stay below.
        delay: extra, in seconds.
        look: level of variety.
        car_level: of the cars.
        starts: disturbed starts on each, instead of laps when not 0.
        surfaces: other surfaces than the usual, or None.
        conditions: in all of them.
    """

    what: str
    tracks: str
    laps: int
    seed: int
    goal_per_100_laps: float
    delay: float = 0.06
    look: float = 0.5
    car_level: float = 0.0
    starts: int = 0
    surfaces: Surfaces | None = None
    conditions: Conditions = ORDINARY


def find_scenarios(names: str) -> list[Scenario]:
    """Look scenarios up.

    Args:
        names: `all`, names by comma, or a .toml file like the one in this package.

    Raises:
        ConfigError: no such scenario, or a file that says what cannot be.
    """
    if names.endswith(".toml"):
        return list(_scenarios(_read(Path(names)), names).values())
    known = _scenarios(_packaged(SCENARIO_FILE), SCENARIO_FILE)
    wanted = list(known) if names == ALL else [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ConfigError(
            f"no scenario {unknown[0]!r}: give all, a .toml file, or some of {', '.join(known)}"
        )
    return [known[name] for name in dict.fromkeys(wanted)]


def find_suite(name: str) -> Suite:
    """Look a suite up.

    Raises:
        ConfigError: no such suite.
    """
    known = _packaged(SUITE_FILE)
    if name not in known:
        raise ConfigError(f"no suite {name!r}: give one of {', '.join(known)}")
    return msgspec.convert(known[name], Suite)


def in_scenario(world: WorldSpec, scenario: Scenario, number: int) -> WorldSpec:
    """The same world in a scenario.

    Args:
        world: the nominal one.
        scenario: what to change.
        number: of the world, for the roads and surfaces that scenarios bring along.
    """
    track = world.track if scenario.tracks is None else f"{scenario.tracks}:{OWN_TRACKS + number}"
    surface = foreign_surface(number) if scenario.surfaces else world.surface
    conditions = _laid_over(world.conditions, scenario.conditions)
    return replace(world, track=track, surface=surface, conditions=conditions)


def foreign_surface(number: int) -> str:
    """The foreign looks one after the other."""
    return tuple(FOREIGN)[number % len(FOREIGN)]


def _laid_over(below: Conditions, above: Conditions) -> Conditions:
    """Conditions of which those that are out of the ordinary in `above` win."""
    changed = {
        name: value
        for name, value in msgspec.structs.asdict(above).items()
        if value != getattr(ORDINARY, name)
    }
    return msgspec.structs.replace(below, **changed)


def _scenarios(document: Mapping[str, Any], where: str) -> dict[str, Scenario]:
    """Read scenarios from a document.

    Raises:
        ConfigError: a key is unknown, or a value is out of its range.
    """
    return {name: _scenario(name, lines, where) for name, lines in document.items()}


def _scenario(name: str, lines: object, where: str) -> Scenario:
    if not isinstance(lines, dict):
        raise ConfigError(f"{where}: {name} is not a table: write [{name}] and lines below it")
    own: Sequence[str] = ("what", "tracks", "surfaces")
    head = {key: value for key, value in lines.items() if key in own}
    rest = {key: value for key, value in lines.items() if key not in own}
    try:
        return msgspec.convert({"name": name, "what": "", **head, "conditions": rest}, Scenario)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: [{name}]: {error}") from error


def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("train.driving").joinpath(name).read_text("utf-8"))


def _read(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it is missing, or no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error
