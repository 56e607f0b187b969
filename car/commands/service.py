"""`everlap service`: the car starts with the machine, and systemd looks after it."""

import os
import shlex
import sys
from pathlib import Path

import click

from car.service import manager
from car.service.errors import ServiceDownError
from car.service.install import check_root, install, planned, uninstall
from car.service.site import Site
from car.service.units import CODE
from tubs.figures import check_outputs, json_option, write_figures

root_option = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The tree of an image (`/` in a chroot): nothing is started or stopped.",
)


@click.group()
def service() -> None:
    """Start the car with the machine, and look after it."""


@service.command("install")
@click.option("--config", type=click.Path(path_type=Path), help="A car.toml elsewhere.")
@click.option("--pilot", type=click.Path(path_type=Path), help="A pilot file instead of ours.")
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@root_option
def install_command(
    config: Path | None, pilot: Path | None, dry_run: bool, root: Path | None
) -> None:
    """Install the guard and the car as systemd units, and start them.

    Settings are in /etc/everlap/car.toml, recordings go to /var/lib/everlap/recordings. Do it
    again after an update or with other options; what is not given stays as it was.
    """
    site = _site(root)
    car = site.car(config, pilot)
    if dry_run:
        for path, text in planned(site, car).items():
            click.echo(f"# {path}\n{text}")
        return
    check_root(site, _with_sudo())
    if site.is_running:
        manager.check_running()
    install(site, car, click.echo)


@service.command("uninstall")
@root_option
def uninstall_command(root: Path | None) -> None:
    """Stop the car and remove the units; settings and recordings stay."""
    site = _site(root)
    check_root(site, _with_sudo())
    if site.is_running:
        manager.check_running()
    uninstall(site, click.echo)


@service.command("status")
@json_option
def status_command(json_path: Path | None) -> None:
    """Say how guard and car fare, and why if they do not."""
    from car.service.status import in_words, report

    check_outputs(json_path)
    manager.check_running()
    found = report(Site())
    for line in in_words(found):
        click.echo(line)
    write_figures(json_path, found)
    if not found.up:
        raise ServiceDownError("the service is not up: see above, and `everlap service logs`")


@service.command("logs")
@click.option("--lines", default=50, show_default=True, type=click.IntRange(0))
def logs_command(lines: int) -> None:
    """Show what guard and car write, and go on until Ctrl-C."""
    manager.check_running()
    sys.stdout.flush()
    manager.follow_journal(lines)


@service.command("prepare", hidden=True)
@click.option("--config", required=True, type=click.Path(path_type=Path))
@click.option("--settings", required=True, type=click.Path(path_type=Path))
@click.option("--last-good", required=True, type=click.Path(path_type=Path))
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def prepare_command(
    config: Path, settings: Path, last_good: Path, command: tuple[str, ...]
) -> None:
    """Check car.toml, write the guard's settings, and become COMMAND."""
    from car.service.prepare import write_settings

    write_settings(config, settings, last_good)
    if command:
        os.execvp(command[0], command)


def _site(root: Path | None) -> Site:
    return Site() if root is None else Site(root.resolve(), is_running=False)


def _with_sudo() -> str:
    program = CODE / "everlap"
    words = [str(program) if program.is_file() else sys.argv[0], *sys.argv[1:]]
    return "sudo " + shlex.join(words)
