"""Holds the wheel of the car on this machine until it is ended: half right, half throttle.

While the file named on the command line exists it chooses mode human whenever the car is stopped;
afterwards never again: a car that stopped then must not drive on for it.
"""

import sys
import time
from pathlib import Path

from car.errors import DeviceError
from car.humans.remote_client import RemoteClient
from car.modes import Event
from car.run_folder import HUMAN_SOCKET, SERVICE

EVERY_S = 0.04
"""Several times within human.expiry_s."""


def hold(car: RemoteClient, may_choose: Path) -> None:
    """Drive; choose first where that is allowed."""
    while True:
        time.sleep(EVERY_S)
        status = car.status()
        if may_choose.exists() and status is not None and status.mode == "stopped":
            car.send(event=Event.CHOOSE_HUMAN)
        else:
            car.send(0.5, 0.5)


def main(may_choose: str) -> None:
    """Hold the wheel of one drive loop after the other."""
    while True:
        try:
            with RemoteClient(SERVICE / HUMAN_SOCKET) as car:
                car.send()
                hold(car, Path(may_choose))
        except DeviceError:
            time.sleep(EVERY_S)


if __name__ == "__main__":
    main(sys.argv[1])
