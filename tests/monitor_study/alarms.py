"""What a stream of evidence is worth: how early it warns of events, and how often for nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from car.monitor import MOST_DOUBT
from tests.monitor_study.signs import Floats, Kept

FORESIGHT_S = 3.0
"""An alarm belongs to an event that follows within this time; otherwise it is false."""
ALARM_ENDS = 0.5
"""Doubt at which an alarm is over, so that one that flickers counts once."""


@dataclass(frozen=True)
class Alarms:
    """What a monitor said in some drives.

    Attributes:
        leads_s: of every event, from the alarm to it; 0 without an alarm.
        since_s: of every event, from the beginning of its trouble; nan without one.
        false: alarms that nothing followed.
        hours: driven in frames that count.
    """

    leads_s: Floats
    since_s: Floats
    false: int
    hours: float

    @property
    def false_per_hour(self) -> float:
        """False alarms an hour of driving that counts; nan without any driving."""
        return self.false / self.hours if self.hours else float("nan")

    def recall(self, lead_s: float, least_since_s: float = 0.0) -> float:
        """Share of events that were flagged in time.

        Args:
            lead_s: before the event.
            least_since_s: only events whose trouble, if any, began so long before.
        """
        leads = self.leads_s[~(self.since_s < least_since_s)]
        return float(np.mean(leads >= lead_s - 1e-6)) if len(leads) else float("nan")


def doubts(evidence: Floats, time_s: Floats, threshold: float) -> Floats:
    """Sum evidence up over time as the monitor does."""
    steps = np.clip(np.diff(time_s, prepend=time_s[0]), 0.0, 0.2) * evidence / threshold
    return np.asarray(_summed(steps))


@njit(cache=True)
def _summed(steps):  # type: ignore[no-untyped-def]
    doubt, found = 0.0, np.empty(len(steps))
    for index in range(len(steps)):
        doubt = min(MOST_DOUBT, max(0.0, doubt + steps[index]))
        found[index] = doubt
    return found


def alarms_of(drive: Kept, doubt: Floats) -> Alarms:
    """Compare doubt with what then happened."""
    alarm = doubt >= 1.0
    leads, before = [], -np.inf
    for event in drive.events:
        at_s = drive.time_s[event]
        earliest_s = max(at_s - FORESIGHT_S, before)
        flagged = np.flatnonzero(alarm[:event] & (drive.time_s[:event] > earliest_s))
        leads.append(at_s - drive.time_s[flagged[0]] if len(flagged) else 0.0)
        before = at_s
    false = sum(_is_false(drive, each) for each in _beginnings(doubt))
    hours = float(drive.counts.sum() * np.median(np.diff(drive.time_s)) / 3600)
    return Alarms(np.array(leads), drive.since_s, false, hours)


def _beginnings(doubt: Floats) -> list[int]:
    """Frames at which an alarm begins; one that flickers begins once."""
    alarm = doubt >= 1.0
    rises = np.flatnonzero(alarm & ~np.concatenate([[False], alarm[:-1]]))
    found: list[int] = []
    last = 0
    for index in rises.tolist():
        if not found or doubt[last:index].min() <= ALARM_ENDS:
            found.append(index)
        last = index
    return found


def _is_false(drive: Kept, index: int) -> bool:
    if not drive.counts[index]:
        return False
    until = np.searchsorted(drive.time_s, drive.time_s[index] + FORESIGHT_S)
    return not drive.off_road[index:until].any()


def together(parts: Sequence[Alarms]) -> Alarms:
    """Add up several drives."""
    return Alarms(
        np.concatenate([np.zeros(0), *(part.leads_s for part in parts)]),
        np.concatenate([np.zeros(0), *(part.since_s for part in parts)]),
        sum(part.false for part in parts),
        sum(part.hours for part in parts),
    )
