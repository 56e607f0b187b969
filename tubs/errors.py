"""The root of everything that Everlap raises on purpose, and what can be wrong with a tub."""


class EverlapError(Exception):
    """Something the user can understand: the message says what, where and what to do."""

    exit_code = 2


class OutputError(EverlapError):
    """A result cannot be written where it was asked for."""


class TubError(EverlapError):
    """A tub is missing, foreign, empty or damaged."""
