"""Several people at the controls: one has the wheel, and each can stop the car."""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from car.command import STOP
from car.errors import DeviceError
from car.human import LONG_AGO_S, NOBODY, Human, Listener, Status, Wish
from car.modes import AT_REST, Event, Mode

logger = logging.getLogger(__name__)

CHOICES = (Event.CHOOSE_HUMAN, Event.CHOOSE_ASSISTED, Event.CHOOSE_PILOT)
STOPS = (Event.STOP, Event.EMERGENCY)


class Several:
    """Combines sources of wishes.

    Whoever chooses a mode has the wheel until somebody stops the car, or until that source falls
    silent: then its old wish is handed on, which stops the car. While nobody has the wheel any
    source may choose, and re-arm with its own throttle let go. STOP and EMERGENCY count from
    each, also from one that is silent otherwise; they come after all else that was heard.

    Attributes:
        driver: the name of the source that has the wheel; empty when none has.
    """

    def __init__(
        self, sources: Mapping[str, Human], expiry_s: float, listeners: Sequence[Listener] = ()
    ) -> None:
        """Store the sources.

        Args:
            sources: by the name that a status calls them.
            expiry_s: how long a wish counts.
            listeners: who is told how the drive is going.
        """
        self.driver = ""
        self._sources = dict(sources)
        self._expiry_s = expiry_s
        self._listeners = list(listeners)
        self._lost: set[str] = set()

    def wish(self, now_s: float) -> Wish:
        """Ask all sources, and give the wish of the one that has the wheel."""
        wishes = {name: self._ask(name, source, now_s) for name, source in self._sources.items()}
        wanted = self._wanted(wishes, now_s)
        wish = wishes.get(self.driver) or _of_nobody(wishes)
        stops = tuple(event for each in wishes.values() for event in each.events if event in STOPS)
        if stops or not self._is_fresh(wish, now_s):
            self.driver = ""
        return Wish(wish.command, wish.made_s, (*wanted, *stops))

    def tell(self, status: Status) -> None:
        """Take the state after a tick: in mode stopped nobody has the wheel any longer."""
        if status.mode == Mode.STOPPED.value:
            self.driver = ""
        if self._listeners:
            told = msgspec.structs.replace(status, driver=self.driver)
            for listener in self._listeners:
                listener.tell(told)

    def _ask(self, name: str, source: Human, now_s: float) -> Wish:
        """A source's wish; one whose device fails is lost, which stops the car once."""
        try:
            wish = source.wish(now_s)
        except DeviceError as error:
            if name in self._lost:
                return NOBODY
            logger.error("lost the %s: %s", name, error)
            self._lost.add(name)
            return Wish(STOP, LONG_AGO_S, (Event.STOP,))
        self._lost.discard(name)
        return wish

    def _wanted(self, wishes: Mapping[str, Wish], now_s: float) -> list[Event]:
        """What counts of the choices made and of re-arming; the first to choose gets the wheel."""
        wanted = []
        for name, wish in wishes.items():
            for event in wish.events if self._is_fresh(wish, now_s) else ():
                if event in CHOICES and self.driver in ("", name):
                    self.driver = name
                    wanted.append(event)
                elif event is Event.REARM and not self.driver and _has_let_go(wish):
                    wanted.append(event)
        return wanted

    def _is_fresh(self, wish: Wish, now_s: float) -> bool:
        return 0.0 <= now_s - wish.made_s <= self._expiry_s


def _has_let_go(wish: Wish) -> bool:
    return abs(wish.command.throttle) <= AT_REST


def _of_nobody(wishes: Mapping[str, Wish]) -> Wish:
    """No command, as fresh as whoever is there."""
    return Wish(STOP, max((wish.made_s for wish in wishes.values()), default=LONG_AGO_S))
