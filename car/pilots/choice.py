"""Opens whichever pilot a word on the command line names."""

from pathlib import Path
from typing import TYPE_CHECKING

from car.config import CarConfig
from car.errors import PilotError
from car.pilots.network import NetworkPilot
from car.pilots.pilot import Pilot

if TYPE_CHECKING:
    from car.assembly import World

PLANNER = "planner"
SUFFIX = ".tflite"
CHOICES = "NAME.tflite, line or planner:NAME.tflite"
WITH_A_WORLD = f"{CHOICES}, or expert"


def open_pilot(word: str, config: CarConfig, world: "World | None" = None) -> Pilot:
    """Open the pilot of this name.

    Args:
        word: `NAME.tflite` for a network, `line` for the line follower, `planner:NAME.tflite` for
            the planner on that network's class map, or `expert`, who knows the world.
        config: of the car.
        world: where the simulated car drives; None for any other drive.

    Raises:
        PilotError: there is no such pilot, or it cannot be used with this car.
    """
    kind, colon, path = word.partition(":")
    if word == "line":
        from car.pilots.line_follower import LineFollower

        return LineFollower(config)
    if kind == PLANNER and not Path(word).exists():
        return _planner(path if colon else "", config)
    if word == "expert":
        return _expert(world)
    return _network(word, config, CHOICES if world is None else WITH_A_WORLD)


def network_of(word: str) -> Path | None:
    """Give the pilot file that a pilot's name names; None where it has none."""
    if word in ("line", "expert", "none"):
        return None
    return Path(word.removeprefix(f"{PLANNER}:"))


def _planner(path: str, config: CarConfig) -> Pilot:
    from car.pilots.planner import Planner

    if not path:
        raise PilotError("the planner needs a network that sees the road: planner:NAME.tflite")
    network = _network(path, config, "planner:NAME.tflite")
    if network.card.class_map_shape is None:
        raise PilotError(f"{path} gives no class map, which the planner needs: train one anew")
    return Planner(network, config)


def _expert(world: "World | None") -> Pilot:
    if world is None:
        raise PilotError(f"expert knows only the simulated world; here it is {CHOICES}")
    from car.assembly import expert_of

    return expert_of(world)


def _network(word: str, config: CarConfig, known: str) -> NetworkPilot:
    path = Path(word)
    if path.suffix != SUFFIX and not path.is_file():
        raise PilotError(f"there is no pilot {word!r}: give {known}")
    return NetworkPilot(path, config.camera)
