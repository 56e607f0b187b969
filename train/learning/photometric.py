"""Other light on the same scene: exposure, colour, blur, noise, shadows, and things in the way."""

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

LIGHTS = 512
"""Different colour matrices and tone curves in store."""

LUMA = np.array([0.299, 0.587, 0.114])


def as_image(result: object) -> Image:
    """What OpenCV gave back, which its types leave open, as the image that it is."""
    return np.asarray(result, dtype=np.uint8)


class Relighting:
    """Changes images at random; the draw is fixed by the generator.

    Attributes:
        strength: 0 leaves images as they are, 1 is the usual span.
    """

    def __init__(self, rng: np.random.Generator, strength: float = 1.0) -> None:
        self.strength = strength
        self._rng = rng
        self._noise = np.zeros((0, 0, 3), np.int16)
        self._colours = [self._colour_matrix() for _ in range(LIGHTS)]
        self._tones = [self._tone_curve() for _ in range(LIGHTS)]

    def __call__(self, image: Image) -> Image:
        """One image, uint8 (rows, columns, 3) RGB, in another light; the input is not changed."""
        if self.strength == 0.0:
            return image
        rng = self._rng
        image = as_image(cv2.transform(image, self._colours[rng.integers(LIGHTS)]))
        image = as_image(cv2.LUT(image, self._tones[rng.integers(LIGHTS)]))
        if rng.random() < 0.3:
            image = self._shade(image)
        if rng.random() < 0.2:
            image = self._cover(image)
        if rng.random() < 0.2:
            image = as_image(cv2.GaussianBlur(image, (3, 3), 0))
        if rng.random() < 0.5:
            image = self._grain(image)
        return image

    def _colour_matrix(self) -> NDArray[np.float32]:
        """Saturation, hue and white balance as one 3x3 matrix."""
        strength, rng = self.strength, self._rng
        saturation = np.exp(rng.normal(0.0, 0.3 * strength))
        matrix = saturation * np.eye(3) + (1 - saturation) * np.outer(np.ones(3), LUMA)
        turn = rng.normal(0.0, 0.12 * strength)
        matrix += turn * np.array([[0.0, 1.0, -1.0], [-1.0, 0.0, 1.0], [1.0, -1.0, 0.0]]) / 3**0.5
        gains = np.exp(rng.normal(0.0, 0.08 * strength, 3))
        return (matrix * gains[:, None]).astype(np.float32)

    def _tone_curve(self) -> Image:
        """Brightness, contrast and gamma as one table, uint8 (256,)."""
        strength, rng = self.strength, self._rng
        gamma = np.exp(rng.normal(0.0, 0.25 * strength))
        contrast = np.exp(rng.normal(0.0, 0.2 * strength))
        brightness = rng.normal(0.0, 0.08 * strength)
        tone = (np.linspace(0.0, 1.0, 256) ** gamma - 0.5) * contrast + 0.5 + brightness
        return np.asarray(np.clip(tone * 255.0, 0.0, 255.0).astype(np.uint8))

    def _shade(self, image: Image) -> Image:
        """A shadow, or a patch of light, with four random corners."""
        rows, columns = image.shape[:2]
        corners = self._rng.uniform(-0.3, 1.3, (4, 2)) * (columns, rows)
        mask = np.zeros((rows, columns), np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(corners.astype(np.int32)), 255)
        factor = self._rng.uniform(1 - 0.6 * self.strength, 1 + 0.2 * self.strength)
        shaded = cv2.convertScaleAbs(image, alpha=factor)
        cv2.copyTo(shaded, mask, image)
        return image

    def _cover(self, image: Image) -> Image:
        """A flat patch of any colour over something."""
        rows, columns = image.shape[:2]
        height, width = self._rng.integers(3, rows // 3), self._rng.integers(3, columns // 3)
        top = self._rng.integers(0, rows - height)
        left = self._rng.integers(0, columns - width)
        image[top : top + height, left : left + width] = self._rng.integers(0, 256, 3)
        return image

    def _grain(self, image: Image) -> Image:
        """Sensor noise, cut from one large field of it."""
        rows, columns = image.shape[:2]
        if self._noise.shape[0] < rows + 32 or self._noise.shape[1] < columns + 32:
            field = self._rng.normal(0.0, 64.0, (rows + 32, columns + 32, 3))
            self._noise = field.astype(np.int16)
        top, left = self._rng.integers(0, 32, 2)
        noise = self._noise[top : top + rows, left : left + columns]
        deviation = self._rng.uniform(0.5, 6.0) * self.strength
        return np.asarray(
            cv2.addWeighted(image, 1.0, noise, deviation / 64.0, 0.0, dtype=cv2.CV_8U)
        )
