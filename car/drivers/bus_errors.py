"""What an error on the I2C bus means, and what to look at."""

import errno

from car.errors import DeviceError

REMEDIES = {
    errno.EREMOTEIO: "it does not acknowledge; check its 3.3 V supply, SDA, SCL and address",
    errno.ENXIO: "it does not acknowledge; check its 3.3 V supply, SDA, SCL and address",
    errno.ETIMEDOUT: "the bus is stuck; a wire is loose or shorted, or a chip holds SDA low",
}


def device_error(error: OSError | ValueError, address: int) -> DeviceError:
    """Say which chip failed, how, and what to look at."""
    number = getattr(error, "errno", None)
    remedy = REMEDIES.get(number or errno.EREMOTEIO, "check its wires and supply")
    return DeviceError(f"PCA9685 at 0x{address:02x} on the I2C bus: {remedy} ({error})")
