"""The chip driver through Blinka, the C library and system calls, to a chip in another process."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wired_chip import CHECKOUT, WiredChip, missing_tools

from car.assembly import guard_settings
from car.config import CarConfig

pytest.importorskip("adafruit_extended_bus", reason="needs pip install 'everlap[pi]'")
pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "all is here")

NEUTRAL_US = pytest.approx(1500, abs=5)
GO_US = pytest.approx(1700, abs=5)
RIGHT_US = pytest.approx(1700, abs=5)

CLIENT = """
import sys, time
from car.assembly import guard_settings, open_bus
from car.command import STOP, Command
from car.config import CarConfig
from car.drivers.pca9685 import ChipDriver
bus = open_bus("i2c-1")
wheels = ChipDriver(bus, guard_settings(CarConfig()), time.monotonic)
"""

DRIVE_AND_DIE = (
    CLIENT
    + """
import os, signal
wheels.__enter__()
wheels.write(Command(0.5, 0.4))
os.kill(os.getpid(), signal.SIGKILL)
"""
)


@pytest.fixture
def chip(tmp_path: Path) -> Iterator[WiredChip]:
    with WiredChip(tmp_path) as chip:
        yield chip


def run(chip: WiredChip, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=CHECKOUT,
        env=chip.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_driver_sets_the_chip_up_drives_and_leaves_it_at_neutral(chip: WiredChip) -> None:
    program = CLIENT + "with wheels:\n    print(wheels.write(Command(0.5, 0.4)))"
    done = run(chip, program)
    assert done.returncode == 0, done.stderr
    assert "steering=0.5" in done.stdout
    throttle = [pulses.get("0") for _, pulses in chip.changes()]
    assert GO_US in throttle
    assert throttle[-1] == NEUTRAL_US
    assert chip.pulse_us(1) == RIGHT_US


def test_no_throttle_pulse_but_neutral_and_the_wish_is_ever_on_the_pin(chip: WiredChip) -> None:
    done = run(chip, CLIENT + "with wheels:\n    wheels.write(Command(0.5, 0.4))")
    assert done.returncode == 0, done.stderr
    for _, pulses in chip.changes():
        assert pulses.get("0") in (None, NEUTRAL_US, GO_US)


def test_the_chip_goes_on_pulsing_after_its_program_was_killed(chip: WiredChip) -> None:
    assert run(chip, DRIVE_AND_DIE).returncode == -9
    assert chip.pulse_us(0) == GO_US


def test_one_missing_acknowledgement_is_written_again(chip: WiredChip) -> None:
    program = CLIENT + "with wheels:\n    input()\n    print(wheels.write(Command(0.5, 0.4)))"
    command = [sys.executable, "-c", program]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=CHECKOUT, env=chip.environment(), **pipes) as client:
        while chip.pulse_us(0) != NEUTRAL_US:
            assert client.poll() is None
        chip.order(nack=1)
        output, _ = client.communicate("\n", timeout=30)
    assert client.returncode == 0
    assert "steering=0.5" in output
    assert GO_US in [pulses.get("0") for _, pulses in chip.changes()]


@pytest.mark.parametrize("fault", [{"nack": 255}, {"stuck_s": 0.01}])
def test_a_broken_bus_is_one_plain_error(chip: WiredChip, fault: dict[str, float]) -> None:
    chip.order(**fault)
    done = run(chip, CLIENT + "wheels.__enter__()")
    assert done.returncode == 1
    assert "DeviceError: PCA9685 at 0x40" in done.stderr.splitlines()[-1]
    assert "check its 3.3 V supply, SDA, SCL" in done.stderr.splitlines()[-1]


def test_a_bus_that_is_not_there_is_one_plain_error(chip: WiredChip) -> None:
    done = run(chip, "from car.assembly import open_bus; open_bus('i2c-9')")
    assert done.returncode == 0, done.stderr
    bare = [sys.executable, "-c", "from car.assembly import open_bus; open_bus('i2c-250')"]
    done = subprocess.run(bare, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert "DeviceError: no I2C bus /dev/i2c-250" in done.stderr.splitlines()[-1]


def test_a_program_with_the_bus_open_is_small(chip: WiredChip) -> None:
    size = "import re; print(re.search(r'VmRSS:\\s*([0-9]+)', open('/proc/self/status').read())[1])"
    bare_kb = int(run(chip, size).stdout)
    open_kb = int(run(chip, CLIENT + "wheels.__enter__()\n" + size).stdout)
    print(f"RSS: bare Python {bare_kb / 1024:.1f} MB, with chip and bus {open_kb / 1024:.1f} MB")  # noqa: T201
    assert open_kb < 48 * 1024


def test_a_chip_that_restarted_by_itself_sends_no_pulses(chip: WiredChip) -> None:
    run(chip, DRIVE_AND_DIE)
    report = chip.order(power_on=True)
    assert report["pulses_us"] == {}
    assert report["mode1"] == 0x11


def test_a_second_program_cannot_lock_the_bus_until_the_first_one_has_gone(
    chip: WiredChip,
) -> None:
    lock = "import fcntl, os; fd = os.open('/dev/i2c-1', os.O_RDWR); "
    lock += "fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB); "
    command = [sys.executable, "-c", lock + "print('locked', flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=chip.environment(), **pipes) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "locked\n"
        assert "BlockingIOError" in run(chip, lock).stderr
        first.kill()
    assert run(chip, lock).returncode == 0


def emergency(chip: WiredChip, *settings: Path) -> subprocess.CompletedProcess[str]:
    writer = CHECKOUT / "car/drivers/emergency.py"
    return subprocess.run(
        [sys.executable, "-I", "-S", str(writer), *map(str, settings)],
        cwd="/",
        env=chip.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_emergency_writer_needs_no_package_to_put_the_throttle_at_neutral(
    chip: WiredChip, tmp_path: Path
) -> None:
    settings = tmp_path / "guard.json"
    settings.write_text(guard_settings(CarConfig()).to_json())
    run(chip, DRIVE_AND_DIE)
    assert chip.pulse_us(0) == GO_US
    begun_s = time.monotonic()
    done = emergency(chip, settings)
    took_ms = 1e3 * (chip.changes()[-1][0] - begun_s)
    assert done.returncode == 0, done.stderr
    assert chip.pulse_us(0) == NEUTRAL_US
    assert chip.pulse_us(1) == RIGHT_US
    print(f"emergency writer: neutral after {took_ms:.0f} ms, Python's start included")  # noqa: T201


def test_the_emergency_writer_outlasts_a_bus_that_refuses_for_a_while(
    chip: WiredChip, tmp_path: Path
) -> None:
    settings = tmp_path / "guard.json"
    settings.write_text(guard_settings(CarConfig()).to_json())
    run(chip, DRIVE_AND_DIE)
    chip.order(nack=20)
    assert emergency(chip, settings).returncode == 0
    assert chip.pulse_us(0) == NEUTRAL_US


def test_the_emergency_writer_takes_the_last_good_settings_where_the_newest_are_gone(
    chip: WiredChip, tmp_path: Path
) -> None:
    good, damaged = tmp_path / "good.json", tmp_path / "damaged.json"
    good.write_text(guard_settings(CarConfig()).to_json())
    damaged.write_text("{")
    run(chip, DRIVE_AND_DIE)
    emergency(chip, damaged, good)
    assert chip.pulse_us(0) == NEUTRAL_US
