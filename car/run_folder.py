"""Where the sockets of a running car lie: the one folder that all its processes agree on."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from car.errors import DeviceError

SERVICE = Path("/run/everlap")
"""What the service manager makes for the service."""
HUMAN_SOCKET = "human.sock"
"""Where a drive loop listens to remote clients."""


def run_folder(environ: Mapping[str, str] = os.environ, service: Path = SERVICE) -> Path:
    """Give the folder for this process's sockets, and make it where it is missing.

    It is EVERLAP_RUN where that is set, else /run/everlap where this process may write there,
    else a private folder of this user: in XDG_RUNTIME_DIR, or with the temporary files.

    Raises:
        DeviceError: it cannot be made, or somebody else could swap what lies in it.
    """
    if environ.get("EVERLAP_RUN"):
        return _made(Path(environ["EVERLAP_RUN"]))
    if _is_writable(service):
        return service
    session = environ.get("XDG_RUNTIME_DIR")
    if session and _is_writable(Path(session)):
        return _made(Path(session) / "everlap")
    return _checked(_made(_own_temporary(environ)))


def run_folders(environ: Mapping[str, str] = os.environ, service: Path = SERVICE) -> list[Path]:
    """Name every folder where a car of this machine may have its sockets, likeliest first.

    They need not exist. For root these are the folders of all users.
    """
    if environ.get("EVERLAP_RUN"):
        return [Path(environ["EVERLAP_RUN"])]
    session = environ.get("XDG_RUNTIME_DIR")
    places = [service, *([Path(session) / "everlap"] if session else [])]
    places.append(_own_temporary(environ))
    if os.geteuid() == 0:
        places += sorted(Path("/run/user").glob("*/everlap"))
        places += sorted(_own_temporary(environ).parent.glob("everlap-run-*"))
    return list(dict.fromkeys(places))


def _own_temporary(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("TMPDIR", "/tmp")) / f"everlap-run-{os.getuid()}"


def _is_writable(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DeviceError(
            f"no folder for sockets: {folder} cannot be made ({error.strerror}); set EVERLAP_RUN "
            "to a folder that may be written"
        ) from error
    return folder


def _checked(folder: Path) -> Path:
    """See that among everybody's temporary files a folder is this user's own."""
    found = folder.lstat()
    is_private = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o022
    if not is_private or found.st_uid != os.getuid():
        raise DeviceError(
            f"{folder} is not this user's own folder: remove it, or set EVERLAP_RUN to another"
        )
    return folder
