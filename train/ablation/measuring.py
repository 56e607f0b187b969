"""Measures one pilot: laps, disturbed starts, and steering on worlds that it never saw."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from car.config import CameraConfig
from car.pilots.card import HeldOut, read_card
from car.pilots.network import NetworkPilot
from car.simulation.world import WorldSpec
from train.driving.campaign import Campaign
from train.driving.drive_kept import UNWATCHED, drive_kept
from train.driving.episodes import NOMINAL, Driven
from train.learning.dataset import Lesson
from train.learning.guesses import ask
from train.learning.lessons import open_lessons
from train.metrics import mae, r2
from tubs.atomic import written_whole

ASKED = 4000
"""Held-out records, evenly chosen."""


@dataclass(frozen=True)
class Course:
    """Where all pilots drive.

    Attributes:
        worlds: for laps.
        laps: in each.
        start_worlds: for disturbed starts.
        starts: in each; 0 for none.
        workers: processes.
    """

    worlds: Sequence[WorldSpec]
    laps: int
    start_worlds: Sequence[WorldSpec]
    starts: int
    workers: int


class Offline(msgspec.Struct, frozen=True):
    """How far a pilot is from the expert on recorded worlds that nothing is trained on.

    Attributes:
        steering_mae: by world, in the order of the worlds.
        throttle_r2: of all.
    """

    steering_mae: list[float]
    throttle_r2: float


class Measured(msgspec.Struct, frozen=True):
    """One pilot.

    Attributes:
        laps: an episode a world.
        starts: an episode a disturbed start.
        offline: on recorded worlds.
    """

    laps: list[Driven]
    starts: list[Driven]
    offline: Offline


def measured(
    pilot: Path, course: Course, tub: Path, cache: Path, say: Callable[[str], None]
) -> Measured:
    """Measure a pilot, what was measured before from the folder that it lies in.

    Raises:
        PilotError: it cannot be used.
        NotDrivenError: an episode raised.
        WorkerLostError: a process was killed; what was done is kept.
    """
    folder = pilot.parent
    laps = Campaign(str(pilot), course.worlds, course.laps, UNWATCHED)
    starts = Campaign(str(pilot), course.start_worlds, 1, UNWATCHED, starts=course.starts)
    driven = drive_kept(laps, folder / "laps", course.workers, say).driven[NOMINAL]
    pushed = (
        drive_kept(starts, folder / "starts", course.workers, say).driven[NOMINAL]
        if course.starts
        else []
    )
    return Measured(driven, pushed, _offline(pilot, tub, cache))


def held_out_lesson(tub: Path, cache: Path) -> Lesson:
    """A tub that is only measured on, with the usual label delay, whatever a pilot learned."""
    how = HeldOut(fraction=0.3, block_s=2.0, gap_s=0.2)
    return open_lessons([tub], how, None, cache).lessons[0]


def _offline(pilot: Path, tub: Path, cache: Path) -> Offline:
    digest = hashlib.sha256(f"{read_card(pilot).sha256} {tub.name} {ASKED}".encode()).hexdigest()
    kept = pilot.parent / f"offline-{digest[:8]}.json"
    if not kept.is_file():
        found = by_world(pilot, held_out_lesson(tub, cache))
        with written_whole(kept) as draft:
            draft.write_bytes(msgspec.json.encode(found))
    return msgspec.json.decode(kept.read_bytes(), type=Offline)


def by_world(pilot: Path, lesson: Lesson) -> Offline:
    """Ask a pilot on all worlds of a lesson.

    Raises:
        PilotError: it cannot be used.
    """
    card = read_card(pilot)
    camera = CameraConfig(width_px=card.width_px, height_px=card.height_px, lens=card.lens)
    count = len(lesson.steering)
    rows = np.linspace(0, count - 1, min(count, ASKED)).round().astype(np.intp)
    says = ask(NetworkPilot(pilot, camera), lesson, rows)
    world = lesson.recording.session[rows]
    truth = lesson.steering[rows]
    return Offline(
        [mae(truth[world == one], says.steering[world == one]) for one in np.unique(world)],
        r2(lesson.throttle[rows], says.throttle),
    )
