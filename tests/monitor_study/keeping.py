"""Writes what was learned where the car reads it."""

from pathlib import Path

import msgspec

from car.monitor_signs import MonitorWeights

HEAD = """\
# What the runtime monitor has learned: how much each sign tells that the car is about to leave the
# road, in log odds per unit. Chosen from drives of the shipped pilot by
# `python -m tests.monitor_study choose FOLDER --keep`; car/README.md says how.

"""


def keep(learned: MonitorWeights, path: Path) -> None:
    """Write weights as TOML."""
    parts = msgspec.to_builtins(learned)
    lines = [f"{name} = {value}" for name, value in parts.items() if isinstance(value, float)]
    for section in ("weights", "calm"):
        lines += ["", f"[{section}]", *(f"{n} = {v}" for n, v in parts[section].items())]
    path.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
