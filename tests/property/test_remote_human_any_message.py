"""Whatever comes through the remote socket: never an exception, and never throttle when late."""

import itertools
import socket
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from car.command import STOP, Command
from car.human import Status
from car.humans.messages import LONGEST_BYTES, Message
from car.humans.remote import RemoteHuman
from car.humans.several import Several
from car.modes import Event, Mode, ModeState, commanded, next_state

EXPIRY_S = 0.2

json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
almost = st.fixed_dictionaries(
    {
        "client": st.just("0123456789abcdef") | st.text(max_size=20),
        "number": st.integers() | json_like,
        "made_s": st.just(10.0) | st.floats() | json_like,
        "steering": st.floats() | json_like,
        "throttle": st.floats() | json_like,
    },
    optional={"event": st.text(max_size=9) | json_like, "more": json_like},
)
datagrams = st.binary(max_size=2 * LONGEST_BYTES) | (json_like | almost).map(msgspec.json.encode)


@given(st.lists(datagrams, max_size=8))
@settings(max_examples=150, deadline=None)
def test_any_bytes_never_raise_and_never_drive(queue: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "human.sock"
        human = RemoteHuman(EXPIRY_S, path, lambda: 10.0)
        with human, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            for datagram in queue:
                link.sendto(datagram, str(path))
            wish = human.wish(10.0)
            human.tell(Status("stopped"))
    if human.driver == "":
        assert wish.command == STOP
    assert human.refused.total() <= len(queue)


clients = st.sampled_from(["0" * 16, "1" * 16])
said = st.tuples(
    clients,
    st.floats(0.0, 0.6),
    st.sampled_from([0.0, 0.0, 0.5, -0.5, 1.0]),
    st.sampled_from(
        [None, None, None, "choose human", "choose pilot", "stop", "emergency", "rearm"]
    ),
)
ticks = st.lists(st.tuples(st.floats(0.01, 0.5), st.lists(said, max_size=3)), max_size=25)


class Drive:
    """A drive's own rules over a remote human; it keeps when each client spoke last."""

    def __init__(self, path: Path, link: socket.socket) -> None:
        self.now_s = 10.0
        self.state = ModeState()
        self.said_s: dict[str, float] = {}
        self.human = RemoteHuman(EXPIRY_S, path, lambda: self.now_s)
        self.several = Several({"remote": self.human}, EXPIRY_S, [self.human])
        self._path, self._link = path, link
        self._numbers = itertools.count()

    def say(self, client: str, delay_s: float, throttle: float, event: str | None) -> None:
        made_s = self.now_s - delay_s
        self.said_s[client] = max(self.said_s.get(client, 0.0), made_s)
        message = Message(client, next(self._numbers), made_s, 0.0, throttle, event)  # type: ignore[arg-type]
        self._link.sendto(msgspec.json.encode(message), str(self._path))

    def tick(self) -> float:
        """One turn of the loop; gives the throttle."""
        wish = self.several.wish(self.now_s)
        events = wish.events
        if not 0.0 <= self.now_s - wish.made_s <= EXPIRY_S:
            stops = [event for event in events if event in (Event.STOP, Event.EMERGENCY)]
            events = (*stops, Event.SILENCE)
        for event in events:
            self.state = next_state(self.state, event, wish.command.throttle)
        return commanded(self.state.mode, wish.command, Command(0.0, 0.3)).throttle


@given(ticks)
@settings(max_examples=150, deadline=None)
def test_whoever_drives_spoke_within_the_expiry(
    script: list[tuple[float, list[tuple[str, float, float, str | None]]]],
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link,
    ):
        drive = Drive(Path(folder) / "human.sock", link)
        with drive.human:
            for passed_s, messages in script:
                drive.now_s += passed_s
                for message in messages:
                    drive.say(*message)
                throttle = drive.tick()
                if throttle or drive.state.mode is not Mode.STOPPED:
                    spoke_s = drive.said_s[drive.human.driver]
                    assert drive.now_s - spoke_s <= EXPIRY_S + 1e-9
                if any(event in ("stop", "emergency") for *_, event in messages):
                    assert drive.state.mode is Mode.STOPPED
                drive.several.tell(Status(drive.state.mode.value, drive.state.latched))
