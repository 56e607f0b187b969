"""What makes driving unsafe although every part of the loop works."""

from car.driver import Hazard
from car.power import PowerWatch
from car.recorder import DriveRecorder


def any_of(*hazards: Hazard) -> Hazard:
    """Give the first hazard that there is; the others need not be asked."""

    def look() -> str | None:
        return next((found for hazard in hazards if (found := hazard()) is not None), None)

    return look


def low_supply(power: PowerWatch) -> Hazard:
    """A supply that is about to break down: the Pi may stop at any moment, with the motor on."""

    def look() -> str | None:
        return f"the supply is failing: {power.warning}" if power.undervoltage else None

    return look


class RecordingEnded:
    """Tells once that nothing is recorded any more; whoever then chooses to drive on may."""

    def __init__(self, recorder: DriveRecorder) -> None:
        self._recorder = recorder
        self._told = False

    def __call__(self) -> str | None:
        """Say so at the first look after it happened."""
        fault = self._recorder.fault
        if fault is None or self._told:
            return None
        self._told = True
        return f"recording stopped: {fault}"
