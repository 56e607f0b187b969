"""The simulated car as hardware: its chip decides how the wheels move, its camera sees the world.

Nothing here takes commands. The drive loop writes registers through the real driver; servo and
speed controller read the pulses that come out of the chip, cycle by cycle.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from car.config import SteeringConfig, ThrottleConfig
from car.frame import Frame
from car.simulation.pca9685 import PulseWatch, SimulatedPca9685
from car.simulation.world import World

SERVO_RANGE_US = (600.0, 2400.0)
"""A pulse outside is no servo pulse: the servo holds still and the ESC brakes to neutral."""


class WallClock:
    """Makes simulated time keep to the wall clock."""

    def __init__(self) -> None:
        self._start_s: float | None = None

    def sleep_until(self, now_s: float) -> None:
        """Wait until the wall clock is as far from the first call as simulated time from 0.

        A simulation that is behind is not hurried after.
        """
        wall_s = time.monotonic()
        if self._start_s is None:
            self._start_s = wall_s - now_s
        ahead_s = self._start_s + now_s - wall_s
        if ahead_s > 0:
            time.sleep(ahead_s)
        else:
            self._start_s -= ahead_s


class SimulatedClock:
    """Virtual time: it moves when told to, and calls those who asked to be called.

    Args:
        wait_until: called with every new time; the default does not wait.
    """

    def __init__(self, wait_until: Callable[[float], None] = lambda now_s: None) -> None:
        self._now_s = 0.0
        self._wait_until = wait_until
        self._listeners: list[Callable[[], object]] = []

    def __call__(self) -> float:
        """The time in seconds since the start of the simulation."""
        return self._now_s

    def on_advance(self, call: Callable[[], object]) -> None:
        """Call back whenever time moves on, at least once a PWM cycle."""
        self._listeners.append(call)

    def advance_to(self, time_s: float) -> None:
        """Move on; time never goes back."""
        self._now_s = max(self._now_s, time_s)
        self._wait_until(self._now_s)
        for call in self._listeners:
            call()


class ServoAndEscWiring:
    """What hangs on the chip's outputs: pulses in, position of servo horn and throttle out.

    A servo holds its place and an ESC goes to neutral when there is no valid pulse.
    """

    def __init__(
        self, chip: SimulatedPca9685, steering: SteeringConfig, throttle: ThrottleConfig
    ) -> None:
        self._servo_wire = PulseWatch(chip, steering.channel)
        self._esc_wire = PulseWatch(chip, throttle.channel)
        self._steering = steering
        self._throttle = throttle
        self._held = 0.0

    def read(self) -> tuple[float, float]:
        """Give steering and throttle in [-1, +1] as the pulses say now."""
        steering, throttle = self._steering, self._throttle
        pulse = self._servo_wire.pulse_us()
        if pulse is not None and SERVO_RANGE_US[0] <= pulse <= SERVO_RANGE_US[1]:
            self._held = _position(pulse, steering.left_us, steering.centre_us, steering.right_us)
        pulse = self._esc_wire.pulse_us()
        if pulse is None or not SERVO_RANGE_US[0] <= pulse <= SERVO_RANGE_US[1]:
            return self._held, 0.0
        return self._held, _position(
            pulse, throttle.reverse_us, throttle.neutral_us, throttle.forward_us
        )


def _position(pulse_us: float, low_us: float, middle_us: float, high_us: float) -> float:
    """Where a pulse lies between two end points and the middle, -1 to +1."""
    towards_high = (pulse_us - middle_us) * (high_us - middle_us) > 0
    span = high_us - middle_us if towards_high else middle_us - low_us
    return max(-1.0, min(1.0, (pulse_us - middle_us) / span))


class SimulatedCamera:
    """The camera in the simulated car. Waiting for its next frame is what lets time pass.

    A frame is taken at its moment and reaches the loop `camera_delay_s` later, as a real one does,
    unless the world's conditions lose it. It ends when `finished` says so.
    """

    def __init__(
        self,
        world: World,
        wiring: ServoAndEscWiring,
        clock: SimulatedClock,
        frames_per_s: float,
        cycle_s: float,
        finished: Callable[[], bool],
    ) -> None:
        self._world = world
        self._wiring = wiring
        self._clock = clock
        self._period_s = 1.0 / frames_per_s
        self._cycle_s = cycle_s
        self._finished = finished
        self._taken = 0
        self._start_s = clock()
        self._on_the_way: deque[Frame | None] = deque()

    def __enter__(self) -> Self:
        """Nothing to open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[Frame]:
        while not self._finished():
            due_s = self._due_s(self._taken - len(self._on_the_way)) + self._world.camera_delay_s
            while self._due_s(self._taken) <= due_s:
                self._advance(self._due_s(self._taken))
                self._take()
            self._advance(due_s)
            frame = self._on_the_way.popleft()
            if frame is not None:
                yield frame

    def _due_s(self, number: int) -> float:
        return self._start_s + number * self._period_s

    def _take(self) -> None:
        image, class_map = self._world.look()
        lost = self._world.losses.next_is_lost()
        frame = None if lost else Frame(image, self._clock(), self._taken, class_map)
        self._on_the_way.append(frame)
        self._taken += 1

    def _advance(self, until_s: float) -> None:
        """Let time pass, one PWM cycle at a time: outputs change only between cycles."""
        now = self._clock()
        while now < until_s - 1e-9:
            cycle_end = (math.floor(now / self._cycle_s + 1e-6) + 1) * self._cycle_s
            step_end = min(until_s, cycle_end)
            self._world.advance(*self._wiring.read(), step_end - now)
            self._clock.advance_to(step_end)
            now = step_end
