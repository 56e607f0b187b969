"""The drive loop: a tick for every new frame, from picture to wheels."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from car.actuators import Actuators
from car.clock import Clock
from car.command import Command
from car.driver import Driver
from car.frame import Camera, Frame
from car.human import Wish
from car.modes import Mode
from car.pilots.pilot import Decision
from car.recorder import DriveRecorder
from car.timing import Timing
from tubs.record import Record


class Tick(NamedTuple):
    """What one turn of the loop did, for whoever watches."""

    frame: Frame
    mode: Mode
    wish: Wish
    decision: Decision | None
    sent: Command


def drive(
    camera: Camera,
    driver: Driver,
    actuators: Actuators,
    recorder: DriveRecorder,
    clock: Clock,
    timing: Timing,
    watch: Callable[[Tick], None],
) -> None:
    """Drive until the camera ends. However this is left, the car is told to stop.

    The camera is opened after the throttle is known to be at neutral, and closed after it is so
    again: cameras can hang.

    Raises:
        CarError: a part failed; the throttle is at neutral by then.
    """
    now = timing.stopwatch
    with ExitStack() as afterwards, actuators:
        for frame in afterwards.enter_context(camera):
            began = now()
            age_s = clock() - frame.captured_s
            wish, decision, command = driver.decide(frame, clock())
            decided = now()
            sent = actuators.send(command)
            applied_s, done = clock(), now()
            if actuators.latched:
                driver.fault("the guard withheld throttle")
            tick = Tick(frame, driver.state.mode, wish, decision, sent)
            recorder.append(record_of(tick, applied_s))
            timing.add(frame.captured_s, age_s, began, decided, done)
            watch(tick)


def record_of(tick: Tick, applied_s: float) -> Record:
    """What a tub keeps of a tick."""
    by_hand = tick.mode in (Mode.HUMAN, Mode.ASSISTED)
    pilot = tick.decision.command if tick.decision is not None else None
    return Record(
        image=tick.frame.image,
        captured_s=tick.frame.captured_s,
        applied_s=applied_s,
        steering=tick.sent.steering,
        throttle=tick.sent.throttle,
        mode=tick.mode.value,
        human_steering=tick.wish.command.steering if by_hand else None,
        human_throttle=tick.wish.command.throttle if by_hand else None,
        pilot_steering=pilot.steering if pilot is not None else None,
        pilot_throttle=pilot.throttle if pilot is not None else None,
        class_map=tick.frame.class_map,
    )
