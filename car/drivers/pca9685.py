"""Steering servo and speed controller behind one PCA9685, through Adafruit's driver."""

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from adafruit_pca9685 import PCA9685

from car.command import STOP, Command
from car.config import ChipConfig, SteeringConfig, ThrottleConfig
from car.drivers.bus_errors import device_error
from car.drivers.i2c import I2cBus
from car.drivers.pulses import PulseRange, TickScale, prescale_for, tick_us
from car.errors import DeviceError

START_ATTEMPTS = 3
WRITE_ATTEMPTS = 3
NEUTRAL_ATTEMPTS = 5
LOOK_PERIOD_S = 0.2
"""How often MODE1 is read to see whether the chip restarted by itself."""

LED0, LED_BYTES = 0x06, 4
ALL_CHANNELS_OFF = b"\xfd\x10"
TOTEM_POLE = 0x04
AUTO_INCREMENT, ASLEEP_OR_WAITING = 0x20, 0x90

log = logging.getLogger(__name__)


class ServoAndEsc:
    """The drive train: leaving its context, however it is left, puts the throttle at neutral.

    Args:
        bus: anything that adafruit_bus_device can use.
        chip: address, pulse frequency and the measured oscillator.
        steering: channel and pulses of the servo.
        throttle: channel and pulses of the speed controller.
        clock: monotonic seconds.

    Attributes:
        failed_writes: counts writes that the bus did not take, also those that a retry cured.
        restarts: counts how often the chip was found to have restarted by itself.

    Raises:
        ConfigError: these pulses cannot be made at this frequency.
    """

    def __init__(
        self,
        bus: I2cBus,
        chip: ChipConfig,
        steering: SteeringConfig,
        throttle: ThrottleConfig,
        clock: Callable[[], float],
    ) -> None:
        self._bus, self._config, self._clock = bus, chip, clock
        self._prescale = prescale_for(chip.frequency_hz, chip.oscillator_hz)
        tick = tick_us(self._prescale, chip.oscillator_hz)
        self._steering = TickScale(
            PulseRange("steering", steering.left_us, steering.centre_us, steering.right_us), tick
        )
        self._throttle = TickScale(
            PulseRange("throttle", throttle.reverse_us, throttle.neutral_us, throttle.forward_us),
            tick,
        )
        self._pair = PairOfChannels(steering.channel, throttle.channel)
        self._steering_ticks = self._steering.zero
        self._chip: PCA9685 | None = None
        self._next_look_s = 0.0
        self.failed_writes = self.restarts = 0

    def __enter__(self) -> Self:
        """Wake the chip; steering goes to the centre and the throttle to neutral.

        Raises:
            DeviceError: the chip does not answer.
        """
        self._steering_ticks = self._steering.zero
        self._pair.put(self._steering.zero, self._throttle.zero)
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the chip sending the neutral pulse, steering where it is.

        Raises:
            DeviceError: the bus did not take it.
        """
        self.neutral()

    def write(self, command: Command) -> Command:
        """Send both pulses, and say what they stand for after rounding to ticks.

        Raises:
            DeviceError: a value is not within -1 to +1, the bus did not take it, or the chip
                keeps restarting.
        """
        steering = self._steering.ticks(command.steering)
        throttle = self._throttle.ticks(command.throttle)
        self._steering_ticks = steering
        self._pair.put(steering, throttle)
        self._transmit(WRITE_ATTEMPTS)
        if self._clock() >= self._next_look_s:
            self.look()
        return Command(self._steering.value(steering), self._throttle.value(throttle))

    def neutral(self) -> Command:
        """Put the throttle at neutral and leave the steering where it is.

        Raises:
            DeviceError: the bus did not take it in NEUTRAL_ATTEMPTS attempts.
        """
        self._pair.put(self._steering_ticks, self._throttle.zero)
        self._transmit(NEUTRAL_ATTEMPTS)
        return Command(self._steering.value(self._steering_ticks), STOP.throttle)

    def look(self) -> None:
        """See whether the chip restarted by itself; the first time it is set up again.

        Raises:
            DeviceError: it does not answer, or this was not the first time.
        """
        self._next_look_s = self._clock() + LOOK_PERIOD_S
        try:
            mode = self._started.mode1_reg
        except OSError as error:
            raise device_error(error, self._config.address) from error
        if mode & (ASLEEP_OR_WAITING | AUTO_INCREMENT) == AUTO_INCREMENT:
            return
        self.restarts += 1
        if self.restarts > 1:
            raise DeviceError(
                f"the PCA9685 at 0x{self._config.address:02x} restarted by itself again: its "
                "supply breaks down; give the servo and the Pi separate supplies"
            )
        log.warning("the PCA9685 restarted by itself (MODE1 0x%02x); it was set up again", mode)
        self._start()

    @property
    def _started(self) -> PCA9685:
        if self._chip is None:
            raise DeviceError("the PCA9685 is not set up: use ServoAndEsc in a with statement")
        return self._chip

    def _start(self) -> None:
        """Set the chip up and send the pulses that stand in the messages."""
        for left in reversed(range(START_ATTEMPTS)):
            try:
                self._set_up()
                break
            except (OSError, ValueError) as error:
                if not left:
                    raise device_error(error, self._config.address) from error
        self._transmit(WRITE_ATTEMPTS)
        self._next_look_s = self._clock() + LOOK_PERIOD_S

    def _set_up(self) -> None:
        """Wake the chip without cutting pulses that already run at the right frequency.

        Setting the frequency restarts the pulses of whoever used the chip before: off with them.
        """
        chip = PCA9685(
            self._bus,
            address=self._config.address,
            reference_clock_speed=self._config.oscillator_hz,
        )
        self._chip = chip
        chip.mode2_reg = TOTEM_POLE
        if chip.prescale_reg == self._prescale and not chip.mode1_reg & ASLEEP_OR_WAITING:
            chip.mode1_reg = AUTO_INCREMENT
            return
        with chip.i2c_device as device:
            device.write(ALL_CHANNELS_OFF)
        chip.frequency = self._config.frequency_hz

    def _transmit(self, attempts: int) -> None:
        device = self._started.i2c_device
        for left in reversed(range(attempts)):
            try:
                with device:
                    for message in self._pair.messages:
                        device.write(message)
                return
            except OSError as error:
                self.failed_writes += 1
                if not left:
                    raise device_error(error, self._config.address) from error


class PairOfChannels:
    """The bytes that set two channels: one burst when they are neighbours, so it is never torn.

    Otherwise two writes, the throttle first, since that is the one that matters more.

    Attributes:
        messages: what to write, each from its register address on.
    """

    def __init__(self, steering: int, throttle: int) -> None:
        first = min(steering, throttle)
        self._steering_at = self._throttle_at = 3
        if abs(steering - throttle) == 1:
            burst = bytearray(1 + 2 * LED_BYTES)
            burst[0] = LED0 + LED_BYTES * first
            self.messages = [burst]
            self._steering_at += LED_BYTES * (steering - first)
            self._throttle_at += LED_BYTES * (throttle - first)
        else:
            self.messages = [bytearray(1 + LED_BYTES) for _ in range(2)]
            self.messages[0][0] = LED0 + LED_BYTES * throttle
            self.messages[1][0] = LED0 + LED_BYTES * steering

    def put(self, steering_ticks: int, throttle_ticks: int) -> None:
        """Fill in the pulse lengths in ticks; every pulse begins with the cycle."""
        throttle, at = self.messages[0], self._throttle_at
        throttle[at], throttle[at + 1] = throttle_ticks & 0xFF, throttle_ticks >> 8
        steering, at = self.messages[-1], self._steering_at
        steering[at], steering[at + 1] = steering_ticks & 0xFF, steering_ticks >> 8
