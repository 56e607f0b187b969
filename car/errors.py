"""What can go wrong with a car, as one small tree."""

from tubs.errors import EverlapError


class CarError(EverlapError):
    """Anything that stops a car from driving."""


class ConfigError(CarError):
    """car.toml says something that cannot be: names the key, the value and the range."""


class DeviceError(CarError):
    """A part of the car does not answer, or answers nonsense."""

    exit_code = 1


class CameraError(DeviceError):
    """The camera is not there, cannot do what car.toml asks, or gives nonsense."""


class StaleFrameError(CameraError):
    """The newest camera frame is too old to steer by."""


class GuardError(DeviceError):
    """The guard, which owns the chip, is gone or does not answer."""


class PilotError(CarError):
    """A pilot file cannot be used here, or a pilot gave a value that is not finite."""


class SimulationError(CarError):
    """A track, surface or scene that the simulator does not know."""


class DriveEndedError(CarError):
    """Somebody ended the drive on purpose: no fault."""

    exit_code = 0
