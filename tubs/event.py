"""Something that happened during a drive, beside the records."""

from dataclasses import dataclass

MODE = "mode"
FAULT = "fault"
EMERGENCY = "emergency"
INTERVENTION = "intervention"
LAP = "lap"
DROPPED = "dropped"
KINDS = (MODE, FAULT, EMERGENCY, INTERVENTION, LAP, DROPPED)
"""What happens today; a reader lets others pass."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        at_s: when, seconds on the monotonic clock of the drive.
        kind: one of KINDS: the mode changed, a part failed, an emergency stop, a human took over
            from a pilot, a lap was done, records were dropped.
        text: for a person to read.
    """

    at_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class TubEvent:
    """An event and where in its tub it happened.

    Attributes:
        session: number of the session in the tub.
        record: number in the tub of the first record captured at or after the event; the
            session's last one when there is none.
        event: what happened.
    """

    session: int
    record: int
    event: Event
