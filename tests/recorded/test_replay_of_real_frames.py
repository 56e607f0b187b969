"""Real camera frames through the whole loop: guard process, chip, pulses."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from car.cli import main


@pytest.mark.slow
def test_a_real_tub_is_replayed_through_loop_guard_and_chip(
    unpacked: Callable[[str], Path], tmp_path: Path
) -> None:
    tub, figures, pulses = tmp_path / "tub", tmp_path / "figures.json", tmp_path / "pulses.csv"
    assert main(["tub", "import", str(unpacked("donkeycar-test-tub")), str(tub)]) == 0
    words = ["drive", "--replay", str(tub), "--pace", "10", "--pulses", str(pulses)]
    assert main([*words, "--json", str(figures), "--video", str(tmp_path / "film.mp4")]) == 0
    found = json.loads(figures.read_text())
    assert found["frames"] == 1000
    assert found["steering_mae"] > 0.05, "this pilot never saw that track"
    rows = np.genfromtxt(pulses, delimiter=",", names=True)
    assert len(rows) == 1000
    assert 1100 <= rows["steering_us"].min() < 1500 < rows["steering_us"].max() <= 1900
    expected = 1500 + 400 * rows["sent_steering"]
    assert np.abs(rows["steering_us"] - expected).max() < 3.0
    assert (tmp_path / "film.mp4").stat().st_size > 100_000
