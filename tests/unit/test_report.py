"""Reports: complete in themselves, honest in their first line, and safe from what users type."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import fields, replace
from html.parser import HTMLParser

import numpy as np
import pytest

from train.errors import TrainError
from train.report.plots import confusion_matrix, lap_map, training_curves
from train.report.report import report_page, write_report
from train.report.report_data import (
    Baseline,
    DatasetSummary,
    DrivenTrack,
    LoopTiming,
    ParityRow,
    PilotFile,
    ReportData,
    Reproduction,
    SampleFrame,
    SteeringScatter,
    StepTiming,
    TrainingCurves,
)
from train.report.verdict import judge, lap_time_ratio
from tubs.errors import OutputError

NASTY = "<script>alert('$x$')</script>&"
EMPTY = ReportData("Report", "today")
VOID = {"meta", "img", "br", "link", "input"}


class Outline(HTMLParser):
    """Reads a page, and fails when its elements do not close in order."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.targets, self.sources, self.text = [], [], [], [], ""
        self.tags = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        href = attributes.get("href", "")
        self.targets += [href[1:]] if href.startswith("#") else []
        self.sources += [attributes["src"]] if "src" in attributes else []
        if tag == "img":
            assert attributes.get("alt")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(page):
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    return outline


def driven(name="random:1", laps_done=10, events=0):
    angle = np.linspace(0.0, 2.0 * np.pi, 80, endpoint=False)
    circle = 3.0 * np.column_stack((np.cos(angle), np.sin(angle)))
    return DrivenTrack(
        track=name,
        surface="asphalt",
        laps_asked=10,
        laps_done=laps_done,
        off_road_events=events,
        cross_track_rmse_m=0.05,
        lap_times_s=[11.0] * laps_done,
        expert_lap_time_s=10.0,
        autonomy=1.0,
        centre_line_m=circle,
        road_width_m=0.8,
        path_m=circle * 1.02,
        cross_track_m=np.full(80, -0.06),
        off_road_m=circle[:events],
    )


def sample():
    class_map = np.repeat(np.arange(5, dtype=np.uint8), 6)[:, None].repeat(40, axis=1)
    image = np.full((120, 160, 3), 120, np.uint8)
    return SampleFrame(image, class_map, class_map, 0.25, -0.5, NASTY)


def everything():
    true = np.linspace(-1.0, 1.0, 50)
    return ReportData(
        title=f"Demo {NASTY}",
        created="2026-11-22",
        pilot=PilotFile("demo.tflite", 101_000, 80_000),
        tracks=[driven(), driven(NASTY)],
        tracks_note="None of them was trained on.",
        video_caption=NASTY,
        training=TrainingCurves([2.0, 1.0], [0.2, 0.1], 2),
        steering=SteeringScatter(true, true * 0.9, true * 0.8),
        confusion=np.diag([5, 4, 3, 2, 1_234_567]),
        samples=[sample()],
        timing=LoopTiming(6123, 3, [StepTiming("decide", 0.5, 0.8, 1.9)]),
        parity=[ParityRow("steering MAE", 0.05, 0.07, "1 % worse", False)],
        baselines=[Baseline(f"kNN {NASTY}", 0.2)],
        dataset=DatasetSummary(100, 80, 20, 5.0, [NASTY], true, {NASTY: 100}, "By worlds."),
        reproduction=Reproduction([f"./everlap demo {NASTY}"], 7, {"Python": "3.11"}, 60.0),
    )


@pytest.fixture(scope="module")
def full_page():
    return report_page(everything())


def test_a_full_page_is_well_formed_and_its_links_lead_somewhere(full_page):
    outline = read(full_page)
    assert set(outline.targets) <= set(outline.ids)
    assert len(outline.targets) == 7
    assert len(outline.ids) == len(set(outline.ids))


def test_a_page_loads_nothing_and_runs_nothing(full_page):
    outline = read(full_page)
    assert outline.sources
    assert all(source.startswith("data:") for source in outline.sources)
    assert "script" not in outline.tags
    assert not re.search(r"url\((?!#)|@import|<link", full_page)
    links = re.findall(r'https?://[^\s"<]+', full_page)
    assert all(link.startswith("http://www.w3.org/") for link in links)


def test_what_users_type_is_shown_and_never_obeyed(full_page):
    assert "<script" not in full_page
    assert read(full_page).text.count("alert('$x$')") >= 8


def test_drawings_take_the_colours_of_the_page(full_page):
    assert "var(--ink)" in full_page
    assert not re.search(r"#0102[0-9a-f]{2}", full_page)
    assert "prefers-color-scheme: dark" in full_page


