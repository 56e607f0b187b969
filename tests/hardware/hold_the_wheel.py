"""Holds the wheel of the car on this machine until it is ended: half right, half throttle.

It chooses mode human once, with the throttle let go, and never again: a car that stopped must not
drive on for it.
"""

import time

from car.errors import DeviceError
from car.humans.remote_client import RemoteClient
from car.modes import Event
from car.run_folder import HUMAN_SOCKET, SERVICE

EVERY_S = 0.04
"""Several times within human.expiry_s."""


def main() -> None:
    """Choose, then drive; go on talking when nobody answers."""
    chosen = False
    while True:
        try:
            with RemoteClient(SERVICE / HUMAN_SOCKET) as car:
                if not chosen:
                    car.send(event=Event.CHOOSE_HUMAN)
                    chosen = True
                while True:
                    time.sleep(EVERY_S)
                    car.send(0.5, 0.5)
        except DeviceError:
            time.sleep(EVERY_S)


if __name__ == "__main__":
    main()
