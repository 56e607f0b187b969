"""Exports a tub as plain files: JPEG images, class maps as PNG, and one CSV of everything else."""

import csv
from collections.abc import Iterator
from pathlib import Path

from tubs.control import Control
from tubs.draft_folder import folder_written_whole
from tubs.exchange.export_report import ExportReport
from tubs.exchange.room import check_room
from tubs.exchange.survey import Progress, Survey, survey
from tubs.reader import Tub

FILE_NAME = "records.csv"
IMAGES = "images"
CLASS_MAPS = "class_maps"
CONTROLS = Control.__struct_fields__
HEADER = ("record", "session", "deleted", "image", "class_map", *CONTROLS)


def export_csv(
    source: Path,
    destination: Path,
    keep_deleted: bool = False,
    progress: Progress = lambda done, total: None,
) -> ExportReport:
    """Export a tub as JPEG files and a CSV.

    Args:
        source: the tub; it is only read.
        destination: a new folder; there whole when this returns, not there when it raises.
        keep_deleted: export records that are marked as deleted, too; a column tells them.
        progress: told how far the work is.

    Raises:
        TubError: the source is no tub, or nothing in it can be exported.
        OutputError: the destination exists, cannot be written, or has too little room.
    """
    tub, report = Tub(source), ExportReport("csv")
    with folder_written_whole(destination) as draft:
        found = survey(tub, keep_deleted, report, progress)
        check_room(destination, found.size_bytes)
        (draft / IMAGES).mkdir()
        if found.class_maps:
            (draft / CLASS_MAPS).mkdir()
        with (draft / FILE_NAME).open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(HEADER)
            for row in _written(tub, draft, found):
                table.writerow(row)
                report.good += 1
                progress(2 * len(tub) - len(found.numbers) + report.good, 2 * len(tub))
    report.class_maps = found.class_maps
    return report


def _written(tub: Tub, folder: Path, found: Survey) -> Iterator[list[object]]:
    """Write the pictures of each record and give its row; unknown values are empty cells."""
    for number in found.numbers:
        record = tub.encoded(number)
        image, class_map = f"{IMAGES}/{number:06d}.jpg", ""
        (folder / image).write_bytes(record.jpeg)
        if record.class_map_png is not None:
            class_map = f"{CLASS_MAPS}/{number:06d}.png"
            (folder / class_map).write_bytes(record.class_map_png)
        session = tub.sessions[tub.locate(number)[0]].name
        head = [number, session, int(found.deleted[number]), image, class_map]
        yield [*head, *(getattr(record.control, name) for name in CONTROLS)]
