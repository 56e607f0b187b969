"""What an image sensor makes of the light: exposure, white balance, vignette, blur and noise."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from car.frame import Image
from car.simulation.compiled import compiled
from car.simulation.dice import Dice, rgb

_METER_STEP = 7
_MIDDLE_GREY = 118.0


class Sensor:
    """A camera module with flaws of its own."""

    def __init__(self, seed: int, level: float, width_px: int = 160, height_px: int = 120) -> None:
        """Choose the flaws.

        Args:
            seed: fixes them.
            level: 0 is a good camera in good light, 1 anything that is sold.
            width_px: of the images.
            height_px: of the images.
        """
        dice = Dice(np.random.default_rng([seed, 0x5E]), level)
        self._gain = _gain_map(width_px, height_px, dice)
        self._contrast = dice.around(0.1, 0.35)
        self._lift = dice.around(0.0, 0.25)
        self._black = max(0.0, dice.around(0.0, 10.0))
        self._metering = dice.between(0.2, 0.9) * (0.3 + 0.7 * level)
        self._target = dice.around(_MIDDLE_GREY, 22.0)
        self._flicker = 0.015 * level * dice.between(0.0, 1.0)
        self._read_noise = 0.8 + max(0.0, dice.around(1.0, 2.2))
        self._shot_noise = 0.010 + 0.025 * level * dice.between(0.0, 1.0)
        self._noise = _noise_tile(height_px * width_px * 3, dice)
        self._kernel = _blur_kernel(dice)
        self._drops = _drop_mask(width_px, height_px, dice)

    def expose(self, image: Image, rng: np.random.Generator) -> Image:
        """Take a picture of a rendered image.

        Args:
            image: uint8 (height, width, 3) RGB; is not changed.
            rng: of the noise in this picture.
        """
        if self._kernel is not None:
            image = np.asarray(cv2.sepFilter2D(image, -1, self._kernel, self._kernel), np.uint8)
        if self._drops is not None:
            soft = cv2.blur(image, (13, 13))
            image = np.asarray(cv2.blendLinear(image, soft, 1 - self._drops, self._drops), np.uint8)
        exposure = self._meter(image) * (1.0 + self._flicker * rng.standard_normal())
        first, second = rng.integers(0, self._noise.size - image.size, 2).tolist()
        out = np.empty_like(image)
        _develop(
            image.reshape(-1),
            out.reshape(-1),
            self._gain,
            self._noise[first : first + image.size],
            self._noise[second : second + image.size],
            np.float32(exposure),
            np.float32(self._contrast),
            np.float32(self._lift),
            np.float32(self._black),
            np.float32(self._read_noise),
            np.float32(self._shot_noise),
        )
        return out

    def _meter(self, image: Image) -> float:
        """Choose the exposure as a camera does: dark scenes get more of it."""
        mean = float(image[::_METER_STEP, ::_METER_STEP].mean()) + 8.0
        return min(2.5, max(0.45, (self._target / mean) ** self._metering))


def _gain_map(width_px: int, height_px: int, dice: Dice) -> NDArray[np.float32]:
    """Gain by pixel and colour: white balance, vignette and uneven shading; flattened."""
    y, x = np.mgrid[0:height_px, 0:width_px].astype(np.float32)
    x, y = x / width_px - 0.5, y / width_px - 0.5 * height_px / width_px
    vignette = 1.0 - dice.around(0.35, 0.35) * (x**2 + y**2) * 1.6
    vignette *= 1.0 + dice.around(0.0, 0.12) * x
    warm, green = dice.around(0.0, 0.14), dice.around(0.0, 0.06)
    balance = rgb(1.0 + warm, 1.0 + green, 1.0 - warm)
    return np.ascontiguousarray((vignette[..., None] * balance).ravel(), np.float32)


def _noise_tile(values: int, dice: Dice) -> NDArray[np.float32]:
    """Noise for several pictures, of which each takes two stretches anywhere."""
    size = 2 * values + 4096
    return dice.rng.standard_normal(size, np.float32) * np.float32(math.sqrt(0.5))


def _blur_kernel(dice: Dice) -> NDArray[np.float32] | None:
    """Blur of the lens, from crisp to out of focus."""
    sigma_px = dice.between(0.3, 1.1)
    if not dice.chance(0.5):
        return None
    return np.asarray(cv2.getGaussianKernel(5, sigma_px, cv2.CV_32F), np.float32)


def _drop_mask(width_px: int, height_px: int, dice: Dice) -> NDArray[np.float32] | None:
    """Where drops or dirt on the lens blur the image; None on a clean one."""
    if not dice.chance(0.12):
        return None
    mask = np.zeros((height_px, width_px), np.float32)
    for _ in range(int(dice.rng.integers(1, 5))):
        place = (int(dice.between(0, width_px)), int(dice.between(0, height_px)))
        cv2.circle(mask, place, int(dice.between(0.03, 0.09) * width_px), 1.0, -1)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), 2.0), np.float32)


@compiled()
def _develop(
    image: NDArray[np.uint8],
    out: NDArray[np.uint8],
    gain: NDArray[np.float32],
    noise: NDArray[np.float32],
    more_noise: NDArray[np.float32],
    exposure: np.float32,
    contrast: np.float32,
    lift: np.float32,
    black: np.float32,
    read_noise: np.float32,
    shot_noise: np.float32,
) -> None:
    """Scale, add noise that grows with light, and bend by a cubic tone curve."""
    full = np.float32(255.0)
    one, half, two = np.float32(1.0), np.float32(0.5), np.float32(2.0)
    gain_255 = exposure / full
    for i in range(image.shape[0]):
        value = np.float32(image[i]) * gain[i] * gain_255
        value = min(value, np.float32(1.25))
        grain = (noise[i] + more_noise[i]) * (read_noise / full + shot_noise * value)
        value = min(max(value, np.float32(0.0)), one)
        bend = value * (one - value)
        value += bend * (lift + contrast * (two * value - one))
        value = black + (full - black) * (value + grain) + half
        out[i] = np.uint8(np.int32(min(max(value, np.float32(0.0)), full)))
