"""Checks of Python and of the packages that driving, recording and simulation need."""

from typing import NamedTuple

from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject


class Package(NamedTuple):
    """A package by the name to import and the name to install."""

    module: str
    distribution: str


PYTHONS = ((3, 11), (3, 13))

RUNTIMES = [
    Package("ai_edge_litert", "ai-edge-litert"),
    Package("tflite_runtime", "tflite-runtime"),
]
DRIVING = [
    Package("numpy", "numpy"),
    Package("cv2", "opencv-python-headless"),
    Package("msgspec", "msgspec"),
    Package("click", "click"),
    Package("adafruit_pca9685", "adafruit-circuitpython-pca9685"),
]
REAL_BUS = Package("adafruit_extended_bus", "adafruit-extended-bus")
PI_CAMERA = Package("picamera2", "picamera2")
GAMEPAD = Package("evdev", "evdev")
RECORDING = [
    Package("foxglove_schemas_protobuf", "foxglove-schemas-protobuf"),
    Package("google.protobuf", "protobuf"),
]
SIMULATION = [
    Package("numba", "numba"),
    Package("gymnasium", "gymnasium"),
    Package("av", "av"),
]

SEES_APT = (
    ", then move .venv away and run ./everlap again: its new environment sees what apt installed"
)
APT_CAMERA = f"`sudo apt install python3-picamera2`{SEES_APT}"
PIP = "`pip install 'everlap[pi]'`"


def check_software(machine: Machine, subject: Subject) -> list[Check]:
    """Look at Python and the packages, without importing any."""
    return [
        _python(machine),
        _driving(machine, subject),
        _packages(machine, "packages for recording", RECORDING, PIP, needed=True),
        _packages(
            machine,
            "packages for simulation",
            SIMULATION,
            "only to drive without a car: `./everlap drive --sim` installs them, or "
            "`pip install 'everlap[sim]'`",
            needed=False,
        ),
        _packages(
            machine,
            "package for gamepads",
            [GAMEPAD],
            f"only to drive by gamepad: `sudo apt install python3-evdev`{SEES_APT}",
            needed=False,
        ),
    ]


def _python(machine: Machine) -> Check:
    version, bits = machine.python
    detail = f"{'.'.join(map(str, version))}, {bits} bit"
    if bits != 64:
        return Check(
            "python",
            False,
            detail,
            "Everlap's packages exist for 64 bit only: install the 64-bit Raspberry Pi OS",
        )
    oldest, newest = PYTHONS
    if not oldest <= version[:2] <= newest:
        return Check(
            "python",
            False,
            detail,
            "use Python 3.11, 3.12 or 3.13: `EVERLAP_PYTHON=/path/to/python3.13 ./everlap doctor`",
        )
    return Check("python", True, detail)


def _driving(machine: Machine, subject: Subject) -> Check:
    wanted, remedy = list(DRIVING), PIP
    wanted.append(next((runtime for runtime in RUNTIMES if _has(machine, runtime)), RUNTIMES[0]))
    if subject.is_expected(machine):
        if subject.config.chip.bus.startswith("i2c-"):
            wanted.append(REAL_BUS)
        if subject.config.camera.device == "picamera2":
            wanted.append(PI_CAMERA)
            if not _has(machine, PI_CAMERA):
                only = all(_has(machine, package) for package in wanted[:-1])
                remedy = APT_CAMERA if only else f"{remedy}; for picamera2: {APT_CAMERA}"
    return _packages(machine, "packages for driving", wanted, remedy, needed=True)


def _packages(
    machine: Machine, name: str, wanted: list[Package], remedy: str, *, needed: bool
) -> Check:
    """Look for packages; where they are not needed, a missing one is no failure."""
    missing = [package.distribution for package in wanted if not _has(machine, package)]
    if missing:
        return Check(name, False if needed else None, f"missing: {', '.join(missing)}", remedy)
    found = [f"{package.distribution} {machine.version_of(*package)}".strip() for package in wanted]
    return Check(name, True, ", ".join(found))


def _has(machine: Machine, package: Package) -> bool:
    return machine.version_of(*package) is not None
