"""Makes an Everlap tub of a recording of another program: takes what is good, names what is not."""

import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from tubs.about import TubAbout
from tubs.draft_folder import folder_written_whole
from tubs.encoded import EncodedRecord
from tubs.errors import OutputError, TubError
from tubs.exchange.examine import Progress, Usable, usable_records
from tubs.exchange.foreign import ForeignRecording
from tubs.exchange.import_report import ImportReport
from tubs.exchange.original_image import with_original
from tubs.exchange.recognise import open_recording
from tubs.exchange.room import check_room
from tubs.exchange.source_image import as_colour_jpeg, read_image
from tubs.exchange.timing_guess import guess_timing
from tubs.reader import Tub
from tubs.writer import TubWriter

_BYTES_BESIDE = 2000
"""What a record takes in a tub beside its image and its source, at most."""


@dataclass(frozen=True, slots=True)
class _Timed:
    usable: Usable
    time_s: float


def import_recording(
    source: Path, destination: Path, progress: Progress = lambda done, total: None
) -> ImportReport:
    """Import a recording of donkeycar, version 1 or 2, or of Udacity's simulator.

    Args:
        source: the recording; it is only read.
        destination: the new tub; there whole when this returns, not there when it raises.
        progress: told how far the work is.

    Raises:
        TubError: the source is missing, is something else, or holds no usable record.
        OutputError: the destination exists, cannot be written, or has too little room.
    """
    recording = open_recording(source)
    report = ImportReport(program=recording.program)
    with folder_written_whole(destination) as draft:
        usable = usable_records(recording, report, progress)
        if not usable:
            raise TubError(f"no record of {source} can be used{report.first_reason()}")
        check_room(destination, sum(map(_size_of, usable)))
        try:
            _write(draft, recording, usable, report, progress)
        except OutputError as error:
            raise OutputError(str(error).replace(str(draft), str(destination))) from error
    report.damaged.sort(key=lambda damage: damage.record)
    return report


def _size_of(one: Usable) -> int:
    return one.image_bytes + len(one.record.source) + _BYTES_BESIDE


def _write(
    folder: Path,
    recording: ForeignRecording,
    usable: list[Usable],
    report: ImportReport,
    progress: Progress,
) -> None:
    about = TubAbout(source=f"{recording.program}: {recording.folder.resolve().name}")
    sessions = _sessions(usable, report)
    digits = max(4, len(str(len(sessions))))
    for number, run in enumerate(sessions, start=1):
        _write_session(folder, about, f"session-{number:0{digits}d}", run, report)
        progress(2 * report.records - len(usable) + report.good, 2 * report.records)
    report.sessions = len(sessions)
    deleted = np.array([each.usable.record.deleted for run in sessions for each in run])
    report.deleted = int(deleted.sum())
    report.good -= report.deleted
    if report.deleted:
        tub = Tub(folder)
        tub.marks.delete(tub.ranges_of(deleted), f"deleted in {recording.program}")


def _sessions(usable: list[Usable], report: ImportReport) -> list[list[_Timed]]:
    """Cut at each change of the drive's name, at gaps, and where time steps back."""
    sessions = []
    for _, group in itertools.groupby(usable, lambda one: one.record.session):
        run = list(group)
        timing = guess_timing([one.meaning.stamp_ms for one in run], _places(run))
        report.assumed_times += len(run) * timing.assumed
        timed = [_Timed(one, time) for one, time in zip(run, timing.times_s.tolist(), strict=True)]
        edges = [*timing.session_starts, len(run)]
        sessions += [timed[start:end] for start, end in itertools.pairwise(edges)]
    return sessions


def _places(run: list[Usable]) -> list[int]:
    """The numbers of the records when these go up: what the owner removed leaves a gap then."""
    numbers = [one.record.number for one in run]
    if all(before < after for before, after in itertools.pairwise(numbers)):
        return numbers
    return [one.record.position for one in run]


def _write_session(
    folder: Path, about: TubAbout, name: str, run: list[_Timed], report: ImportReport
) -> None:
    with TubWriter(folder, about, name, sync_interval_s=math.inf) as writer:
        for one in run:
            _write_record(writer, one.usable, one.time_s, report)


def _write_record(writer: TubWriter, one: Usable, time_s: float, report: ImportReport) -> None:
    meaning, image = one.meaning, read_image(one.record.image)
    jpeg, anew = as_colour_jpeg(image)
    source = with_original(one.record.source, image) if anew else one.record.source
    control = msgspec.structs.replace(meaning.control, captured_s=time_s, applied_s=time_s)
    writer.append_encoded(EncodedRecord(control, jpeg, source=source))
    if meaning.imu:
        writer.measure(replace(meaning.imu, measured_s=time_s))
    if meaning.telemetry:
        writer.measure(replace(meaning.telemetry, measured_s=time_s))
    report.good += 1
    report.clipped += meaning.clipped
    report.encoded_anew += anew
