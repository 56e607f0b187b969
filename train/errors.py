"""What can go wrong while a network learns, or is made ready for the car."""

from tubs.errors import EverlapError


class TrainError(EverlapError):
    """Training or quantizing did not give a pilot that may drive; nothing was written."""

    exit_code = 1


class DatasetError(EverlapError):
    """The tubs asked for hold nothing that a network could learn from."""


class StoppedEarlyError(EverlapError):
    """Ctrl-C ended a training; the best until then is kept."""

    exit_code = 130
