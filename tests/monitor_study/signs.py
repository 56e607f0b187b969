"""Kept drives, with the signs that the monitor sees in them and the truth beside."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from car.command import Command
from car.config import CarConfig
from car.monitor_signs import Signs, signs_of
from car.path_ahead import PathAhead
from car.pilots.pilot import Decision
from tests.monitor_study.drives import Plan

Floats = NDArray[np.float64]
AFTER_S = 1.5
"""After an off-road event or a trouble ends the car is still finding its way."""


@dataclass(frozen=True)
class Kept:
    """One drive.

    Attributes:
        plan: where, and what happened.
        time_s: of every frame.
        signs: (n, signs) as in `Signs`.
        speed_m_s: of every frame.
        off_road: whether the middle of the car is off the road.
        counts: frames in which an alarm that no event follows is a false one: on the road, and well
            after the last event and the last trouble; in trouble an alarm is right even when
            the car keeps to the road by luck.
        events: indices of the first frame off the road; only those that begin well after another.
        since_s: for each event, how long before it the trouble that led to it began; nan without.
    """

    plan: Plan
    time_s: Floats
    signs: Floats
    speed_m_s: Floats
    off_road: NDArray[np.bool_]
    counts: NDArray[np.bool_]
    events: NDArray[np.intp]
    since_s: Floats


def load(path: Path, config: CarConfig) -> Kept:
    """Read a drive and look at its class maps as the monitor does."""
    with np.load(path) as kept:
        rows, plan = kept["rows"].astype(float), msgspec.json.decode(str(kept["plan"]), type=Plan)
        maps = kept["maps"]
    return kept_drive(plan, rows, signs_of_maps(maps, rows[:, 1], rows[:, 2], config))


def signs_of_maps(
    maps: NDArray[np.uint8], steering: Floats, std: Floats, config: CarConfig
) -> Floats:
    """See the signs of every frame by the very code that drives."""
    camera = config.camera
    image = (camera.height_px, camera.width_px)
    paths = PathAhead(camera.lens, config.chassis, maps.shape[1:], image)
    signs, last = [], None
    for class_map, wanted, unsure in zip(maps, steering, std, strict=True):
        decision = Decision(Command(float(wanted), 0.0), float(unsure))
        signs.append(signs_of(decision, paths.look(class_map, float(wanted)), last))
        last = float(wanted)
    signs[0] = Signs(*(0.0 if np.isnan(each) else each for each in signs[0]))
    return np.array(signs)


def kept_drive(plan: Plan, rows: Floats, signs: Floats) -> Kept:
    """Find the events and the frames that count."""
    time_s, off_road, put_back, trouble = rows[:, 0], rows[:, 4] > 0, rows[:, 5], rows[:, 8]
    disturbed = off_road | (np.diff(put_back, prepend=put_back[0]) > 0)
    settled = _since(disturbed, time_s) > AFTER_S
    starts = np.flatnonzero(off_road[1:] & ~off_road[:-1]) + 1
    events = np.array([each for each in starts if settled[each - 1]], np.intp)
    calm = _since(trouble > 0, time_s) > AFTER_S
    began = np.array([_trouble_before(trouble, time_s, each) for each in events])
    return Kept(
        plan, time_s, signs, rows[:, 7], off_road, settled & calm, events, began.astype(float)
    )


def _since(happens: NDArray[np.bool_], time_s: Floats) -> Floats:
    """Seconds since something happened last, at every frame; inf before the first time."""
    last = np.maximum.accumulate(np.where(happens, time_s, -np.inf))
    return np.asarray(time_s - last)


def _trouble_before(trouble: Floats, time_s: Floats, event: int) -> float:
    """How long before an event the trouble began that was there in the 1.5 s before it."""
    recent = np.flatnonzero((trouble[:event] > 0) & (time_s[:event] > time_s[event] - 1.5))
    if not len(recent):
        return float("nan")
    first = int(recent[-1])
    while first > 0 and trouble[first - 1] == trouble[recent[-1]]:
        first -= 1
    return float(time_s[event] - time_s[first])
