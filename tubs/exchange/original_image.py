"""The very bytes of an image that a tub cannot hold, kept in the record's source."""

import base64
import json

KEY = "everlap/image"
"""Added to a foreign record whose image is no colour JPEG: its file, base64."""


def with_original(source: bytes, image: bytes) -> bytes:
    """Add an image to a foreign record, JSON text in and out."""
    entry = json.dumps({KEY: base64.b64encode(image).decode()})[1:-1].encode()
    return source.rstrip()[:-1] + b", " + entry + b"}"


def without_original(source: bytes) -> tuple[bytes, bytes | None]:
    """The foreign record as it was, and the image that was added, if any.

    Raises:
        ValueError: what was added is damaged.
    """
    start = source.rfind(b', "' + KEY.encode() + b'": "')
    if start < 0:
        return source, None
    image = json.loads(b"{" + source[start + 2 :])[KEY]
    return source[:start] + b"}", base64.b64decode(image, validate=True)
