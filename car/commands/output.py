"""How commands give figures away: `--json FILE`, and the other outputs checked before work."""

from pathlib import Path
from typing import Any

import click
import msgspec

from tubs.atomic import check_writable, written_whole

json_option = click.option(
    "--json", "json_path", type=click.Path(path_type=Path), help="Write the figures to this file."
)


def check_outputs(*paths: Path | None) -> None:
    """Make sure that every output can be written, before the work begins.

    Raises:
        OutputError: one cannot be written.
    """
    for path in paths:
        if path is not None:
            check_writable(path)


def write_json(path: Path | None, figures: Any) -> None:
    """Write figures to a file, whole or not at all; no path, no file. nan becomes null.

    Raises:
        OutputError: it cannot be written.
    """
    if path is None:
        return
    with written_whole(path) as draft:
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
