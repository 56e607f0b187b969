"""What the tub writer leaves on disk, also when things go wrong."""

import math
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from mcap.reader import NonSeekingReader, make_reader

from tests.unit.faulty_disk import FaultyDisk
from tubs.about import TubAbout
from tubs.errors import OutputError, TubError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import FileLimits, TubWriter


def record(number: int, **changes: object) -> Record:
    image = np.full((24, 32, 3), number % 256, np.uint8)
    values = {
        "image": image,
        "captured_s": number * 0.05,
        "applied_s": number * 0.05 + 0.01,
        "steering": -0.25,
        "throttle": 0.5,
        "mode": "human",
    }
    return Record(**(values | changes))


def write(folder: Path, count: int, **settings: object) -> Path:
    with TubWriter(folder, **settings) as writer:
        for number in range(count):
            writer.append(record(number))
    return writer.path


def test_the_official_reader_reads_every_message_and_finds_every_checksum_right(tmp_path):
    class_map = np.ones((24, 32), np.uint8)
    with TubWriter(tmp_path / "tub") as writer:
        writer.append(record(0))
        writer.append(record(1, class_map=class_map))
    with writer.path.open("rb") as file:
        messages = list(NonSeekingReader(file, validate_crcs=True).iter_messages())
    topics = [channel.topic for _, channel, _ in messages]
    assert topics == ["/control", "/camera", "/control", "/camera", "/class_map"]
    image = CompressedImage.FromString(messages[3][2].data)
    assert (image.format, image.timestamp.nanos) == ("jpeg", 50_000_000)


def test_the_index_lets_the_official_reader_seek(tmp_path):
    path = write(tmp_path / "tub", 20)
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        found = list(
            reader.iter_messages("/camera", starting_at=500_000_000, ending_before=600_000_000)
        )
        assert [entry.name for entry in reader.iter_metadata()] == ["everlap"]
    assert summary.statistics.message_count == 40
    assert summary.statistics.message_end_time == 950_000_000
    assert len(summary.chunk_indexes) == 20
    assert all(entry.message_index_offsets.keys() == {1, 2} for entry in summary.chunk_indexes)
    assert [message.log_time for _, _, message in found] == [500_000_000, 550_000_000]


def test_message_indexes_point_at_their_messages(tmp_path):
    path = write(tmp_path / "tub", 3)
    with path.open("rb") as file:
        entry = make_reader(file).get_summary().chunk_indexes[1]
    data = path.read_bytes()
    content = entry.chunk_start_offset + 9 + 40
    for channel, offset in entry.message_index_offsets.items():
        assert data[offset] == 7
        position = int.from_bytes(data[offset + 23 : offset + 31], "little")
        assert data[content + position] == 5
        assert int.from_bytes(data[content + position + 9 : content + position + 11], "little") == (
            channel
        )


def test_each_writer_adds_a_session_to_the_tub(tmp_path):
    first, second = write(tmp_path / "tub", 2), write(tmp_path / "tub", 3)
    tub = Tub(tmp_path / "tub")
    assert {first, second} == {session.path for session in tub.sessions}
    assert len(tub) == 5


def test_tub_json_says_what_the_recording_is_about(tmp_path):
    about = TubAbout(car="kart", config={"camera": {"width_px": 160}}, lens={"height_m": 0.2})
    write(tmp_path / "tub", 1, about=about)
    read = Tub(tmp_path / "tub").about
    assert (read.car, read.config, read.lens) == (about.car, about.config, about.lens)
    assert read.created
    assert read.software.startswith("everlap ")


def test_a_drive_without_records_leaves_nothing_behind(tmp_path):
    write(tmp_path / "tub", 0)
    assert list(tmp_path.iterdir()) == []


