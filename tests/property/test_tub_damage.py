"""No damage to a session file costs more than what it hit."""

import math
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tubs.about import TubAbout
from tubs.control import Control
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.event import Event
from tubs.mcap import layout
from tubs.mcap.layout import Message
from tubs.mcap.session import Session
from tubs.telemetry import Imu
from tubs.writer import TubWriter

RECORDS = 12
ABOUT = TubAbout(car="nine lives")


def record(number: int) -> EncodedRecord:
    """Bytes that look like a JPEG's and are different in each record."""
    noise = b"".join(zlib.crc32(b"%d %d" % (number, n)).to_bytes(4, "big") for n in range(300))
    captured_s = 1.0 + number * 0.05
    return EncodedRecord(
        Control(captured_s, captured_s + 0.03, number / RECORDS, -0.5, "human"),
        b"\xff\xd8" + noise,
        b"png" if number % 3 == 0 else None,
        b'{"user/angle": 1}' if number % 4 == 0 else None,
    )


@cache
def whole(finished: bool) -> tuple[bytes, tuple[tuple[int, int], ...]]:
    """A session, and where each of its records begins and ends."""
    places = []
    with tempfile.TemporaryDirectory() as folder:
        writer = TubWriter(Path(folder) / "tub", ABOUT, sync_interval_s=math.inf)
        with writer:
            for number in range(RECORDS):
                writer.measure(Imu(1.0 + number * 0.05, (0.0, 0.0, 9.8), (0.0, 0.0, number)))
                begin = writer.path.stat().st_size
                writer.append_encoded(record(number))
                places.append((begin, writer.path.stat().st_size))
                if number == 5:
                    writer.note(Event(1.26, "lap", "first"))
        data = writer.path.read_bytes()
    end = data.index(b"\x0f\x04\0\0\0\0\0\0\0")
    return (data if finished else data[:end]), tuple(places)


@contextmanager
def session_of(data: bytes) -> Iterator[Session]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.mcap"
        path.write_bytes(data)
        yield Session(path)


def read_back(session: Session) -> dict[float, EncodedRecord]:
    """All records that can be read, by time of capture."""
    found = {}
    for number in range(len(session)):
        try:
            read = session.read(number)
        except TubError:
            continue
        found[read.control.captured_s] = read
    return found


def hit(places: tuple[tuple[int, int], ...], begin: int, end: int) -> set[int]:
    """Which records have a byte in a stretch."""
    return {n for n, (first, after) in enumerate(places) if first < end and begin < after}


def assert_all_but(damaged: bytes, spared: set[int]) -> None:
    """Read everything, and find every spared record as it was written and nothing else."""
    written = {record(n).control.captured_s: record(n) for n in range(RECORDS)}
    with session_of(damaged) as session:
        found = read_back(session)
        for time_s, read in found.items():
            assert read == written[time_s]
        assert {record(n).control.captured_s for n in spared} <= set(found)
        session.events()
        session.imu()
        session.about()
        assert len(session.sequences) == len(session)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.booleans())
def test_a_cut_costs_what_was_cut(at, finished):
    data, places = whole(finished)
    cut = at % (len(data) + 1)
    assert_all_but(data[:cut], {n for n, (_, end) in enumerate(places) if end <= cut})


@settings(deadline=None, max_examples=120)
@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 255)), min_size=1, max_size=8),
    st.booleans(),
)
def test_flipped_bytes_cost_the_records_that_they_hit(flips, finished):
    data, places = whole(finished)
    damaged, spared = bytearray(data), set(range(RECORDS))
    for at, mask in flips:
        damaged[at % len(data)] ^= mask
        spared -= hit(places, at % len(data), at % len(data) + 1)
    assert_all_but(bytes(damaged), spared)


HEADS = [at + byte for at, _ in whole(True)[1] for byte in range(60)]


@settings(deadline=None, max_examples=120)
@given(st.lists(st.tuples(st.sampled_from(HEADS), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_flipped_head_costs_no_record_but_its_own(flips):
    data, places = whole(False)
    damaged, spared = bytearray(data), set(range(RECORDS))
    for at, mask in flips:
        damaged[at] ^= mask
        spared -= hit(places, at, at + 1)
    assert_all_but(bytes(damaged), spared)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.booleans())
def test_a_block_that_the_disk_never_got_costs_the_records_in_it(at, finished):
    data, places = whole(finished)
    begin = at % len(data)
    end = min(begin + 4096, len(data))
    damaged = data[:begin] + bytes(end - begin) + data[end:]
    assert_all_but(damaged, set(range(RECORDS)) - hit(places, begin, end))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9), st.integers(1, 5000), st.booleans(), st.booleans())
