"""Everybody at the controls of this machine, as a drive gets them."""

import sys
import time
from pathlib import Path

import pytest

from car.config import HumanConfig
from car.errors import DeviceError
from car.human import NOBODY, Status
from car.humans.controls import controls
from car.humans.remote_client import RemoteClient
from car.modes import Event


def test_a_remote_client_drives_and_hears_who_drives(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with controls(HumanConfig(), path) as everybody:
        assert everybody.human.wish(time.monotonic()) == NOBODY
        with RemoteClient(path) as client:
            client.send(event=Event.CHOOSE_HUMAN)
            wish = everybody.human.wish(time.monotonic())
            assert wish.events == (Event.CHOOSE_HUMAN,)
            assert everybody.human.driver == "remote"
            everybody.human.tell(Status("human", throttle=0.1))
            assert client.status() == Status("human", throttle=0.1, driver=client.name)
        assert not everybody.ended
    assert not path.exists()


def test_a_second_drive_does_not_listen_beside_the_first(tmp_path: Path) -> None:
    path = tmp_path / "human.sock"
    with (
        controls(HumanConfig(), path),
        pytest.raises(DeviceError, match="another drive listens"),
        controls(HumanConfig(), path),
    ):
        pass


def test_without_evdev_the_others_are_listened_to_and_the_remedy_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("evdev", "car.drivers.gamepad_search", "car.drivers.gamepad"):
        monkeypatch.setitem(sys.modules, module, None)
    with controls(HumanConfig(), tmp_path / "human.sock") as everybody:
        assert everybody.human.wish(0.0) == NOBODY
    assert "sudo apt install python3-evdev" in caplog.text
