"""Notes in the recording what the simulator's marshal saw: laps, and cars put back on the road."""

from car.loop import Tick
from car.recorder import DriveRecorder
from car.simulation.marshal import Marshal
from tubs.event import INTERVENTION, LAP, Event


class LapEvents:
    """Watches a simulated drive.

    Args:
        marshal: knows how the drive is going.
        recorder: takes the events.
    """

    def __init__(self, marshal: Marshal, recorder: DriveRecorder) -> None:
        self._marshal, self._recorder = marshal, recorder
        self._laps = marshal.standing.laps
        self._put_back = marshal.standing.interventions

    def watch(self, tick: Tick) -> None:
        """Take a tick."""
        self.look(tick.frame.captured_s)

    def look(self, at_s: float) -> None:
        """See what is new; the drive may end before the tick that would tell of the last lap."""
        standing = self._marshal.standing
        while self._laps < standing.laps:
            took_s = standing.lap_times_s[self._laps]
            self._laps += 1
            self._recorder.note(Event(at_s, LAP, f"lap {self._laps} in {took_s:.2f} s"))
        while self._put_back < standing.interventions:
            self._put_back += 1
            text = "the marshal put the car back on the road"
            self._recorder.note(Event(at_s, INTERVENTION, text))
