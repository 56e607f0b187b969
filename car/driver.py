"""Who drives, and what goes to the wheels: decided anew at every frame."""

import logging
from collections.abc import Callable

from car.command import STOP, Command
from car.config import CarConfig, HumanConfig
from car.errors import PilotError
from car.frame import Frame
from car.frame_check import FrameCheck
from car.human import Human, Wish
from car.limits import CommandLimits
from car.modes import Event, Mode, ModeState, commanded, next_state
from car.monitor import Monitor, NoMonitor, monitor_of
from car.pilots.pilot import Decision, Pilot

logger = logging.getLogger(__name__)

Hazard = Callable[[], str | None]
"""Says at once why it is not safe to drive; None while it is."""

WHY = {
    Event.STOP: "the human stopped it",
    Event.EMERGENCY: "emergency stop",
    Event.SILENCE: "nothing was heard from the human",
    Event.REARM: "re-armed; choose a mode",
}


CHOICES = (Event.CHOOSE_HUMAN, Event.CHOOSE_ASSISTED, Event.CHOOSE_PILOT)
REARM_FIRST = "the emergency stop holds: re-arm first"
LET_GO_FIRST = "let go of the throttle, then choose"
PILOT_STEERS = (Mode.PILOT, Mode.ASSISTED)
NEED_A_PILOT = (Event.CHOOSE_PILOT, Event.CHOOSE_ASSISTED)
NO_PILOT = "there is no pilot to choose: start the drive with a pilot file (--pilot)"


def no_hazard() -> str | None:
    """Nothing beside the parts themselves that could make driving unsafe."""
    return None


class Driver:
    """The mode and everything that decides it.

    Args:
        human: whoever holds the controls.
        pilot: decides by the picture; None when only a human drives.
        eyes: looks at every frame first.
        limits: what no command exceeds.
        config: how long a human's word counts.
        hazard: asked at every frame.
        monitor: doubts the pilot while the pilot steers.

    Attributes:
        state: the mode.
        why_stopped: in words, for whoever looks on.
    """

    def __init__(
        self,
        human: Human,
        pilot: Pilot | None,
        eyes: FrameCheck,
        limits: CommandLimits,
        config: HumanConfig,
        hazard: Hazard = no_hazard,
        monitor: Monitor = NoMonitor(),  # noqa: B008
    ) -> None:
        self.state = ModeState()
        self.why_stopped = "nobody has chosen a mode yet"
        self._human, self._pilot = human, pilot
        self._eyes, self._limits = eyes, limits
        self._expiry_s = config.expiry_s
        self._hazard = hazard
        self._monitor = monitor

    def decide(self, frame: Frame, now_s: float) -> tuple[Wish, Decision | None, Command]:
        """Ask the human and the pilot, and give the command that is safe to send.

        Raises:
            CameraError: the frame must not be steered by.
            PilotError: the pilot gave nonsense.
        """
        self._eyes.check(frame, now_s)
        wish = self._listen(now_s)
        hazard = self._eyes.blank or self._hazard()
        if hazard is not None:
            self.fault(hazard)
        decision = self._ask_pilot(frame)
        self._heed(decision)
        command = self._command(wish, decision, frame.captured_s)
        return wish, decision, self._limits.apply(command, now_s)

    def fault(self, why: str) -> None:
        """Take a part's word that it is not safe to drive: nobody does until someone chooses."""
        self._happen(Event.FAULT, 0.0, why)

    def _command(self, wish: Wish, decision: Decision | None, captured_s: float) -> Command:
        """Blend the wishes; while the pilot steers ahead, the monitor's doubt slows or stops it."""
        if decision is None:
            return commanded(self.state.mode, wish.command, None)
        judgement = self._monitor.judge(decision, captured_s)
        command = commanded(self.state.mode, wish.command, decision.command)
        if self.state.mode not in PILOT_STEERS or command.throttle <= 0.0:
            return command
        if judgement.stop is not None:
            self.fault(judgement.stop)
            return STOP
        return command._replace(throttle=command.throttle * judgement.factor)

    def _ask_pilot(self, frame: Frame) -> Decision | None:
        if self._pilot is None:
            return None
        decision = self._pilot.decide(frame)
        if not decision.command.makes_sense:
            raise PilotError(
                f"the pilot wants steering {decision.command.steering} and throttle "
                f"{decision.command.throttle}; both must be from -1 to +1: it is broken"
            )
        return decision

    def _heed(self, decision: Decision | None) -> None:
        """Stop where the pilot says that it cannot go on, and its word counts."""
        if decision is None or decision.stop is None:
            return
        if self.state.mode in PILOT_STEERS:
            self.fault(decision.stop)

    def _listen(self, now_s: float) -> Wish:
        """Let the human's events happen; of a wish that counts no more only those that stop."""
        wish = self._human.wish(now_s)
        events = wish.events
        if not 0.0 <= now_s - wish.made_s <= self._expiry_s:
            stops = tuple(event for event in events if event in (Event.STOP, Event.EMERGENCY))
            events = (Event.SILENCE, *stops)
        for event in events:
            if event in NEED_A_PILOT and self._pilot is None:
                self._refuse_pilot()
            else:
                self._happen(event, wish.command.throttle, WHY.get(event, "the human's choice"))
        if not wish.command.makes_sense:
            self.fault(f"the human's controls gave nonsense: {wish.command}")
            return wish._replace(command=STOP)
        return wish

    def _refuse_pilot(self) -> None:
        """Say why the car stands, also when it stood before; an emergency is worth more words."""
        self.fault(NO_PILOT)
        if not self.state.latched:
            self.why_stopped = NO_PILOT

    def _happen(self, event: Event, throttle: float, why: str) -> None:
        was = self.state
        self.state = next_state(was, event, throttle)
        if self.state.mode is Mode.STOPPED and self.state != was:
            self.why_stopped = why
            logger.warning("stopped: %s", why)
        elif self.state.mode is Mode.STOPPED and event in CHOICES:
            self.why_stopped = REARM_FIRST if self.state.latched else LET_GO_FIRST


def driver_of(
    config: CarConfig, human: Human, pilot: Pilot | None, hazard: Hazard = no_hazard
) -> Driver:
    """Put a driver together from the car's settings."""
    eyes, limits = FrameCheck(config.camera), CommandLimits(config.limits)
    monitor = monitor_of(config.monitor, config.camera, config.chassis)
    return Driver(human, pilot, eyes, limits, config.human, hazard, monitor)
