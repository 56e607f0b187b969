"""Closed roads by name: drawn by seed, known ones, or read from a file of points."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np

from car.errors import SimulationError
from car.simulation.random_track import hairpin_track, narrow_track, random_track
from car.simulation.track import Points, Track, spline, track_along


def parse_track(name: str) -> Track:
    """Make a track from its name.

    Args:
        name: `random:SEED`, `narrow:SEED`, `hairpins:SEED`, one of `NAMED_TRACKS`, or the path of
            a CSV file with two columns, x and y in metres, of points along a closed road.

    Raises:
        SimulationError: no such track, or points that cannot be driven.
    """
    if name in NAMED_TRACKS:
        return track_along(name, NAMED_TRACKS[name])
    kind, _, seed = name.partition(":")
    if kind in DRAWN_TRACKS and seed.isdecimal():
        return DRAWN_TRACKS[kind](int(seed))
    if name.lower().endswith(".csv"):
        return _read_track(Path(name))
    raise SimulationError(
        f"unknown track {name!r}: give {', '.join(f'{kind}:SEED' for kind in DRAWN_TRACKS)}, "
        f"{', '.join(NAMED_TRACKS)}, or a file.csv"
    )


def parse_tracks(names: str) -> list[str]:
    """Unfold a list of track names: `oval,random:1000-1009` is eleven names.

    Raises:
        SimulationError: a range that is empty or not made of numbers.
    """
    unfolded: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        kind, _, seeds = name.partition(":")
        first, dash, last = seeds.partition("-")
        if kind in DRAWN_TRACKS and dash:
            if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
                raise SimulationError(f"not a range of seeds: {name!r} (like random:1000-1009)")
            unfolded += [f"{kind}:{seed}" for seed in range(int(first), int(last) + 1)]
        else:
            unfolded.append(name)
    if not unfolded:
        raise SimulationError("no track named: give one or more, like oval,random:1000-1009")
    return unfolded


DRAWN_TRACKS: dict[str, Callable[[int], Track]] = {
    "random": random_track,
    "narrow": narrow_track,
    "hairpins": hairpin_track,
}
"""Families of roads, each drawn by a seed."""


def _read_track(path: Path) -> Track:
    """Read a closed road from a CSV file; a header line is skipped."""
    try:
        lines = path.read_text("utf-8").strip().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"cannot read the track {path}: {error}") from error
    points = []
    for number, line in enumerate(lines, 1):
        try:
            x, y = (float(value) for value in line.split(",")[:2])
        except ValueError as error:
            if number == 1:
                continue
            raise SimulationError(f"{path} line {number}: not two numbers: {line!r}") from error
        points.append((x, y))
    if len(points) < 4 or not np.isfinite(points).all():
        raise SimulationError(f"{path}: a track needs at least 4 points, each x,y in metres")
    track = track_along(str(path), np.array(points))
    if not 3.0 <= track.length_m <= 500.0:
        raise SimulationError(f"{path}: {track.length_m:.1f} m around; it must be 3 to 500 m")
    if np.abs(track.curvature).max() > 1 / 0.55:
        tightest = 1 / float(np.abs(track.curvature).max())
        raise SimulationError(f"{path}: tightest radius {tightest:.2f} m; a car needs 0.55 m")
    return track


def _stadium() -> Points:
    turn = np.linspace(-math.pi / 2, math.pi / 2, 60)
    right = np.column_stack([3.5 + 1.6 * np.cos(turn), 1.6 * np.sin(turn)])
    return np.concatenate([right, -right])


def _eight() -> Points:
    t = np.linspace(0, 2 * math.pi, 400, endpoint=False)
    return np.column_stack([4.5 * np.sin(t), 2.6 * np.sin(2 * t)])


NAMED_TRACKS: dict[str, Points] = {
    "oval": spline(
        np.array(
            [(-4, -2.4), (0, -2.4), (4, -2.4), (5.6, 0), (4, 2.4), (0, 2.4), (-4, 2.4), (-5.6, 0)]
        )
    ),
    "figure-eight": _eight(),
    "hairpins": spline(
        np.array(
            [
                (-5.2, -3.4),
                (-1.5, -3.4),
                (2.5, -3.4),
                (4.6, -3.5),
                (6.2, -3.0),
                (6.2, -1.4),
                (4.6, -0.9),
                (1.5, -1.1),
                (-0.8, -1.3),
                (-2.6, -0.9),
                (-2.6, 0.9),
                (-0.8, 1.3),
                (1.5, 1.1),
                (4.6, 0.9),
                (6.2, 1.4),
                (6.2, 3.0),
                (4.6, 3.5),
                (2.5, 3.4),
                (-1.5, 3.4),
                (-5.2, 3.4),
                (-6.6, 1.6),
                (-6.6, -1.6),
            ]
        )
    ),
    "chicane": spline(
        np.array(
            [
                (-5, -2.6),
                (-3, -2.6),
                (-1.6, -2.6),
                (-0.6, -1.5),
                (0.6, -1.5),
                (1.6, -2.6),
                (3, -2.6),
                (5, -2.6),
                (6.2, -0.2),
                (5, 2.4),
                (2.6, 2.4),
                (1.2, 1.2),
                (-0.4, 2.6),
                (-2.2, 1.4),
                (-4, 2.6),
                (-6.2, 1.6),
                (-6.2, -1.4),
            ]
        )
    ),
    "stadium": _stadium(),
}
"""Roads by name; float64 (n, 2) points in metres along each."""
