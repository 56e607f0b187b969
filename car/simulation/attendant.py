"""Someone beside the simulated track who lets the pilot drive, and again after it was stopped."""

from car.command import STOP
from car.human import Wish
from car.modes import Event
from car.simulation.marshal import Marshal


class Attendant:
    """Chooses the pilot at first, and whenever the marshal has put the car back on the road.

    Without that, one stop by the runtime monitor or the guard would end the whole evaluation.
    """

    def __init__(self, marshal: Marshal) -> None:
        self._marshal = marshal
        self._put_back = -1

    def wish(self, now_s: float) -> Wish:
        """Keep a hand off the controls but for the choice."""
        put_back = self._marshal.standing.interventions
        if put_back == self._put_back:
            return Wish(STOP, now_s)
        self._put_back = put_back
        return Wish(STOP, now_s, (Event.CHOOSE_PILOT,))
