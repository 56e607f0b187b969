"""What can go wrong with the service, beside the car itself."""

from tubs.errors import EverlapError


class ServiceError(EverlapError):
    """The service cannot be installed or asked here: says why, and what to do."""


class ServiceDownError(EverlapError):
    """The service is installed, but a part of it does not run."""

    exit_code = 1
