"""Tubs to look at, a server that shows them, and a real browser that looks."""

import http.client
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from tubs.browser.server import PageServer
from tubs.browser.shelf import Shelf
from tubs.event import Event
from tubs.record import Record
from tubs.writer import TubWriter

CHROMIUM = Path("/usr/bin/chromium")
RATE_HZ = 20.0
SESSIONS = ("session-20261122T100000000Z-aaaa", "session-20261122T110000000Z-bbbb")
RECORDS = 120
"""In each of the sessions."""


def record(number: int) -> Record:
    """Grey of the record's own lightness, in human mode first and in pilot mode later."""
    image = np.full((24, 32, 3), 2 * number % 256, np.uint8)
    class_map = np.zeros((24, 32), np.uint8)
    class_map[:12] = 3
    at_s = 50.0 + number / RATE_HZ
    human = number < RECORDS // 2
    steering = float(np.sin(number / 10.0))
    return Record(
        image=image,
        captured_s=at_s,
        applied_s=at_s + 0.02,
        steering=steering,
        throttle=0.4,
        mode="human" if human else "pilot",
        human_steering=steering if human else None,
        pilot_steering=None if human else steering / 2,
        speed_m_s=1.5,
        class_map=class_map,
    )


def write_tub(folder: Path) -> Path:
    for session, name in enumerate(SESSIONS):
        with TubWriter(folder, session=name) as writer:
            for number in range(RECORDS):
                writer.append(record(number))
            writer.note(Event(50.0 + 30 / RATE_HZ, "lap", f"lap 1 of session {session}"))
            writer.note(Event(50.0 + 70 / RATE_HZ, "emergency", "emergency stop: by hand"))
    return folder


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tub(tmp_path_factory.mktemp("written") / "drive")


@pytest.fixture
def tub(written: Path, tmp_path: Path) -> Path:
    """A tub of one's own, to edit and to break."""
    return shutil.copytree(written, tmp_path / "drive")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Speaks to one server over a plain connection."""

    def __init__(self, server: PageServer) -> None:
        self.url = server.url
        self.port = int(server.url.split("?")[0].rstrip("/").rsplit(":", 1)[1])

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            read = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, read, answer.read())
        finally:
            connection.close()

    def edit(self, number: int = 0, **edit) -> Answer:
        return self.ask(
            f"/api/tubs/{number}/edits",
            "POST",
            json.dumps(edit).encode(),
            Origin=f"http://127.0.0.1:{self.port}",
            Content_Type="application/json",
        )


@contextmanager
def serving(folder: Path, host: str = "127.0.0.1") -> Iterator[Client]:
    server = PageServer(Shelf(folder), host, 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Client(server)
    finally:
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def client(tub: Path) -> Iterator[Client]:
    with serving(tub) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Callable[..., Client]]:
    """Serves a folder until the test ends."""
    with ExitStack() as stack:
        yield lambda folder, **settings: stack.enter_context(serving(folder, **settings))


def damage(folder: Path, number: int) -> None:
    """Break the picture of a record of the first session, and leave its numbers readable."""
    path = folder / f"{SESSIONS[0]}.mcap"
    jpeg = cv2.imencode(".jpg", record(number).image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    content = bytearray(path.read_bytes())
    places = list(_all_places(content, jpeg))
    assert places, "the picture is not in the file as it was encoded"
    content[places[0] + len(jpeg) // 2] ^= 0xFF
    path.write_bytes(content)


def _all_places(content: bytearray, part: bytes) -> Iterator[int]:
    place = content.find(part)
    while place >= 0:
        yield place
        place = content.find(part, place + 1)


@pytest.fixture(scope="session")
def chromium():
    """A real browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
