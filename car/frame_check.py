"""Whether a picture may be steered by: right size, fresh, moving on, and showing something."""

import numpy as np

from car.config import CameraConfig
from car.errors import CameraError, StaleFrameError
from car.frame import Frame, Image

STRIDE = 8
"""Every so many pixels, across and down, are looked at: noise is everywhere, or nowhere."""
BLANK_SPREAD = 8
"""Between the darkest and the brightest value of a picture that shows nothing, 0 to 255."""
FUTURE_S = 0.001
"""By how much a frame may seem to be ahead of the clock."""


class FrameCheck:
    """Looks at every frame before anything is decided by it.

    Real pictures are never the same twice, for the sensor adds noise. One picture that comes again
    and again is a camera that hangs.

    Attributes:
        blank: why there is nothing to see; None while there is.
    """

    def __init__(self, config: CameraConfig) -> None:
        self._config = config
        self._shape = (config.height_px, config.width_px, 3)
        self._last: Frame | None = None
        self._seen: Image | None = None
        self._changed_s = self._clear_s = 0.0
        self.blank: str | None = None

    def check(self, frame: Frame, now_s: float) -> None:
        """Let a frame pass, or say what is wrong with the camera.

        Args:
            frame: the newest.
            now_s: on the clock of `frame.captured_s`.

        Raises:
            StaleFrameError: the frame is too old to steer by, from the future, or has been the
                same for too long.
            CameraError: it has another size, or comes from before the last one.
        """
        image, last = frame.image, self._last
        if image.shape != self._shape or image.dtype != np.uint8:
            raise CameraError(
                f"the camera gave a picture of {image.dtype} {image.shape}; car.toml asks for "
                f"uint8 {self._shape} (camera.width_px, camera.height_px)"
            )
        age_s = now_s - frame.captured_s
        if not -FUTURE_S <= age_s <= self._config.max_age_s:
            raise StaleFrameError(
                f"the camera's newest frame ({frame.number}) is {age_s:.3f} s old; at most "
                f"{self._config.max_age_s} s is safe to steer by (camera.max_age_s): "
                "check the camera"
            )
        if last is not None and (
            frame.number <= last.number or frame.captured_s <= last.captured_s
        ):
            raise CameraError(
                f"the camera went back in time: frame {frame.number} taken at "
                f"{frame.captured_s:.3f} s came after frame {last.number} of "
                f"{last.captured_s:.3f} s; check the camera and its driver"
            )
        self._look(image, frame.captured_s)
        self._last = frame

    def _look(self, image: Image, captured_s: float) -> None:
        """Compare with the picture before, and see whether there is anything in it."""
        glance = image[::STRIDE, ::STRIDE].copy()
        seen, self._seen = self._seen, glance
        if seen is None:
            self._changed_s = self._clear_s = captured_s
        if seen is None or not np.array_equal(seen, glance):
            self._changed_s = captured_s
        if int(glance.max()) - int(glance.min()) >= BLANK_SPREAD:
            self._clear_s = captured_s
        patience_s = self._config.frozen_after_s
        blank_s = captured_s - self._clear_s
        is_blank = blank_s >= patience_s
        self.blank = f"the camera has seen nothing for {blank_s:.1f} s" if is_blank else None
        frozen_s = captured_s - self._changed_s
        if frozen_s >= patience_s and not is_blank:
            raise StaleFrameError(
                f"the camera has shown the same picture for {frozen_s:.2f} s "
                "(camera.frozen_after_s): it hangs; restart it"
            )
