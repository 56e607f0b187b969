"""The socket in the file system at which a guard that is a service listens."""

import grp
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from car.errors import ConfigError, DeviceError

MODE = 0o660
GROUP = "i2c"
"""Its members may drive; without such a group only the guard's own user and group may."""


@contextmanager
def open_door(path: Path) -> Iterator[socket.socket]:
    """Listen at a path; what a guard that died left there is cleared away.

    To be called by whoever holds the bus's lock: then nobody alive needs the old socket.

    Raises:
        ConfigError: nothing can be listened to at this path.
        DeviceError: somebody listens there.
    """
    _clear(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        mask = os.umask(0o777 & ~MODE)
        try:
            listener.bind(os.fspath(path))
        except OSError as error:
            raise ConfigError(f"cannot listen at {path}: {_remedy(path, error)}") from error
        finally:
            os.umask(mask)
        listener.listen(8)
        with suppress(KeyError, PermissionError):
            os.chown(path, -1, grp.getgrnam(GROUP).gr_gid)
        try:
            yield listener
        finally:
            with suppress(OSError):
                path.unlink()


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens at.

    Raises:
        ConfigError: what lies there is no socket.
        DeviceError: somebody listens there.
    """
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise ConfigError(f"cannot listen at {path}: a file lies there that is no socket")
    except OSError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(os.fspath(path))
        except OSError:
            with suppress(OSError):
                path.unlink()
            return
    raise DeviceError(
        f"another guard listens at {path}: stop it with `sudo systemctl stop everlap-guard`"
    )


def _remedy(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no folder {path.parent}; make it, or name another with EVERLAP_RUN"
    if isinstance(error, PermissionError):
        return f"{path.parent} may not be written; start it as `everlap service install` does"
    if "too long" in str(error):
        return "the path has more than 107 characters; name a shorter folder with EVERLAP_RUN"
    return str(error.strerror)
