"""The sections of a report; each gives markup, or nothing when there is nothing to show."""

import numpy as np

from car.frame import RoadClass
from car.pictures.class_colours import COLOURS
from train.page import page
from train.report.plots import (
    CLASS_NAMES,
    CROSS_TRACK_COLOURS,
    baseline_bars,
    confusion_matrix,
    lap_map,
    steering_histogram,
    steering_scatter,
    surface_bars,
    training_curves,
)
from train.report.report_data import DrivenTrack, ReportData
from train.report.report_samples import sample_figure
from train.report.verdict import counted, cross_track_rmse_m, lap_time_ratio, slower, times


def key_figures(data: ReportData) -> str:
    """The few figures that matter most, as tiles."""
    tiles = [*_drive_tiles(data), *_pilot_tiles(data)]
    return f'<dl class="tiles">{"".join(tiles)}</dl>' if tiles else ""


def drive(data: ReportData) -> str:
    """The film and the maps of what was driven."""
    if not data.tracks and data.video is None:
        return ""
    film = "" if data.video is None else page.film(data.video, data.video_caption)
    return page.section(
        "drive",
        "The drive",
        page.paragraph(data.tracks_note),
        film,
        _maps(data),
        _track_table(data),
    )


def learning(data: ReportData) -> str:
    """The training curves, and the error beside that of simpler ways."""
    parts = []
    if data.training is not None:
        parts.append(
            page.figure(
                training_curves(data.training),
                "Training",
                "The loss and the held-out error should fall together; when the error rises while "
                "the loss goes on falling, the network is learning the recording by heart.",
            )
        )
    if data.baselines and data.steering is not None:
        error = float(np.mean(np.abs(data.steering.int8_model - data.steering.true)))
        parts.append(
            page.figure(
                baseline_bars(error, data.baselines),
                "Mean steering error beside simpler ways",
                "The pilot's bar should be clearly the shortest: otherwise something simpler would "
                "steer as well.",
            )
        )
    return page.section("learning", "What it learned", page.grid(*parts)) if parts else ""


def seeing(data: ReportData) -> str:
    """Steering and classes on frames that were held out."""
    parts = []
    if data.steering is not None:
        parts.append(
            page.figure(
                steering_scatter(data.steering),
                "Steering on held-out frames",
                "Points should lie along the line; the two clouds should look alike, or quantizing "
                "has cost something.",
            )
        )
    if data.confusion is not None:
        parts.append(
            page.figure(
                confusion_matrix(data.confusion),
                "What it takes each pixel for",
                "Each row is what a pixel truly shows and adds up to 100 %; the diagonal is right. "
                "Road taken for ground, or the reverse, is what costs laps.",
            )
        )
    if not parts and not data.samples:
        return ""
    return page.section("seeing", "What it sees", page.grid(*parts), _samples(data))


def timing(data: ReportData) -> str:
    """Where the time of the drive loop went."""
    if data.timing is None:
        return ""
    late = data.timing.late_ticks
    rows = [
        (step.step, f"{step.p50_ms:.2f}", f"{step.p99_ms:.2f}", f"{step.max_ms:.2f}")
        for step in data.timing.steps
    ]
    said = (
        f"{counted(data.timing.ticks, 'tick')}, {late:,} of them late. Half of them took "
        "less than the first column, 99 of 100 less than the second."
    )
    head = ("step", "median", "99 % below", "longest")
    return page.section(
        "timing", "Timing of the drive loop", page.paragraph(said),
        page.table("Milliseconds a tick", head, rows),
    )  # fmt: skip


def parity(data: ReportData) -> str:
    """The int8 pilot beside the float network."""
    if not data.parity:
        return ""
    rows = [
        (
            row.figure,
            f"{row.float_value:.4f}",
            f"{row.int8_value:.4f}",
            "yes" if row.passed else "NO",
            row.allowed,
        )
        for row in data.parity
    ]
    return page.section(
        "parity",
        "What quantizing cost",
        page.paragraph(
            "The car runs the int8 pilot, which is smaller and faster than the float network that "
            "was trained. On the same held-out frames the two should hardly differ."
        ),
        page.table("Float and int8", ("figure", "float", "int8", "kept", "allowed"), rows),
    )


def dataset(data: ReportData) -> str:
    """What was learned from."""
    summary = data.dataset
    if summary is None:
        return ""
    length = "" if summary.duration_s is None else f", {summary.duration_s / 60:.1f} minutes"
    said = (
        f"{counted(summary.records, 'record')}{length}: {summary.train_records:,} trained on, "
        f"{summary.validation_records:,} held out. {summary.split}"
    )
    figures = [
        page.figure(
            steering_histogram(summary.steering),
            "Steering recorded",
            "Curves to both sides should be there, up to full lock: what was never recorded cannot "
            "be learned.",
        )
    ]
    if summary.surfaces:
        figures.append(
            page.figure(
                surface_bars(summary.surfaces),
                "Records of each surface",
                "Many different ones help most on a road that it has never seen.",
            )
        )
    tubs = page.paragraph("Tubs: " + ", ".join(summary.tubs)) if summary.tubs else ""
    return page.section(
        "dataset", "What it learned from", page.paragraph(said), tubs, page.grid(*figures)
    )


