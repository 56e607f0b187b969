"""Looks at every record of a tub and names the ones that are damaged."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from tubs.damage import Damage
from tubs.errors import TubError
from tubs.images import decode_class_map, decode_jpeg
from tubs.reader import Tub


class CheckReport(msgspec.Struct):
    """Which records are good.

    Attributes:
        records: how many there are, torn ones included.
        good: how many have a matching checksum and pictures that can be decoded.
        damaged: the others.
    """

    records: int
    good: int
    damaged: list[Damage]


def check_tub(
    folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> CheckReport:
    """Read and decode everything once.

    Raises:
        TubError: it is missing, something else, or empty.
    """
    tub = Tub(folder)
    damaged: list[Damage] = []
    sizes: dict[int, tuple[int, ...]] = {}
    for number in range(len(tub)):
        try:
            sizes[number] = _image_size(tub, number)
        except TubError as error:
            damaged.append(Damage(number, str(error)))
        progress(number + 1, len(tub))
    damaged += _odd_sizes(sizes)
    torn = _torn_ends(tub)
    damaged = sorted(damaged, key=lambda damage: damage.record) + torn
    records = len(tub) + len(torn)
    return CheckReport(records, records - len(damaged), damaged)


def _image_size(tub: Tub, number: int) -> tuple[int, ...]:
    encoded = tub.encoded(number)
    size = decode_jpeg(encoded.jpeg).shape[:2]
    if encoded.class_map_png is not None:
        map_size = decode_class_map(encoded.class_map_png).shape[:2]
        if map_size != size:
            raise TubError(f"its class map is {map_size}, its image {size} (height, width)")
    return size


def _odd_sizes(sizes: dict[int, tuple[int, ...]]) -> list[Damage]:
    if not sizes:
        return []
    usual = Counter(sizes.values()).most_common(1)[0][0]
    return [
        Damage(number, f"its image is {size}, most are {usual} (height, width)")
        for number, size in sizes.items()
        if size != usual
    ]


def _torn_ends(tub: Tub) -> list[Damage]:
    """One for each session whose last bytes are no whole record; the number is the next one."""
    return [
        Damage(len(tub), f"{session.path.name} ends in {session.torn_bytes} bytes of a torn record")
        for session in tub.sessions
        if session.torn_bytes
    ]
