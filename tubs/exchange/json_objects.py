"""JSON objects out of text that a power cut may have torn or run together."""

import json
from collections.abc import Iterator

from tubs.exchange.foreign import Unusable

BLANK = "\0 \t\r\n\ufeff"
_DECODER = json.JSONDecoder()


def parse_object(text: str) -> dict[str, object]:
    """Read a text that is one JSON object.

    Raises:
        Unusable: it is not.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unusable(f"broken JSON: {error}") from error
    if not isinstance(value, dict):
        raise Unusable("broken JSON: not an object")
    return value


def texts_of_objects(line: bytes) -> Iterator[str | Unusable]:
    """The text of each whole object on a line, in order, and what is wrong with the rest.

    A line has one object as a rule. Where the end of a line was lost two run together; where a
    power cut tore one, the next may follow on the same line. Both are found.
    """
    try:
        text = line.decode("utf-8").strip(BLANK)
    except UnicodeDecodeError as error:
        yield Unusable(f"broken JSON: not UTF-8 at byte {error.start}")
        return
    position, torn = 0, False
    while position < len(text):
        try:
            value, end = _DECODER.raw_decode(text, position)
            if not isinstance(value, dict):
                raise Unusable("broken JSON: not an object")
        except (ValueError, RecursionError) as error:
            if not torn:
                yield error if isinstance(error, Unusable) else Unusable(f"broken JSON: {error}")
            torn = True
            position = text.find('{"', position + 1)
            if position < 0:
                return
            continue
        if not torn or "image_array" in text[position:end]:
            yield text[position:end]
        position = end + len(text[end:]) - len(text[end:].lstrip(BLANK))
