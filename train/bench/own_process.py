"""Runs a module of ours as a process of its own, so that what it loads and needs is its alone."""

import os
import subprocess
import sys

from train.errors import TrainError


def run_module(module: str, *words: str) -> str:
    """Run it, and give what it prints.

    Raises:
        TrainError: it failed; its last words are in the message.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, *words],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise TrainError(f"{module} ended with {done.returncode}: {last}")
    return done.stdout
