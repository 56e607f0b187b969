"""Files that are there whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tubs.errors import OutputError


def check_writable(path: Path) -> Path:
    """Make sure, before long work begins, that a file can be written there.

    Raises:
        OutputError: the folder cannot be made or written, or a folder or a device stands in the
            way, of which a file would take the place.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file to write")
    if path.parent == Path("/dev") or (path.exists() and not path.is_file()):
        raise OutputError(f"{path} is no ordinary file: name a file to write")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK):
        raise OutputError(f"cannot write in {path.parent}: no permission, or it is read-only")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; it takes the name only when all went well.

    Raises:
        OutputError: the file cannot be written.
    """
    check_writable(path)
    draft = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        draft.unlink(missing_ok=True)
