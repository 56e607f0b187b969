"""Every fault of the table stops the car in time, and nothing moves it again by itself."""

import os
import sys
from pathlib import Path

import pytest

from tests.faults.catalogue import Fault, load_faults, verdict
from tests.faults.injection import inject
from tests.faults.readme_table import README, written

FAULTS = load_faults()
SLACK = {"virtual": 1.0, "link": 5.0, "process": 5.0, "disk": 5.0}
SEED = int(os.environ.get("EVERLAP_FAULT_SEED", "1"))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_the_car_keeps_its_promise(fault: Fault, tmp_path: Path) -> None:
    """In virtual time to the millisecond; of real processes on a busy machine several times that.

    How soon they are is measured by `python -m tests.faults`.
    """
    if fault.injector.startswith("gamepad"):
        pytest.importorskip("evdev", reason="needs evdev")
    if fault.rig != "virtual" and sys.platform != "linux":
        pytest.skip("signals and sockets are tried on Linux")
    outcome = inject(fault, tmp_path, SEED)
    assert verdict(fault, outcome, SLACK[fault.rig]) is None, outcome


def test_the_table_holds_at_least_sixty_faults_each_once() -> None:
    names = [fault.id for fault in FAULTS]
    assert len(names) >= 60
    assert len(set(names)) == len(names)


def test_the_readme_shows_the_table_as_it_is() -> None:
    text = README.read_text("utf-8")
    assert written(text) == text, "run `python -m tests.faults --keep`"
