"""An error of the bus becomes a sentence that says where to look."""

import errno

import pytest

from car.drivers.bus_errors import device_error

NOT_ACKNOWLEDGED = "it does not acknowledge; check its 3.3 V supply, SDA, SCL and address"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EREMOTEIO, "Remote I/O error"), NOT_ACKNOWLEDGED),
        (OSError(errno.ENXIO, "No such device or address"), NOT_ACKNOWLEDGED),
        (ValueError("No I2C device at address: 0x40"), NOT_ACKNOWLEDGED),
        (OSError("without a number"), NOT_ACKNOWLEDGED),
        (
            OSError(errno.ETIMEDOUT, "Connection timed out"),
            "the bus is stuck; a wire is loose or shorted, or a chip holds SDA low",
        ),
        (OSError(errno.EIO, "Input/output error"), "check its wires and supply"),
    ],
)
def test_each_error_has_its_remedy(error: OSError | ValueError, words: str) -> None:
    said = str(device_error(error, 0x4F))
    assert said == f"PCA9685 at 0x4f on the I2C bus: {words} ({error})"
    assert str(device_error(error, 0x04)).startswith("PCA9685 at 0x04 on")
