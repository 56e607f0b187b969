"""Everything there is to see around one track, fixed by a seed and a level of variety."""

import cv2
import numpy as np
from numpy.typing import NDArray

from car.errors import SimulationError
from car.frame import RoadClass
from car.simulation import atlas
from car.simulation.blemishes import wear_out
from car.simulation.clutter import Clutter, Road, scatter
from car.simulation.dice import Colour, Dice
from car.simulation.ground import paint_ground
from car.simulation.light import cast_light
from car.simulation.look import Look
from car.simulation.looks import choose_look
from car.simulation.plot import Plot, plot_around
from car.simulation.room import paint_walls
from car.simulation.sky import paint_panorama
from car.simulation.texels import Pyramid, join, pack, pyramid
from car.simulation.unusual_looks import FOREIGN, INVENTED
from car.simulation.usual_looks import SURFACES

__all__ = ["FOREIGN", "INVENTED", "SURFACES", "Scene"]

_BORDER = 16
"""Texels by which textures go on beyond their edges, for taps that reach over them."""
_GRAIN_PX = 256


class Scene:
    """A painted world, ready for a renderer.

    Attributes:
        look: materials, colours, lines and weather.
        plot: where the painted ground lies.
        clutter: what stands around.
        atlas: all textures, at the rows of its table that car.simulation.atlas names.
        air: float32 RGB, the colour into which far things fade.
        grain: int8 (256, 256), the finest texture of all surfaces, for close up.
    """

    def __init__(self, track: Road, surface: str, seed: int, level: float = 0.5) -> None:
        """Paint the world; takes some tenths of a second.

        Args:
            track: the road.
            surface: one of SURFACES or FOREIGN, or INVENTED.
            seed: of everything that is left to chance, 0 or more.
            level: 0 is clean and canonical, 1 as varied as can be.

        Raises:
            SimulationError: no such surface, or level or seed out of range.
        """
        if not 0.0 <= level <= 1.0:
            raise SimulationError(f"the level of a scene is {level}: must be within 0..1")
        if seed < 0:
            raise SimulationError(f"the seed of a scene is {seed}: must be 0 or more")
        dice = Dice(np.random.default_rng(seed), level)
        self.look: Look = choose_look(surface, track.width_m, dice)
        self.plot: Plot = plot_around(track, _margins(track, self.look, dice))
        self.clutter: Clutter = scatter(track, self.plot.box_m, self.look.indoors, dice)
        shade = cast_light(self.plot, self.look, self.clutter.things, dice)
        blemishes = wear_out(self.plot, self.look, track, dice)
        texels, tile = paint_ground(self.plot, track, self.look, shade, blemishes, dice)
        backdrop, self.air = _backdrop(self.look, self.plot, dice)
        self.atlas: Pyramid = join(
            [
                pyramid(texels, atlas.GROUND_LEVELS, _BORDER, beyond="edge"),
                pyramid(pack(tile, int(RoadClass.GROUND)), atlas.BEYOND_LEVELS, _BORDER),
                backdrop,
                *_sprites(self.clutter, self.look),
            ]
        )
        self.grain = _grain(dice)


def _margins(track: Road, look: Look, dice: Dice) -> tuple[float, float, float, float]:
    least = track.width_m / 2 + (0.6 if look.indoors else 1.2)
    most = least + (2.2 if look.indoors else 1.2)
    west, south, east, north = (dice.between(least, most) for _ in range(4))
    return west, south, east, north


def _backdrop(look: Look, plot: Plot, dice: Dice) -> tuple[Pyramid, Colour]:
    """Paint what closes the view, walls or a panorama, and say how the air looks before it."""
    if look.indoors:
        left, bottom, right, top = plot.box_m
        picture, air = paint_walls(look, right - left, top - bottom, dice), np.zeros(3, np.float32)
    else:
        picture, air = paint_panorama(look, dice)
    return pyramid(pack(picture, int(RoadClass.SKY)), atlas.BACKDROP_LEVELS, _BORDER), air


def _sprites(clutter: Clutter, look: Look) -> tuple[Pyramid, ...]:
    gain = np.append(look.weather.lit, np.float32(1.0))
    lit = [np.minimum(sprite * gain, sprite[..., 3:]) for sprite in clutter.sprites]
    return tuple(
        pyramid(
            pack(sprite[..., :3], sprite[..., 3].astype(np.uint8)), atlas.SPRITE_LEVELS, 0, False
        )
        for sprite in lit
    )


def _grain(dice: Dice) -> NDArray[np.int8]:
    fine = dice.rng.standard_normal((_GRAIN_PX, _GRAIN_PX), np.float32)
    soft = cv2.GaussianBlur(fine, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE)
    return np.clip(fine * 14.0 + soft * 60.0, -127, 127).astype(np.int8)
