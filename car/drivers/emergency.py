"""Neutral when all else has gone: a few plain bytes to a chip that somebody else had set up."""

from car.config import ChipConfig, ThrottleConfig
from car.drivers.bus_errors import device_error
from car.drivers.i2c import I2cBus
from car.drivers.pulses import PulseRange, TickScale, tick_us
from car.errors import DeviceError

ATTEMPTS = 5
MODE1, LED0, PRE_SCALE = 0x00, 0x06, 0xFE
ASLEEP, AWAKE_AUTO_INCREMENT = 0x10, 0x20


def put_throttle_at_neutral(bus: I2cBus, chip: ChipConfig, throttle: ThrottleConfig) -> None:
    """Send the neutral pulse on the throttle channel; steering and frequency stay as they are.

    A chip that sleeps sends no pulses at all and is left asleep.

    Raises:
        DeviceError: the bus is in use, or did not take it in ATTEMPTS attempts.
    """
    if not bus.try_lock():
        raise DeviceError("the I2C bus is locked by this very process: neutral was not sent")
    try:
        for left in reversed(range(ATTEMPTS)):
            try:
                return _write(bus, chip, throttle)
            except OSError as error:
                if not left:
                    raise device_error(error, chip.address) from error
    finally:
        bus.unlock()


def _write(bus: I2cBus, chip: ChipConfig, throttle: ThrottleConfig) -> None:
    if _read(bus, chip.address, MODE1) & ASLEEP:
        return
    tick = tick_us(_read(bus, chip.address, PRE_SCALE), chip.oscillator_hz)
    pulses = PulseRange("throttle", throttle.reverse_us, throttle.neutral_us, throttle.forward_us)
    ticks = TickScale(pulses, tick).zero
    bus.writeto(chip.address, bytes((MODE1, AWAKE_AUTO_INCREMENT)))
    register = LED0 + 4 * throttle.channel
    bus.writeto(chip.address, bytes((register, 0, 0, ticks & 0xFF, ticks >> 8)))


def _read(bus: I2cBus, address: int, register: int) -> int:
    value = bytearray(1)
    bus.writeto_then_readfrom(address, bytes((register,)), value)
    return value[0]
