"""A drive train behind one PCA9685, through Adafruit's driver."""

import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from adafruit_pca9685 import PCA9685

from car.command import STOP, Command
from car.drivers.bus_errors import device_error
from car.drivers.drive_trains import Ticks, drive_train
from car.drivers.i2c import I2cBus
from car.drivers.pulses import TICKS_PER_CYCLE, prescale_for, tick_us
from car.errors import DeviceError
from car.guard.settings import GuardSettings

START_ATTEMPTS = 3
WRITE_ATTEMPTS = 3
NEUTRAL_ATTEMPTS = 5
RETRY_WITHIN_S = 0.02
"""A bus that took longer to fail is not tried again before something else had its turn."""
LOOK_PERIOD_S = 0.1
"""How often MODE1 is read to see whether the chip restarted by itself."""
TWICE_WITHIN_S = 10.0
"""Two restarts within this time are a broken supply."""

LED0, LED_BYTES, FULL = 0x06, 4, 0x10
ALL_CHANNELS_OFF = b"\xfd\x10"
TOTEM_POLE = 0x04
AUTO_INCREMENT, ASLEEP_OR_WAITING = 0x20, 0x90

T = TypeVar("T")

log = logging.getLogger(__name__)


class ChipDriver:
    """The wheels; leaving the context, however it is left, puts the throttle at neutral.

    Args:
        bus: anything that adafruit_bus_device can use.
        settings: of chip and drive train.
        clock: monotonic seconds.

    Attributes:
        failed_writes: counts transfers that the bus did not take, also those that a retry cured.
        restarts: counts how often the chip was set up again after it had restarted by itself.

    Raises:
        ConfigError: these pulses cannot be made at this frequency.
    """

    def __init__(self, bus: I2cBus, settings: GuardSettings, clock: Callable[[], float]) -> None:
        self._bus, self._settings, self._clock = bus, settings, clock
        self._prescale = prescale_for(settings.frequency_hz, settings.oscillator_hz)
        tick = tick_us(self._prescale, settings.oscillator_hz)
        self._train = drive_train(settings.wheels, tick)
        self._bursts = Bursts(self._train.channels)
        self._ticks = self._train.ticks(STOP)
        self._chip: PCA9685 | None = None
        self._next_look_s = 0.0
        self._restarted_s = float("-inf")
        self.failed_writes = self.restarts = 0

    def __enter__(self) -> Self:
        """Wake the chip; steering goes to the centre and the throttle to neutral.

        Raises:
            DeviceError: the chip does not answer.
        """
        self._ticks = self._train.ticks(STOP)
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
        """Send a command, and say what it became after rounding to ticks.

        Raises:
            DeviceError: a value is not within -1 to +1, or the bus did not take it.
        """
        ticks = self._train.ticks(command)
        between = self._train.between(self._ticks, ticks)
        if between is not None:
            self._put(between, WRITE_ATTEMPTS)
        self._put(ticks, WRITE_ATTEMPTS)
        return self._train.command(ticks)

    def neutral(self) -> Command:
        """Put the throttle at neutral and leave the steering where it is.

        Raises:
            DeviceError: the bus did not take it in NEUTRAL_ATTEMPTS attempts.
        """
        ticks = self._train.at_rest(self._ticks)
        self._put(ticks, NEUTRAL_ATTEMPTS)
        return self._train.command(ticks)

    def look(self) -> bool:
        """See, every LOOK_PERIOD_S, whether the chip restarted by itself.

        It is then set up again at neutral.

        Returns:
            Whether it had restarted.

        Raises:
            DeviceError: it does not answer, or restarted twice within TWICE_WITHIN_S; also then
                it is set up.
        """
        now_s = self._clock()
        if now_s < self._next_look_s:
            return False
        self._next_look_s = now_s + LOOK_PERIOD_S
        mode = self._retried(self._read_mode1, WRITE_ATTEMPTS)
        if mode & (ASLEEP_OR_WAITING | AUTO_INCREMENT) == AUTO_INCREMENT:
            return False
        self._ticks = self._train.at_rest(self._ticks)
        self._start()
        self.restarts += 1
        ago_s, self._restarted_s = now_s - self._restarted_s, now_s
        if ago_s < TWICE_WITHIN_S:
            raise DeviceError(
                f"the PCA9685 at 0x{self._settings.address:02x} restarted by itself again: its "
                "supply breaks down; give the servo and the Pi separate supplies"
            )
        log.warning("the PCA9685 restarted by itself (MODE1 0x%02x); it was set up again", mode)
        return True

    def health(self) -> dict[str, int]:
        """Give the counts, for whoever watches."""
        return {"failed_writes": self.failed_writes, "restarts": self.restarts}

    @property
    def _started(self) -> PCA9685:
        if self._chip is None:
            raise DeviceError("the PCA9685 is not set up: use ChipDriver in a with statement")
        return self._chip

    def _start(self) -> None:
        """Set the chip up and send the pulses for the ticks that are to stand."""
        self._retried(self._set_up, START_ATTEMPTS)
        self._put(self._ticks, WRITE_ATTEMPTS)
        self._next_look_s = self._clock() + LOOK_PERIOD_S

    def _set_up(self) -> None:
        """Wake the chip without cutting pulses that already run at the right frequency.

        Setting the frequency restarts the pulses of whoever used the chip before: off with them.
        """
        chip = PCA9685(
            self._bus,
            address=self._settings.address,
            reference_clock_speed=self._settings.oscillator_hz,
        )
        self._chip = chip
        chip.mode2_reg = TOTEM_POLE
        if chip.prescale_reg == self._prescale and not chip.mode1_reg & ASLEEP_OR_WAITING:
            chip.mode1_reg = AUTO_INCREMENT
            return
        with chip.i2c_device as device:
            device.write(ALL_CHANNELS_OFF)
        chip.frequency = self._settings.frequency_hz

    def _put(self, ticks: Ticks, attempts: int) -> None:
        """Send high times; what is remembered of them is what surely arrived."""
        self._bursts.put(ticks)
        self._retried(self._transmit, attempts)
        self._ticks = ticks

    def _transmit(self) -> None:
        with self._started.i2c_device as device:
            for message in self._bursts.messages:
                device.write(message)

    def _read_mode1(self) -> int:
        mode: int = self._started.mode1_reg
        return mode

    def _retried(self, transfer: Callable[[], T], attempts: int) -> T:
        """Try a transfer again while that helps.

        Raises:
            DeviceError: the bus did not take it.
        """
        began_s = self._clock()
        while True:
            try:
                return transfer()
            except (OSError, ValueError) as error:
                self.failed_writes += 1
                attempts -= 1
                if not attempts or self._clock() - began_s > RETRY_WITHIN_S:
                    raise device_error(error, self._settings.address) from error


