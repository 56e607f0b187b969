"""An event of a drive as a foxglove.Log message, which every viewer shows as a line of text."""

from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import DecodeError

from tubs.event import DROPPED, EMERGENCY, FAULT, Event
from tubs.mcap.layout import Damaged

WARNINGS = frozenset({FAULT, EMERGENCY, DROPPED})


def pack_event(event: Event, time_ns: int) -> bytes:
    """Write an event as a message; `time_ns` is its time in whole nanoseconds."""
    level = Log.Level.WARNING if event.kind in WARNINGS else Log.Level.INFO
    message = Log(level=level, name=event.kind, message=event.text)
    message.timestamp.seconds, message.timestamp.nanos = divmod(time_ns, 1_000_000_000)
    return message.SerializeToString()


def unpack_event(message: bytes) -> Event:
    """Read an event.

    Raises:
        Damaged: it is something else.
    """
    try:
        log = Log.FromString(message)
    except DecodeError as error:
        raise Damaged("an event's message cannot be read") from error
    at_s = log.timestamp.seconds + log.timestamp.nanos / 1e9
    return Event(at_s, log.name, log.message)
