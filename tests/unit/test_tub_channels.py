"""Events, measurements, sources and numbers of ticks: what lies in a session beside the records."""

from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from tubs.control import control_of
from tubs.encoded import EncodedRecord
from tubs.errors import TubError
from tubs.event import EMERGENCY, LAP, Event
from tubs.images import encode_jpeg
from tubs.reader import Tub
from tubs.record import Record
from tubs.telemetry import Imu, Telemetry
from tubs.writer import TubWriter


def record(captured_s: float, **changes: object) -> Record:
    values = {"steering": 0.1, "throttle": 0.5, "mode": "pilot"} | changes
    image = np.full((24, 32, 3), (10, 120, 230), np.uint8)
    return Record(image, captured_s, captured_s + 0.03, **values)


def write(folder: Path, *, finish: bool = True) -> Path:
    """Two sessions: one of 5 records at 10 Hz with everything beside them, one of 2 records."""
    writer = TubWriter(folder, session="session-0")
    writer.__enter__()
    writer.note(Event(0.0, LAP, "begun"))
    for number in range(5):
        now_s = 1.0 + number * 0.1
        writer.measure(Imu(now_s - 0.01, (number, 0.5, 9.8), (0.0, 0.0, -number)))
        writer.append(record(now_s), sequence=number * 2)
        if number == 2:
            writer.note(Event(now_s + 0.05, EMERGENCY, "the hand came down"))
            writer.measure(Telemetry(now_s + 0.02, {"speed_m_s": 1.5, "battery_v": 7.4}))
    writer.note(Event(9.0, LAP, "done"))
    if finish:
        writer.close()
    with TubWriter(folder, session="session-1") as second:
        second.append(record(0.5))
        second.append(record(0.6))
    return folder


@pytest.mark.parametrize("finish", [True, False])
def test_events_know_the_record_that_follows_them(tmp_path, finish):
    events = Tub(write(tmp_path / "tub", finish=finish)).events()
    assert [(each.session, each.record) for each in events] == [(0, 0), (0, 3), (0, 4)]
    assert events[1].event.kind == EMERGENCY
    assert events[1].event.text == "the hand came down"
    assert events[1].event.at_s == pytest.approx(1.25, abs=1e-9)


def test_what_lies_beside_the_records_is_no_record(tmp_path):
    tub = Tub(write(tmp_path / "tub"))
    assert [len(session) for session in tub.sessions] == [5, 2]
    assert [each.captured_s for each in tub][:2] == [1.0, 1.1]


def test_a_gap_in_the_sequence_counts_what_was_dropped(tmp_path):
    assert Tub(write(tmp_path / "tub")).sequences.tolist() == [0, 2, 4, 6, 8, 0, 1]


def test_the_newest_inertial_measurement_goes_with_each_record(tmp_path):
    tub = Tub(write(tmp_path / "tub"))
    imu = tub.imu()
    assert imu.session.tolist() == [0] * 5
    assert imu.values[3].tolist() == [3.0, 0.5, 9.8, 0.0, 0.0, -3.0]
    at_records = tub.imu_at_records()
    assert at_records.dtype == np.float32
    assert at_records[:5, 0].tolist() == [0, 1, 2, 3, 4]
    assert np.isnan(at_records[5:]).all()


def test_a_measurement_from_the_future_or_too_old_is_unknown(tmp_path):
    with TubWriter(tmp_path / "tub") as writer:
        for number in range(4):
            writer.append(record(1.0 + number * 0.15))
        writer.measure(Telemetry(1.01, {"speed_m_s": 2.0}))
    speed = Tub(tmp_path / "tub").telemetry_at_records("speed_m_s")
    assert np.isnan(speed).tolist() == [True, False, True, True]
    assert speed[1] == 2.0


def test_measured_speed_stands_in_where_the_control_message_has_none(tmp_path):
    with TubWriter(tmp_path / "tub") as writer:
        writer.measure(Telemetry(0.99, {"speed_m_s": 2.0}))
        writer.append(record(1.0))
        writer.append(record(1.1, speed_m_s=0.25))
        writer.append(record(5.0))
    speed = Tub(tmp_path / "tub").controls()["speed_m_s"]
    assert speed[:2].tolist() == [2.0, 0.25]
    assert np.isnan(speed[2])


def test_telemetry_comes_back_with_its_names(tmp_path):
    found = Tub(write(tmp_path / "tub")).telemetry()
    assert [(each.session, dict(each.telemetry.values)) for each in found] == [
        (0, {"speed_m_s": 1.5, "battery_v": 7.4})
    ]


@pytest.mark.parametrize(
    "measurement",
    [
        Telemetry(1.0, {"battery_v": float("nan")}),
        Imu(1.0, (0.0, float("inf"), 0.0), (0.0, 0.0, 0.0)),
        Telemetry(-1.0, {}),
    ],
)
def test_a_measurement_that_is_no_number_is_refused(tmp_path, measurement):
    with TubWriter(tmp_path / "tub") as writer:
        writer.append(record(1.0))
        with pytest.raises(TubError, match="cannot be recorded"):
            writer.measure(measurement)
    assert len(Tub(tmp_path / "tub")) == 1


def test_a_foreign_record_is_kept_verbatim(tmp_path):
    source = b'{"user/angle": 0.30000000000000004, "cam/image_array": "7_cam.jpg"}'
    one = record(1.0)
    with TubWriter(tmp_path / "tub") as writer:
        writer.append_encoded(EncodedRecord(control_of(one), encode_jpeg(one.image), source=source))
        writer.append(record(1.1))
    tub = Tub(tmp_path / "tub")
    assert tub.encoded(0).source == source
    assert tub.encoded(1).source is None


def test_the_mcap_package_sees_every_channel_in_order_of_time(tmp_path):
    folder = write(tmp_path / "tub")
    with (folder / "session-0.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary = reader.get_summary()
        messages = [(c.topic, m.log_time) for _, c, m in reader.iter_messages()]
        backward = [m.log_time for _, _, m in reader.iter_messages(reverse=True)]
        (metadata,) = reader.iter_metadata()
    assert [time for _, time in messages] == sorted(time for _, time in messages)
    assert backward == sorted(backward, reverse=True)
    assert (metadata.name, metadata.metadata["clock"]) == ("everlap", "monotonic")
    counts = {
        summary.channels[number].topic: count
        for number, count in summary.statistics.channel_message_counts.items()
    }
    assert {topic: count for topic, count in counts.items() if count} == {
        "/control": 5,
        "/camera": 5,
        "/events": 3,
        "/imu": 5,
        "/telemetry": 1,
    }
    assert summary.statistics.metadata_count == len(summary.metadata_indexes) == 1
    assert summary.statistics.chunk_count == len(summary.chunk_indexes) == 14
    assert summary.statistics.schema_count == len(summary.schemas) == 5
    assert summary.statistics.channel_count == len(summary.channels) == 7
    assert summary.statistics.message_start_time == 0
    assert summary.statistics.message_end_time == 9_000_000_000