@pytest.mark.parametrize(
    ("laps", "events", "said"),
    [
        ((10, 10), (0, 0), "It drove itself: 20 laps, and never left the road."),
        ((10, 10), (0, 1), "It drove itself: 20 laps, but left the road once."),
        ((10, 7), (0, 3), "It drove 17 of 20 laps and left the road 3 times."),
        ((0, 0), (1, 1), "It did not get round: none of 20 laps was finished."),
    ],
)
def test_the_verdict_says_what_happened(laps, events, said):
    tracks = [driven("a", laps[0], events[0]), driven("b", laps[1], events[1])]
    assert judge(tracks).headline == said


def test_the_verdict_compares_with_the_expert():
    assert lap_time_ratio([driven()]) == pytest.approx(1.1)
    assert "10 % slower than the expert" in judge([driven()]).details
    assert lap_time_ratio([replace(driven(), expert_lap_time_s=None)]) is None
    assert lap_time_ratio([driven(laps_done=0)]) is None


def test_failures_are_not_hidden():
    full = everything()
    tracks = [driven(laps_done=7, events=3)]
    data = replace(EMPTY, tracks=tracks, parity=full.parity, timing=full.timing)
    outline = read(report_page(data))
    assert "7 of 10" in outline.text
    assert "3 times" in outline.text
    assert "NO" in outline.text
    assert "3 of them late" in outline.text


OPTIONAL = [field.name for field in fields(ReportData) if field.name not in ("title", "created")]


@pytest.mark.parametrize("name", OPTIONAL)
def test_every_part_can_stand_alone(name):
    alone = replace(EMPTY, **{name: getattr(everything(), name)})
    outline = read(report_page(alone))
    assert set(outline.targets) <= set(outline.ids)
    assert len(outline.targets) <= 1


def test_an_empty_report_is_still_a_page():
    outline = read(report_page(EMPTY))
    assert outline.targets == []
    assert "Report" in outline.text


@pytest.mark.parametrize(("name", "media"), [("a.mp4", "video/mp4"), ("a.gif", "image/gif")])
def test_a_film_is_taken_into_the_page(tmp_path, name, media):
    (tmp_path / name).write_bytes(b"film")
    outline = read(report_page(replace(EMPTY, video=tmp_path / name)))
    assert f"data:{media};base64,ZmlsbQ==" in outline.sources


@pytest.mark.parametrize("name", ["missing.mp4", "film.avi"])
def test_a_film_that_cannot_be_shown_is_an_error_and_no_page(tmp_path, name):
    path = tmp_path / "report.html"
    with pytest.raises(OutputError, match=name):
        write_report(path, replace(everything(), video=tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_a_report_is_written_as_utf_8(tmp_path):
    path = tmp_path / "new" / "report.html"
    write_report(path, ReportData("Übersicht", "today"))
    assert "Übersicht" in path.read_text("utf-8")


BROKEN = {
    "steering": SteeringScatter(np.zeros(3), np.zeros(3), np.zeros(2)),
    "training": TrainingCurves([], [], 1),
    "confusion": np.zeros((4, 5), np.int64),
    "tracks": [replace(driven(), cross_track_m=np.zeros(3))],
}


@pytest.mark.parametrize("name", BROKEN)
def test_data_that_does_not_fit_together_is_refused(name):
    with pytest.raises(TrainError):
        report_page(replace(everything(), **{name: BROKEN[name]}))


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter() if node.tag.endswith("text")]


def test_confusion_is_shown_a_row_at_a_time_with_its_counts():
    counts = np.zeros((5, 5), np.int64)
    counts[0] = [750, 250, 0, 0, 0]
    shown = texts(confusion_matrix(counts))
    assert {"75.0 %", "25.0 %", "750", "250", "obstacle"} <= set(shown)


def test_off_road_events_are_numbered_on_the_map():
    assert {"1", "2"} <= set(texts(lap_map(driven(events=2), 0.4)))
    assert "1" not in texts(lap_map(driven(), 0.4))


def test_a_path_of_one_place_can_be_drawn():
    still = replace(driven(), path_m=np.zeros((1, 2)), cross_track_m=np.zeros(1))
    assert lap_map(still, 0.4).startswith("<svg")


def test_one_epoch_and_a_strange_best_epoch_can_be_drawn():
    assert training_curves(TrainingCurves([1.0], [0.1], 9)).startswith("<svg")


def test_the_same_figure_is_the_same_text():
    first, second = (lap_map(driven(events=1), 0.4) for _ in range(2))
    assert first == second


def test_stops_are_told_where_there_were_any():
    moved, stood = driven(), replace(driven("random:2"), stops=3)
    assert "stood still" not in judge([moved]).details
    assert "It stood still 3 times, unsure of the way" in judge([moved, stood]).details