def test_a_drive_without_records_leaves_an_older_session_alone(tmp_path):
    path = write(tmp_path / "tub", 1)
    write(tmp_path / "tub", 0)
    assert {entry.name for entry in (tmp_path / "tub").iterdir()} == {path.name, "tub.json"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steering": 1.01}, "steering = 1.01"),
        ({"throttle": math.nan}, "throttle = nan"),
        ({"captured_s": -0.1}, "captured_s = -0.1"),
        ({"applied_s": math.inf}, "applied_s = inf"),
        ({"pilot_steering": math.nan}, "pilot_steering = nan"),
        ({"mode": "autopilot"}, "mode = 'autopilot'"),
        ({"image": np.zeros((24, 32), np.uint8)}, r"shape \(24, 32\)"),
        ({"class_map": np.zeros((24, 32), np.int64)}, "class map"),
    ],
)
def test_nonsense_is_refused_and_the_recording_goes_on(tmp_path, changes, message):
    with TubWriter(tmp_path / "tub") as writer:
        writer.append(record(0))
        with pytest.raises(TubError, match=message):
            writer.append(record(1, **changes))
        writer.append(record(2))
    assert [entry.captured_s for entry in Tub(tmp_path / "tub")] == [0.0, 0.1]


def test_a_full_disk_ends_the_recording_and_keeps_every_whole_record(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = TubWriter(tmp_path / "tub")
    writer.__enter__()
    writer.append(record(0))
    size = writer.path.stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
    try:
        with pytest.raises(OutputError, match="File too large"):
            writer.append(record(1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert writer.path.stat().st_size == size
    with pytest.raises(OutputError, match="closed"):
        writer.append(record(2))
    writer.close()
    assert len(Tub(tmp_path / "tub")) == 1


def test_a_deleted_tub_is_noticed_within_a_fifth_of_a_second(tmp_path):
    now = [0.0]
    writer = TubWriter(tmp_path / "tub", clock=lambda: now[0]).__enter__()
    writer.append(record(0))
    shutil.rmtree(tmp_path / "tub")
    now[0] = 0.2
    with pytest.raises(OutputError, match="it was deleted"):
        writer.append(record(1))


def test_a_tub_that_was_deleted_at_the_last_moment_is_not_called_well(tmp_path):
    writer = TubWriter(tmp_path / "tub").__enter__()
    writer.append(record(0))
    shutil.rmtree(tmp_path / "tub")
    with pytest.raises(OutputError, match="it was deleted"):
        writer.close()


def test_nothing_is_written_before_its_names_are_on_the_disk(tmp_path):
    disk = FaultyDisk()
    with TubWriter(tmp_path / "drives" / "tub", disk=disk, clock=lambda: 0.0) as writer:
        writer.append(record(0))
    made = [f"sync {name}" for name in ("tub", "drives", tmp_path.name)]
    assert disk.calls[:3] == made
    assert disk.calls[3:] == ["write", "sync", "sync tub", "write", "write", "sync"]


def test_a_record_takes_one_write_and_syncs_come_at_the_interval(tmp_path):
    disk, now = FaultyDisk(), [0.0]
    with TubWriter(tmp_path / "tub", disk=disk, clock=lambda: now[0]) as writer:
        before = len(disk.calls)
        for number in range(100):
            writer.append(record(number))
            now[0] += 0.05
        calls = disk.calls[before:]
    assert calls.count("write") == 100
    assert calls.count("sync") == 4
    assert calls.index("sync") == 21


def test_nothing_is_synced_where_it_does_not_matter_until_the_end(tmp_path):
    disk = FaultyDisk()
    with TubWriter(tmp_path / "tub", disk=disk, sync_interval_s=math.inf) as writer:
        for number in range(10):
            writer.append(record(number))
        assert set(disk.calls) == {"write"}
    assert disk.calls[-1] == "sync"


@pytest.mark.parametrize(
    ("limits", "lengths"),
    [
        (FileLimits(most_chunks=4), [4, 4, 2]),
        (FileLimits(longest_s=0.3), [6, 4]),
        (FileLimits(most_bytes=1), [1] * 10),
    ],
)
def test_a_long_drive_goes_on_in_new_files_that_say_which_they_continue(tmp_path, limits, lengths):
    with TubWriter(tmp_path / "tub", limits=limits, clock=lambda: 0.0) as writer:
        for number in range(10):
            writer.append(record(number))
        assert writer.records == 10
    tub = Tub(tmp_path / "tub")
    assert [len(session) for session in tub.sessions] == lengths
    assert all(session.finished for session in tub.sessions)
    assert writer.size == sum(path.stat().st_size for path in (tmp_path / "tub").glob("*.mcap"))
    assert [entry.captured_s for entry in tub] == [number * 0.05 for number in range(10)]
    previous, numbers = None, []
    for session in tub.sessions:
        with session.path.open("rb") as file:
            reader = make_reader(file, validate_crcs=True)
            (entries,) = [entry.metadata for entry in reader.iter_metadata()]
            numbers += [each.sequence for _, _, each in reader.iter_messages("/control")]
        assert entries.get("continues") == previous
        previous = session.path.name
    assert numbers == list(range(10))


def test_a_refused_record_leaves_the_file_as_it_was_and_closed(tmp_path):
    disk = FaultyDisk()
    writer = TubWriter(tmp_path / "tub", disk=disk).__enter__()
    writer.append(record(0))
    size = writer.path.stat().st_size
    disk.full_after = size + 100
    with pytest.raises(OutputError, match="No space left"):
        writer.append(record(1))
    assert writer.path.stat().st_size == size
    with pytest.raises(OutputError, match="closed"):
        writer.append(record(1))
    assert len(Tub(tmp_path / "tub")) == 1


def test_an_index_for_which_there_is_no_room_costs_no_record(tmp_path):
    disk = FaultyDisk()
    writer = TubWriter(tmp_path / "tub", disk=disk).__enter__()
    for number in range(5):
        writer.append(record(number))
    disk.full_after = writer.size + 10
    with pytest.raises(OutputError, match="No space left"):
        writer.close()
    assert len(Tub(tmp_path / "tub")) == 5


@pytest.mark.parametrize("seed", range(20))
def test_whatever_reaches_the_disk_after_a_sync_what_was_before_is_read(tmp_path, seed):
    """Sizes without data, torn and reordered blocks: any part of what was not synced."""
    dice = np.random.default_rng(seed)
    writer = TubWriter(tmp_path / "tub", clock=lambda: 0.0).__enter__()
    for number in range(20):
        writer.append(record(number))
        if number == 11:
            writer.sync()
            synced = writer.size
    data = np.frombuffer(writer.path.read_bytes(), np.uint8).copy()
    for block in range(synced // 512, len(data) // 512 + 1):
        piece = data[max(synced, 512 * block) : 512 * (block + 1)]
        kind = dice.integers(4)
        if kind == 1:
            piece[:] = 0
        elif kind == 2:
            piece[dice.integers(len(piece) + 1) :] = 0
        elif kind == 3:
            piece[:] = dice.integers(0, 256, len(piece), np.uint8)
    writer.path.write_bytes(data[: dice.integers(synced, len(data) + 1)].tobytes())
    tub = Tub(tmp_path / "tub")
    times = [tub[number].captured_s for number in range(12)]
    assert times == [number * 0.05 for number in range(12)]


def test_a_killed_process_loses_nothing_that_was_appended(tmp_path):
    program = (
        "import os, signal, sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]);"
        "from test_tub_writer import TubWriter, record\n"
        "writer = TubWriter(Path(sys.argv[1])).__enter__()\n"
        "for number in range(7): writer.append(record(number))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "tub"), str(Path(__file__).parent)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(arguments, env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    tub = Tub(tmp_path / "tub")
    assert len(tub) == 7
    assert not tub.sessions[0].finished
    assert tub[6].image.mean() == pytest.approx(6, abs=2)


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "tub").write_text("")
    with pytest.raises(OutputError, match="is a file: name a folder"):
        TubWriter(tmp_path / "tub").__enter__()


def test_a_damaged_tub_json_is_not_written_over(tmp_path):
    (tmp_path / "tub.json").write_text("{")
    with pytest.raises(TubError, match="damaged"):
        TubWriter(tmp_path).__enter__()
    assert (tmp_path / "tub.json").read_text() == "{"
