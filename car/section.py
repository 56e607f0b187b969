"""What every section of car.toml is: a frozen struct that refuses keys it does not know."""

import msgspec


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part's own section of car.toml."""
