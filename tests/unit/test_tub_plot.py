"""`everlap tub plot`: the whole tub on one page, whatever is wrong with it."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from recorded_drives import damage, full_disk_after, record, spoil_controls, write_tub

from car.cli import main
from tubs.event import Event
from tubs.reader import Tub
from tubs.telemetry import Telemetry
from tubs.writer import TubWriter

pytest.importorskip("matplotlib")

from train.tub_plot.course import PAUSE_S, read_course


def plot(folder: Path, *options: str, name: str = "page.png"):
    out, figures = folder.parent / name, folder.parent / "page.json"
    words = ["tub", "plot", str(folder), "--out", str(out), "--json", str(figures), *options]
    assert main(words) == 0
    return out, json.loads(figures.read_text())


def text_of(svg: Path) -> str:
    return svg.read_text()


def test_a_page_is_a_picture_that_shows_steering_and_throttle(tmp_path):
    out, figures = plot(write_tub(tmp_path / "tub", (60, 40)))
    image = cv2.imread(str(out))
    assert image.shape[1] == 1595
    assert figures["records"] == 100
    assert (figures["sessions"], figures["late_records"], figures["dropped_records"]) == (2, 0, 0)
    assert figures["duration_s"] == pytest.approx(5.0)
    assert figures["rate_hz"] == pytest.approx(20.0)
    blue = np.sum((image[..., 0] > 150) & (image[..., 2] < 90))
    amber = np.sum((image[..., 2] > 200) & (image[..., 0] < 150))
    assert blue > 3000
    assert amber > 3000


@pytest.mark.parametrize(
    ("name", "start"), [("p.svg", b"<?xml"), ("p.pdf", b"%PDF"), ("p.PNG", b"\x89PNG")]
)
def test_the_suffix_says_the_format(tmp_path, name, start):
    out, _ = plot(write_tub(tmp_path / "tub"), name=name)
    assert out.read_bytes().startswith(start)


def test_the_same_tub_makes_the_same_page(tmp_path):
    folder = write_tub(tmp_path / "tub")
    pages = [plot(folder, name=f"{number}.svg")[0].read_bytes() for number in range(2)]
    assert pages[0] == pages[1]


def test_events_deletions_and_rows_with_data_are_named_on_the_page(tmp_path):
    events = (Event(10.6, "emergency", "emergency stop"), Event(11.0, "lap", "lap 1 in 9.8 s"))
    folder = write_tub(
        tmp_path / "tub",
        (60,),
        events=events,
        speed_m_s=1.5,
        pilot_steering=0.1,
        pilot_throttle=0.2,
    )
    tub = Tub(folder)
    chosen = np.arange(60) < 15
    tub.marks.delete(tub.ranges_of(chosen))
    page, figures = plot(folder, name="page.svg")
    shown = text_of(page)
    expected = ["emergency stop", "lap 1 in 9.8 s", "15 deleted (25.0 %)", "Speed (m/s)"]
    expected += ["Frame age (ms)", "the pilot's wish", "the human's wish", "record 3"]
    for words in expected:
        assert words in shown, words
    assert (figures["events"], figures["deleted"]) == (2, 15)


def test_rows_without_data_are_left_out(tmp_path):
    folder = tmp_path / "tub"
    with TubWriter(folder) as writer:
        for number in range(20):
            image = np.zeros((24, 32, 3), np.uint8)
            writer.append(type(record(0, 0.0))(image, number / 20, number / 20, 0.0, 0.1, "human"))
    shown = text_of(plot(folder, name="page.svg")[0])
    for words in ("Speed", "Frame age", "wish", "Events", "deleted"):
        assert words not in shown, words


def test_damaged_records_are_left_out_and_named(tmp_path, capsys):
    folder = write_tub(tmp_path / "tub", (40,))
    damage(folder, 0, range(0, 6))
    spoil_controls(folder, 0, range(20, 23))
    page, figures = plot(folder, name="page.svg")
    assert [entry["record"] for entry in figures["damaged"]] == [20, 21, 22]
    assert figures["late_records"] == 1
    assert "3 damaged records are left out" in text_of(page)
    assert "records 20-22: " in capsys.readouterr().out


def test_dropped_records_are_counted_by_the_numbers_of_their_ticks(tmp_path):
    folder = tmp_path / "tub"
    with TubWriter(folder) as writer:
        for number in (0, 1, 2, 6, 7, 20):
            writer.append(record(number, 1.0 + 0.05 * number), number)
    _, figures = plot(folder)
    assert figures["dropped_records"] == 3 + 12


def test_pauses_take_no_room_and_late_records_are_found(tmp_path):
    folder = tmp_path / "tub"
    times = [1.0, 1.1, 1.2, 1.5, 1.6, 1.6 + 100 * PAUSE_S, 1.7 + 100 * PAUSE_S]
    with TubWriter(folder) as writer:
        for number, at_s in enumerate(times):
            writer.append(record(number, at_s))
    course = read_course(Tub(folder), range(len(times)))
    np.testing.assert_allclose(course.axis_s, [0, 0.1, 0.2, 0.5, 0.6, 0.7, 0.8], atol=1e-6)
    assert np.flatnonzero(course.late).tolist() == [3]
    assert course.breaks.tolist() == [0, 5]


def test_the_speed_may_come_from_the_telemetry(tmp_path):
    folder = tmp_path / "tub"
    with TubWriter(folder) as writer:
        for number in range(10):
            writer.measure(Telemetry(1.0 + 0.05 * number, {"speed_m_s": 2.5}))
            writer.append(record(number, 1.0 + 0.05 * number))
    course = read_course(Tub(folder), range(10))
    np.testing.assert_allclose(course.values["speed_m_s"], 2.5)


@pytest.mark.parametrize("counts", [(1,), (2,), (1, 1, 1), tuple([3] * 80)])
def test_the_shortest_and_the_most_cut_up_tubs_have_a_page(tmp_path, counts):
    _, figures = plot(write_tub(tmp_path / "tub", counts))
    assert (figures["records"], figures["sessions"]) == (sum(counts), len(counts))


def test_ten_thousand_events_are_no_burden(tmp_path):
    events = tuple(
        Event(10 + number / 1000, "fault", f"fault {number}") for number in range(10_000)
    )
    _, figures = plot(write_tub(tmp_path / "tub", (200,), events=events))
    assert figures["events"] == 10_000


def test_a_part_of_a_tub_has_a_page_of_its_own(tmp_path):
    folder = write_tub(tmp_path / "tub", (30, 20))
    assert plot(folder, "--records", "10-19")[1]["records"] == 10
    assert plot(folder, "--session", "0001")[1]["records"] == 20


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["tub", "--out", "page.jpg"], "named .png, .svg or .pdf, not '.jpg'"),
        (["tub", "--out", "page"], "named .png, .svg or .pdf"),
        (["tub", "--out", "folder.png"], "is a folder"),
        (["tub", "--out", "tub/tub.json/page.png"], "cannot make the folder"),
        (["tub", "--out", "/proc/page.png"], "/proc"),
        (["tub", "--out", "page.png", "--records", "9-3"], "lower number first"),
        (["tub", "--out", "page.png", "--session", "x"], "no session"),
        (["tub"], "--out"),
        (["nowhere", "--out", "page.png"], "there is no tub nowhere"),
        (["tub/tub.json", "--out", "page.png"], "is a file"),
    ],
)
def test_bad_input_is_one_clear_line_and_leaves_nothing(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    write_tub(Path("tub"), (10,))
    Path("folder.png").mkdir()
    before = sorted(Path().rglob("*"))
    assert main(["tub", "plot", *words]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_a_full_disk_leaves_the_old_page_and_nothing_else(tmp_path, capsys, suffix):
    folder, out = write_tub(tmp_path / "tub", (20,)), tmp_path / f"page{suffix}"
    out.write_bytes(b"old")
    with full_disk_after(8_000):
        assert main(["tub", "plot", str(folder), "--out", str(out)]) == 2
    assert f"cannot write {out}" in capsys.readouterr().err
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [out.name, "tub"]


def test_a_tub_of_which_nothing_can_be_read_says_why(tmp_path, capsys):
    folder = write_tub(tmp_path / "tub", (3,))
    spoil_controls(folder, 0, range(3))
    assert main(["tub", "plot", str(folder), "--out", str(tmp_path / "p.png")]) == 2
    assert "no record can be read" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["tub"]


def test_the_colours_are_those_of_the_report():
    from train.page import sheet

    style = (Path(sheet.__file__).parent / "report.css").read_text()
    light = style[: style.index("@media")]
    for name in ("INK", "MUTED", "GRID", "FIRST", "SECOND", "ALARM"):
        assert f"--{name.lower()}: {getattr(sheet, name)};" in light
