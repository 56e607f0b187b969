"""Closed roads to drive on: drawn by name, by seed, or read from a file of points."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from car.errors import SimulationError

Points = NDArray[np.float64]

SPACING_M = 0.05
SMALLEST_RADIUS_M = 0.66
WIDTH_M = 0.9


@dataclass(frozen=True)
class Track:
    """A closed road.

    Attributes:
        name: what `parse_track` takes.
        centre_m: float64 (n, 2), the middle of the road, evenly spaced, x east and y north.
        width_m: from edge to edge.
        spacing_m: between two points.
        length_m: once around.
        tangent: float64 (n, 2), unit vectors along the road.
        normal: float64 (n, 2), unit vectors to the left.
        heading_rad: float64 (n,), counter-clockwise from east.
        curvature: float64 (n,), 1/m, left is positive.
    """

    name: str
    centre_m: Points
    width_m: float
    spacing_m: float = field(init=False)
    length_m: float = field(init=False)
    tangent: Points = field(init=False)
    normal: Points = field(init=False)
    heading_rad: Points = field(init=False)
    curvature: Points = field(init=False)

    def __post_init__(self) -> None:
        ahead, behind = np.roll(self.centre_m, -1, 0), np.roll(self.centre_m, 1, 0)
        steps = np.linalg.norm(ahead - self.centre_m, axis=1)
        chord = (ahead - behind) / 2
        tangent = chord / np.linalg.norm(chord, axis=1, keepdims=True)
        heading = np.arctan2(tangent[:, 1], tangent[:, 0])
        turn = np.roll(heading, -1) - np.roll(heading, 1)
        turn = (turn + math.pi) % (2 * math.pi) - math.pi
        for name, value in {
            "length_m": float(steps.sum()),
            "spacing_m": float(steps.mean()),
            "tangent": tangent,
            "normal": np.column_stack([-tangent[:, 1], tangent[:, 0]]),
            "heading_rad": heading,
            "curvature": turn / (2 * steps.mean()),
        }.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.centre_m)

    def nearest(self, x_m: float, y_m: float, around: int | None = None) -> int:
        """Find the centre line point nearest to a place.

        Args:
            x_m: east.
            y_m: north.
            around: search only some 2 m ahead and 1 m behind this point, so that a car on a
                crossing stays on its own branch. None searches everywhere.
        """
        if around is None:
            return int(np.hypot(self.centre_m[:, 0] - x_m, self.centre_m[:, 1] - y_m).argmin())
        near = np.arange(around - 20, around + 41) % len(self)
        points = self.centre_m[near]
        return int(near[((points[:, 0] - x_m) ** 2 + (points[:, 1] - y_m) ** 2).argmin()])

    def cross_track_m(self, x_m: float, y_m: float, index: int) -> float:
        """Distance from the centre line at a point of it; left is positive."""
        (cx, cy), (nx, ny) = self.centre_m[index], self.normal[index]
        return float((x_m - cx) * nx + (y_m - cy) * ny)


def parse_track(name: str) -> Track:
    """Make a track from its name.

    Args:
        name: `random:SEED`, one of `NAMED_TRACKS`, or the path of a CSV file with two columns,
            x and y in metres, of points along a closed road.

    Raises:
        SimulationError: no such track, or points that cannot be driven.
    """
    if name in NAMED_TRACKS:
        return _finish(name, NAMED_TRACKS[name])
    kind, _, seed = name.partition(":")
    if kind == "random" and seed.isdecimal():
        return random_track(int(seed))
    if name.lower().endswith(".csv"):
        return _read_track(Path(name))
    raise SimulationError(
        f"unknown track {name!r}: give random:SEED, {', '.join(NAMED_TRACKS)}, or a file.csv"
    )


def parse_tracks(names: str) -> list[str]:
    """Unfold a list of track names: `oval,random:1000-1009` is eleven names.

    Raises:
        SimulationError: a range that is empty or not made of numbers.
    """
    unfolded: list[str] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        first, dash, last = name.removeprefix("random:").partition("-")
        if name.startswith("random:") and dash:
            if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last)):
                raise SimulationError(f"not a range of seeds: {name!r} (like random:1000-1009)")
            unfolded += [f"random:{seed}" for seed in range(int(first), int(last) + 1)]
        else:
            unfolded.append(name)
    if not unfolded:
        raise SimulationError("no track named: give one or more, like oval,random:1000-1009")
    return unfolded


def random_track(seed: int) -> Track:
    """Draw a road that nobody has seen: straights, bends, chicanes and hairpins by chance."""
    rng = np.random.default_rng([seed, 7])
    width = float(rng.uniform(0.8, 1.0))
    for _ in range(1000):
        draw = _outline_of_cells if rng.random() < 0.6 else _wandering_ring
        line = _resample(_smooth(_resample(draw(rng)), 0.16))
        if rng.random() < 0.5:
            line = line[::-1]
        track = Track(f"random:{seed}", line - (line.max(0) + line.min(0)) / 2, width)
        if 14.0 <= track.length_m <= 60.0 and _can_be_driven(track):
            return track
    raise SimulationError(f"random:{seed} found no road in 1000 tries: use another seed")


def _can_be_driven(track: Track) -> bool:
    """No bend tighter than a car can turn, and no two stretches that touch."""
    if np.abs(track.curvature).max() > 1 / SMALLEST_RADIUS_M:
        return False
    points = track.centre_m[::4]
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    step = np.abs(np.subtract.outer(np.arange(len(points)), np.arange(len(points))))
    along = np.minimum(step, len(points) - step) * 4 * track.spacing_m
    return bool(apart[along > 2.6 * track.width_m].min() > 1.42 * track.width_m)


def _wandering_ring(rng: np.random.Generator) -> Points:
    """Points at uneven angles and distances around a middle, joined by a closed B-spline."""
    count = int(rng.integers(7, 14))
    angle = (np.arange(count) + rng.uniform(-0.35, 0.35, count)) / count * 2 * math.pi
    radius = rng.uniform(0.4, 1.2, count) * rng.uniform(4.5, 6.5)
    return _spline(np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius * 0.8]))


def _outline_of_cells(rng: np.random.Generator) -> Points:
    """The outline of a random heap of cells with rounded corners: straights, jogs and U-turns."""
    cells = _heap(rng, int(rng.integers(3, 9)))
    columns = np.cumsum(rng.uniform(1.5, 3.0, 12))
    rows = np.cumsum(rng.uniform(1.5, 2.6, 12))
    corners = np.array([(columns[x], rows[y]) for x, y in _outline(cells)])
    return _bent(_rounded(corners, rng), rng)


def _heap(rng: np.random.Generator, count: int) -> set[tuple[int, int]]:
    """Cells of a 6 by 4 grid, grown one at a time, each leaving the outline a single ring."""
    cells = {(int(rng.integers(6)), int(rng.integers(4)))}
    for _ in range(200):
        if len(cells) >= count:
            break
        x, y = sorted(cells)[rng.integers(len(cells))]
        dx, dy = [(1, 0), (-1, 0), (0, 1), (0, -1)][rng.integers(4)]
        new = (x + dx, y + dy)
        if new in cells or not (0 <= new[0] < 6 and 0 <= new[1] < 4):
            continue
        if _joins_once(cells, new):
            cells.add(new)
    return cells


def _joins_once(cells: set[tuple[int, int]], new: tuple[int, int]) -> bool:
    """Whether a new cell touches the heap along one connected stretch of its rim, edges first."""
    x, y = new
    rim = [(1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1)]
    full = [(x + dx, y + dy) in cells for dx, dy in rim]
    starts = [i for i in range(8) if full[i] and not full[i - 1]]
    if len(starts) != 1:
        return False
    return any(full[i] for i in (0, 2, 4, 6)) and not (sum(full) == 1 and not any(full[0::2]))


def _outline(cells: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Walk counter-clockwise around a heap of cells and name the corners."""
    edges: dict[tuple[int, int], tuple[int, int]] = {}
    for x, y in cells:
        if (x, y - 1) not in cells:
            edges[(x, y)] = (x + 1, y)
        if (x + 1, y) not in cells:
            edges[(x + 1, y)] = (x + 1, y + 1)
        if (x, y + 1) not in cells:
            edges[(x + 1, y + 1)] = (x, y + 1)
        if (x - 1, y) not in cells:
            edges[(x, y + 1)] = (x, y)
    start = min(edges)
    ring = [start]
    while edges[ring[-1]] != start:
        ring.append(edges[ring[-1]])
    count = len(ring)
    return [
        point
        for i, point in enumerate(ring)
        if not (
            ring[i - 1][0] == point[0] == ring[(i + 1) % count][0]
            or ring[i - 1][1] == point[1] == ring[(i + 1) % count][1]
        )
    ]


