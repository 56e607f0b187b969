"""What is wrong with single records of a recording."""

import msgspec


class Damage(msgspec.Struct, frozen=True):
    """One record that cannot be used.

    Attributes:
        record: its number, as the recording itself counts.
        reason: what is wrong with it.
    """

    record: int
    reason: str
