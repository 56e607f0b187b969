"""What can go wrong while a network learns, or is made ready for the car."""

from tubs.errors import EverlapError


class TrainError(EverlapError):
    """Training or quantizing did not give a pilot that may drive; nothing was written."""

    exit_code = 1


class DatasetError(EverlapError):
    """The tubs asked for hold nothing that a network could learn from."""


class StoppedEarlyError(EverlapError):
    """Ctrl-C ended long work; what was done until then is kept."""

    exit_code = 130


class ParityError(EverlapError):
    """The int8 pilot does not drive as its float network does."""

    exit_code = 1


class NotDrivenError(EverlapError):
    """Episodes could not be driven to their end; those that were are kept."""

    exit_code = 1
