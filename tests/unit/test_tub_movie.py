"""`everlap tub movie`: the film shows what the tub holds, at the pace of the drive."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from recorded_drives import STEP_S, damage, full_disk_after, record, write_tub

from car.cli import main
from car.pilots.shipped import SHIPPED_PILOT
from tubs.event import Event
from tubs.reader import Tub
from tubs.writer import TubWriter

av = pytest.importorskip("av")

TITLE_S = 1.5


def decoded(path: Path):
    """The times in seconds and the pictures of a film, and how long it lasts."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        lasts_s = float(stream.duration * stream.time_base)
        frames = [
            (float(each.time), each.to_ndarray(format="rgb24")) for each in film.decode(stream)
        ]
    return [time for time, _ in frames], [image for _, image in frames], lasts_s


def film(folder: Path, *options: str):
    out, figures = folder.parent / "film.mp4", folder.parent / "film.json"
    assert (
        main(["tub", "movie", str(folder), "--out", str(out), "--json", str(figures), *options])
        == 0
    )
    return *decoded(out), json.loads(figures.read_text())


def delete(folder: Path, start: int, end: int) -> None:
    tub = Tub(folder)
    chosen = np.zeros(len(tub), bool)
    chosen[start:end] = True
    tub.marks.delete(tub.ranges_of(chosen))


def test_every_record_is_shown_at_the_rate_at_which_it_was_recorded(tmp_path):
    times_s, images, lasts_s, figures = film(write_tub(tmp_path / "tub", (30,)))
    assert len(images) == 31
    assert images[0].shape == (48 * 8, 64 * 8, 3)
    np.testing.assert_allclose(times_s, [0.0, *(TITLE_S + STEP_S * np.arange(30))], atol=1e-3)
    assert lasts_s == pytest.approx(TITLE_S + 30 * STEP_S, abs=0.01)
    assert (figures["frames"], figures["title_cards"]) == (31, 1)
    assert figures["duration_s"] == pytest.approx(lasts_s, abs=0.01)
    assert (figures["width_px"], figures["height_px"]) == (512, 384)


def test_uneven_steps_stay_uneven_and_twice_the_speed_halves_them(tmp_path):
    folder, times = tmp_path / "tub", [5.0, 5.05, 5.25, 5.3, 5.9]
    with TubWriter(folder, session="a") as writer:
        for number, at_s in enumerate(times):
            writer.append(record(number, at_s))
    shown_s, *_ = film(folder, "--plain")
    np.testing.assert_allclose(shown_s, np.array(times) - 5.0, atol=1e-3)
    shown_s, *_ = film(folder, "--plain", "--speed", "2")
    np.testing.assert_allclose(shown_s, (np.array(times) - 5.0) / 2, atol=1e-3)


def test_pauses_between_sessions_are_cut_to_a_title_card(tmp_path):
    times_s, images, _, figures = film(write_tub(tmp_path / "tub", (5, 4)))
    assert figures["title_cards"] == 2
    assert len(images) == 5 + 4 + 2
    dark = [float(np.median(image)) < 40 for image in images]
    assert dark == [True, *[False] * 5, True, *[False] * 4]
    assert times_s[7] - times_s[6] == pytest.approx(TITLE_S, abs=1e-3)


def test_a_pause_within_a_session_is_not_waited_for(tmp_path):
    folder = tmp_path / "tub"
    with TubWriter(folder, session="a") as writer:
        for number, at_s in enumerate([1.0, 1.1, 61.0, 61.1]):
            writer.append(record(number, at_s))
    times_s, *_ = film(folder, "--plain")
    np.testing.assert_allclose(times_s, [0.0, 0.1, 0.2, 0.3], atol=1e-3)


def test_deleted_records_are_cut_out_or_shown_dimmed(tmp_path):
    folder = write_tub(tmp_path / "tub", (20,))
    delete(folder, 5, 15)
    times_s, images, _, figures = film(folder)
    assert (len(images), figures["skipped_deleted"]) == (11, 10)
    np.testing.assert_allclose(np.diff(times_s[1:]), STEP_S, atol=1e-3)
    _, images, _, figures = film(folder, "--all")
    assert (len(images), figures["skipped_deleted"]) == (21, 0)
    middle = [float(image[150:250].mean()) for image in images]
    assert middle[8] < 0.6 * middle[3]


