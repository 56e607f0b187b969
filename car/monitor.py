"""The runtime monitor: slows the car and stops it when its pilot sees no road or is unsure.

Evidence of every frame is summed up over time and falls back when nothing is wrong: the cumulative
sum test of Page, "Continuous Inspection Schemes" (Biometrika 1954).
"""

from typing import NamedTuple, Protocol

from car.config import CameraConfig
from car.frame import Image
from car.monitor_settings import MonitorConfig
from car.monitor_signs import OF_THE_PILOT, Evidence, MonitorWeights, Signs, load_weights, signs_of
from car.path_ahead import Ahead, PathAhead
from car.pilots.pilot import Decision
from car.pilots.settings import ChassisConfig

BLIND_SHARE = 0.9
"""Of the best path of all that is no road: then no road is seen anywhere."""
CLUELESS_STD = 0.5
"""Of steering: who knows nothing, all steerings alike, has 0.58."""
MOST_DOUBT = 1.5
"""Doubt is not summed up beyond, so that it is gone soon after its cause."""
LONGEST_STEP_S = 0.2
"""Between two frames, as far as doubt is concerned."""

NO_ROAD = "no road ahead: the pilot sees none on any path"
OFF_THE_ROAD = "no road ahead: the pilot steers off what it sees of it"
IN_THE_WAY = "no road ahead: something stands in the way"
UNSURE = "the pilot is unsure where to go"
CLUELESS = "the pilot is unsure: by what it sees, any steering may be right"


class Judgement(NamedTuple):
    """What to do about one decision.

    Attributes:
        factor: share of the throttle ahead that may be given, in [0, 1].
        stop: why the car must not drive on, in words; None when it may.
        doubt: 0 is calm, 1 is an alarm.
        signs: what it is about.
    """

    factor: float = 1.0
    stop: str | None = None
    doubt: float = 0.0
    signs: Signs = Signs()


class Monitor(Protocol):
    """Judges decisions, one a frame."""

    def judge(self, decision: Decision, captured_s: float) -> Judgement:
        """Say how much throttle the decision is worth."""
        ...


class NoMonitor:
    """Trusts every pilot."""

    def judge(self, decision: Decision, captured_s: float) -> Judgement:
        """Nothing is ever wrong."""
        return Judgement()


class RoadMonitor:
    """Doubts a pilot by what it sees and wants, and how sure it is.

    Args:
        config: when to slow and to stop.
        camera: its lens says where the path lies in the class map.
        chassis: says where a steering leads.
        learned: what each sign is worth.
    """

    def __init__(
        self,
        config: MonitorConfig,
        camera: CameraConfig,
        chassis: ChassisConfig,
        learned: MonitorWeights,
    ) -> None:
        self._config, self._camera, self._chassis = config, camera, chassis
        self._evidence, self._threshold = Evidence(learned), learned.threshold
        self._paths: PathAhead | None = None
        self._shape: tuple[int, ...] = ()
        self._doubt = 0.0
        self._last: tuple[float, float] | None = None
        self._alarmed_for_s = self._blind_for_s = 0.0

    def judge(self, decision: Decision, captured_s: float) -> Judgement:
        """Say how much throttle a decision is worth; call it with every frame, in order.

        Args:
            decision: of the pilot.
            captured_s: of the frame that it is about.
        """
        passed_s, last_steering = self._pass_time(decision.command.steering, captured_s)
        ahead = self._look(decision.class_map, decision.command.steering)
        signs = signs_of(decision, ahead, last_steering)
        gained = self._evidence.of(signs) * passed_s / self._threshold
        self._doubt = min(MOST_DOUBT, max(0.0, self._doubt + gained))
        self._alarmed_for_s = self._alarmed_for_s + passed_s if self._doubt >= 1.0 else 0.0
        is_blind = signs.nowhere >= BLIND_SHARE or signs.unsure >= CLUELESS_STD
        self._blind_for_s = self._blind_for_s + passed_s if is_blind else 0.0
        return Judgement(self._factor(), self._stop(signs), self._doubt, signs)

    def _pass_time(self, steering: float, captured_s: float) -> tuple[float, float | None]:
        last, self._last = self._last, (steering, captured_s)
        if last is None:
            return 0.0, None
        return min(LONGEST_STEP_S, max(0.0, captured_s - last[1])), last[0]

    def _look(self, class_map: Image | None, steering: float) -> Ahead | None:
        """Look along the paths; they are worked out when the first class map comes."""
        if class_map is None:
            return None
        if self._paths is None or class_map.shape != self._shape:
            self._shape = class_map.shape
            rows, columns = class_map.shape
            image = (self._camera.height_px, self._camera.width_px)
            self._paths = PathAhead(self._camera.lens, self._chassis, (rows, columns), image)
        return self._paths.look(class_map, steering)

    def _factor(self) -> float:
        """Fall in a straight line from 1 at doubt `slow_from` to `slowest` at doubt 1."""
        slow_from, slowest = self._config.slow_from, self._config.slowest
        share = (self._doubt - slow_from) / (1.0 - slow_from)
        return 1.0 - (1.0 - slowest) * min(1.0, max(0.0, share))

    def _stop(self, signs: Signs) -> str | None:
        if self._blind_for_s >= self._config.blind_after_s:
            return NO_ROAD if signs.nowhere >= BLIND_SHARE else CLUELESS
        if self._config.action != "stop" or self._doubt < 1.0:
            return None
        if self._alarmed_for_s < self._config.stop_after_s:
            return None
        return in_words(self._evidence.strongest(signs))


def in_words(sign: str) -> str:
    """Say what a sign means to whoever stands beside the car."""
    if sign in OF_THE_PILOT:
        return UNSURE
    return IN_THE_WAY if sign == "obstacle" else OFF_THE_ROAD


def monitor_of(config: MonitorConfig, camera: CameraConfig, chassis: ChassisConfig) -> Monitor:
    """Choose the monitor that car.toml asks for.

    Raises:
        ConfigError: what it has learned cannot be read.
    """
    if config.action == "off":
        return NoMonitor()
    return RoadMonitor(config, camera, chassis, load_weights())
