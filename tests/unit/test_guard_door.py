"""Where the guard listens: stale sockets go, living ones and files stay, faults are named."""

import os
import socket
import stat
from pathlib import Path

import pytest

from car.errors import ConfigError, DeviceError
from car.guard.door import _remedy, open_door
from car.guard.messages import guard_socket


def test_the_folder_can_be_named() -> None:
    assert guard_socket({}) == Path("/run/everlap/guard.sock")
    assert guard_socket({"EVERLAP_RUN": "/tmp/x"}) == Path("/tmp/x/guard.sock")


def test_only_user_and_group_may_come_in(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    mask = os.umask(0)
    try:
        with open_door(path):
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert os.umask(0) == 0
    finally:
        os.umask(mask)
    assert not path.exists()


def test_a_stale_socket_is_cleared_away(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(os.fspath(path))
    assert path.exists()
    with open_door(path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(os.fspath(path))


def test_a_living_guard_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    with open_door(path):
        with pytest.raises(DeviceError, match=r"another guard listens.*stop everlap-guard"):
            open_door(path).__enter__()
        assert path.exists()


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "guard.sock"
    path.write_text("mine")
    with pytest.raises(ConfigError, match="no socket"):
        open_door(path).__enter__()
    assert path.read_text() == "mine"


def test_paths_that_cannot_be_are_explained(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        open_door(tmp_path / "none" / "guard.sock").__enter__()
    with pytest.raises(ConfigError, match="more than 107 characters"):
        open_door(tmp_path / ("x" * 120)).__enter__()
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Not a directory"):
        open_door(tmp_path / "file" / "guard.sock").__enter__()
    assert "/run may not be written" in _remedy(Path("/run/x"), PermissionError(13, "no"))
