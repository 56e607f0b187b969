"""Figures of a command as a JSON file with stable keys."""

from pathlib import Path

import msgspec

from tubs.atomic import check_writable, written_whole


def check_figures_path(path: Path | None) -> None:
    """Make sure, before long work, that the figures can be written; None is none wanted.

    Raises:
        OutputError: they cannot be.
    """
    if path is not None:
        check_writable(path)


def write_figures(path: Path | None, figures: object) -> None:
    """Write figures as JSON, whole or not at all; None is none wanted.

    Raises:
        OutputError: they cannot be written.
    """
    if path is None:
        return
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2)
    with written_whole(path) as draft:
        draft.write_bytes(text + b"\n")
