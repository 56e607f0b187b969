"""Checks of car.toml: it is there, valid, and no longer only defaults."""

import msgspec

from car.config import CarConfig
from car.doctor.check import Check
from car.doctor.machine import Machine
from car.doctor.subject import Subject

COPY = "write the values that differ on your car into a file car.toml in the folder you drive from"


def check_calibration(machine: Machine, subject: Subject) -> list[Check]:
    """Compare the car's settings with the defaults; a default is a guess about somebody's car."""
    return [
        _file(machine, subject),
        _measured(
            subject,
            "steering pulses",
            ("steering",),
            "find the pulses at which the wheels stand full left, straight and full right",
        ),
        _measured(
            subject,
            "throttle pulses",
            ("throttle",),
            "find the pulses at which the motor rests, and where it runs full ahead and reverse",
        ),
        _measured(
            subject,
            "camera lens",
            ("camera", "lens"),
            "measure height, tilt and angle of view of the camera, and write them into "
            "[camera.lens]",
        ),
    ]


def _file(machine: Machine, subject: Subject) -> Check:
    if subject.config_fault:
        return Check(
            "car.toml",
            False,
            f"{subject.config_fault}; all checks here use the defaults instead",
            "correct that line: the default car.toml says what each key means",
        )
    if subject.config_path is None:
        return Check("car.toml", None, "none in this folder: the defaults are used", COPY)
    return Check("car.toml", True, f"{subject.config_path} is valid")


def _measured(subject: Subject, name: str, section: tuple[str, ...], remedy: str) -> Check:
    if subject.config_fault:
        return Check(name, None, "unknown until car.toml is valid")
    mine, usual = subject.config, CarConfig()
    for key in section:
        mine, usual = getattr(mine, key), getattr(usual, key)
    values, defaults = msgspec.structs.asdict(mine), msgspec.structs.asdict(usual)
    changed = [key for key, value in values.items() if value != defaults[key]]
    if changed:
        return Check(name, True, f"set for this car: {', '.join(changed)}")
    return Check(name, None, "not calibrated: all at their defaults", remedy)
