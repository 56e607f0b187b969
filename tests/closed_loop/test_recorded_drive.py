"""A drive's recording: what is in it, and what the driver reads at the end."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.process_rig import ProcessRig
from tubs.event import INTERVENTION, LAP, MODE
from tubs.reader import Tub


def test_a_simulated_drive_has_its_laps_as_events_and_no_record_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "car.cli", "drive", "--sim", "oval", "--pilot", "expert"]
    folder = tmp_path / "tub"
    ended = subprocess.run(
        [*command, "--laps", "1", "--record", str(folder)],
        check=True,
        text=True,
        capture_output=True,
    )
    tub = Tub(folder)
    assert f"recorded {len(tub)} records (" in ended.stdout
    assert tub.sequences.tolist() == list(range(len(tub)))
    events = [found.event for found in tub.events()]
    assert [event.kind for event in events if event.kind != INTERVENTION] == [MODE, LAP]
    assert re.fullmatch(r"lap 1 in \d+\.\d\d s", events[-1].text)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are tried on Linux")
def test_a_car_that_stands_records_nothing_and_the_last_words_count(tmp_path: Path) -> None:
    rig = ProcessRig(tmp_path, 1)
    folder = tmp_path / "new-tub"
    rig.options += ["--record", str(folder)]
    try:
        with rig:
            rig.drive_off()
            time.sleep(1.0)
            rig.client.silent = True
            time.sleep(2.5)
            rig.drive.process.terminate()
            rig.drive.process.wait(20.0)
        tub = Tub(folder)
        times_s = tub.times_ns / 1e9
        stopped = tub.controls()["mode"] == "stopped"
        assert 0.5 < times_s[stopped].max() - times_s[~stopped].max() <= 1.001
        assert f"recorded {len(tub)} records (" in rig.drive.told
        kinds = [found.event.kind for found in tub.events()]
        assert kinds[-2:] == [MODE, "fault"]
        assert tub.events()[0].event.text == "stopped to human: chosen at the remote"
    finally:
        rig.clean_up()
