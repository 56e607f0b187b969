"""Remote clients on a real socket: who has the wheel, what counts, and what is refused."""

import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from car.command import STOP, Command
from car.errors import DeviceError
from car.human import LONG_AGO_S, Status
from car.humans.remote import CLIENTS, DATAGRAMS_A_TICK, RemoteHuman
from car.humans.remote_client import NobodyThereError, RemoteClient
from car.modes import Event

EXPIRY_S = 0.2
DRIVE_AHEAD_S = 1000.0
"""The drive's clock is another than the clients'."""


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 10.0

    def __call__(self) -> float:
        return self.now_s


class Scene:
    """A drive that listens, and clients that talk to it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Hands()
        self.path = folder / "human.sock"
        self.human = RemoteHuman(EXPIRY_S, self.path, self.clock)

    def client(self) -> RemoteClient:
        return RemoteClient(self.path, self.clock)

    def look(self) -> tuple[Command, float, tuple[Event, ...]]:
        """The wish, with its age instead of its time."""
        now_s = self.clock.now_s + DRIVE_AHEAD_S
        wish = self.human.wish(now_s)
        return wish.command, round(now_s - wish.made_s, 6), wish.events

    def throw(self, datagram: bytes) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.sendto(datagram, str(self.path))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    with made.human:
        yield made


def test_whoever_chooses_has_the_wheel(scene: Scene) -> None:
    with scene.client() as one, scene.client() as other:
        one.send(event=Event.CHOOSE_HUMAN)
        other.send(0.9, 0.9)
        assert scene.look() == (STOP, 0.0, (Event.CHOOSE_HUMAN,))
        one.send(-0.5, 0.25)
        assert scene.look() == (Command(-0.5, 0.25), 0.0, ())
        other.send(0.9, 0.9, Event.CHOOSE_PILOT)
        assert scene.look() == (Command(-0.5, 0.25), 0.0, ())
        assert scene.human.driver == one.name
        assert scene.human.refused == {"another has the wheel": 1}


@pytest.mark.parametrize("event", [Event.STOP, Event.EMERGENCY])
def test_a_stop_counts_from_anyone_and_frees_the_wheel(scene: Scene, event: Event) -> None:
    with scene.client() as one, scene.client() as other:
        one.send(event=Event.CHOOSE_HUMAN)
        scene.look()
        other.send(event=event)
        assert event in scene.look()[2]
        assert scene.human.driver == ""
        other.send(event=Event.CHOOSE_PILOT)
        assert Event.CHOOSE_PILOT in scene.look()[2]
        assert scene.human.driver == other.name


def test_a_client_that_falls_silent_is_stale_and_has_to_choose_again(scene: Scene) -> None:
    with scene.client() as one:
        one.send(event=Event.CHOOSE_HUMAN)
        one.send(0.0, 0.5)
        assert scene.look()[0].throttle == 0.5
        scene.clock.now_s += EXPIRY_S + 0.01
        _, age_s, events = scene.look()
        assert age_s > EXPIRY_S
        assert events == (Event.STOP,)
        one.send(0.0, 0.5)
        assert scene.look() == (STOP, 0.0, ())


def test_a_pause_that_ended_between_two_looks_stops_too(scene: Scene) -> None:
    with scene.client() as one:
        one.send(event=Event.CHOOSE_HUMAN)
        scene.look()
        scene.clock.now_s += 2 * EXPIRY_S
        one.send(0.0, 0.5)
        assert scene.look() == (STOP, 0.0, (Event.STOP,))


def test_without_a_client_the_wish_never_counts(scene: Scene) -> None:
    assert scene.human.wish(5.0).made_s == LONG_AGO_S


def test_a_client_that_only_watches_can_rearm_with_the_throttle_let_go(scene: Scene) -> None:
    with scene.client() as one:
        one.send(0.0, 0.5, Event.REARM)
        assert scene.look() == (STOP, 0.0, ())
        one.send(0.0, 0.0, Event.REARM)
        assert scene.look() == (STOP, 0.0, (Event.REARM,))


def test_mode_stopped_frees_the_wheel(scene: Scene) -> None:
    with scene.client() as one, scene.client() as other:
        one.send(event=Event.CHOOSE_PILOT)
        scene.look()
        scene.human.tell(Status("pilot"))
        assert scene.human.driver == one.name
        scene.human.tell(Status("stopped", reason="the guard withheld throttle"))
        other.send(event=Event.CHOOSE_PILOT)
        scene.look()
        assert scene.human.driver == other.name


def message(number: int = 5, made_s: float = 10.0, **more: object) -> bytes:
    return msgspec.json.encode(
        {"client": "0123456789abcdef", "number": number, "made_s": made_s, **more}
    )


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "malformed"),
        (b"\xff\x00", "malformed"),
        (b"[" * 900, "malformed"),
        (b"null", "malformed"),
        (message(more=1), "malformed"),
        (message(steering=1.01), "malformed"),
        (message(throttle=-1.01), "malformed"),
        (message(throttle=True), "malformed"),
        (message(throttle="0.5"), "malformed"),
        (message(event="fault"), "malformed"),
        (message(event="silence"), "malformed"),
        (message(event="choose human\n"), "malformed"),
        (message(number=-1), "malformed"),
        (message(number=2**53), "malformed"),
        (message().replace(b"abcdef", b"abcdeg"), "malformed"),
        (message().replace(b"10.0", b"NaN"), "malformed"),
        (message().replace(b"10.0", b"1e999"), "malformed"),
        (message() + b" " * 1024, "too long"),
        (message(number=4), "replayed"),
        (message(number=3), "replayed"),
        (message(made_s=10.0 - EXPIRY_S - 0.001), "late"),
        (message(made_s=10.1), "from the future"),
    ],
)
def test_what_does_not_count_is_refused_and_counted(
    scene: Scene, datagram: bytes, reason: str
) -> None:
    scene.throw(message(number=4, event="choose human"))
    scene.throw(datagram)
    command, _, events = scene.look()
    assert command == STOP
    assert events == (Event.CHOOSE_HUMAN,)
    assert scene.human.refused == {reason: 1}


def test_a_late_emergency_still_counts(scene: Scene) -> None:
    scene.throw(message(made_s=1.0, event="emergency"))
    assert scene.look()[2] == (Event.EMERGENCY,)
    assert scene.human.refused == {"late": 1}


def test_a_crowd_is_kept_out_and_forgotten_when_silent(scene: Scene) -> None:
    for number in range(CLIENTS + 3):
        scene.throw(message().replace(b"0123456789abcdef", b"%016x" % number))
        if number % 8 == 7:
            scene.look()
    scene.look()
    assert scene.human.refused == {"one client too many": 3}
    scene.clock.now_s += 2.0
    scene.look()
    scene.throw(message(made_s=12.0))
    assert scene.look()[1] == 0.0


def test_the_newest_of_many_wins(scene: Scene) -> None:
    with scene.client() as one:
        one.send(event=Event.CHOOSE_HUMAN)
        for throttle in (0.1, 0.2, 0.3):
            one.send(0.0, throttle)
        assert scene.look()[0].throttle == 0.3


class Endless:
    """A socket that always has one more datagram."""

    def __init__(self) -> None:
        self.reads = 0

    def recvfrom(self, length: int) -> tuple[bytes, str]:
        self.reads += 1
        return b"flood", ""


def test_a_flood_takes_a_bounded_time(scene: Scene) -> None:
    assert scene.human._socket is not None
    real, flood = scene.human._socket.link, Endless()
    scene.human._socket.link = flood  # type: ignore[assignment]
    scene.look()
    scene.human._socket.link = real
    assert flood.reads == DATAGRAMS_A_TICK
    assert scene.human.refused == {"malformed": DATAGRAMS_A_TICK}


def test_clients_hear_how_the_drive_is_going(scene: Scene) -> None:
    with scene.client() as one, scene.client() as other:
        one.send(event=Event.CHOOSE_HUMAN)
        other.send()
        scene.look()
        scene.human.tell(Status("human", throttle=0.25))
        expected = Status("human", throttle=0.25, driver=one.name)
        assert one.status() == expected
        assert other.status() == expected
        assert other.status() is None


def test_a_status_names_the_driver_who_is_no_remote_client(scene: Scene) -> None:
    with scene.client() as one:
        one.send()
        scene.look()
        scene.human.tell(Status("human", driver="gamepad"))
        answer = one.status()
        assert answer is not None
        assert answer.driver == "gamepad"


def test_telling_a_client_that_does_not_listen_never_waits(scene: Scene) -> None:
    with scene.client() as one:
        one.send()
        scene.look()
        for _ in range(2000):
            scene.human.tell(Status("stopped"))
        assert scene.human.untold > 0
    scene.human.tell(Status("stopped"))


def test_nobody_is_told_who_was_silent_for_a_second(scene: Scene) -> None:
    with scene.client() as one:
        one.send()
        scene.look()
        scene.clock.now_s += 1.5
        scene.look()
        scene.human.tell(Status("stopped"))
        assert one.status() is None


def test_the_socket_is_for_owner_and_group_and_goes_with_its_drive(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with RemoteHuman(EXPIRY_S, path):
        assert path.stat().st_mode & 0o777 == 0o660
        with (
            pytest.raises(DeviceError, match="another drive listens"),
            RemoteHuman(EXPIRY_S, path),
        ):
            pass
        with RemoteClient(path) as client:
            assert client.send()
    assert not path.exists()
    with pytest.raises(NobodyThereError, match="no drive loop answers"), RemoteClient(path):
        pass


def test_the_file_of_a_dead_drive_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    with RemoteHuman(EXPIRY_S, path) as human, RemoteClient(path) as client:
        client.send()
        human.wish(0.0)
        assert not human.refused


def test_the_socket_of_a_living_drive_without_a_lock_is_not_stolen(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as alive:
        alive.bind(str(path))
        with (
            pytest.raises(DeviceError, match="another drive listens"),
            RemoteHuman(EXPIRY_S, path),
        ):
            pass
        assert path.exists()


def test_a_living_drive_whose_socket_was_removed_is_not_joined(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with RemoteHuman(EXPIRY_S, path):
        path.unlink()
        with (
            pytest.raises(DeviceError, match="another drive listens"),
            RemoteHuman(EXPIRY_S, path),
        ):
            pass


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DeviceError, match=r"cannot write .*gone"),
        RemoteHuman(EXPIRY_S, tmp_path / "gone" / "human.sock"),
    ):
        pass


def test_a_client_says_when_the_drive_has_gone(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with RemoteHuman(EXPIRY_S, path):
        client = RemoteClient(path).__enter__()
    with pytest.raises(NobodyThereError):
        client.send()
    client.__exit__()


def test_asking_before_listening_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="with block"):
        RemoteHuman(EXPIRY_S, tmp_path / "x").wish(0.0)


def test_a_socket_that_breaks_is_a_device_error(scene: Scene) -> None:
    assert scene.human._socket is not None
    scene.human._socket.link.close()
    with pytest.raises(DeviceError, match="broke"):
        scene.look()


def test_a_path_that_nothing_can_be_bound_to_is_named(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    path.mkdir()
    with pytest.raises(DeviceError, match="cannot listen at"), RemoteHuman(EXPIRY_S, path):
        pass
    with (
        pytest.raises(DeviceError, match="too long"),
        RemoteHuman(EXPIRY_S, tmp_path / ("x" * 120)),
    ):
        pass


def test_an_answer_that_is_no_status_is_a_device_error(scene: Scene) -> None:
    with scene.client() as one:
        one.send()
        scene.look()
        assert scene.human._socket is not None
        address = scene.human._clients[one.name].address
        scene.human._socket.link.sendto(b"what?", address)
        with pytest.raises(DeviceError, match="no status"):
            one.status()


def test_a_client_that_cannot_get_through_is_told_so(scene: Scene) -> None:
    with scene.client() as one:
        assert not all(one.send() for _ in range(2000))


def test_a_client_outside_its_context_is_refused(scene: Scene) -> None:
    with pytest.raises(DeviceError, match="with block"):
        scene.client().send()