class Bursts:
    """The bytes that set some channels: neighbours go out in one burst, so they are never torn.

    Others need several writes; the one with the channel named first goes first.

    Args:
        channels: those of the throttle first.

    Attributes:
        messages: what to write, each from its register address on.
    """

    def __init__(self, channels: Sequence[int]) -> None:
        self.messages: list[bytearray] = []
        places: dict[int, tuple[bytearray, int]] = {}
        for channel in channels:
            if channel not in places:
                run = _neighbours(channel, channels)
                message = bytearray(1 + LED_BYTES * len(run))
                message[0] = LED0 + LED_BYTES * run[0]
                self.messages.append(message)
                places |= {each: (message, 2 + LED_BYTES * n) for n, each in enumerate(run)}
        self._places = [places[channel] for channel in channels]

    def put(self, ticks: Ticks) -> None:
        """Fill in the high times; each begins with the cycle."""
        for (message, on_high), high in zip(self._places, ticks, strict=True):
            message[on_high] = FULL if high == TICKS_PER_CYCLE else 0
            message[on_high + 1] = high & 0xFF
            message[on_high + 2] = high >> 8 & 0x0F if high else FULL


def _neighbours(channel: int, channels: Sequence[int]) -> range:
    """Give the unbroken run of channels around one of them."""
    first = last = channel
    while first - 1 in channels:
        first -= 1
    while last + 1 in channels:
        last += 1
    return range(first, last + 1)
