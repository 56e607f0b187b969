"""Finds the records of a donkeycar tub, version 1 or 2, and says which of them are broken."""

import re
from collections.abc import Iterator
from pathlib import Path

from tubs.exchange.donkeycar_manifest import Manifest, read_manifest
from tubs.exchange.donkeycar_values import (
    GYRO_KEYS,
    IMU_REMARK,
    image_name,
    index_in,
    meaning_of,
)
from tubs.exchange.foreign import BrokenRecord, ForeignRecord, Found, Meaning, Unusable
from tubs.exchange.json_objects import BLANK, parse_object, texts_of_objects

PICTURES = {".jpg", ".jpeg", ".png"}


class DonkeycarV2:
    """A tub of donkeycar since version 4: manifest, catalogs, and a folder of images."""

    program = "donkeycar"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self) -> Found:
        """All records, in the order of the catalogs."""
        manifest = read_manifest(self.folder)
        records = _overwritten_named(list(self._records(manifest)))
        remarks = _remarks(records)
        if manifest.problem:
            remarks.append(
                f"{manifest.problem}: which records their owner had deleted is not known"
            )
        return Found(records, remarks, _spare_images(self.folder / "images", records))

    def meaning(self, record: ForeignRecord) -> Meaning:
        """What a record says."""
        return meaning_of(parse_object(record.source.decode()))

    def _records(self, manifest: Manifest) -> Iterator[ForeignRecord | BrokenRecord]:
        position = 0
        for catalog in _catalogs(self.folder, manifest):
            try:
                lines = catalog.read_bytes().split(b"\n")
            except OSError as error:
                yield BrokenRecord(
                    position, position, f"{catalog.name} cannot be read: {error.strerror}"
                )
                continue
            for line_number, line in enumerate(lines, start=1):
                if line.strip(BLANK.encode()):
                    where = f"{catalog.name} line {line_number}"
                    yield from self._on_line(line, where, position, manifest)
                    position += 1

    def _on_line(
        self, line: bytes, where: str, position: int, manifest: Manifest
    ) -> Iterator[ForeignRecord | BrokenRecord]:
        for text in texts_of_objects(line):
            try:
                if isinstance(text, Unusable):
                    raise text
                yield self._record(text, position, manifest)
            except Unusable as error:
                yield BrokenRecord(position, position, f"{where}: {error}")

    def _record(self, text: str, position: int, manifest: Manifest) -> ForeignRecord:
        values = parse_object(text)
        index = index_in(values)
        number = position if index is None else index
        deleted = (position if manifest.by_position else number) in manifest.deleted
        image = self.folder / "images" / image_name(values)
        session = str(values.get("_session_id", ""))
        return ForeignRecord(number, position, text.encode(), image, session, deleted)


class DonkeycarV1:
    """A tub of donkeycar before version 4: a JSON file and an image for each record."""

    program = "donkeycar"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self) -> Found:
        """All records, in the order of their numbers."""
        paths = sorted(self.folder.glob("record_*.json"), key=number_in_name)
        records = [self._record(position, path) for position, path in enumerate(paths)]
        return Found(records, _remarks(records), _spare_images(self.folder, records))

    def meaning(self, record: ForeignRecord) -> Meaning:
        """What a record says."""
        return meaning_of(parse_object(record.source.decode()))

    def _record(self, position: int, path: Path) -> ForeignRecord | BrokenRecord:
        number = number_in_name(path)
        try:
            text = _text_of(path)
            image = self.folder / image_name(parse_object(text))
            return ForeignRecord(number, position, text.encode(), image, "", False)
        except Unusable as error:
            return BrokenRecord(number, position, f"{path.name}: {error}")


def number_in_name(path: Path) -> int:
    """The first number in a file's name, 0 when there is none."""
    digits = re.search(r"\d+", path.name)
    return int(digits.group()) if digits else 0


def _text_of(path: Path) -> str:
    try:
        text = path.read_bytes().decode("utf-8").strip(BLANK)
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"broken JSON: not UTF-8 at byte {error.start}") from error
    if not text:
        raise Unusable("it is empty")
    return text


def _catalogs(folder: Path, manifest: Manifest) -> list[Path]:
    """Those that the manifest names, then those that lie there all the same."""
    found = {path.name: path for path in sorted(folder.glob("*.catalog"), key=number_in_name)}
    first = [found[name] for name in dict.fromkeys(manifest.catalogs) if name in found]
    return first + [path for path in found.values() if path not in first]


def _overwritten_named(
    records: list[ForeignRecord | BrokenRecord],
) -> list[ForeignRecord | BrokenRecord]:
    """Only the last of several records that name one image can be the one that it shows.

    donkeycar counts from an old number when it was killed before it noted the new one, and so
    writes over the images of records that stay in the catalog.
    """
    last = {
        record.image.name: place
        for place, record in enumerate(records)
        if isinstance(record, ForeignRecord)
    }
    return [
        BrokenRecord(
            record.number,
            record.position,
            f"image {record.image.name} belongs to a later record, which names it too",
        )
        if isinstance(record, ForeignRecord) and last[record.image.name] != place
        else record
        for place, record in enumerate(records)
    ]


def _spare_images(folder: Path, records: list[ForeignRecord | BrokenRecord]) -> int:
    if not folder.is_dir():
        return 0
    named = {record.image.name for record in records if isinstance(record, ForeignRecord)}
    present = {path.name for path in folder.iterdir() if path.suffix.lower() in PICTURES}
    return len(present - named)


def _remarks(records: list[ForeignRecord | BrokenRecord]) -> list[str]:
    key = GYRO_KEYS[0].encode()
    measured = any(isinstance(one, ForeignRecord) and key in one.source for one in records)
    return [IMU_REMARK] if measured else []