def test_damaged_records_are_passed_over_and_named(tmp_path, capsys):
    folder = write_tub(tmp_path / "tub", (20,))
    damage(folder, 0, range(7, 10))
    times_s, images, lasts_s, figures = film(folder)
    assert len(images) == 18
    assert figures["skipped_damaged"] == 3
    assert [entry["record"] for entry in figures["damaged"]] == [7, 8, 9]
    assert "records 7-9: " in capsys.readouterr().out
    assert lasts_s == pytest.approx(TITLE_S + 20 * STEP_S, abs=0.01)
    assert times_s[8] - times_s[7] == pytest.approx(4 * STEP_S, abs=1e-3)


def test_a_picture_of_another_size_is_passed_over(tmp_path):
    folder = write_tub(tmp_path / "tub", (4,))
    with TubWriter(folder, session="session-0001") as writer:
        odd = record(0, 1.0)
        image = np.zeros((60, 80, 3), np.uint8)
        writer.append(type(odd)(image, 1.0, 1.0, 0.0, 0.0, "human"))
        writer.append(record(1, 1.1))
    _, images, _, figures = film(folder, "--plain")
    assert len(images) == 5
    assert "its image is (60, 80)" in figures["damaged"][0]["reason"]


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_the_gauge_points_to_the_side_to_which_the_car_steered(tmp_path, side):
    folder = write_tub(tmp_path / "tub", (4,), steering=0.9 * side, human_steering=-0.5 * side)
    _, images, _, _ = film(folder)
    foot = images[-1][int(0.7 * 384) :].astype(int)
    left, right = foot[:, 100:256], foot[:, 256:412]
    ahead = [np.sum((part[..., 2] > 200) & (part[..., 0] < 150)) for part in (left, right)]
    amber = [np.sum((part[..., 0] > 190) & (part[..., 2] < 120)) for part in (left, right)]
    assert np.argmax(ahead) == (side > 0)
    assert max(ahead) > 3 * min(ahead)
    assert amber[int(side < 0)] > 20


def test_the_throttle_bar_grows_with_the_throttle(tmp_path):
    heights = []
    for throttle in (0.1, 0.9):
        folder = write_tub(
            tmp_path / f"tub-{throttle}", (3,), throttle=throttle, human_throttle=None
        )
        _, images, _, _ = film(folder)
        bar = images[-1][300:, -30:-10].astype(int)
        heights.append(int(np.sum(np.any((bar[..., 2] > 200) & (bar[..., 0] < 150), axis=1))))
    assert heights[1] > 3 * heights[0]


def test_an_event_is_captioned_for_a_second(tmp_path):
    event = Event(10.5, "intervention", "the human took over")
    _, images, _, _ = film(write_tub(tmp_path / "tub", (60,), events=(event,)))
    strip = [float(image[95:115, :40].mean()) for image in images[1:]]
    usual = strip[0]
    captioned = [number for number, level in enumerate(strip) if level < 0.6 * usual]
    assert captioned == list(range(10, 30))


def test_plain_shows_the_pictures_and_nothing_else(tmp_path):
    folder = write_tub(tmp_path / "tub", (5,))
    _, images, _, figures = film(folder, "--plain", "--scale", "4")
    assert figures["title_cards"] == 0
    expected = cv2.resize(Tub(folder)[2].image, (256, 192), interpolation=cv2.INTER_CUBIC)
    assert np.abs(images[2].astype(int) - expected.astype(int)).mean() < 4.0


def test_a_recorded_class_map_tints_the_picture(tmp_path):
    plain = write_tub(tmp_path / "plain", (3,))
    road = write_tub(tmp_path / "road", (3,), class_map=np.zeros((48, 64), np.uint8))
    untinted, tinted = (film(folder)[1][-1][150:230].mean(axis=(0, 1)) for folder in (plain, road))
    assert tinted[2] - tinted[0] > untinted[2] - untinted[0] + 20


def test_a_faster_film_never_shows_more_than_60_pictures_a_second(tmp_path):
    times_s, _, lasts_s, figures = film(
        write_tub(tmp_path / "tub", (200,)), "--plain", "--speed", "20"
    )
    assert np.diff(times_s).min() > 1 / 61
    assert lasts_s == pytest.approx(200 * STEP_S / 20, abs=0.03)
    assert figures["skipped_too_fast"] == 200 - len(times_s)


def test_a_pilot_is_asked_at_every_picture_and_compared(tmp_path):
    folder = tmp_path / "tub"
    rng = np.random.default_rng(0)
    with TubWriter(folder, session="a") as writer:
        for number in range(4):
            image = rng.integers(0, 255, (120, 160, 3), dtype=np.uint8)
            values = (number * 0.05, number * 0.05, 1.0, -1.0, "human")
            writer.append(type(record(0, 0.0))(image, *values))
    _, _, _, figures = film(folder, "--pilot", str(SHIPPED_PILOT))
    beside = figures["pilot"]
    assert 0.0 < beside["steering_mae"] <= 2.0
    assert beside["throttle_mae"] > 0.9


