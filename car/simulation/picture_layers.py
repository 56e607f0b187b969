"""What comes between the scene and the sensor: shadows, bad light, glare, drops and dirt.

Each layer changes the picture alone; the class map stays exact.
"""

import math
from typing import Protocol

import cv2
import numpy as np

from car.config import Lens
from car.frame import Image, RoadClass
from car.simulation.conditions import Conditions
from car.simulation.noise import tile_noise
from car.simulation.optics import rays_of
from car.simulation.renderer import View

SHADE_CELLS, CELLS_PER_M = 512, 20.0
DIRT_RGB = (64.0, 56.0, 46.0)


class Layer(Protocol):
    """Something between the scene and the sensor."""

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Give the picture as it looks through this; none of the arguments is changed.

        Args:
            image: uint8 (height, width, 3) RGB.
            class_map: uint8 (height, width) of RoadClass, exact.
            view: from where it was seen.
        """
        ...


def layers_for(
    conditions: Conditions, lens: Lens, width_px: int, height_px: int, seed: int
) -> list[Layer]:
    """Make the layers that the conditions ask for, from the scene to the sensor.

    Args:
        conditions: none of them gives an empty list.
        lens: the camera's true pose.
        width_px: of the pictures.
        height_px: of the pictures.
        seed: fixes everything; each layer has a stream of its own, so that leaving one out does
            not change another.
    """
    size = (width_px, height_px)
    rngs = np.random.default_rng([seed, 23]).spawn(4)
    layers: list[Layer] = []
    if conditions.shadows > 0.0:
        layers.append(LeafShadows(conditions.shadows, lens, size, rngs[0]))
    if conditions.light != 1.0 or conditions.warmth != 0.0:
        layers.append(Tint(conditions.light, conditions.warmth))
    if conditions.glare > 0.0:
        layers.append(Glare(conditions.glare, lens, size, rngs[1]))
    if conditions.drops > 0.0:
        layers.append(Drops(conditions.drops, size, rngs[2]))
    if conditions.dirt > 0.0:
        layers.append(Dirt(conditions.dirt, size, rngs[3]))
    return layers


class LeafShadows:
    """Hard-edged shadows of leaves that lie on the ground and stay there as the car passes."""

    def __init__(
        self, strength: float, lens: Lens, size: tuple[int, int], rng: np.random.Generator
    ) -> None:
        rays = rays_of(lens, *size)
        self._left, self._up, self._lens = rays.left, rays.up, lens
        where = tile_noise(rng, SHADE_CELLS, 4, 2)
        leaves = tile_noise(rng, SHADE_CELLS, 64, 2)
        dark = np.clip((0.5 * where + leaves - 0.25) / 0.5, 0.0, 1.0)
        self._keep = (1.0 - 0.6 * strength * dark).astype(np.float32)

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Darken the ground where the leaves are; things and sky keep their light."""
        pitch = math.radians(self._lens.pitch_deg) + view.pitch_rad
        down = math.sin(pitch) - math.cos(pitch) * self._up
        on_ground = (down > 0.01) & (class_map <= RoadClass.GROUND)
        reach = self._lens.height_m / np.maximum(down, 0.01)
        ahead = reach * (math.cos(pitch) + math.sin(pitch) * self._up) + self._lens.forward_m
        left = reach * self._left
        c, s = math.cos(view.heading_rad), math.sin(view.heading_rad)
        column = ((view.x_m + c * ahead - s * left) * CELLS_PER_M).astype(np.int32)
        row = ((view.y_m + s * ahead + c * left) * CELLS_PER_M).astype(np.int32)
        keep = self._keep[row & (SHADE_CELLS - 1), column & (SHADE_CELLS - 1)]
        return np.asarray(image * np.where(on_ground, keep, 1.0)[..., None], np.uint8)


