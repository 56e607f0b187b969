"""The folder that all processes of a car agree on."""

import os
from pathlib import Path

import pytest

from car.errors import DeviceError
from car.run_folder import SERVICE, run_folder, run_folders


def test_everlap_run_comes_first_and_is_made(tmp_path: Path) -> None:
    chosen = tmp_path / "a" / "b"
    environ = {"EVERLAP_RUN": str(chosen), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert run_folder(environ) == chosen
    assert chosen.is_dir()
    assert run_folders(environ) == [chosen]


def test_the_service_has_its_own_where_it_may_be_written(tmp_path: Path) -> None:
    service = tmp_path / "service"
    service.mkdir()
    assert run_folder({"XDG_RUNTIME_DIR": str(tmp_path)}, service) == service


def test_a_user_has_one_of_the_session(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert run_folder(environ, tmp_path / "no service") == tmp_path / "everlap"
    assert (tmp_path / "everlap").stat().st_mode & 0o777 == 0o700


def private(tmp_path: Path) -> Path:
    return tmp_path / f"everlap-run-{os.getuid()}"


def test_without_a_session_it_is_private_among_the_temporary_files(tmp_path: Path) -> None:
    environ = {"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "none")}
    folder = run_folder(environ, tmp_path / "no service")
    assert folder == private(tmp_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert run_folder({"TMPDIR": str(tmp_path)}, tmp_path / "no service") == folder
    assert folder in run_folders(environ)


def test_a_folder_that_others_can_write_is_refused(tmp_path: Path) -> None:
    private(tmp_path).mkdir()
    private(tmp_path).chmod(0o777)
    with pytest.raises(DeviceError, match="not this user's own"):
        run_folder({"TMPDIR": str(tmp_path)}, tmp_path / "no service")


def test_a_link_among_the_temporary_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    private(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DeviceError, match="not this user's own"):
        run_folder({"TMPDIR": str(tmp_path)}, tmp_path / "no service")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError, match="EVERLAP_RUN"):
        run_folder({"EVERLAP_RUN": str(tmp_path / "file" / "run")})


def test_clients_look_at_the_service_first() -> None:
    assert run_folders({"XDG_RUNTIME_DIR": "/run/user/1"})[:2] == [
        SERVICE,
        Path("/run/user/1/everlap"),
    ]
