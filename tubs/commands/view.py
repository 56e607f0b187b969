"""`everlap tub view`: the page to see, judge and clean recordings."""

import os
import sys
import webbrowser
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8888,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; 0.0.0.0 lets others in who know the printed address.",
)
@click.option("--no-open", is_flag=True, help="Only print the address; open no browser.")
def view(folder: Path, port: int, host: str, no_open: bool) -> None:
    """See, judge and clean the tub DIR, or all tubs in the folder DIR, in a browser.

    Nothing that was recorded is ever changed: deleting marks records, and can be undone. Ctrl-C
    ends it.
    """
    from tubs.browser.server import PageServer
    from tubs.browser.shelf import Shelf

    server = PageServer(Shelf(folder), host, port)
    click.echo(f"{server.url}\nCtrl-C ends it.")
    if not no_open and _has_display():
        webbrowser.open(server.url)
    server.run()


def _has_display() -> bool:
    """Whether a browser would have somewhere to show itself."""
    if sys.platform != "linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
