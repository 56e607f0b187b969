"""A number with its noun: 1 record, 2 records."""


def counted(count: int, noun: str) -> str:
    """Write how many there are, thousands apart; the noun is given for one."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