class Tint:
    """Less light or more of it, warmer or colder: the camera's exposure has to cope."""

    def __init__(self, light: float, warmth: float) -> None:
        gains = light * np.array([1 + 0.35 * warmth, 1.0, 1 - 0.35 * warmth])
        values = np.arange(256)[:, None] * gains
        self._table = np.clip(np.round(values), 0, 255).astype(np.uint8)[None]

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Multiply each colour."""
        return np.asarray(cv2.LUT(image, self._table), np.uint8)


class Glare:
    """A low light in one direction of the compass; it blinds when the car heads that way."""

    def __init__(
        self, strength: float, lens: Lens, size: tuple[int, int], rng: np.random.Generator
    ) -> None:
        self._size, self._strength, self._lens = size, strength, lens
        self._focal_px = rays_of(lens, *size).focal_px
        self._bearing_rad = float(rng.uniform(-math.pi, math.pi))
        self._elevation_rad = math.radians(float(rng.uniform(2.0, 14.0)))
        width, height = size
        y, x = np.mgrid[-height:height, -width:width].astype(np.float32) / width
        distance = np.hypot(x, y)
        self._glow = 420.0 * np.exp(-((distance / 0.13) ** 2)) + 130.0 * np.exp(-distance / 0.28)

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Add the light's glow, and a veil over everything; nothing with the light behind."""
        turn = self._bearing_rad - view.heading_rad
        turn = (turn + math.pi) % (2 * math.pi) - math.pi
        if abs(turn) > math.radians(65):
            return image
        (width, height), pitch = self._size, math.radians(self._lens.pitch_deg) + view.pitch_rad
        x = round(width / 2 - self._focal_px * math.tan(turn))
        y = round(height / 2 - self._focal_px * math.tan(self._elevation_rad + pitch))
        left, top = min(max(width - x, 0), width), min(max(height - y, 0), height)
        glow = self._glow[top : top + height, left : left + width]
        veil = 60.0 * math.cos(turn) ** 4
        return np.asarray(
            np.minimum(image + (self._strength * (glow + veil))[..., None], 255.0), np.uint8
        )


class Drops:
    """Water on the lens: each drop shows the scene upside down and out of focus."""

    def __init__(self, strength: float, size: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = size
        mask = np.zeros((height, width), np.float32)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        self._map_x, self._map_y = x.copy(), y.copy()
        for _ in range(2 + round(8 * strength)):
            at_x, at_y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
            radius = float(rng.uniform(0.03, 0.085)) * width
            inside = (x - at_x) ** 2 + (y - at_y) ** 2 < radius**2
            mask[inside] = 1.0
            self._map_x[inside] = (at_x - 2.2 * (x - at_x))[inside]
            self._map_y[inside] = (at_y - 2.2 * (y - at_y))[inside]
        soft = cv2.GaussianBlur(mask, (0, 0), 0.9)
        self._share = np.asarray(soft, np.float32)

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Look through the drops."""
        bent = cv2.remap(
            image, self._map_x, self._map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        bent = cv2.blur(bent, (5, 5))
        return np.asarray(cv2.blendLinear(bent, image, self._share, 1.0 - self._share), np.uint8)


class Dirt:
    """Dried mud on the lens: dark specks, out of focus."""

    def __init__(self, strength: float, size: tuple[int, int], rng: np.random.Generator) -> None:
        width, height = size
        cover = np.zeros((height, width), np.float32)
        for _ in range(3 + round(14 * strength)):
            place = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
            axes = (int(rng.uniform(0.01, 0.055) * width), int(rng.uniform(0.01, 0.045) * width))
            turn, opacity = float(rng.uniform(0, 180)), float(rng.uniform(0.55, 0.95))
            cv2.ellipse(cover, place, axes, turn, 0, 360, opacity, -1)
        self._cover = np.asarray(cv2.GaussianBlur(cover, (0, 0), 1.6), np.float32)
        self._mud = np.broadcast_to(np.array(DIRT_RGB, np.uint8), (height, width, 3)).copy()

    def put(self, image: Image, class_map: Image, view: View) -> Image:
        """Look past the specks."""
        cover = self._cover
        return np.asarray(cv2.blendLinear(self._mud, image, cover, 1.0 - cover), np.uint8)
