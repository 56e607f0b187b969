"""Reads a recording of Udacity's simulator: driving_log.csv and its folder of images."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath

from tubs.control import Control
from tubs.errors import TubError
from tubs.exchange.foreign import (
    BrokenRecord,
    ForeignRecord,
    Found,
    Meaning,
    Unusable,
    clipped_to_unit,
)
from tubs.exchange.json_objects import parse_object

LOG = "driving_log.csv"
IMAGES = "IMG"
COLUMNS = ("center", "left", "right", "steering", "throttle", "brake", "speed")
"""Some versions call the sixth `reverse`; it is the brake pedal in all of them."""
MPH_M_S = 0.44704
_STAMP = re.compile(r"_(\d{4}(?:_\d{2}){5})_(\d{3})\.")


class UdacityRecording:
    """What the simulator's training mode records: 15 images a second from three cameras."""

    program = "udacity"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self) -> Found:
        """All rows of the log.

        Raises:
            TubError: the log cannot be read.
        """
        try:
            text = (self.folder / LOG).read_bytes().decode("utf-8-sig", "replace")
        except OSError as error:
            raise TubError(f"cannot read {self.folder / LOG}: {error.strerror}") from error
        records = list(self._rows(text))
        sides, others = self._images_not_used(records)
        remarks = [f"{sides} images of the left and right cameras: left out"] if sides else []
        return Found(records, remarks, others)

    def _rows(self, text: str) -> Iterator[ForeignRecord | BrokenRecord]:
        reader = csv.reader(io.StringIO(text.replace("\0", "")), skipinitialspace=True)
        position = 0
        while True:
            try:
                row = next(reader, None)
            except csv.Error as error:
                yield BrokenRecord(position, position, f"{LOG} line {reader.line_num}: {error}")
                position += 1
                continue
            if row is None:
                return
            if not any(cell.strip() for cell in row) or _is_header(row):
                continue
            yield self._record(row, position, reader.line_num)
            position += 1

    def _record(self, row: list[str], position: int, line: int) -> ForeignRecord | BrokenRecord:
        name = PureWindowsPath(row[0].strip()).name
        if len(row) != len(COLUMNS):
            reason = f"{LOG} line {line}: {len(row)} columns, {len(COLUMNS)} expected"
            return BrokenRecord(position, position, reason)
        if not name:
            return BrokenRecord(position, position, f"{LOG} line {line}: it names no image")
        source = json.dumps(dict(zip(COLUMNS, row, strict=True))).encode()
        image = self.folder / IMAGES / name
        return ForeignRecord(position, position, source, image, "", False)

    def _images_not_used(self, records: list[ForeignRecord | BrokenRecord]) -> tuple[int, int]:
        """How many images are of the side cameras, and how many more no row names."""
        folder = self.folder / IMAGES
        if not folder.is_dir():
            return 0, 0
        used = {record.image.name for record in records if isinstance(record, ForeignRecord)}
        unused = [path.name for path in folder.glob("*.jpg") if path.name not in used]
        sides = sum(name.startswith(("left_", "right_")) for name in unused)
        return sides, len(unused) - sides

    def meaning(self, record: ForeignRecord) -> Meaning:
        """What a row says; the brake is throttle below 0.

        Raises:
            Unusable: steering, throttle, brake or speed is no finite number.
        """
        values = parse_object(record.source.decode())
        steering, throttle, brake, speed = (
            _number(values, name) for name in ("steering", "throttle", "brake", "speed")
        )
        pedals = throttle - abs(brake)
        wished = clipped_to_unit(steering), clipped_to_unit(pedals)
        control = Control(
            captured_s=0.0,
            applied_s=0.0,
            steering=wished[0],
            throttle=wished[1],
            mode="human",
            human_steering=wished[0],
            human_throttle=wished[1],
            speed_m_s=speed * MPH_M_S,
            frame_age_s=0.0,
        )
        clipped = wished != (steering, pedals)
        return Meaning(control, clipped, stamp_ms(record.image.name))


def _is_header(row: list[str]) -> bool:
    return row[0].strip().lower() in ("center", "centre")


def _number(values: Mapping[str, object], name: str) -> float:
    text = str(values[name]).strip()
    try:
        value = float(text)
    except ValueError as error:
        raise Unusable(f"{name} is {text!r}, not a number") from error
    if not math.isfinite(value):
        raise Unusable(f"{name} is {value}")
    return value


def stamp_ms(name: str) -> float | None:
    """When an image was taken, by its name, in milliseconds since 1970; None when it is no date.

    The simulator writes the clock of its computer without time zone; differences are what counts.
    """
    found = _STAMP.search(name)
    if found is None:
        return None
    try:
        date = datetime.strptime(found[1], "%Y_%m_%d_%H_%M_%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return date.timestamp() * 1e3 + int(found[2])