def _rounded(corners: Points, rng: np.random.Generator) -> Points:
    """Replace every corner of a polygon by an arc; radii differ, none eats up its sides."""
    pieces = []
    for before, corner, after in zip(
        np.roll(corners, 1, 0), corners, np.roll(corners, -1, 0), strict=True
    ):
        reach = min(np.linalg.norm(before - corner), np.linalg.norm(after - corner)) / 2
        radius = min(float(rng.uniform(0.72, 1.7)), float(reach))
        u = (before - corner) / np.linalg.norm(before - corner)
        w = (after - corner) / np.linalg.norm(after - corner)
        middle = corner + (u + w) * radius
        turn = np.linspace(0.0, math.pi / 2, 16)[:, None]
        pieces.append(middle - w * radius * np.cos(turn) - u * radius * np.sin(turn))
    return np.concatenate(pieces)


def _bent(line: Points, rng: np.random.Generator) -> Points:
    """Turn the road and bend its straights a little, so that nothing is square."""
    amount = float(rng.uniform(0.0, 0.35))
    phase, wave = rng.uniform(0, 2 * math.pi, 2), rng.uniform(0.5, 1.1, 2)
    dense = _resample(line)
    shift = np.column_stack(
        [np.sin(wave[0] * dense[:, 1] + phase[0]), np.sin(wave[1] * dense[:, 0] + phase[1])]
    )
    turn = float(rng.uniform(0, 2 * math.pi))
    rotate = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return np.asarray((dense + amount * shift) @ rotate)


