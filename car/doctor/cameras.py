"""Checks of the cameras: which are there, what they can do, and whether car.toml's is one."""

import re
from collections.abc import Sequence
from pathlib import Path

from car.doctor.check import Check
from car.doctor.findings import CameraFinding, CameraModule
from car.doctor.machine import Machine, why_not
from car.doctor.probe import run_probe
from car.doctor.software import APT_CAMERA, PI_CAMERA
from car.doctor.subject import Subject

VIDEO = "/sys/class/video4linux"
PARTS_OF_THE_PI = ("bcm2835", "unicam", "rp1-cfe", "pispbe", "rpivid", "rpi-hevc", "hevc")
"""Beginnings of the names of video devices that are no cameras but parts of a Raspberry Pi."""

CABLE = (
    "power off and seat the ribbon cable anew at both ends, contacts to the right side; "
    "`rpicam-hello --list-cameras` must show it"
)
SIZE = re.compile(r"Size: Discrete (\d+x\d+)|\((\d+\.\d+) fps\)")
SHOWN = 6


def check_cameras(machine: Machine, subject: Subject) -> list[Check]:
    """Look for camera modules, for USB cameras, and for the one that car.toml names."""
    device = subject.config.camera.device
    found = _ask_picamera2(machine)
    usb = _usb_cameras(machine)
    wanted = device.partition(":")[0]
    checks = [_modules(found), _usb(machine, usb)]
    if wanted == "picamera2":
        checks.append(_wanted_module(found, expected=subject.is_expected(machine)))
    elif wanted == "usb":
        checks.append(_wanted_usb(machine, device, usb))
    else:
        checks.append(_wanted_replay(device))
    return checks


def _ask_picamera2(machine: Machine) -> CameraFinding | None:
    """None when picamera2 is not installed."""
    if machine.version_of(*PI_CAMERA) is None:
        return None
    found = run_probe(machine, "picamera2_probe", CameraFinding)
    if isinstance(found, str):
        return CameraFinding(fault=f"asking picamera2 failed: {found}")
    return found


def _modules(found: CameraFinding | None) -> Check:
    name = "camera modules"
    if found is None:
        return Check(name, None, "picamera2 is not installed")
    if found.fault:
        return Check(name, None, found.fault)
    if not found.cameras:
        return Check(name, None, "none")
    return Check(name, True, "; ".join(map(_described, found.cameras)))


def _described(camera: CameraModule) -> str:
    if not camera.modes:
        return f"{camera.model} (in use by another program: modes unknown)"
    fastest: dict[str, float] = {}
    for mode in camera.modes:
        size = f"{mode.width_px}x{mode.height_px}"
        fastest[size] = max(fastest.get(size, 0.0), mode.frames_per_s)
    return f"{camera.model}: {_listed(fastest)}"


def _listed(fastest: dict[str, float]) -> str:
    """List sizes with the highest rate of each."""
    modes = [f"{size} at {rate:g}" for size, rate in list(fastest.items())[:SHOWN]]
    more = ", ..." if len(fastest) > SHOWN else ""
    return f"{', '.join(modes)}{more} frames/s"


def _wanted_module(found: CameraFinding | None, *, expected: bool) -> Check:
    name, detail = "camera of car.toml", 'device = "picamera2"'
    if found is not None and found.cameras:
        return Check(name, True, f"{detail}: {found.cameras[0].model}")
    if not expected:
        return Check(name, None, f"{detail}: not a Raspberry Pi")
    if found is None:
        return Check(name, False, f"{detail}, but that is not installed", APT_CAMERA)
    if found.fault:
        return Check(name, False, found.fault, APT_CAMERA)
    return Check(name, False, f"{detail}, but no camera module answers", CABLE)


def _usb_cameras(machine: Machine) -> list[str]:
    """Names of video devices that can be cameras, such as video0."""
    return [
        device
        for device in machine.names(VIDEO)
        if not (machine.text(f"{VIDEO}/{device}/name") or "").startswith(PARTS_OF_THE_PI)
        and machine.text(f"{VIDEO}/{device}/index") in ("0", None)
    ]


def _usb(machine: Machine, devices: Sequence[str]) -> Check:
    if not devices:
        return Check("USB cameras", None, "none")
    shown = []
    for device in devices:
        modes = _usb_modes(machine, device)
        name = machine.text(f"{VIDEO}/{device}/name") or "unnamed"
        shown.append(f"usb:{device.removeprefix('video')} {name}" + (modes and f": {modes}"))
    return Check("USB cameras", True, "; ".join(shown))


def _usb_modes(machine: Machine, device: str) -> str:
    """Sizes and the highest rate of each, as v4l2-ctl tells; empty without it."""
    said = machine.said("v4l2-ctl", "-d", f"/dev/{device}", "--list-formats-ext") or ""
    fastest: dict[str, float] = {}
    size = ""
    for match in SIZE.finditer(said):
        size = match[1] or size
        if match[2] and size:
            fastest[size] = max(fastest.get(size, 0.0), float(match[2]))
    return _listed(fastest) if fastest else ""


def _wanted_usb(machine: Machine, device: str, usb: Sequence[str]) -> Check:
    name, asked = "camera of car.toml", device.partition(":")[2]
    node = f"/dev/video{asked}" if asked.isdecimal() else asked
    others = [f"usb:{other.removeprefix('video')}" for other in usb]
    if not machine.path(node).exists():
        there = f"; there is {', '.join(others)}" if others else ""
        return Check(
            name,
            False,
            f'device = "{device}", but {node} is not there{there}',
            "plug the camera in, or correct camera.device in car.toml",
        )
    fault = why_not(machine, machine.path(node))
    if fault is not None:
        return Check(
            name,
            False,
            f'device = "{device}": {node} cannot be opened: {fault}',
            f"`sudo usermod -aG video {machine.user}`, then log out and in again",
        )
    return Check(name, True, f'device = "{device}": {node} can be opened')


def _wanted_replay(device: str) -> Check:
    folder = Path(device.partition(":")[2])
    if folder.is_dir():
        return Check("camera of car.toml", True, f'device = "{device}": a tub, no real camera')
    return Check(
        "camera of car.toml",
        False,
        f'device = "{device}", but that folder is not there',
        "name the folder of a tub, or a real camera, in camera.device of car.toml",
    )
