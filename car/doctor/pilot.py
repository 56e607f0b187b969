"""Checks of the pilot: a runtime runs it, it is fast enough, and its camera is this camera."""

import msgspec

from car.doctor.check import Check
from car.doctor.findings import PilotFinding
from car.doctor.machine import Machine
from car.doctor.probe import run_probe
from car.doctor.subject import Subject

SHARE_OF_FRAME = 0.5
"""How much of the time between two frames a decision may take."""


def check_pilot(machine: Machine, subject: Subject) -> list[Check]:
    """Load the pilot and let it decide, in a process of its own."""
    camera = subject.config.camera
    settings = msgspec.json.encode(camera).decode()
    found = run_probe(machine, "pilot_probe", PilotFinding, str(subject.pilot), settings)
    name = subject.pilot.name
    if isinstance(found, str):
        remedy = "`pip install -U ai-edge-litert`, on a 64-bit system; then try again"
        return [Check("pilot", False, f"trying {name} failed: {found}", remedy)]
    if found.fault:
        return [Check("pilot", False, found.fault, _after_colon(found.fault))]
    return [
        Check("pilot", True, f"{name} fits the camera's {camera.width_px}x{camera.height_px} px"),
        _speed(found, camera.frames_per_s),
        _lens(found),
    ]


def _after_colon(fault: str) -> str:
    """Take the advice that PilotError's messages end with."""
    return fault.rpartition(": ")[-1].rpartition("; ")[-1]


def _speed(found: PilotFinding, frames_per_s: float) -> Check:
    detail = (
        f"{found.runtime}: {found.median_ms:.2f} ms a decision (median of 50, slowest "
        f"{found.slowest_ms:.1f}); a frame every {1e3 / frames_per_s:.0f} ms"
    )
    if found.median_ms <= SHARE_OF_FRAME * 1e3 / frames_per_s:
        return Check("pilot speed", True, detail)
    return Check(
        "pilot speed",
        False,
        detail,
        "lower camera.frames_per_s in car.toml, close other programs, or train a smaller network",
    )


def _lens(found: PilotFinding) -> Check:
    if not found.lens_differences:
        return Check("pilot's camera", True, "looks as the camera that the pilot learned with did")
    return Check(
        "pilot's camera",
        None,
        f"not as the pilot learned it: {'; '.join(found.lens_differences)}",
        "set [camera.lens] in car.toml to your camera, or train with recordings of your own car",
    )
