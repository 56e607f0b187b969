"""Runs a probe, a small program of Everlap, so that whatever it loads cannot take us with it."""

import signal
import sys
from typing import TypeVar

import msgspec

from car.doctor.machine import TIMED_OUT, Answer, Machine

Finding = TypeVar("Finding", bound=msgspec.Struct)

PROBE_TIMEOUT_S = 30.0
"""A Zero 2 W needs several seconds to import what a probe tries."""


def run_probe(machine: Machine, module: str, kind: type[Finding], *arguments: str) -> Finding | str:
    """Run a module of car.doctor that prints a finding as JSON.

    Returns:
        What it found, or in words why it could not.
    """
    words = [sys.executable, "-P", "-m", f"car.doctor.{module}", *arguments]
    answer = machine.run(words, PROBE_TIMEOUT_S)
    if answer is None:
        return f"{sys.executable} cannot be run"
    if answer.exit_code:
        return _why(answer)
    try:
        return msgspec.json.decode(answer.out.strip().rpartition("\n")[-1], type=kind)
    except msgspec.MsgspecError:
        return "it said nothing that can be understood"


def _why(answer: Answer) -> str:
    if answer.exit_code == TIMED_OUT:
        return answer.err
    if answer.exit_code < 0:
        return f"it crashed ({signal.strsignal(-answer.exit_code) or -answer.exit_code})"
    lines = answer.err.strip().splitlines()
    return lines[-1] if lines else f"it ended with exit code {answer.exit_code}"
