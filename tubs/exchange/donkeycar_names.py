"""Which index and which image file a record gets in a donkeycar tub."""

import re

from tubs.exchange.donkeycar_values import image_name, index_in
from tubs.exchange.foreign import Unusable
from tubs.exchange.json_objects import parse_object

_LEADING = re.compile(r"\d{1,15}")


def standard_name(index: int, suffix: str = ".jpg") -> str:
    """What donkeycar itself calls the image of a record."""
    return f"{index}_cam_image_array_{suffix}"


def foreign_values(source: bytes | None) -> dict[str, object] | None:
    """The values of a record that donkeycar wrote; None when it did not."""
    if source is None:
        return None
    try:
        values = parse_object(source.decode("utf-8", "replace"))
        image_name(values)
    except Unusable:
        return None
    return values


class Names:
    """Hands out indexes and image names, one pair a record, in the order of the records.

    Records of donkeycar keep theirs; a record of version 1 has the number in its image's name.
    When two records wish for the same, all are numbered anew.

    Attributes:
        clash: whether they had to be numbered anew.
    """

    def __init__(self) -> None:
        self.clash = False
        self._wished: list[tuple[int, str]] = []
        self._indexes: set[int] = set()
        self._files: set[str] = set()
        self._next = 0

    def take(self, source: bytes | None) -> None:
        """Note the next record's wish.

        Args:
            source: the record as a foreign program wrote it.
        """
        values = foreign_values(source)
        if values is None:
            index, name = self._next, standard_name(self._next)
        else:
            name = image_name(values)
            index = self._index_of(values, name)
        self.clash = self.clash or index in self._indexes or name in self._files
        self._indexes.add(index)
        self._files.add(name)
        self._next = max(self._next, index + 1)
        self._wished.append((index, name))

    def _index_of(self, values: dict[str, object], name: str) -> int:
        index = index_in(values)
        if index is not None:
            return index
        leading = _LEADING.match(name)
        return int(leading.group()) if leading else self._next

    def of(self, place: int) -> tuple[int, str]:
        """Index and image name of the record that was taken at a place, from 0."""
        index, name = self._wished[place]
        if not self.clash:
            return index, name
        suffix = ".png" if name.lower().endswith(".png") else ".jpg"
        return place, standard_name(place, suffix)
