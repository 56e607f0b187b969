"""The image of a foreign record: whether it is whole, and as the JPEG that a tub holds."""

from pathlib import Path

import cv2
import numpy as np

from tubs.exchange.foreign import Unusable
from tubs.images import encode_jpeg

_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_PADDING = b"\0\r\n "
COPY_QUALITY = 95


def read_image(path: Path) -> bytes:
    """Read an image file and make sure that it is not cut off.

    Raises:
        Unusable: it is missing, empty or truncated.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise Unusable(f"image {path.name} is missing") from error
    except OSError as error:
        raise Unusable(f"image {path.name} cannot be read: {error.strerror}") from error
    if not data:
        raise Unusable(f"image {path.name} is empty")
    if data.startswith(_JPEG_START) and not data.rstrip(_PADDING).endswith(_JPEG_END):
        raise Unusable(f"image {path.name} is truncated")
    return data


def shape_of(data: bytes, name: str) -> tuple[int, ...]:
    """Decode an image to see that it can be done: (height, width) and channels unless grey.

    Raises:
        Unusable: it cannot be decoded.
    """
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise Unusable(f"image {name} cannot be decoded")
    return image.shape


def as_colour_jpeg(data: bytes, shape: tuple[int, ...]) -> tuple[bytes, bool]:
    """The image as a JPEG of three channels, and whether it had to be encoded anew.

    A colour JPEG is kept byte for byte.
    """
    if data.startswith(_JPEG_START) and len(shape) == 3 and shape[2] == 3:
        return data, False
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return encode_jpeg(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), COPY_QUALITY), True  # type: ignore[arg-type]
