"""Watches the Raspberry Pi's supply while the car drives: undervoltage, throttling, heat."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

log = logging.getLogger(__name__)

UNDERVOLTAGE = 1 << 0
HAS_OCCURRED = 16
"""How far above a flag for now lies the flag that it has occurred since the Pi was started."""

CONDITIONS = (
    "undervoltage",
    "clock capped",
    "throttled",
    "close to its temperature limit",
)
"""What bits 0 to 3 say about now, and bits 16 to 19 about the time since the start."""

FIRMWARE_FLAGS = (
    "sys/devices/platform/soc*/soc*:firmware/get_throttled",
    "sys/devices/platform/soc*/firmware/get_throttled",
    "sys/devices/platform/firmware/get_throttled",
)
SUPPLY_ALARM = "sys/class/hwmon/hwmon*/in0_lcrit_alarm"
SUPPLY_MONITOR = "rpi_volt"
LEAVE_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class PowerFlags:
    """What the Pi's firmware says about its supply and its heat.

    Attributes:
        bits: as in `vcgencmd get_throttled`.
        now: the conditions that hold now, in words.
        occurred: the conditions that have held since the Pi was started, in words.
    """

    bits: int
    now: tuple[str, ...]
    occurred: tuple[str, ...]

    @property
    def undervoltage(self) -> bool:
        """Whether the supply is too low now: below about 4.63 V."""
        return bool(self.bits & UNDERVOLTAGE)


def decode_throttled(bits: int) -> PowerFlags:
    """Put the firmware's flags into words; bits that mean nothing known are left out."""
    now = tuple(name for bit, name in enumerate(CONDITIONS) if bits >> bit & 1)
    occurred = tuple(
        name for bit, name in enumerate(CONDITIONS) if bits >> (bit + HAS_OCCURRED) & 1
    )
    return PowerFlags(bits, now, occurred)


class PiPower:
    """Reads the firmware's flags from the files of a Raspberry Pi's kernel.

    Args:
        root: where the file system begins.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._flags = next((path for name in FIRMWARE_FLAGS for path in root.glob(name)), None)
        alarms = (path for path in root.glob(SUPPLY_ALARM) if _measures_supply(path.parent))
        self._alarm = next(alarms, None)

    def __call__(self) -> int | None:
        """Give the flags as `vcgencmd get_throttled` numbers them; None where there are none.

        Raises:
            OSError: a file that was there cannot be read.
            ValueError: it holds no number.
        """
        if self._flags is None and self._alarm is None:
            return None
        bits = int(self._flags.read_text("ascii"), 16) if self._flags else 0
        if self._alarm is not None and int(self._alarm.read_text("ascii")):
            bits |= UNDERVOLTAGE
        return bits


def _measures_supply(monitor: Path) -> bool:
    try:
        return (monitor / "name").read_text("ascii").strip() == SUPPLY_MONITOR
    except (OSError, ValueError):
        return False


class PowerWatch:
    """Looks at the supply now and then in a thread of its own; asking it costs an attribute.

    Where there is nothing to read it says nothing. A reading that fails is counted, and what was
    last known stays.

    Args:
        read: gives the flags, or None where there are none; may raise OSError or ValueError.
        period_s: between two looks.

    Attributes:
        undervoltage: the supply was too low at the last look: the car should stop.
        warning: what is wrong, in words; None when all is well.
        failed_reads: counts readings that failed.
    """

    def __init__(self, read: Callable[[], int | None], period_s: float = 1.0) -> None:
        self._read, self._period_s = read, period_s
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        self._occurred: int | None = None
        self.undervoltage = False
        self.warning: str | None = None
        self.failed_reads = 0

    def __enter__(self) -> Self:
        """Look once, then begin to watch."""
        self._leave.clear()
        self.look()
        self._thread = threading.Thread(target=self._watch, name="power-watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the watch; a reading that hangs is not waited for."""
        self._leave.set()
        if self._thread is not None:
            self._thread.join(LEAVE_TIMEOUT_S)

    def look(self) -> None:
        """Read the flags once; never raises what a reading may raise."""
        try:
            bits = self._read()
        except (OSError, ValueError) as error:
            if not self.failed_reads:
                log.warning("the power flags cannot be read: %s", error)
            self.failed_reads += 1
            return
        if bits is not None:
            self._take(bits)

    def _take(self, bits: int) -> None:
        flags = decode_throttled(bits)
        warning = ", ".join(f"{name} now" for name in flags.now)
        if self._dipped(bits >> HAS_OCCURRED) and not flags.undervoltage:
            warning = ", ".join(filter(None, ["undervoltage a moment ago", warning]))
        if warning and warning != self.warning:
            log.warning("power: %s", warning)
        self.undervoltage, self.warning = flags.undervoltage, warning or None

    def _dipped(self, occurred: int) -> bool:
        """Whether the supply broke down between two looks, so briefly that neither saw it."""
        before, self._occurred = self._occurred, occurred
        return before is not None and bool(occurred & ~before & UNDERVOLTAGE)

    def _watch(self) -> None:
        while not self._leave.wait(self._period_s):
            self.look()
