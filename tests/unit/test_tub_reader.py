"""What the reader makes of tubs, and of folders that are none."""

from pathlib import Path

import numpy as np
import pytest
from mcap.writer import Writer

from tubs.errors import TubError
from tubs.mcap.session import Session
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


def write(folder: Path, counts: list[int], **changes: object) -> Path:
    for session, count in enumerate(counts):
        with TubWriter(folder, session=f"session-{session}") as writer:
            for number in range(count):
                image = np.full((24, 32, 3), (10, 120, 230), np.uint8)
                values = {"steering": number / 10, "throttle": 0.5, "mode": "pilot"} | changes
                writer.append(Record(image, number * 0.05, number * 0.05, **values))
    return folder


def test_records_come_in_order_of_session_and_capture(tmp_path):
    tub = Tub(write(tmp_path / "tub", [2, 3]))
    assert [record.steering for record in tub] == [0.0, 0.1, 0.0, 0.1, 0.2]
    assert tub[-1].steering == 0.2
    assert tub[1].steering == 0.1


def test_a_number_outside_of_the_tub_is_an_index_error(tmp_path):
    tub = Tub(write(tmp_path / "tub", [2]))
    for number in (2, -3):
        with pytest.raises(IndexError, match=f"record {number} "):
            tub[number]


def test_images_come_back_red_green_blue(tmp_path):
    image = Tub(write(tmp_path / "tub", [1]))[0].image
    assert image.shape == (24, 32, 3)
    assert np.abs(image.mean((0, 1)) - (10, 120, 230)).max() < 3


def test_controls_hold_everything_but_the_pictures(tmp_path):
    controls = Tub(write(tmp_path / "tub", [2, 1], human_steering=-0.5, speed_m_s=1.5)).controls()
    assert controls["session"].tolist() == [0, 0, 1]
    assert controls["captured_s"].tolist() == [0.0, 0.05, 0.0]
    assert controls["mode"].tolist() == ["pilot"] * 3
    assert controls["human_steering"].tolist() == [-0.5] * 3
    assert controls["speed_m_s"].tolist() == [1.5] * 3
    assert np.isnan(controls["pilot_steering"]).all()


def test_a_flipped_bit_costs_one_record_and_is_named(tmp_path):
    folder = write(tmp_path / "tub", [3])
    path = folder / "session-0.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xd8", data.index(b"\xff\xd8") + 1) + 40] ^= 4
    path.write_bytes(data)
    tub = Tub(folder)
    with pytest.raises(TubError, match=r"record 1 of .*session-0.mcap .*checksum"):
        tub[1]
    assert tub[0].steering == 0.0
    assert tub[2].steering == 0.2


def test_zeros_after_a_power_failure_are_left_alone(tmp_path):
    folder = write(tmp_path / "tub", [2])
    path = folder / "session-0.mcap"
    data = path.read_bytes()
    whole = data[: data.index(b"\x0f\x04\0\0\0\0\0\0\0\0\0\0\0")]
    path.write_bytes(whole + bytes(4096))
    tub = Tub(folder)
    assert len(tub) == 2
    assert (tub.sessions[0].finished, tub.sessions[0].torn_bytes) == (False, 4096)


def test_a_missing_folder_is_said_to_be_missing(tmp_path):
    with pytest.raises(TubError, match="there is no tub"):
        Tub(tmp_path / "nowhere")


def test_a_file_is_not_a_tub(tmp_path):
    (tmp_path / "tub").write_text("")
    with pytest.raises(TubError, match="is a file"):
        Tub(tmp_path / "tub")


@pytest.mark.parametrize("name", ["manifest.json", "catalog_0.catalog", "record_7.json"])
def test_a_tub_of_donkeycar_is_recognised_and_the_way_shown(tmp_path, name):
    (tmp_path / name).write_text("{}")
    with pytest.raises(TubError, match="everlap tub import"):
        Tub(tmp_path)


def test_the_folder_above_a_tub_points_at_it(tmp_path):
    write(tmp_path / "tub", [1])
    with pytest.raises(TubError, match=r"did you mean .*tub\?"):
        Tub(tmp_path)


def test_a_tub_without_records_is_empty(tmp_path):
    folder = write(tmp_path / "tub", [1])
    (folder / "session-0.mcap").write_bytes(b"")
    with pytest.raises(TubError, match="empty tub"):
        Tub(folder)


def test_a_recording_of_another_robot_is_foreign(tmp_path):
    folder = write(tmp_path / "tub", [1])
    with (folder / "other.mcap").open("wb") as file:
        writer = Writer(file, use_chunking=False)
        writer.start()
        channel = writer.register_channel("/odometry", "json", 0)
        writer.add_message(channel, 0, b"{}", 0)
        writer.finish()
    with pytest.raises(TubError, match="/odometry"):
        Session(folder / "other.mcap")
    tub = Tub(folder)
    assert len(tub) == 1
    assert "/odometry" in tub.warnings[0]


def test_a_file_that_is_not_mcap_at_all_is_named(tmp_path):
    folder = write(tmp_path / "tub", [1])
    (folder / "other.mcap").write_bytes(b"PK\x03\x04 whatever")
    with pytest.raises(TubError, match=r"other.mcap is not an MCAP file"):
        Session(folder / "other.mcap")
    assert "other.mcap is not an MCAP file" in Tub(folder).warnings[0]
    (folder / "session-0.mcap").unlink()
    with pytest.raises(TubError, match=r"other.mcap is not an MCAP file"):
        Tub(folder)


def test_a_newer_format_asks_for_an_update(tmp_path):
    folder = write(tmp_path / "tub", [1])
    (folder / "tub.json").write_text('{"everlap_tub": 99}')
    with pytest.raises(TubError, match="update everlap"):
        Tub(folder)
