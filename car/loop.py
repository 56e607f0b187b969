"""The drive loop: a tick for every new frame, from picture to wheels."""

import logging
from collections.abc import Callable
from typing import NamedTuple

from car.actuators import Actuators
from car.clock import Clock
from car.command import Command
from car.config import HumanConfig
from car.frame import Camera, Frame
from car.human import Human, Wish
from car.limits import CommandLimits
from car.modes import Event, Mode, ModeState, commanded, next_state
from car.pilots.pilot import Decision, Pilot
from car.recorder import DriveRecorder
from car.timing import Timing
from tubs.record import Record

logger = logging.getLogger(__name__)


class Tick(NamedTuple):
    """What one turn of the loop did, for whoever watches."""

    frame: Frame
    mode: Mode
    wish: Wish
    decision: Decision | None
    sent: Command


class Driver:
    """Decides at every frame who drives, and what goes to the wheels."""

    def __init__(
        self, human: Human, pilot: Pilot | None, limits: CommandLimits, config: HumanConfig
    ) -> None:
        self.state = ModeState()
        self._human = human
        self._pilot = pilot
        self._limits = limits
        self._expiry_s = config.expiry_s

    def decide(self, frame: Frame, now_s: float) -> tuple[Wish, Decision | None, Command]:
        """Ask the human and the pilot, and give the command that is safe to send.

        Raises:
            StaleFrameError: the frame is too old to steer by.
            PilotError: the pilot gave nonsense.
        """
        self._limits.check_age(frame, now_s)
        wish = self._human.wish(now_s)
        events = wish.events
        if not 0.0 <= now_s - wish.made_s <= self._expiry_s:
            stops = tuple(event for event in events if event in (Event.STOP, Event.EMERGENCY))
            events = (*stops, Event.SILENCE)
        for event in events:
            self.state = next_state(self.state, event, wish.command.throttle)
        decision = self._pilot.decide(frame) if self._pilot is not None else None
        pilot = decision.command if decision is not None else None
        command = commanded(self.state.mode, wish.command, pilot)
        return wish, decision, self._limits.apply(command, now_s)

    def stop(self) -> None:
        """Take a part's word that it withheld throttle: nobody drives until someone chooses."""
        if self.state.mode is not Mode.STOPPED:
            logger.error("stopped: the guard withheld throttle, for commands came too late")
        self.state = next_state(self.state, Event.FAULT, 0.0)


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

    Raises:
        CarError: a part failed; the throttle is at neutral by then.
    """
    now = timing.stopwatch
    with actuators:
        for frame in camera:
            began = now()
            age_s = clock() - frame.captured_s
            wish, decision, command = driver.decide(frame, clock())
            decided = now()
            sent = actuators.send(command)
            applied_s, done = clock(), now()
            if actuators.latched:
                driver.stop()
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
