"""The section of a pilot's report on what its network sees: class by class, and the horizon."""

import numpy as np
from numpy.typing import NDArray

from train.page import page
from train.report.pilot_facts import PilotFacts
from train.report.plots import class_map_bars, confusion_matrix
from train.scoring.class_map_text import said_bias, tenths
from train.scoring.ground_edge import ASKED, Distances, EdgeScore
from train.scoring.score_text import percent
from train.scoring.seen_maps import ClassMapScore

FOUND = 0.6
"""IoU below which a class is not found well enough to rely on."""


def classes(facts: PilotFacts) -> str:
    """How well it tells classes apart, and where the ground ends; nothing without labels."""
    score = facts.pooled.class_map()
    return "" if score is None else section_of(score, facts.pooled.confusion)


def section_of(score: ClassMapScore, confusion: NDArray[np.int64]) -> str:
    """Markup of all figures; `confusion` is (5, 5) cells by true and guessed class."""
    bars = {name: line.iou for name, line in score.classes.items()}
    return page.section(
        "classes",
        "What it sees",
        page.paragraph(_said(score)),
        page.grid(
            page.figure(
                class_map_bars(bars, score.mean_iou),
                "How well it sees each class",
                "Overlap of what it sees with what is there (intersection over union): a full bar "
                "is perfect. Lines are thin and things are small, so theirs are the shortest.",
            ),
            page.figure(
                confusion_matrix(confusion),
                "What it takes each pixel for",
                "Each row is what a pixel truly shows and adds up to 100 %; the diagonal is right.",
            ),
        ),
        _edge_table(score.ground_edge),
    )


def _said(score: ClassMapScore) -> str:
    """Everything but the bars, in words."""
    parts = [
        "On average over the classes, what it sees and what is there overlap by "
        f"{percent(score.mean_iou)}; {percent(score.tolerant_mean_iou)} when being one cell of its "
        "coarse picture off counts as right."
    ]
    if score.one_pixel_off is not None:
        parts.append(
            f"The truth itself would get {percent(score.one_pixel_off.mean_iou)}, moved by a "
            "single pixel of the camera: so near to it is as good as perfect."
        )
    poor = [name for name, line in score.classes.items() if line.iou < FOUND]
    if poor:
        parts.append(
            f"Do not rely on it to see {' and '.join(_PLURAL[each] for each in poor)}: those "
            f"overlap by less than {percent(FOUND)}."
        )
    return " ".join([*parts, _said_edge(score.ground_edge)])


_PLURAL = {
    "road": "the road",
    "line": "lines",
    "ground": "the ground beside the road",
    "sky": "sky and walls",
    "obstacle": "obstacles",
}


def _said_edge(edge: EdgeScore | None) -> str:
    if edge is None:
        return "Horizon and walls were never in view, so they are not judged."
    return (
        f"It sees the end of the ground, the horizon or the foot of a wall, "
        f"{tenths(edge.columns.mean)} of the image height off ({said_bias(edge.bias)} on average)."
    )


def _edge_table(edge: EdgeScore | None) -> str:
    if edge is None:
        return ""
    rows = [
        _row(name, each)
        for name, each in (
            ("in each column of the picture", edge.columns),
            ("as a line, where it is straight", edge.lines),
            ("of these, on the horizon", edge.horizon),
        )
        if each is not None
    ]
    head = (
        "where the ground ends",
        "compared",
        "mean",
        "median",
        "95 % at most",
        f"within {100 * ASKED:g} %",
    )
    return page.table("Distance from the truth, in % of the image height", head, rows)


def _row(name: str, found: Distances) -> tuple[str, ...]:
    return (
        name,
        f"{found.count:,}",
        tenths(found.mean),
        tenths(found.median),
        tenths(found.p95),
        percent(found.within_asked),
    )
