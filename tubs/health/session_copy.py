"""Copies the good records of a session, and what lies beside them, into a new file as they are."""

import heapq
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tubs.about import TubAbout
from tubs.health.examined import Examined
from tubs.mcap import channels
from tubs.mcap.layout import Message
from tubs.mcap.session_writer import SessionWriter

BESIDE = (channels.EVENTS, channels.IMU, channels.TELEMETRY)


class SessionCopy:
    """A session that is being copied, message by message.

    Attributes:
        records: how many are in the new file.
        beside: how many events and measurements are.
    """

    def __init__(self, examined: Examined, about: TubAbout, folder: Path) -> None:
        """Store what to copy.

        Args:
            examined: which records are good.
            about: for the new file's head where the old one's cannot be read.
            folder: to write to; the file keeps its name.
        """
        self.records = self.beside = 0
        self._examined = examined
        session = examined.session
        self._writer = SessionWriter(
            folder / session.path.name,
            session.about() or about,
            math.inf,
            continues=session.continues,
        )

    def run(self) -> Iterator[int]:
        """Copy everything, in the order of time; gives the number of records done after each.

        Raises:
            OutputError: the new file cannot be written.
        """
        self._writer.open()
        streams = [self._records(), *(self._beside(channel) for channel in BESIDE)]
        for messages in heapq.merge(*streams, key=lambda each: each[0].log_time_ns):
            self._writer.copy(messages)
            if messages[0].channel == channels.CONTROL:
                self.records += 1
                yield self.records
            else:
                self.beside += 1
        self._writer.close()

    def _records(self) -> Iterator[list[Message]]:
        for record in np.flatnonzero(self._examined.good).tolist():
            messages = self._examined.session.messages(record)
            yield [messages[channel]._replace(channel=channel) for channel in sorted(messages)]

    def _beside(self, channel: int) -> Iterator[list[Message]]:
        for message in self._examined.session.beside(channel):
            if isinstance(message, Message):
                yield [message._replace(channel=channel)]