def reproduction(data: ReportData) -> str:
    """How to get the same again."""
    facts = data.reproduction
    if facts is None:
        return ""
    took = "" if facts.duration_s is None else f" It took {facts.duration_s / 60:.1f} minutes."
    versions = list(facts.versions.items())
    return page.section(
        "again",
        "How to get this again",
        page.paragraph(f"Everything random came from seed {facts.seed}.{took}"),
        page.code_block(facts.commands),
        page.table("Versions", ("software", "version"), versions) if versions else "",
    )


def _drive_tiles(data: ReportData) -> list[str]:
    tracks = data.tracks
    if not tracks:
        return []
    done, asked = sum(t.laps_done for t in tracks), sum(t.laps_asked for t in tracks)
    events = sum(t.off_road_events for t in tracks)
    tiles = [
        page.tile(f"{done} of {asked}", "laps finished", bad=done < asked),
        page.tile(times(events) if events else "never", "left the road", bad=events > 0),
        page.tile(
            f"{100 * cross_track_rmse_m(tracks):.1f} cm", "off the centre line", "root mean square"
        ),
    ]
    lap_times_s = [seconds for track in tracks for seconds in track.lap_times_s]
    if lap_times_s:
        ratio = lap_time_ratio(tracks)
        note = "" if ratio is None else slower(ratio)
        tiles.append(page.tile(f"{np.mean(lap_times_s):.1f} s", "mean lap time", note))
    return tiles


def _pilot_tiles(data: ReportData) -> list[str]:
    tiles = []
    if data.steering is not None:
        error = float(np.mean(np.abs(data.steering.int8_model - data.steering.true)))
        tiles.append(page.tile(f"{error:.3f}", "steering error", "mean, held out; 1 is full lock"))
    if data.pilot is not None:
        size = f"{data.pilot.size_bytes / 1000:.0f} kB"
        known = data.pilot.parameters
        tiles.append(
            page.tile(size, "pilot file", "" if known is None else f"{known:,} parameters")
        )
    return tiles


def _maps(data: ReportData) -> str:
    if not data.tracks:
        return ""
    limit_m = max(track.road_width_m for track in data.tracks) / 2.0
    scale = (
        '<div class="scale"><span>on the centre line</span><span class="bar" style="background: '
        f'linear-gradient(90deg, {", ".join(CROSS_TRACK_COLOURS)})"></span>'
        f"<span>{100 * limit_m:.0f} cm beside it</span></div>"
    )
    return scale + page.grid_of_three(*(_map(track, limit_m) for track in data.tracks))


def _map(track: DrivenTrack, limit_m: float) -> str:
    events = track.off_road_events
    marked = "each is marked by a numbered cross" if len(track.off_road_m) else "not marked here"
    look_for = (
        "Blue all round is a steady drive; it never left the road."
        if events == 0
        else f"It left the road {times(events)}; {marked}."
    )
    return page.figure(lap_map(track, limit_m), f"{track.track}: {track.surface}", look_for)


def _track_table(data: ReportData) -> str:
    if not data.tracks:
        return ""
    head = ("track", "laps", "off the road", "stops", "off centre (cm)", "lap (s)",
            "expert (s)", "autonomy")  # fmt: skip
    return page.table("Track by track", head, [_track_row(track) for track in data.tracks])


def _track_row(track: DrivenTrack) -> tuple[str, ...]:
    lap_times_s, expert = track.lap_times_s, track.expert_lap_time_s
    return (
        f"{track.track}, {track.surface}",
        f"{track.laps_done} of {track.laps_asked}",
        str(track.off_road_events),
        str(track.stops),
        f"{100 * track.cross_track_rmse_m:.1f}",
        f"{np.mean(lap_times_s):.1f}" if len(lap_times_s) else "–",
        "–" if expert is None else f"{expert:.1f}",
        "–" if track.autonomy is None else f"{100 * track.autonomy:.0f} %",
    )


def _samples(data: ReportData) -> str:
    if not data.samples:
        return ""
    key = "".join(
        f'<li><i style="background: rgb{COLOURS[kind]}"></i>{CLASS_NAMES[kind]}</li>'
        for kind in RoadClass
    )
    return (
        "<h3>Frames that were held out</h3>"
        + page.paragraph(
            "Truth in the middle, the pilot's view on the right: the outlines of the road should "
            "agree. Below, where it should steer (hollow) and where it steers (filled)."
        )
        + f'<ul class="key">{key}</ul>'
        + page.grid(*(sample_figure(sample) for sample in data.samples))
    )
