"""MCAP on the byte level: taking apart what other programs may have written, or a flaw changed."""

import struct

from tubs.mcap.layout import Damaged

_U32 = struct.Struct("<I")


def channel_and_topic(content: bytes) -> tuple[int, str]:
    """Number and topic of a Channel record.

    Raises:
        Damaged: its lengths do not fit.
    """
    number = int.from_bytes(content[:2], "little")
    topic, after = _text(content, 4)
    _, after = _text(content, after)
    if after + 4 + _u32(content, after) != len(content):
        raise Damaged("the lengths in a channel's record do not fit")
    return number, topic


def name_and_entries(content: bytes) -> tuple[str, dict[str, str]]:
    """Name and entries of a Metadata record.

    Raises:
        Damaged: its lengths do not fit.
    """
    name, at = _text(content, 0)
    if at + 4 + _u32(content, at) != len(content):
        raise Damaged("the lengths in a metadata record do not fit")
    at += 4
    entries = {}
    while at < len(content):
        key, at = _text(content, at)
        entries[key], at = _text(content, at)
    return name, entries


def _u32(content: bytes, at: int) -> int:
    if at + 4 > len(content):
        raise Damaged("a record is too short")
    number: int = _U32.unpack_from(content, at)[0]
    return number


def _text(content: bytes, at: int) -> tuple[str, int]:
    """The text at a place, and where what follows it begins."""
    begin = at + 4
    end = begin + _u32(content, at)
    if end > len(content):
        raise Damaged("a text is longer than its record")
    return content[begin:end].decode("utf-8", "replace"), end
