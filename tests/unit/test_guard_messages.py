"""What goes over the guard's socket, byte by byte, and what is no message."""

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from car.command import STOP, Command
from car.guard.guard import GuardState
from car.guard.messages import (
    LAST_TRIES_S,
    LONGEST_TEXT,
    REPLY_TIMEOUT_S,
    REQUEST_BYTES,
    Ask,
    Outcome,
    Reply,
    Request,
    guard_socket,
    receive_reply,
    receive_request,
    reply_bytes,
    request_bytes,
)

HALF, MINUS_HALF, TWO = struct.pack("<d", 0.5), struct.pack("<d", -0.5), struct.pack("<d", 2.0)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    for end in ends:
        end.settimeout(1.0)
    yield ends
    for end in ends:
        end.close()


Pair = tuple[socket.socket, socket.socket]


def test_the_numbers_of_what_is_asked_and_answered_never_change() -> None:
    """A client and a guard of two versions may meet while an upgrade runs."""
    assert [ask.value for ask in (Ask.APPLY, Ask.LEAVE, Ask.DRIVE, Ask.STATE)] == [1, 2, 3, 4]
    assert [(outcome.name, outcome.value) for outcome in Outcome] == [
        ("DONE", 1),
        ("STALE", 2),
        ("NONSENSE", 3),
        ("DEVICE", 4),
        ("CONFIG", 5),
        ("LEFT", 6),
        ("BUSY", 7),
    ]
    assert [(state.name, state.value) for state in GuardState] == [
        ("WAITING", 0),
        ("DRIVING", 1),
        ("LATCHED", 2),
    ]


def test_the_times_that_are_promised() -> None:
    assert (REPLY_TIMEOUT_S, LAST_TRIES_S, LONGEST_TEXT) == (0.1, 10.0, 1000)


def test_a_request_is_29_bytes(pair: Pair) -> None:
    data = request_bytes(Request(Ask.STATE, 0x01020304, 2.0, Command(0.5, -0.5)))
    assert data == b"\x04\x04\x03\x02\x01" + TWO + HALF + MINUS_HALF
    assert REQUEST_BYTES == len(data) == 29
    assert request_bytes(Request(Ask.LEAVE)) == b"\x02" + bytes(28)
    pair[0].sendall(data)
    assert receive_request(pair[1]) == Request(Ask.STATE, 0x01020304, 2.0, Command(0.5, -0.5))


def test_a_reply_is_24_bytes_and_its_text(pair: Pair) -> None:
    reply = Reply(Outcome.DEVICE, 258, Command(0.5, -0.5), GuardState.LATCHED, "höher")
    data = reply_bytes(reply)
    head = b"\x04\x02\x01\x00\x00" + HALF + MINUS_HALF
    assert data == head + b"\x02\x06\x00" + "höher".encode()
    pair[0].sendall(data + reply_bytes(Reply(Outcome.LEFT)))
    assert receive_reply(pair[1]) == reply
    assert receive_reply(pair[1]) == Reply(Outcome.LEFT, 0, STOP, GuardState.WAITING, "")


@pytest.mark.parametrize("length", [LONGEST_TEXT, LONGEST_TEXT + 1, 100_000])
def test_a_long_text_is_cut(pair: Pair, length: int) -> None:
    pair[0].sendall(reply_bytes(Reply(Outcome.DEVICE, text="x" * length)))
    assert receive_reply(pair[1]).text == "x" * LONGEST_TEXT


def test_a_text_cut_within_a_letter_is_still_read(pair: Pair) -> None:
    pair[0].sendall(reply_bytes(Reply(Outcome.DEVICE, text="x" + "ö" * LONGEST_TEXT)))
    text = receive_reply(pair[1]).text
    assert text.startswith("xööö")
    assert text.endswith("ö�")


def test_a_reply_that_comes_in_pieces_is_put_together(pair: Pair) -> None:
    text = "process 9 drives this car: end it first!"
    data = reply_bytes(Reply(Outcome.BUSY, 7, text=text))
    given = Dribble(data + data)
    for _ in range(2):
        reply = receive_reply(given)  # type: ignore[arg-type]
        assert (reply.sequence, reply.text) == (7, text)
    assert given.left == b""


class Dribble:
    """A socket that gives seven bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def recv(self, size: int) -> bytes:
        given, self.left = self.left[: min(size, 7)], self.left[min(size, 7) :]
        return given


def test_a_request_that_is_short_is_nonsense(pair: Pair) -> None:
    pair[0].sendall(bytes(28))
    with pytest.raises(ValueError, match="it sent 28 bytes, a request has 29"):
        receive_request(pair[1])


@pytest.mark.parametrize("number", [0, 5, 255])
def test_a_request_for_what_nobody_knows_is_nonsense(pair: Pair, number: int) -> None:
    pair[0].sendall(bytes([number]) + bytes(28))
    with pytest.raises(ValueError, match=f"{number} is not a valid Ask"):
        receive_request(pair[1])


def test_an_end_that_is_gone_is_said(pair: Pair) -> None:
    pair[0].sendall(reply_bytes(Reply(Outcome.DONE, text="digest"))[:-2])
    pair[0].close()
    with pytest.raises(EOFError, match="the other end of the guard's link is gone"):
        receive_reply(pair[1])
    with pytest.raises(EOFError, match="it is gone"):
        receive_request(pair[1])


@pytest.mark.parametrize("place", [0, 21])
def test_a_reply_that_means_nothing_is_refused(pair: Pair, place: int) -> None:
    data = bytearray(reply_bytes(Reply(Outcome.DONE)))
    data[place] = 99
    pair[0].sendall(data)
    with pytest.raises(ValueError, match="99 is not a valid"):
        receive_reply(pair[1])


def test_the_folder_of_the_socket_can_be_named() -> None:
    assert guard_socket({}) == Path("/run/everlap/guard.sock")
    assert guard_socket({"EVERLAP_RUN": "/tmp/x"}) == Path("/tmp/x/guard.sock")
