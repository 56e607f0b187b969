"""The image of a foreign record: whether it is whole, and as the JPEG that a tub holds."""

from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from tubs.errors import TubError
from tubs.exchange.foreign import Unusable
from tubs.images import decode_jpeg, encode_jpeg

_JPEG_START = b"\xff\xd8"
_JPEG_END = b"\xff\xd9"
_COLOUR = ("YCbCr", "RGB")
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
    if _is_colour_jpeg(data):
        try:
            return decode_jpeg(data).shape
        except TubError as error:
            raise Unusable(f"image {name} cannot be decoded") from error
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise Unusable(f"image {name} cannot be decoded")
    return image.shape


def _is_colour_jpeg(data: bytes) -> bool:
    """Whether an image is a JPEG of three channels, as a tub holds them."""
    if not data.startswith(_JPEG_START):
        return False
    try:
        return simplejpeg.decode_jpeg_header(data)[2] in _COLOUR
    except ValueError:
        return False


def as_colour_jpeg(data: bytes) -> tuple[bytes, bool]:
    """The image as a JPEG of three channels, and whether it had to be encoded anew.

    A colour JPEG is kept byte for byte.
    """
    if _is_colour_jpeg(data):
        return data, False
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return encode_jpeg(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), COPY_QUALITY), True  # type: ignore[arg-type]
