"""What all tests share: where the real recordings lie."""

import os
import signal
from pathlib import Path

import pytest

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what it puts in the background with Ctrl-C ignored, and so would our children.
    signal.signal(signal.SIGINT, signal.default_int_handler)

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def real_tubs() -> Path:
    """The folder of real recordings; the test is skipped, saying so, where there is none."""
    folder = Path(os.environ.get("EVERLAP_REAL_TUBS", CHECKOUT.parent / "shared" / "tubs"))
    if not folder.is_dir():
        pytest.skip(f"no real tubs in {folder}; EVERLAP_REAL_TUBS may name another folder")
    return folder
