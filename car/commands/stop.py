"""`everlap stop`: the emergency stop of a car that drives on this machine."""

import time
from pathlib import Path

import click

from car.errors import CarError, DeviceError
from car.human import Status
from car.humans.remote_client import NobodyThereError, RemoteClient
from car.modes import Event, Mode
from car.run_folder import HUMAN_SOCKET, run_folders

PATIENCE_S = 1.0
EVERY_S = 0.05
CROWDED_S = 0.0002
"""Somebody floods the drive: its queue is full, and whoever knocks most often gets in."""
LAST_RESORT = "to be sure: pull the battery, or sudo systemctl stop everlap"


class NotStoppedError(CarError):
    """No car said that it stands."""

    exit_code = 1


@click.command()
def stop() -> None:
    """Stop the car at once, and hold it until someone re-arms.

    Does what the emergency button of a gamepad does, and waits until the drive loop says that the
    car is stopped. Every drive loop that this user may talk to is stopped; with sudo every one of
    this machine.
    """
    stopped, silent = [], []
    places = [folder / HUMAN_SOCKET for folder in run_folders()]
    for path in places:
        try:
            if _stop(path):
                stopped.append(path)
            else:
                silent.append(f"the drive loop at {path} did not say that it stopped")
        except NobodyThereError:
            continue
        except DeviceError as error:
            silent.append(str(error))
    for path in stopped:
        click.echo(f"stopped, until someone re-arms: {path}")
    if silent:
        raise NotStoppedError(f"{'; '.join(silent)}; {LAST_RESORT}")
    if not stopped:
        looked = ", ".join(str(path) for path in places)
        raise NotStoppedError(f"no drive loop answers at {looked}; {LAST_RESORT}")


def _stop(path: Path) -> bool:
    """Send the emergency stop again and again until the car stands; False when it never does."""
    ends_s = time.monotonic() + PATIENCE_S
    with RemoteClient(path) as client:
        while time.monotonic() < ends_s:
            got_in = client.send(event=Event.EMERGENCY)
            status = client.status(EVERY_S if got_in else CROWDED_S)
            if status is not None and _stands(status):
                return True
    return False


def _stands(status: Status) -> bool:
    return status.mode == Mode.STOPPED.value and status.latched and status.throttle == 0.0
