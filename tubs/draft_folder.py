"""Folders that are there whole or not at all."""

import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tubs.errors import OutputError


@contextmanager
def folder_written_whole(folder: Path) -> Iterator[Path]:
    """Give a folder beside `folder` to fill; it takes the name only when all went well.

    Raises:
        OutputError: `folder` is there and not empty, or cannot be written.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise OutputError(f"{folder} exists already: name a new folder, or remove it first")
    draft = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    above = [parent for parent in folder.parents if not parent.exists()]
    try:
        draft.mkdir(parents=True)
        yield draft
        draft.replace(folder)
        above.clear()
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and folder.is_dir():
            raise OutputError(
                f"{folder} was made by another program meanwhile: name a new folder"
            ) from error
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        with suppress(OSError):
            for parent in above:
                parent.rmdir()
