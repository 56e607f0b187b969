"""Figures of a command as a JSON file with stable keys, and outputs checked before the work."""

from pathlib import Path

import click
import msgspec

from tubs.atomic import check_writable, written_whole
from tubs.errors import OutputError
from tubs.tub_folder import is_part_of_a_tub

json_option = click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file."
)


def check_outputs(*paths: Path | None) -> None:
    """Make sure, before long work, that every output can be written; None is none wanted.

    Raises:
        OutputError: one cannot be, or would take the place of a part of a recording.
    """
    for path in paths:
        if path is not None:
            if is_part_of_a_tub(path):
                raise OutputError(f"{path} is the name of a part of a tub: name another file")
            check_writable(path)


def write_figures(path: Path | None, figures: object) -> None:
    """Write figures as JSON, whole or not at all; None is none wanted. nan becomes null.

    Raises:
        OutputError: they cannot be written.
    """
    if path is None:
        return
    text = msgspec.json.format(msgspec.json.encode(figures), indent=2)
    with written_whole(path) as draft:
        draft.write_bytes(text + b"\n")
