"""Makes an Everlap tub of a donkeycar tub: takes what is good and names what is not."""

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tubs.about import TubAbout
from tubs.control import Control
from tubs.damage import Damage
from tubs.draft_folder import folder_written_whole
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.exchange.donkeycar import (
    MODES,
    PILOT_STEERING_KEYS,
    PILOT_THROTTLE_KEYS,
    STEERING_KEYS,
    THROTTLE_KEYS,
    TIME_KEYS,
    BrokenRecord,
    ForeignRecord,
    Unusable,
    find_records,
)
from tubs.exchange.source_image import as_colour_jpeg, read_image, shape_of
from tubs.exchange.timing_guess import guess_timing
from tubs.in_threads import in_threads
from tubs.writer import TubWriter

Progress = Callable[[int, int], None]
"""Called with records done and records in all."""


class ImportReport(msgspec.Struct):
    """What became of the records; records = good + deleted + the damaged ones.

    Attributes:
        records: lines or files found.
        good: now in the tub.
        deleted: left out because their owner had marked them, and nothing else was wrong.
        damaged: left out because they cannot be used.
        sessions: how many session files were written.
        clipped: good records with a command outside [-1, +1], now at the edge.
        encoded_anew: good records whose image was no colour JPEG.
        assumed_times: good records timed at 20 Hz, because their time stamps make no sense.
    """

    records: int = 0
    good: int = 0
    deleted: int = 0
    damaged: list[Damage] = []
    sessions: int = 0
    clipped: int = 0
    encoded_anew: int = 0
    assumed_times: int = 0


@dataclass(frozen=True, slots=True)
class _Usable:
    record: ForeignRecord
    shape: tuple[int, ...]
    control: Control
    stamp_ms: float | None
    clipped: bool


def import_donkeycar(
    source: Path, destination: Path, progress: Progress = lambda done, total: None
) -> ImportReport:
    """Import a tub of donkeycar, version 1 or 2.

    Args:
        source: the donkeycar tub; it is only read.
        destination: the new tub; there whole when this returns, not there when it raises.
        progress: told how far the work is.

    Raises:
        TubError: the source is missing, is something else, or holds no usable record.
        OutputError: the destination exists or cannot be written.
    """
    report = ImportReport()
    found = find_records(source)
    with folder_written_whole(destination) as draft:
        usable = _keep_one_size(_examine(found, report, progress), report)
        if not usable:
            raise TubError(f"no record of {source} can be used{_first_reason(report)}")
        about = TubAbout(source=f"donkeycar: {source.resolve().name}")
        for run in _sessions(usable, report):
            _write_session(draft, about, run, report)
    report.damaged.sort(key=lambda damage: damage.record)
    return report


def _first_reason(report: ImportReport) -> str:
    return f": record {report.damaged[0].record}: {report.damaged[0].reason}" * bool(report.damaged)


def _examine(
    found: Iterable[ForeignRecord | BrokenRecord], report: ImportReport, progress: Progress
) -> list[_Usable]:
    records = list(found)
    usable: list[_Usable] = []
    for done, examined in enumerate(in_threads(_examine_one, records), start=1):
        if isinstance(examined, Damage):
            report.damaged.append(examined)
        elif examined.record.deleted:
            report.deleted += 1
        else:
            usable.append(examined)
        progress(done, len(records))
    report.records = len(records)
    return usable


def _examine_one(record: ForeignRecord | BrokenRecord) -> _Usable | Damage:
    try:
        if isinstance(record, BrokenRecord):
            raise Unusable(record.reason)
        control, clipped = _control_of(record)
        shape = shape_of(read_image(record.image), record.image.name)
        return _Usable(record, shape, control, record.value(TIME_KEYS), clipped)
    except Unusable as error:
        return Damage(record.number, str(error))


def _control_of(record: ForeignRecord) -> tuple[Control, bool]:
    """What was wished and applied, not yet timed, and whether a value had to be clipped."""
    wished = [record.value(keys) for keys in (STEERING_KEYS, THROTTLE_KEYS)]
    pilot = [record.value(keys) for keys in (PILOT_STEERING_KEYS, PILOT_THROTTLE_KEYS)]
    for name, value in zip(("steering", "throttle"), wished, strict=True):
        if value is None:
            raise Unusable(f"it has no {name}")
    steering, throttle, pilot_steering, pilot_throttle = map(_clip, wished + pilot)
    mode = MODES.get(str(record.values.get("user/mode", "user")), "human")
    control = Control(
        captured_s=0.0,
        applied_s=0.0,
        steering=_applied(steering, pilot_steering, mode in ("assisted", "pilot")),
        throttle=_applied(throttle, pilot_throttle, mode == "pilot"),
        mode=mode,
        human_steering=steering,
        human_throttle=throttle,
        pilot_steering=pilot_steering,
        pilot_throttle=pilot_throttle,
    )
    return control, any(abs(value) > 1.0 for value in wished + pilot if value is not None)


def _clip(value: float | None) -> float | None:
    return None if value is None else min(1.0, max(-1.0, value))


def _applied(human: float | None, pilot: float | None, pilot_decides: bool) -> float:
    applied = pilot if pilot_decides and pilot is not None else human
    return 0.0 if applied is None else applied


def _keep_one_size(usable: list[_Usable], report: ImportReport) -> list[_Usable]:
    """Take out the images that are not as large as most are."""
    sizes = Counter(one.shape[:2] for one in usable)
    if len(sizes) < 2:
        return usable
    (height, width), _ = sizes.most_common(1)[0]
    for one in usable:
        if one.shape[:2] != (height, width):
            reason = f"its image is {one.shape[1]}x{one.shape[0]}, most are {width}x{height}"
            report.damaged.append(Damage(one.record.number, reason))
    return [one for one in usable if one.shape[:2] == (height, width)]


def _sessions(usable: list[_Usable], report: ImportReport) -> list[list[_Usable]]:
    """Cut at each change of session name, at gaps, and where time steps back; times filled in."""
    sessions = []
    for _, group in itertools.groupby(usable, lambda one: one.record.values.get("_session_id")):
        run = list(group)
        timing = guess_timing([one.stamp_ms for one in run], [one.record.position for one in run])
        report.assumed_times += len(run) * timing.assumed
        edges = [*timing.session_starts, len(run)]
        for start, end in itertools.pairwise(edges):
            times_s = (timing.times_s[start:end] - timing.times_s[start]).tolist()
            sessions.append([_timed(*pair) for pair in zip(run[start:end], times_s, strict=True)])
    return sessions


def _timed(one: _Usable, time_s: float) -> _Usable:
    control = msgspec.structs.replace(one.control, captured_s=time_s, applied_s=time_s)
    return _Usable(one.record, one.shape, control, one.stamp_ms, one.clipped)


def _write_session(folder: Path, about: TubAbout, run: list[_Usable], report: ImportReport) -> None:
    report.sessions += 1
    name = f"session-{report.sessions:04d}"
    with TubWriter(folder, about, name, sync_interval_s=math.inf) as writer:
        for one in run:
            jpeg, anew = as_colour_jpeg(read_image(one.record.image), one.shape)
            writer.append_encoded(EncodedRecord(one.control, jpeg))
            report.good += 1
            report.clipped += one.clipped
            report.encoded_anew += anew
