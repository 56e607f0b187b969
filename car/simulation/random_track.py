"""Roads drawn by chance: straights, bends, chicanes and hairpins, each by its seed."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from car.errors import SimulationError
from car.simulation.track import Points, Track, resample, smooth, spline

SMALLEST_RADIUS_M = 0.66


@lru_cache(maxsize=16)
def random_track(seed: int) -> Track:
    """Draw a road that nobody has seen: straights, bends, chicanes and hairpins by chance."""
    rng = np.random.default_rng([seed, 7])
    width = float(rng.uniform(0.8, 1.0))
    for _ in range(1000):
        draw = _outline_of_cells if rng.random() < 0.6 else _wandering_ring
        line = resample(smooth(resample(draw(rng)), 0.16))
        if rng.random() < 0.5:
            line = line[::-1]
        track = Track(f"random:{seed}", line - (line.max(0) + line.min(0)) / 2, width)
        if 14.0 <= track.length_m <= 60.0 and _can_be_driven(track):
            return track
    raise SimulationError(f"random:{seed} found no road in 1000 tries: use another seed")


@lru_cache(maxsize=16)
def narrow_track(seed: int) -> Track:
    """Draw a road of 65 to 72 cm, where the others have 80 to 100."""
    width = float(np.random.default_rng([seed, 31]).uniform(0.65, 0.72))
    return replace(random_track(seed), name=f"narrow:{seed}", width_m=width)


@lru_cache(maxsize=16)
def hairpin_track(seed: int) -> Track:
    """Draw a road that is folded up: long legs joined by the tightest turns that a car can take."""
    rng = np.random.default_rng([seed, 37])
    width = float(rng.uniform(0.8, 0.95))
    for _ in range(1000):
        line = resample(smooth(resample(_bent(_rounded(_folds(rng), rng), rng)), 0.12))
        if rng.random() < 0.5:
            line = line[::-1]
        track = Track(f"hairpins:{seed}", line - (line.max(0) + line.min(0)) / 2, width)
        if track.length_m <= 60.0 and _can_be_driven(track):
            return track
    raise SimulationError(f"hairpins:{seed} found no road in 1000 tries: use another seed")


def _folds(rng: np.random.Generator) -> Points:
    """Corners of 4 or 6 legs side by side, with a way back underneath."""
    legs = int(rng.choice([4, 6]))
    across = np.concatenate([[0.0], np.cumsum(rng.uniform(1.42, 1.75, legs - 1))])
    bottom, top = -float(rng.uniform(1.5, 2.2)), rng.uniform(2.2, 4.0, legs // 2)
    corners: list[tuple[float, float]] = [(0.0, bottom)]
    for leg, x in enumerate(across):
        foot = float(rng.uniform(-0.1, 0.4)) if 0 < leg < legs - 1 else bottom
        head = (float(x), float(top[leg // 2]))
        turn = [(float(x), foot), head] if leg % 2 == 0 else [head, (float(x), foot)]
        corners += turn[1:] if leg == 0 else turn
    return np.array(_level_feet(corners))


def _level_feet(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Bring the two corners of each lower turn to one height, so that it is a turn of 180."""
    feet = range(3, len(corners) - 3, 4)
    for first in feet:
        corners[first + 1] = (corners[first + 1][0], corners[first][1])
    return corners


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
    return spline(np.column_stack([np.cos(angle) * radius, np.sin(angle) * radius * 0.8]))


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
    dense = resample(line)
    shift = np.column_stack(
        [np.sin(wave[0] * dense[:, 1] + phase[0]), np.sin(wave[1] * dense[:, 0] + phase[1])]
    )
    turn = float(rng.uniform(0, 2 * math.pi))
    rotate = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return np.asarray((dense + amount * shift) @ rotate)
