"""Sessions that other tools have rewritten, and tubs of which a part is foreign or gone."""

import sys
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap.writer import CompressionType, Writer

from tubs.errors import TubError
from tubs.event import Event
from tubs.mcap.recorded_file import MOST_OPEN
from tubs.mcap.session import Session
from tubs.reader import Tub
from tubs.record import Record
from tubs.telemetry import Imu
from tubs.writer import TubWriter

COMPRESSIONS = [CompressionType.NONE, CompressionType.ZSTD, CompressionType.LZ4]


def record(number: int) -> Record:
    image = np.full((24, 32, 3), (10, 120, number), np.uint8)
    return Record(image, 1.0 + number * 0.05, 1.1 + number * 0.05, number / 20, 0.5, "human")


def write(folder: Path, count: int = 20, session: str = "session-0") -> Path:
    with TubWriter(folder, session=session) as writer:
        for number in range(count):
            writer.append(record(number))
            writer.measure(Imu(1.0 + number * 0.05, (0.0, 0.0, 9.8), (0.0, 0.0, number)))
        writer.note(Event(1.5, "lap", "one"))
    return folder


def rewrite(source: Path, target: Path, **options: object) -> None:
    """Write all messages again as another program would: other numbers, chunks, compression."""
    with source.open("rb") as read, target.open("wb") as written:
        writer = Writer(written, **options)
        writer.start()
        foreign = writer.register_channel("/battery", "json", 0)
        numbers: dict[str, int] = {}
        for schema, channel, message in make_reader(read).iter_messages():
            if channel.topic not in numbers:
                known = 0
                if schema is not None:
                    known = writer.register_schema(schema.name, schema.encoding, schema.data)
                number = writer.register_channel(channel.topic, channel.message_encoding, known)
                numbers[channel.topic] = number
            writer.add_message(
                numbers[channel.topic],
                message.log_time,
                message.data,
                message.publish_time,
                message.sequence,
            )
            writer.add_message(foreign, message.log_time, b"{}", message.log_time)
        writer.finish()


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        *({"compression": each, "chunk_size": size} for each in COMPRESSIONS for size in (1, 5000)),
        {"use_chunking": False},
    ],
    ids=str,
)
def test_a_session_that_another_program_rewrote_reads_the_same(tmp_path, options, finish):
    original = Session(write(tmp_path / "tub") / "session-0.mcap")
    rewritten = tmp_path / "rewritten.mcap"
    rewrite(original.path, rewritten, **options)
    if not finish:
        data = rewritten.read_bytes()
        rewritten.write_bytes(data[: data.rindex(b"\x0f\x04\0\0\0\0\0\0\0")])
    session = Session(rewritten)
    assert session.rewritten
    assert [session.read(n) for n in range(20)] == [original.read(n) for n in range(20)]
    assert [session.control(n) for n in range(20)] == [original.control(n) for n in range(20)]
    assert (session.times_ns == original.times_ns).all()
    assert (session.sequences == original.sequences).all()
    assert (session.events(), session.imu()) == (original.events(), original.imu())
    assert "rewritten by another program" in " ".join(session.warnings)


def test_a_rewritten_session_without_its_decompressor_says_what_to_install(tmp_path, monkeypatch):
    folder = write(tmp_path / "tub")
    rewritten = tmp_path / "rewritten.mcap"
    rewrite(folder / "session-0.mcap", rewritten, compression=CompressionType.ZSTD)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(TubError, match="pip install zstandard, or run: mcap decompress"):
        Session(rewritten)


