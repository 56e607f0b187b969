"""Films: what is written can be played, and nothing half-written stays behind."""

import sys
from pathlib import Path

import numpy as np
import pytest

from car.pictures.video import VideoWriter, check_video_path
from tubs.errors import OutputError

av = pytest.importorskip("av")

RED, BLUE = (220, 30, 20), (20, 40, 210)


def picture(colour, height=48, width=64):
    return np.full((height, width, 3), colour, np.uint8)


def write_film(path: Path, pictures, frames_per_s=20.0):
    with VideoWriter(path, frames_per_s) as video:
        for image in pictures:
            video.write(image)


def decoded(path: Path):
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def test_an_mp4_gives_back_its_pictures_in_order(tmp_path):
    path = tmp_path / "lap.mp4"
    write_film(path, [picture(RED)] * 10 + [picture(BLUE)] * 10)
    images = decoded(path)
    assert len(images) == 20
    assert images[0].shape == (48, 64, 3)
    np.testing.assert_allclose(images[2].mean(axis=(0, 1)), RED, atol=12)
    np.testing.assert_allclose(images[17].mean(axis=(0, 1)), BLUE, atol=12)


def test_an_mp4_is_what_browsers_play(tmp_path):
    path = tmp_path / "lap.mp4"
    write_film(path, [picture(RED)] * 10, frames_per_s=12.5)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate) == pytest.approx(12.5)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sides_lose_their_last_row_and_column(tmp_path):
    path = tmp_path / "lap.mp4"
    write_film(path, [picture(RED, 49, 65)] * 3)
    assert decoded(path)[0].shape == (48, 64, 3)


def test_a_gif_keeps_its_colours_and_its_length(tmp_path):
    path = tmp_path / "lap.gif"
    write_film(path, [picture(RED)] * 20 + [picture(BLUE)] * 20)
    images = decoded(path)
    assert len(images) == pytest.approx(20, abs=1)
    np.testing.assert_allclose(images[1].mean(axis=(0, 1)), RED, atol=16)
    np.testing.assert_allclose(images[-2].mean(axis=(0, 1)), BLUE, atol=16)


def test_a_gif_is_never_wider_than_360_pixels(tmp_path):
    path = tmp_path / "lap.gif"
    write_film(path, [picture(RED, 480, 640)] * 4)
    assert decoded(path)[0].shape == (270, 360, 3)


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_film_left_by_an_error_leaves_nothing_behind(tmp_path, suffix):
    def pictures():
        yield picture(RED)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_film(tmp_path / f"lap{suffix}", pictures())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_film_without_a_picture_is_an_error_and_no_file(tmp_path, suffix):
    with pytest.raises(OutputError, match="no picture"):
        write_film(tmp_path / f"lap{suffix}", [])
    assert list(tmp_path.iterdir()) == []


def test_a_failed_film_leaves_the_old_one_as_it_was(tmp_path):
    path = tmp_path / "lap.mp4"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="first one was"):
        write_film(path, [picture(RED), picture(RED, 24, 32)])
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("image", [np.zeros((48, 64), np.uint8), np.zeros((48, 64, 3), np.float32)])
def test_what_is_no_rgb_picture_is_refused(tmp_path, image):
    with pytest.raises(OutputError, match="uint8"):
        write_film(tmp_path / "lap.mp4", [image])


@pytest.mark.parametrize("name", ["lap.avi", "lap"])
def test_a_name_that_is_no_video_is_refused_before_any_work(tmp_path, name):
    with pytest.raises(OutputError, match=r"\.mp4 or \.gif"):
        check_video_path(tmp_path / name)


@pytest.mark.parametrize("rate", [0.0, -1.0, 1000.0, float("nan")])
def test_an_impossible_picture_rate_is_refused(tmp_path, rate):
    with pytest.raises(OutputError, match="frames_per_s"):
        VideoWriter(tmp_path / "lap.mp4", rate)


def test_without_pyav_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(OutputError, match="pip install av"):
        VideoWriter(tmp_path / "lap.mp4", 20.0)


def test_a_picture_is_shown_for_as_long_as_asked(tmp_path):
    path = tmp_path / "lap.mp4"
    with VideoWriter(path, 20.0) as video:
        for number, for_s in enumerate((1.0, 0.02, 0.25, 2.0)):
            video.write(picture((40 * number, 40, 40)), for_s)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert float(stream.duration * stream.time_base) == pytest.approx(3.27, abs=0.001)
        times_s = [float(frame.time) for frame in film.decode(stream)]
    np.testing.assert_allclose(times_s, [0.0, 1.0, 1.02, 1.27], atol=0.001)
