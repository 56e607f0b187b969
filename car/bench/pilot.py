"""Measures a decision: every form of some pilots, and donkeycar's network, in turns, one thread."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from car.bench.bare import bare_call
from car.bench.donkeycar_beside import DonkeycarNetworks, write_donkeycar_networks
from car.bench.flatbuffer import Network, NetworkFacts
from car.bench.interleaved import Interleaved, time_in_turns
from car.bench.pilot_figures import DecisionSpeed, DonkeycarSpeed, FormSpeed, PilotSpeed
from car.bench.spread import Spread
from car.config import CameraConfig
from car.frame import Frame
from car.pilots.card import open_pilot_file
from car.pilots.network import NetworkPilot, start_runtime

HEAD = "class_map"
_FLOAT, _INT8 = "donkeycar float", "donkeycar int8"


@dataclass(frozen=True)
class Entrant:
    """A pilot to measure.

    Attributes:
        pilot: its file.
        float_form: a TFLite file of the float network as it would drive; None when there is none.
    """

    pilot: Path
    float_form: Path | None = None


class Contest:
    """All that is timed, by name, and what is known of it."""

    def __init__(self) -> None:
        self.things: dict[str, Callable[[], object]] = {}
        self.facts: dict[str, NetworkFacts] = {}

    def add_network(self, name: str, path: Path, flatbuffer: bytes) -> None:
        """The interpreter alone.

        Raises:
            PilotError: it cannot be run here.
        """
        self.facts[name] = Network(flatbuffer).facts
        self.things[name] = bare_call(start_runtime(path, flatbuffer))

    def add_with_and_without_head(self, name: str, path: Path, flatbuffer: bytes) -> None:
        """A network, and the same without its class map where it has one."""
        network = Network(flatbuffer)
        self.add_network(name, path, flatbuffer)
        if HEAD in network.outputs:
            self.add_network(f"{name} headless", path, network.without(HEAD))

    def add_pilot(self, number: int, entrant: Entrant) -> None:
        """All forms of a pilot.

        Raises:
            PilotError: it cannot be used here.
        """
        path = entrant.pilot
        card, flatbuffer = open_pilot_file(path)
        self.add_with_and_without_head(f"{number}", path, flatbuffer)
        camera = CameraConfig(width_px=card.width_px, height_px=card.height_px, lens=card.lens)
        pilot = NetworkPilot(path, camera)
        shape = (card.height_px, card.width_px, 3)
        frame = Frame(np.random.default_rng(0).integers(0, 256, shape, np.uint8), 0.0, 0)
        self.things[f"{number}"] = bare_call(pilot.interpreter)
        self.things[f"{number} decide"] = lambda: pilot.decide(frame)
        if entrant.float_form is not None:
            self.add_with_and_without_head(
                f"{number} float", entrant.float_form, entrant.float_form.read_bytes()
            )


class Outcome:
    """The figures of a contest that is over."""

    def __init__(self, contest: Contest, times: Interleaved) -> None:
        self._contest, self._times = contest, times

    def form(self, name: str) -> FormSpeed | None:
        """One form; None when it did not take part."""
        if name not in self._contest.things:
            return None
        return self._form(name)

    def _form(self, name: str) -> FormSpeed:
        return FormSpeed(self._times.timings(name), self._contest.facts[name])

    def _ratio(self, name: str, other: str) -> Spread | None:
        """One form to another; None unless both took part."""
        if not {name, other} <= self._contest.things.keys():
            return None
        return self._times.ratio(name, other)

    def pilot(self, number: int, path: Path) -> PilotSpeed:
        """All forms of a pilot, and how they compare."""
        name, ratio = f"{number}", self._ratio
        return PilotSpeed(
            pilot=str(path),
            bare=self._form(name),
            decide=self._times.timings(f"{name} decide"),
            headless=self.form(f"{name} headless"),
            float_form=self.form(f"{name} float"),
            float_headless=self.form(f"{name} float headless"),
            decide_ratio=self._times.ratio(f"{name} decide", name),
            head_ratio=ratio(name, f"{name} headless"),
            float_head_ratio=ratio(f"{name} float", f"{name} float headless"),
            float_ratio=ratio(f"{name} float", name),
            donkeycar_ratio=ratio(_FLOAT, name),
            donkeycar_to_decide_ratio=ratio(_FLOAT, f"{name} decide"),
            donkeycar_float_ratio=ratio(_FLOAT, f"{name} float"),
            donkeycar_int8_ratio=ratio(_INT8, name),
        )

    def donkeycar(self, networks: DonkeycarNetworks) -> DonkeycarSpeed:
        """Both forms of donkeycar's network."""
        return DonkeycarSpeed(networks.version, self._form(_FLOAT), self._form(_INT8))


def measure_decisions(
    entrants: Sequence[Entrant],
    rounds: int,
    calls: int,
    donkeycar: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DecisionSpeed:
    """Time every form of some pilots in turns.

    Args:
        entrants: at least one.
        rounds: at least one.
        calls: of each form a round.
        donkeycar: a Python that has donkeycar and TensorFlow; nothing when None.
        progress: told how many rounds are done.

    Raises:
        PilotError: a pilot cannot be used here.
        PeerError: donkeycar cannot be run.
    """
    contest, before = Contest(), os.getloadavg()[0]
    for number, entrant in enumerate(entrants):
        contest.add_pilot(number, entrant)
    networks = None if donkeycar is None else _add_donkeycar(contest, donkeycar)
    outcome = Outcome(contest, time_in_turns(contest.things, rounds, calls, progress))
    return DecisionSpeed(
        rounds=rounds,
        calls=calls,
        load=(before, os.getloadavg()[0]),
        pilots=[outcome.pilot(number, each.pilot) for number, each in enumerate(entrants)],
        donkeycar=None if networks is None else outcome.donkeycar(networks),
    )


def _add_donkeycar(contest: Contest, python: str) -> DonkeycarNetworks:
    with TemporaryDirectory(prefix="everlap-bench-") as name:
        folder = Path(name)
        networks = write_donkeycar_networks(python, folder)
        for form, file in ((_FLOAT, folder / "float.tflite"), (_INT8, folder / "int8.tflite")):
            contest.add_network(form, file, file.read_bytes())
    return networks
