"""Writes a report: one page that needs no network and no script, whole or not at all."""

import re
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np

from car.frame import RoadClass
from train.errors import TrainError
from train.page import page
from train.report import report_sections
from train.report.report_data import DrivenTrack, ReportData
from train.report.verdict import judge
from tubs.atomic import written_whole

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{head}
{links}
</header>
<main>
{body}
</main>
<footer>Made by Everlap. This page is complete in itself: it loads nothing.</footer>
</body>
</html>
"""
_SECTIONS = (
    report_sections.drive,
    report_sections.learning,
    report_sections.seeing,
    report_sections.timing,
    report_sections.parity,
    report_sections.dataset,
    report_sections.reproduction,
)


def write_report(path: Path, data: ReportData) -> None:
    """Write the report as one self-contained .html file.

    Sections without data are left out.

    Raises:
        TrainError: arrays that belong together differ in length, or have another shape.
        OutputError: the file cannot be written, or the video not read.
    """
    text = report_page(data)
    with written_whole(path) as draft:
        draft.write_text(text, "utf-8")


def report_page(data: ReportData) -> str:
    """Give the whole page.

    Raises:
        TrainError: arrays that belong together differ in length, or have another shape.
        OutputError: the video cannot be read.
    """
    _check(data)
    sections = [made for make in _SECTIONS if (made := make(data))]
    return assemble(data.title, _head(data), sections)


def assemble(title: str, head: str, sections: list[str]) -> str:
    """Give a page of sections; the title is plain text, the rest is markup."""
    return _PAGE.format(
        title=escape(title),
        style=resources.files("train.page").joinpath("report.css").read_text("utf-8"),
        head=head,
        links=_links(sections),
        body="\n".join(sections),
    )


def _head(data: ReportData) -> str:
    parts = []
    if data.tracks:
        verdict = judge(data.tracks)
        parts.append(page.paragraph(verdict.headline, "verdict"))
        parts.append(page.paragraph(verdict.details, "lead"))
    made = [data.created] if data.pilot is None else [data.created, data.pilot.name]
    parts.append(page.paragraph(" · ".join(made), "made"))
    parts.append(report_sections.key_figures(data))
    return "\n".join(part for part in parts if part)


def _links(sections: list[str]) -> str:
    """Link to the sections that are there."""
    found = (re.match(r'<section id="([^"]+)".*?<h2[^>]*>(.*?)</h2>', s, re.S) for s in sections)
    items = "".join(f'<li><a href="#{each[1]}">{each[2]}</a></li>' for each in found if each)
    return f'<nav aria-label="Sections"><ul>{items}</ul></nav>' if items else ""


def _check(data: ReportData) -> None:
    for track in data.tracks:
        _check_track(track)
    scatter = data.steering
    if scatter is not None:
        sizes = {len(scatter.true), len(scatter.float_model), len(scatter.int8_model)}
        if len(sizes) != 1 or sizes == {0}:
            raise TrainError(f"the steering scatter has lists of {sorted(sizes)} values")
    curves = data.training
    if curves is not None:
        curve_sizes = {
            len(curves.train_loss),
            len(curves.validation_steering_mae),
        }
        if len(curve_sizes) != 1 or curve_sizes == {0}:
            raise TrainError(f"the training curves have {sorted(curve_sizes)} epochs")
    size = len(RoadClass)
    if data.confusion is not None and np.shape(data.confusion) != (size, size):
        shape = np.shape(data.confusion)
        raise TrainError(f"the confusion matrix is {shape}, not ({size}, {size})")


def _check_track(track: DrivenTrack) -> None:
    for name, points in (("centre_line_m", track.centre_line_m), ("path_m", track.path_m)):
        if points.ndim != 2 or points.shape[1] != 2:
            raise TrainError(f"{track.track}: {name} is {points.shape}, not (n, 2)")
    if len(track.path_m) != len(track.cross_track_m):
        raise TrainError(
            f"{track.track}: {len(track.path_m)} places of the path, but "
            f"{len(track.cross_track_m)} cross-track errors"
        )
    if len(track.centre_line_m) < 3:
        raise TrainError(f"{track.track}: a centre line has at least 3 points")
