"""Compiles inner loops, and keeps the machine code where it cannot outlive its sources.

numba notices a change only in the file of the function that is called, not in the files of the
functions that it calls in turn. So the machine code lives in a folder named after all of them.
"""

import hashlib
import os
from functools import partial
from pathlib import Path
from typing import Any

import numba

_MARK = b"car.simulation.compiled import"
_MEASURES = "atlas.py"


def _fingerprint() -> str:
    """Hash all files with compiled code, and the one with the numbers built into it."""
    total = hashlib.sha256(numba.__version__.encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source = file.read_bytes()
        if _MARK in source or file.name == _MEASURES:
            total.update(source)
    return total.hexdigest()[:16]


def _folder() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(_settings.CACHE_DIR or Path(cache, "everlap")) / _fingerprint()


_settings: Any = numba.config
_settings.CACHE_DIR = str(_folder())

compiled = partial(numba.njit, cache=True, fastmath=True, error_model="numpy")
"""Decorates a function that is compiled on first use; division by zero gives infinity."""
