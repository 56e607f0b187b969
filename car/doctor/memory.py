"""Check of memory: a Pi that swaps to its card drives late."""

import re

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

LEAST_FREE_MB = 120
MOST_SWAPPED = 0.5


def check_memory(machine: Machine, subject: Subject) -> list[Check]:
    """Look at free memory and at how much lies on the card."""
    sizes_kb = _sizes_kb(machine.text("/proc/meminfo") or "")
    if "MemAvailable" not in sizes_kb:
        return [Check("memory", None, "the system does not tell")]
    free_mb = sizes_kb["MemAvailable"] / 1024
    swap_mb = sizes_kb.get("SwapTotal", 0) / 1024
    swapped_mb = swap_mb - sizes_kb.get("SwapFree", 0) / 1024
    swap = f"{swapped_mb:.0f} of {swap_mb:.0f} MB swap used" if swap_mb else "no swap"
    detail = f"{free_mb:.0f} of {sizes_kb.get('MemTotal', 0) / 1024:.0f} MB free, {swap}"
    if free_mb < LEAST_FREE_MB:
        return [
            Check(
                "memory",
                False,
                detail,
                "end other programs; on a small Pi use Raspberry Pi OS Lite, without a desktop",
            )
        ]
    full = swap_mb and swapped_mb > MOST_SWAPPED * swap_mb
    return [Check("memory", True, detail, "end programs that you do not need" if full else "")]


def _sizes_kb(meminfo: str) -> dict[str, int]:
    pairs = re.findall(r"^(\w+):\s+(\d+) kB", meminfo, re.MULTILINE)
    return {name: int(size) for name, size in pairs}
