"""The /control message of a record read back, and whether it can be true."""

import msgspec

from tubs.control import Control
from tubs.mcap.layout import Damaged

_DECODER = msgspec.json.Decoder(Control)
_TIME_TOLERANCE_NS = 1000


def unpack_control(message: bytes, time_ns: int) -> Control:
    """Read a message of /control.

    Args:
        message: JSON.
        time_ns: when its record was captured, as its place in the file says.

    Raises:
        Damaged: it is something else, has a command outside [-1, +1], or is of another time.
    """
    try:
        control = _DECODER.decode(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Damaged(f"its control message: {error}") from error
    if not (-1.0 <= control.steering <= 1.0 and -1.0 <= control.throttle <= 1.0):
        raise Damaged("its control message has a command outside [-1, +1]")
    if not abs(control.captured_s * 1e9 - time_ns) <= _TIME_TOLERANCE_NS:
        raise Damaged("its control message says another time than its place in the file")
    return control