def _spline(corners: Points, steps: int = 60) -> Points:
    """Closed uniform cubic B-spline through the neighbourhood of its control points."""
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    weights = (
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    )
    count = len(corners)
    return np.concatenate(
        [
            sum((w * corners[(i + k - 1) % count] for k, w in enumerate(weights)), np.zeros(2))
            for i in range(count)
        ]
    )


def _resample(line: Points, spacing_m: float = SPACING_M) -> Points:
    """Space the points of a closed line evenly."""
    closed = np.vstack([line, line[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    count = max(8, round(along[-1] / spacing_m))
    at = np.linspace(0, along[-1], count, endpoint=False)
    return np.column_stack([np.interp(at, along, closed[:, i]) for i in (0, 1)])


def _smooth(line: Points, sigma_m: float) -> Points:
    """Round off a closed, evenly spaced line by a Gaussian, so that curvature has no steps."""
    frequency = np.fft.rfftfreq(len(line), SPACING_M)
    keep = np.exp(-2 * (math.pi * sigma_m * frequency) ** 2)[:, None]
    return np.asarray(np.fft.irfft(np.fft.rfft(line, axis=0) * keep, len(line), axis=0))


def _finish(name: str, line: Points) -> Track:
    smooth = _resample(_smooth(_resample(line), 0.16))
    return Track(name, smooth - (smooth.max(0) + smooth.min(0)) / 2, WIDTH_M)


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
    track = _finish(str(path), np.array(points))
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
    "oval": _spline(
        np.array(
            [(-4, -2.4), (0, -2.4), (4, -2.4), (5.6, 0), (4, 2.4), (0, 2.4), (-4, 2.4), (-5.6, 0)]
        )
    ),
    "figure-eight": _eight(),
    "hairpins": _spline(
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
    "chicane": _spline(
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
