"""Pictures as a tub stores them: JPEG for the camera, PNG for the class map."""

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from tubs.errors import TubError

Image = NDArray[np.uint8]
JPEG_QUALITY = 90
_PNG_SETTINGS = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def encode_jpeg(image: Image, quality: int = JPEG_QUALITY) -> bytes:
    """Compress a camera image, uint8 (height, width, 3) RGB.

    Raises:
        TubError: it is not such an image.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise TubError(
            f"an image of shape {image.shape} and type {image.dtype} cannot be recorded: "
            "it is uint8 (height, width, 3)"
        )
    rows = np.ascontiguousarray(image)
    return simplejpeg.encode_jpeg(rows, quality, "RGB", "420", fastdct=False)


def decode_jpeg(data: bytes, into: Image | None = None) -> Image:
    """Decompress a camera image to uint8 (height, width, 3) RGB.

    Args:
        data: the JPEG, of one channel or three.
        into: an array of the size that is expected, to decode into; what comes back is another
            shape when the image has another size.

    Raises:
        TubError: it cannot be decoded, or is larger than `into`.
    """
    try:
        return simplejpeg.decode_jpeg(data, buffer=into)
    except ValueError as error:
        raise TubError(f"an image of {len(data)} bytes cannot be decoded") from error


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Height and width in pixels of a camera image that stays compressed.

    Raises:
        TubError: it does not begin like a JPEG.
    """
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
    except ValueError as error:
        raise TubError(f"an image of {len(data)} bytes cannot be decoded") from error
    return height, width


def encode_class_map(class_map: Image) -> bytes:
    """Compress a label map, uint8 (height, width), without loss.

    Raises:
        TubError: it is not such a map.
    """
    if class_map.dtype != np.uint8 or class_map.ndim != 2 or not class_map.size:
        raise TubError(
            f"a class map of shape {class_map.shape} and type {class_map.dtype} cannot be "
            "recorded: it is uint8 (height, width)"
        )
    return bytes(cv2.imencode(".png", class_map, _PNG_SETTINGS)[1])


def decode_class_map(data: bytes) -> Image:
    """Decompress a label map to uint8 (height, width).

    Raises:
        TubError: it cannot be decoded.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
    if image is None:
        raise TubError(f"a class map of {len(data)} bytes cannot be decoded")
    return image  # type: ignore[return-value]