def test_a_gif_is_made_by_its_name(tmp_path):
    out = tmp_path / "film.gif"
    assert main(["tub", "movie", str(write_tub(tmp_path / "tub", (20,))), "--out", str(out)]) == 0
    with av.open(str(out)) as container:
        assert container.format.name == "gif"
        assert len(list(container.decode(video=0))) == pytest.approx(25, abs=3)


def test_the_film_is_made_of_the_records_asked_for(tmp_path):
    folder = write_tub(tmp_path / "tub", (10, 10))
    assert len(film(folder, "--plain", "--records", "8-12")[1]) == 5
    assert len(film(folder, "--plain", "--session", "session-0001")[1]) == 10


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--out", "film.avi"], "named .mp4 or .gif"),
        (["--out", "folder"], "named .mp4 or .gif"),
        (["--out", "folder.mp4"], "is a folder"),
        (["--out", "tub/tub.json/film.mp4"], "cannot make the folder"),
        (["--out", "film.mp4", "--records", "5-99"], "records are 0 to 9"),
        (["--out", "film.mp4", "--session", "no"], "no session"),
        (["--out", "film.mp4", "--speed", "0"], "not in the range"),
        (["--out", "film.mp4", "--pilot", "nowhere.tflite"], "nowhere.tflite"),
        (["--out", "film.mp4", "--pilot", str(SHIPPED_PILOT)], "are 64x48"),
        (["--out", "film.mp4", "--pilot", str(SHIPPED_PILOT), "--plain"], "choose one"),
        (["--out", "/proc/film.mp4"], "/proc"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    write_tub(Path("tub"), (10,))
    Path("folder.mp4").mkdir()
    before = sorted(Path().rglob("*"))
    code = main(["tub", "movie", "tub", *words])
    captured = capsys.readouterr()
    assert code == 2
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


def test_a_film_too_large_for_players_is_refused_with_the_largest_scale(tmp_path, capsys):
    folder = tmp_path / "tub"
    image = np.zeros((480, 640, 3), np.uint8)
    with TubWriter(folder) as writer:
        writer.append(type(record(0, 0.0))(image, 0.0, 0.0, 0.0, 0.0, "human"))
    assert (
        main(["tub", "movie", str(folder), "--out", str(tmp_path / "f.mp4"), "--scale", "9"]) == 2
    )
    assert "at most --scale 4" in capsys.readouterr().err


def test_a_tub_of_which_nothing_can_be_shown_says_why(tmp_path, capsys):
    folder = write_tub(tmp_path / "tub", (6,))
    delete(folder, 0, 6)
    assert main(["tub", "movie", str(folder), "--out", str(tmp_path / "f.mp4")]) == 2
    assert "6 are deleted (--all shows them)" in capsys.readouterr().err
    damage(folder, 0, range(6))
    assert main(["tub", "movie", str(folder), "--out", str(tmp_path / "f.mp4")]) == 2
    assert "no picture can be shown" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tub"]


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_full_disk_leaves_the_old_film_and_nothing_else(tmp_path, capsys, suffix):
    folder, out = write_tub(tmp_path / "tub", (40,)), tmp_path / f"film{suffix}"
    out.write_bytes(b"old")
    with full_disk_after(5_000):
        assert main(["tub", "movie", str(folder), "--out", str(out)]) == 2
    assert f"cannot write {out}" in capsys.readouterr().err
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, "tub"]


def test_ctrl_c_leaves_nothing_half_written(tmp_path, monkeypatch):
    folder = write_tub(tmp_path / "tub", (20,))
    tubs = Tub(folder)

    class Impatient(type(tubs)):
        def __getitem__(self, number):
            if number == 12:
                raise KeyboardInterrupt
            return super().__getitem__(number)

    monkeypatch.setattr("car.commands.tub_movie.Tub", Impatient)
    assert main(["tub", "movie", str(folder), "--out", str(tmp_path / "film.mp4")]) == 130
    assert [path.name for path in tmp_path.iterdir()] == ["tub"]


def test_without_an_encoder_the_error_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "av", None)
    folder = write_tub(tmp_path / "tub", (3,))
    assert main(["tub", "movie", str(folder), "--out", str(tmp_path / "f.mp4")]) == 2
    assert "pip install av" in capsys.readouterr().err