def test_a_flipped_byte_in_a_rewritten_session_costs_its_chunk(tmp_path):
    folder = write(tmp_path / "tub")
    rewritten = tmp_path / "rewritten.mcap"
    rewrite(folder / "session-0.mcap", rewritten, chunk_size=5000)
    data = bytearray(rewritten.read_bytes())
    data[len(data) // 3] ^= 16
    rewritten.write_bytes(data)
    session = Session(rewritten)
    assert 10 <= len(session) < 20
    assert "chunks are damaged" in " ".join(session.warnings)
    assert all(session.read(number) for number in range(len(session)))


def test_one_damaged_record_is_no_reason_to_read_none(tmp_path):
    folder = write(tmp_path / "tub", 5)
    path = folder / "session-0.mcap"
    data = bytearray(path.read_bytes())
    at = data.index(b'"steering":0.1,')
    data[at + 11] = ord("7")
    path.write_bytes(data)
    rows = Tub(folder).controls()
    assert rows["readable"].tolist() == [True, True, False, True, True]
    assert rows["captured_s"].tolist() == pytest.approx([1.0, 1.05, 1.1, 1.15, 1.2])
    assert np.isnan(rows["steering"][2])
    assert rows["mode"][2] == ""


@pytest.mark.parametrize("text", [b"", b"{", bytes(300), None])
def test_a_damaged_tub_json_is_read_from_a_session(tmp_path, text):
    folder = write(tmp_path / "tub", 2)
    before = Tub(folder).about
    if text is None:
        (folder / "tub.json").unlink()
    else:
        (folder / "tub.json").write_bytes(text)
    tub = Tub(folder)
    assert tub.about == before
    assert "tub.json" in tub.warnings[0]
    assert len(tub) == 2


def test_hundreds_of_sessions_share_few_descriptors(tmp_path):
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not show its descriptors")
    folder = write(tmp_path / "tub", 2)
    data = (folder / "session-0.mcap").read_bytes()
    for number in range(1, 2 * MOST_OPEN):
        (folder / f"session-{number}.mcap").write_bytes(data)
    before = len(list(descriptors.iterdir()))
    tubs = [Tub(folder), Tub(folder)]
    assert all(tub[number].throttle == 0.5 for tub in tubs for number in range(len(tub)))
    assert len(list(descriptors.iterdir())) <= before + MOST_OPEN
    del tubs
    assert len(list(descriptors.iterdir())) <= before


def test_a_tub_that_is_being_recorded_is_read_as_it_grows(tmp_path):
    with TubWriter(tmp_path / "tub", session="session-0") as writer:
        writer.append(record(0))
        tub = Tub(tmp_path / "tub")
        assert (len(tub), tub.refresh()) == (1, False)
        for number in range(1, 4):
            writer.append(record(number))
        assert tub.refresh()
        assert [each.captured_s for each in tub] == [record(n).captured_s for n in range(4)]
        assert len(tub.times_ns) == 4
    assert tub.refresh()
    assert tub.sessions[0].finished
    assert tub.warnings == []
    write(tmp_path / "tub", 2, "session-1")
    assert tub.refresh()
    assert len(tub) == 6


def test_a_session_that_vanishes_while_it_is_read_is_named(tmp_path):
    folder = write(tmp_path / "tub", 2)
    session = Session(folder / "session-0.mcap")
    session.path.rename(tmp_path / "elsewhere.mcap")
    assert session.read(0).control.throttle == 0.5
    session.close()
    with pytest.raises(TubError, match=r"cannot read .*session-0.mcap: No such file"):
        session.read(0)
    write(folder, 2)
    with pytest.raises(TubError, match="replaced while it was being read"):
        session.read(0)


def test_a_session_that_shrinks_while_it_is_read_damages_what_is_gone(tmp_path):
    session = Session(write(tmp_path / "tub", 4) / "session-0.mcap")
    with session.path.open("r+b") as file:
        file.truncate(8000)
    assert session.read(0).control.throttle == 0.5
    with pytest.raises(TubError, match=r"record 3 of .* is cut off"):
        session.read(3)


def test_a_session_that_must_not_be_read_is_an_error_and_no_warning(tmp_path):
    folder = write(tmp_path / "tub", 2)
    (folder / "session-1.mcap").mkdir()
    with pytest.raises(TubError, match=r"cannot read .*session-1.mcap"):
        Tub(folder)


def test_the_disk_that_gave_only_zeros_leaves_an_empty_session(tmp_path):
    folder = write(tmp_path / "tub", 2)
    (folder / "session-1.mcap").write_bytes(bytes(10000))
    tub = Tub(folder)
    assert [len(session) for session in tub.sessions] == [2, 0]
    assert "session-1.mcap: its last" in tub.warnings[0]
