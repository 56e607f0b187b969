"""Exports a tub as a tub of donkeycar, version 2."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tubs.control import Control
from tubs.draft_folder import folder_written_whole
from tubs.encoded import EncodedRecord
from tubs.exchange.donkeycar_names import Names, foreign_values
from tubs.exchange.donkeycar_values import IMAGE_KEYS, MODES, SPEED_KEY, index_in
from tubs.exchange.donkeycar_writer import DonkeycarWriter
from tubs.exchange.export_report import ExportReport
from tubs.exchange.original_image import without_original
from tubs.exchange.room import check_room
from tubs.exchange.session_dates import session_dates
from tubs.exchange.survey import Progress, Survey, survey
from tubs.reader import Tub

_DONKEYCAR_MODES = {ours: theirs for theirs, ours in reversed(MODES.items())}


@dataclass(frozen=True, slots=True)
class _Identity:
    """What a record is called in the new tub."""

    index: int
    image: str
    session: str
    taken: datetime


def export_donkeycar(
    source: Path, destination: Path, progress: Progress = lambda done, total: None
) -> ExportReport:
    """Export a tub for donkeycar; what is marked as deleted is marked so there.

    Records that came from donkeycar get back the very values, image and index that they had.

    Args:
        source: the tub; it is only read.
        destination: a new folder; there whole when this returns, not there when it raises.
        progress: told how far the work is.

    Raises:
        TubError: the source is no tub, or nothing in it can be exported.
        OutputError: the destination exists, cannot be written, or has too little room.
    """
    tub, report, names = Tub(source), ExportReport("donkeycar"), Names()
    with folder_written_whole(destination) as draft:
        found = survey(
            tub, True, report, progress, lambda number, record: names.take(record.source)
        )
        check_room(destination, found.size_bytes)
        dates = session_dates(tub)
        with DonkeycarWriter(draft, dates[0].timestamp()) as writer:
            for identity, number in _identities(tub, found, names, dates):
                _append(writer, tub.encoded(number), identity, bool(found.deleted[number]))
                report.good += 1
                progress(2 * len(tub) - len(found.numbers) + report.good, 2 * len(tub))
    report.renumbered = report.good * names.clash
    if found.class_maps:
        report.remarks.append(f"{found.class_maps} class maps: donkeycar has no place for them")
    return report


def _identities(
    tub: Tub, found: Survey, names: Names, dates: list[datetime]
) -> Iterator[tuple[_Identity, int]]:
    times_ns = tub.times_ns
    starts_ns = [int(session.times_ns[0]) if len(session) else 0 for session in tub.sessions]
    for place, number in enumerate(found.numbers):
        session, _ = tub.locate(number)
        since_ns = int(times_ns[number]) - starts_ns[session]
        index, image = names.of(place)
        yield (
            _Identity(
                index=index,
                image=image,
                session=f"{dates[session]:%y-%m-%d}_{session}",
                taken=dates[session] + timedelta(microseconds=since_ns // 1000),
            ),
            number,
        )


def _append(
    writer: DonkeycarWriter, record: EncodedRecord, identity: _Identity, deleted: bool
) -> None:
    values = foreign_values(record.source)
    if values is None or record.source is None:
        image = (identity.image, record.jpeg)
        writer.append(_own_values(record.control, identity), image, deleted)
        return
    source, original = without_original(record.source)
    values = foreign_values(source) or values
    completed = _completed(values, identity)
    text = _as_line(source) if completed == values else ""
    writer.append(completed, (identity.image, original or record.jpeg), deleted, text)


def _as_line(source: bytes) -> str:
    """The text that donkeycar wrote, when it can stand on one line of ASCII; else ""."""
    whole = source.isascii() and b"\n" not in source and b"\r" not in source
    return source.decode("ascii") if whole else ""


def _completed(values: dict[str, object], identity: _Identity) -> dict[str, object]:
    """A foreign record's values, and what version 1 did not have."""
    added: dict[str, object] = {}
    if index_in(values) is None:
        added = {"_session_id": identity.session, "_timestamp_ms": _milliseconds(identity.taken)}
    key = next(key for key in IMAGE_KEYS if isinstance(values.get(key), str))
    return added | values | {"_index": identity.index, key: identity.image}


def _own_values(control: Control, identity: _Identity) -> dict[str, object]:
    """A record of Everlap in donkeycar's words.

    `user/angle` and `user/throttle` are what donkeycar learns from: the human's wish where it is
    known, else what was applied.
    """
    human = (control.human_steering, control.human_throttle)
    steering, throttle = (
        applied if wish is None or control.mode == "stopped" else wish
        for wish, applied in zip(human, (control.steering, control.throttle), strict=True)
    )
    values: dict[str, object | None] = {
        "_index": identity.index,
        "_session_id": identity.session,
        "_timestamp_ms": _milliseconds(identity.taken),
        "cam/image_array": identity.image,
        "user/angle": steering,
        "user/throttle": throttle,
        "user/mode": _DONKEYCAR_MODES.get(control.mode, "user"),
        "pilot/angle": control.pilot_steering,
        "pilot/throttle": control.pilot_throttle,
        SPEED_KEY: control.speed_m_s,
    }
    return {key: value for key, value in values.items() if value is not None}


def _milliseconds(date: datetime) -> int:
    return round(date.timestamp() * 1e3)
