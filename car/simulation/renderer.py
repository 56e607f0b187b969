"""The simulated camera's view of a scene: an image and the exact class of each pixel."""

import math
from typing import NamedTuple

import numpy as np

from car.config import Lens
from car.frame import Image, RoadClass
from car.simulation.cards import Cards, draw_cards
from car.simulation.eye import LANES, SLOTS, Eye, Stage
from car.simulation.optics import rays_of
from car.simulation.scene import Scene
from car.simulation.shading import Colours, draw_world

_GRAIN_CONTRAST = 0.0035
"""Brightness by which one step of the grain changes a pixel."""


class View(NamedTuple):
    """Where the car is and how it moves when the middle row of the image is read.

    Attributes:
        x_m: east, of the car's reference point.
        y_m: north, of the car's reference point.
        heading_rad: counter-clockwise from east.
        pitch_rad: of the body, nose down is positive.
        roll_rad: of the body, leaning right is positive.
        speed_m_s: along the car; smears and skews the image.
        yaw_rate_rad_s: counter-clockwise; smears and skews the image.
    """

    x_m: float
    y_m: float
    heading_rad: float
    pitch_rad: float = 0.0
    roll_rad: float = 0.0
    speed_m_s: float = 0.0
    yaw_rate_rad_s: float = 0.0


class Renderer:
    """A camera in a scene."""

    def __init__(
        self,
        scene: Scene,
        lens: Lens,
        width_px: int = 160,
        height_px: int = 120,
        readout_s: float = 0.016,
        exposure_s: float = 0.006,
    ) -> None:
        """Put a camera into a scene.

        Args:
            scene: what there is to see.
            lens: how the camera sees and where it sits on the car.
            width_px: of the images.
            height_px: of the images.
            readout_s: from reading the first row to reading the last; 0 is a global shutter.
            exposure_s: for which light is gathered.
        """
        self._scene = scene
        self._lens = lens
        self._shape = (height_px, width_px)
        self._readout_s, self._exposure_s = readout_s, exposure_s
        self._rays = rays_of(lens, width_px, height_px, LANES)
        self._stage = _stage(scene)
        self._cards = _cards(scene)
        self._colours = _colours(scene)
        self._scratch = np.empty((self._rays.left.shape[1] // LANES, SLOTS), np.float32)
        self._depth = np.empty(len(self._cards.places), np.float64)
        self._order = np.empty(len(self._cards.places), np.int64)

    def render(self, view: View) -> tuple[Image, Image]:
        """See the scene.

        Returns:
            The image, uint8 (height, width, 3) RGB, and the class map, uint8 (height, width) of
            RoadClass; row 0 at the top.
        """
        image = np.empty((*self._shape, 3), np.uint8)
        classes = np.empty(self._shape, np.uint8)
        eye = self._eye(view)
        flat, table = self._scene.atlas
        draw_world(
            image,
            classes,
            self._rays,
            eye,
            self._stage,
            flat,
            table,
            self._colours,
            self._scene.grain,
            self._scratch,
        )
        if len(self._cards.places):
            draw_cards(
                image,
                classes,
                self._rays,
                eye,
                self._cards,
                flat,
                table,
                self._colours,
                self._stage.haze_per_m,
                self._depth,
                self._order,
            )
        return image, classes

    def _eye(self, view: View) -> Eye:
        plot, lens = self._scene.plot, self._lens
        return Eye(
            x_m=float(view.x_m - plot.left_m),
            y_m=float(view.y_m - plot.bottom_m),
            heading_rad=float(view.heading_rad),
            pitch_rad=math.radians(lens.pitch_deg) + float(view.pitch_rad),
            roll_rad=math.radians(lens.roll_deg) + float(view.roll_rad),
            speed_m_s=float(view.speed_m_s),
            yaw_rate_rad_s=float(view.yaw_rate_rad_s),
            height_m=float(lens.height_m),
            forward_m=float(lens.forward_m),
            readout_s=float(self._readout_s),
            exposure_s=float(self._exposure_s),
        )


def _stage(scene: Scene) -> Stage:
    plot = scene.plot
    return Stage(
        is_room=scene.look.indoors,
        density_px_m=float(plot.density_px_m),
        wide_m=plot.columns / plot.density_px_m,
        high_m=plot.rows / plot.density_px_m,
        haze_per_m=float(scene.look.weather.haze_per_m),
    )


def _colours(scene: Scene) -> Colours:
    """Lay out what `draw_world` calls colours: the air, and the strength of the grain by class."""
    colours = np.zeros((2, len(RoadClass)), np.float32)
    colours[0, :3] = scene.air
    road, ground = scene.look.roughness
    colours[1, RoadClass.ROAD], colours[1, RoadClass.GROUND] = road, ground
    colours[1, RoadClass.LINE] = 0.4 * road
    colours[1] *= _GRAIN_CONTRAST
    return colours


def _cards(scene: Scene) -> Cards:
    plot, things = scene.plot, scene.clutter.things
    places = [
        (thing.x_m - plot.left_m, thing.y_m - plot.bottom_m, thing.width_m, thing.height_m)
        for thing in things
    ]
    return Cards(
        places=np.array(places, np.float64).reshape(-1, 4),
        pictures=np.array([thing.picture for thing in things], np.int64),
    )
