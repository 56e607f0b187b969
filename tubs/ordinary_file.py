"""Files read when they are files: a pipe would be waited for, and a device may never end."""

import errno
import os
import stat
from pathlib import Path


def open_ordinary(path: Path) -> int:
    """Open a file for reading, without waiting for anybody.

    Returns:
        Its descriptor.

    Raises:
        OSError: it cannot be opened, or is a pipe, a socket or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is a pipe or a device and no file", str(path))


def read_ordinary(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        OSError: it cannot be read, or is a pipe, a socket or a device.
    """
    with os.fdopen(open_ordinary(path), "rb") as file:
        return file.read()