def test_bytes_that_are_missing_or_too_many_cost_the_records_around(at, count, finished, more):
    data, places = whole(finished)
    begin = at % len(data)
    end = begin if more else min(begin + count, len(data))
    filling = b"\x06" * count if more else b""
    spared = set(range(RECORDS)) - hit(places, begin, max(end, begin + 1))
    assert_all_but(data[:begin] + filling + data[end:], spared)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=2000), st.booleans())
def test_garbage_is_no_session_and_no_crash(garbage, with_magic):
    data = (layout.MAGIC if with_magic else b"") + garbage
    with suppress(TubError), session_of(data) as session:
        assert read_back(session) == {}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, RECORDS), st.sampled_from([0x10, 0x55, 0x80, 0xFF]), st.binary(max_size=300))
def test_unknown_kinds_of_record_are_passed_over(before, opcode, content):
    data, places = whole(False)
    at = places[before][0] if before < RECORDS else len(data)
    foreign = struct.pack("<BQ", opcode, len(content)) + content
    damaged = data[:at] + foreign + data[at:]
    assert_all_but(damaged, set(range(RECORDS)))
    with session_of(damaged) as session:
        assert session.gaps == []
        assert session.torn_bytes == 0


@settings(deadline=None, max_examples=25)
@given(st.integers(0, RECORDS - 1), st.integers(8, 65535), st.booleans())
def test_foreign_channels_are_passed_over(before, number, told):
    data, places = whole(False)
    at = places[before][0]
    definition = layout.channel(number, 0, "/battery", "json") if told else b""
    message = Message(number, 0, 1_000_000_000, 1_000_000_000, b"{}")
    chunk = layout.chunk(at + len(definition), [message]).data
    damaged = data[:at] + definition + chunk + data[at:]
    assert_all_but(damaged, set(range(RECORDS)))
    with session_of(damaged) as session:
        assert len(session) == RECORDS


@settings(deadline=None, max_examples=25)
@given(st.integers(0, RECORDS - 1), st.integers(0, 100))
def test_an_attachment_may_even_hold_another_session(before, size):
    data, places = whole(False)
    at = places[before][0]
    inner = whole(True)[0] + bytes(size)
    content = bytes(16) + b"\x01\0\0\0a" + b"\x01\0\0\0b" + struct.pack("<Q", len(inner)) + inner
    foreign = struct.pack("<BQ", 9, len(content) + 4) + content + bytes(4)
    with session_of(data[:at] + foreign + data[at:]) as session:
        assert len(session) == len(read_back(session)) == RECORDS


@pytest.mark.parametrize("length", [2**20, 2**40, 2**63, 2**64 - 1])
@pytest.mark.parametrize("at", [1, 25, 41])
def test_a_damaged_length_is_no_reason_to_ask_for_memory(at, length):
    data, places = whole(False)
    begin = places[3][0]
    damaged = bytearray(data)
    damaged[begin + at : begin + at + 8] = struct.pack("<Q", length)
    assert_all_but(bytes(damaged), set(range(RECORDS)) - {3})


def test_what_was_passed_over_is_told():
    data, places = whole(False)
    damaged = bytearray(data)
    damaged[places[3][0] + 2] ^= 1
    with session_of(bytes(damaged)) as session:
        assert [gap.chunk for gap in session.gaps] == [3]
        assert "before record 3" in session.warnings[0]
        assert len(session) == RECORDS - 1


def test_a_damaged_index_is_told_and_costs_nothing():
    data, _ = whole(True)
    damaged = bytearray(data)
    damaged[-60] ^= 1
    with session_of(bytes(damaged)) as session:
        assert len(read_back(session)) == RECORDS
        assert "its index is damaged" in session.warnings[0]


def test_index_and_scan_find_the_same():
    data, _ = whole(True)
    with session_of(data) as session:
        scanned = Session(session.path, use_index=False)
        assert (scanned.times_ns == session.times_ns).all()
        assert (scanned.sequences == session.sequences).all()
        assert read_back(scanned) == read_back(session)
        assert scanned.events() == session.events()
        assert scanned.imu() == session.imu()
        assert scanned.about() == session.about()
        assert session.about().car == ABOUT.car
        assert session.warnings == scanned.warnings == []
