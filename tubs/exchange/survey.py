"""A look at every record of a tub before it is exported: which can be read, and what they take."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubs.damage import Damage
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.exchange.export_report import ExportReport
from tubs.exchange.room import on_disk
from tubs.reader import Tub

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""
_LINE_BYTES = 300


@dataclass(frozen=True, slots=True)
class Survey:
    """What is to be exported.

    Attributes:
        numbers: of the records, in order.
        deleted: bool (n,), of all records of the tub.
        size_bytes: what their files take on a disk.
        class_maps: how many of them have one.
    """

    numbers: list[int]
    deleted: NDArray[np.bool_]
    size_bytes: int
    class_maps: int


def survey(
    tub: Tub,
    keep_deleted: bool,
    report: ExportReport,
    progress: Progress,
    look: Callable[[int, EncodedRecord], None] = lambda number, record: None,
) -> Survey:
    """Read everything once; damage goes into the report.

    Args:
        tub: to be exported.
        keep_deleted: whether records that are marked as deleted are exported too.
        report: takes what was found.
        progress: told how far this first half of the work is.
        look: shown every record that will be exported.

    Raises:
        TubError: no record can be exported.
    """
    deleted = tub.deleted()
    numbers: list[int] = []
    size_bytes = class_maps = 0
    for number in range(len(tub)):
        try:
            record = tub.encoded(number)
        except TubError as error:
            report.damaged.append(Damage(number, str(error)))
            continue
        finally:
            progress(number + 1, 2 * len(tub))
        report.deleted += bool(deleted[number])
        if keep_deleted or not deleted[number]:
            numbers.append(number)
            size_bytes += _size_of(record)
            class_maps += record.class_map_png is not None
            look(number, record)
    report.records = len(tub)
    report.left_out = len(tub) - len(report.damaged) - len(numbers)
    if not numbers:
        raise TubError(_nothing_left(tub, report))
    return Survey(numbers, deleted, size_bytes, class_maps)


def _size_of(record: EncodedRecord) -> int:
    size_bytes = on_disk(len(record.jpeg)) + _LINE_BYTES + len(record.source or b"")
    return size_bytes + on_disk(len(record.class_map_png or b""))


def _nothing_left(tub: Tub, report: ExportReport) -> str:
    if report.damaged:
        return f"no record of {tub.folder} can be exported: {report.damaged[0].reason}"
    return f"every record of {tub.folder} is marked as deleted: --all exports them all the same"
