"""The replay camera keeps the recorded pace on any clock."""

from pathlib import Path

import numpy as np
import pytest

from car.drivers.replay import ReplayCamera
from car.errors import DeviceError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


class Clock:
    """Virtual seconds that pass only by sleeping or by working."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def tub_of(folder: Path, *sessions: list[float]) -> Tub:
    for position, times_s in enumerate(sessions):
        with TubWriter(folder, session=f"session-{position}") as writer:
            for number, time_s in enumerate(times_s):
                image = np.full((24, 32, 3), number, np.uint8)
                writer.append(Record(image, time_s, time_s, number / 10, 0.5, "human"))
    return Tub(folder)


def shown_s(camera: ReplayCamera) -> list[float]:
    return [round(frame.captured_s - 100.0, 6) for frame in camera]


def test_frames_come_at_their_recorded_intervals(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [5.0, 5.05, 5.15, 5.2]), clock, clock.sleep)
    assert shown_s(camera) == [0.0, 0.05, 0.15, 0.2]
    assert camera.late == 0


def test_the_pace_divides_the_intervals(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1, 0.2]), clock, clock.sleep, pace=4.0)
    assert shown_s(camera) == [0.0, 0.025, 0.05]


def test_work_between_frames_does_not_move_the_deadlines(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1, 0.2, 0.3]), clock, clock.sleep)
    seen_s = []
    for frame in camera:
        seen_s.append((round(frame.captured_s, 6), round(clock.now_s, 6)))
        clock.now_s += 0.06
    assert seen_s == [(100.0, 100.0), (100.1, 100.1), (100.2, 100.2), (100.3, 100.3)]


def test_a_late_tick_is_counted_and_what_follows_is_not_hurried(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1, 0.2, 0.3]), clock, clock.sleep)
    seen_s = []
    for frame in camera:
        seen_s.append(round(frame.captured_s - 100.0, 6))
        clock.now_s += 0.25 if frame.number == 0 else 0.01
    assert seen_s == [0.0, 0.25, 0.35, 0.45]
    assert camera.late == 1


def test_a_frame_fetched_a_little_late_says_when_it_was_due(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1, 0.2]), clock, clock.sleep)
    seen_s = []
    for frame in camera:
        seen_s.append(round(frame.captured_s - 100.0, 6))
        clock.now_s += 0.15 if frame.number == 0 else 0.0
    assert seen_s == [0.0, 0.1, 0.2]
    assert camera.late == 0


def test_pauses_and_new_sessions_are_not_waited_for(tmp_path):
    clock = Clock()
    tub = tub_of(tmp_path, [0.0, 0.1, 60.0, 60.1], [3.0, 3.1])
    assert shown_s(ReplayCamera(tub, clock, clock.sleep)) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_time_stamps_that_jitter_do_not_crowd_frames(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1, 0.101, 0.2, 0.3]), clock, clock.sleep)
    gaps_s = np.diff(shown_s(camera))
    assert gaps_s.min() == pytest.approx(0.0995 / 2)


def test_the_human_of_the_recording_can_be_asked(tmp_path):
    clock = Clock()
    camera = ReplayCamera(tub_of(tmp_path, [0.0, 0.1]), clock, clock.sleep)
    assert camera.record is None
    assert [camera.record.steering for _ in camera] == [0.0, 0.1]


@pytest.mark.parametrize("pace", [0.0, -1.0, float("nan"), 1e3])
def test_an_impossible_pace_is_refused(tmp_path, pace):
    clock = Clock()
    with pytest.raises(DeviceError, match="pace"):
        ReplayCamera(tub_of(tmp_path, [0.0]), clock, clock.sleep, pace)


def test_a_damaged_image_is_left_out_of_the_replay(tmp_path):
    tub_of(tmp_path, [0.0, 0.1, 0.2])
    path = tmp_path / "session-0.mcap"
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xd8") + 30] ^= 1
    path.write_bytes(data)
    clock = Clock()
    replay = ReplayCamera(Tub(tmp_path), clock, clock.sleep)
    assert [frame.number for frame in replay] == [1, 2]
    assert replay.damaged == 1


def test_a_replay_without_any_whole_image_says_so(tmp_path):
    tub_of(tmp_path, [0.0, 0.1])
    path = tmp_path / "session-0.mcap"
    path.write_bytes(path.read_bytes().replace(b"\xff\xd8", b"\xff\xd9"))
    clock = Clock()
    with pytest.raises(DeviceError, match=r"no image of .* can be shown"):
        list(ReplayCamera(Tub(tmp_path), clock, clock.sleep))
