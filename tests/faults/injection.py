"""Injects one fault of the table into the rig that it needs."""

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.faults.catalogue import Fault, Outcome

MODULES = {
    "virtual": "tests.faults.virtual_faults",
    "process": "tests.faults.process_faults",
    "disk": "tests.faults.disk_faults",
    "link": "tests.faults.link_rig",
}


LONG_STEP_S = 0.005
"""Of time in a long drive."""


def inject(fault: Fault, folder: Path, seed: int, lead_s: float = 0.0) -> Outcome:
    """Put a car together, let it drive, do the thing to it, and say what became of it.

    Args:
        fault: a line of the table.
        folder: empty; for the car's files.
        seed: decides what is random about the fault.
        lead_s: how long to drive before, in virtual time only.
    """
    module = import_module(MODULES[fault.rig])
    match fault.rig:
        case "virtual":
            return _in_virtual_time(fault, module, seed, lead_s)
        case "process" | "disk":
            return _in_processes(fault, module, folder, seed)
        case "link":
            from tests.faults.link_rig import LinkRig

            return LinkRig(folder, seed).run(getattr(module, fault.injector))


def _in_virtual_time(fault: Fault, module: ModuleType, seed: int, lead_s: float) -> Outcome:
    from tests.faults.virtual_rig import STEP_S, Rig

    rig = Rig(seed, LONG_STEP_S if lead_s else STEP_S)
    _prepare(fault, module, rig)
    return rig.run(getattr(module, fault.injector), lead_s)


def _in_processes(fault: Fault, module: ModuleType, folder: Path, seed: int) -> Outcome:
    from tests.faults.process_rig import ProcessRig, refuse_to_start

    rig = ProcessRig(folder, seed)
    if fault.then == "refused":
        try:
            _prepare(fault, module, rig)
            return refuse_to_start(rig)
        finally:
            rig.clean_up()
    try:
        _prepare(fault, module, rig)
        with rig:
            return rig.run(getattr(module, fault.injector))
    finally:
        rig.clean_up()


def _prepare(fault: Fault, module: ModuleType, rig: Any) -> None:
    prepare = getattr(module, f"prepare_{fault.injector}", None)
    if prepare is not None:
        prepare(rig)
