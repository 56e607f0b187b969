"""The emergency writer, byte by byte: it needs nobody, and leaves all but the throttle alone."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig, WheelsConfig
from car.drivers.emergency import (
    I2C_SLAVE,
    PATIENCE_S,
    RETRY_S,
    USUAL,
    KernelChip,
    Plan,
    main,
    open_chip,
    plan_from_json,
    put_at_rest,
    stop_the_car,
)
from car.drivers.pca9685 import ChipDriver
from car.simulation.i2c import SimulatedI2c
from car.simulation.i2c import open_chip as open_chip_file
from car.simulation.pca9685 import SimulatedPca9685

CHECKOUT = Path(__file__).parents[2]
SCRIPT = CHECKOUT / "car" / "drivers" / "emergency.py"
PLAN = Plan("i2c-1", 0x40, 25e6, ((0, 1500),))


class Registers:
    """A chip as an emergency sees it; refuses its first transfers."""

    def __init__(self, values: dict[int, int], refusals: int = 0) -> None:
        self.values = {0x00: 0x20, 0xFE: 101} | values
        self.refusals = refusals
        self.written: list[bytes] = []
        self.closed = 0

    def read(self, register: int) -> int:
        self.refuse()
        return self.values[register]

    def write(self, data: bytes) -> None:
        self.refuse()
        self.written.append(data)

    def refuse(self) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")

    def close(self) -> None:
        self.closed += 1


def test_the_throttle_goes_to_neutral_by_the_chip_s_own_frequency() -> None:
    chip = Registers({})
    assert put_at_rest(chip, PLAN) == "the throttle is at neutral"
    assert chip.written == [b"\x00\x20", bytes((6, 0, 0, 368 & 255, 368 >> 8))]
    chip = Registers({0xFE: 121})
    put_at_rest(chip, PLAN._replace(rest=((3, 1480), (5, 1520)), oscillator_hz=27e6))
    first, second = (int(us * 27 / 122 + 0.5) for us in (1480, 1520))
    assert chip.written == [
        b"\x00\x20",
        bytes((18, 0, 0, first & 255, first >> 8)),
        bytes((26, 0, 0, second & 255, second >> 8)),
    ]


def test_an_output_that_rests_without_pulses_is_switched_off() -> None:
    chip = Registers({})
    put_at_rest(chip, PLAN._replace(rest=((15, 0.0),)))
    assert chip.written == [b"\x00\x20", bytes((66, 0, 0, 0, 0x10))]


def test_a_pulse_that_does_not_fit_in_the_cycle_is_switched_off() -> None:
    for us, end in ((0.5, (1, 0)), (2047.5, (0xFF, 0x0F)), (2048.0, (0, 0x10)), (2500, (0, 0x10))):
        chip = Registers({0xFE: 3})
        put_at_rest(chip, PLAN._replace(rest=((0, us),), oscillator_hz=8e6))
        assert chip.written[1] == bytes((6, 0, 0, *end))


@pytest.mark.parametrize("mode", [0x10, 0x11, 0x30, 0xB0])
def test_a_chip_that_sleeps_is_left_asleep(mode: int) -> None:
    chip = Registers({0x00: mode})
    assert put_at_rest(chip, PLAN) == "the chip sleeps and sends no pulses: it was left asleep"
    assert chip.written == []


@pytest.mark.parametrize("mode", [0x00, 0x01, 0x20, 0x21, 0x6F])
def test_a_chip_awake_in_any_mode_is_put_at_rest(mode: int) -> None:
    chip = Registers({0x00: mode})
    assert put_at_rest(chip, PLAN) == "the throttle is at neutral"
    assert len(chip.written) == 2


@pytest.mark.parametrize(
    ("on_low", "on_high", "off_low", "off_high", "end"),
    [
        (0, 0, 368 & 255, 368 >> 8, (368 & 255, 368 >> 8)),
        (16, 1, (368 + 272) & 255, (368 + 272) >> 8, (368 & 255, 368 >> 8)),
        (0, 0, 123, 0, (368 & 255, 368 >> 8)),
        (0, 0, 122, 0, (0, 0x10)),
        (0, 0, 612 & 255, 612 >> 8, (368 & 255, 368 >> 8)),
        (0, 0, 613 & 255, 613 >> 8, (0, 0x10)),
        (160, 15, 26, 0, (0, 0x10)),
        (160, 15, 27, 0, (368 & 255, 368 >> 8)),
        (100, 0, 222, 0, (0, 0x10)),
        (100, 0, 223, 0, (368 & 255, 368 >> 8)),
        (0, 0, 368 & 255, 0x20 | 368 >> 8, (368 & 255, 368 >> 8)),
        (0, 8, 122, 8, (0, 0x10)),
        (0, 8, 123, 8, (368 & 255, 368 >> 8)),
        (0, 0x20, 368 & 255, 368 >> 8, (368 & 255, 368 >> 8)),
        (0, 0x10, 368 & 255, 368 >> 8, (0, 0x10)),
        (0, 0, 0, 0x10, None),
        (0, 0x10, 0, 0x10, None),
    ],
)
def test_without_settings_only_channel_0_is_judged_by_what_it_sends(
    on_low: int, on_high: int, off_low: int, off_high: int, end: tuple[int, int] | None
) -> None:
    chip = Registers({6: on_low, 7: on_high, 8: off_low, 9: off_high})
    assert put_at_rest(chip, USUAL) == "channel 0 was put where neutral may be"
    pulses = [] if end is None else [bytes((6, 0, 0, *end))]
    assert chip.written == [b"\x00\x20", *pulses]


@pytest.mark.parametrize(
    ("prescale", "sent", "neutral"),
    [
        (99, 124, None),
        (99, 125, 375),
        (99, 625, 375),
        (99, 626, None),
        (15, 2500, 2344),
    ],
)
def test_a_pulse_of_500_to_2500_us_becomes_1500_us(
    prescale: int, sent: int, neutral: int | None
) -> None:
    chip = Registers({0xFE: prescale, 6: 0, 7: 0, 8: sent & 255, 9: sent >> 8})
    put_at_rest(chip, USUAL)
    end = (0, 0x10) if neutral is None else (neutral & 255, neutral >> 8)
    assert chip.written == [b"\x00\x20", bytes((6, 0, 0, *end))]


@pytest.mark.parametrize("prescale", [3, 101, 255])
def test_what_is_no_pulse_is_switched_off_at_any_frequency(prescale: int) -> None:
    chip = Registers({0xFE: prescale, 6: 0, 7: 0x10, 8: 0, 9: 0})
    put_at_rest(chip, USUAL)
    assert chip.written == [b"\x00\x20", bytes((6, 0, 0, 0, 0x10))]


def test_without_settings_the_defaults_of_car_toml_are_taken() -> None:
    chip = CarConfig().chip
    assert Plan(chip.bus, chip.address, chip.oscillator_hz, ()) == USUAL
    assert Plan("i2c-1", 0x40, 25e6, ()) == USUAL


class Ticking:
    """A clock that moves on by 10 ms at each look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.01
        return self.now_s


def test_it_tries_again_for_a_while() -> None:
    chip = Registers({}, refusals=4)
    stop_the_car(PLAN, 0.1, lambda plan: chip, Ticking())
    assert len(chip.written) == 2
    assert chip.closed == 5


def test_it_gives_up_at_last() -> None:
    chip = Registers({}, refusals=100)
    with pytest.raises(OSError, match="Remote I/O"):
        stop_the_car(PLAN, 0.05, lambda plan: chip, Ticking())
    assert chip.closed == 5


def settings(bus: str, kind: Any = "servo-and-esc") -> str:
    return guard_settings(CarConfig(wheels=WheelsConfig(kind=kind)), bus).to_json()


def test_the_plan_comes_from_the_guard_s_settings() -> None:
    assert plan_from_json(settings("i2c-3")) == ("i2c-3", 0x40, 25e6, ((0, 1500),))
    assert plan_from_json(settings("i2c-3", "h-bridge")).rest == ((0, 0), (1, 0), (2, 0), (3, 0))


def changed(key: str, value: object) -> str:
    return json.dumps(json.loads(settings("i2c-1")) | {key: value})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{}",
        *(changed("bus", value) for value in (1, None, "simulated:a\0b", "simulated:\ud800")),
        *(changed("address", value) for value in (0x3F, 0x80, "64", None, 64.0, True)),
        *(
            changed("oscillator_hz", value)
            for value in (22_999_999, 22_999_999.5, 27_000_000.5, 27_000_001, float("nan"), "x")
        ),
        *(
            changed("rest", value)
            for value in ([], None, [[0]], [[16, 1500]], [[-1, 1500]], [[0.5, 1500]], 7)
        ),
        *(
            changed("rest", value)
            for value in ([[3.0, 1500]], [[True, 1500]], [["0", 1500]], [[0, 1500], [None, 1500]])
        ),
        *(changed("rest", [[0, us]]) for us in (499, 2501, float("nan"), -1, "x", None)),
    ],
)
def test_damaged_settings_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"settings are damaged|Expecting value"):
        plan_from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("address", 0x40),
        ("address", 0x7F),
        ("oscillator_hz", 23_000_000),
        ("oscillator_hz", 27_000_000),
        ("rest", [[15, 500]]),
        ("rest", [[0, 2500]]),
        ("rest", [[0, 0]]),
    ],
)
def test_settings_at_the_ends_of_their_ranges_are_taken(key: str, value: object) -> None:
    expected = tuple(map(tuple, value)) if isinstance(value, list) else value
    assert getattr(plan_from_json(changed(key, value)), key) == expected


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """Stands in for a bus: what was written is what is read."""
    path = tmp_path / "i2c"
    os.mkfifo(path)
    return path


def test_the_kernel_s_bus_is_told_the_address_and_read_twice(pipe: Path) -> None:
    told: list[tuple[int, int]] = []
    chip = KernelChip(str(pipe), 0x41, lambda number, request, value: told.append((request, value)))
    assert told == [(I2C_SLAVE, 0x41)]
    assert I2C_SLAVE == 0x0703
    assert chip.read(0x12) == 0x12
    chip.write(b"\x01")
    with pytest.raises(OSError, match=r"register 0x12 reads as 1 and as 18"):
        chip.read(0x12)
    assert chip.read(0x12) == 0x12
    chip.write(b"\x02")
    with pytest.raises(OSError, match=r"register 0x05 reads as 18 and as 2"):
        chip.read(0x05)
    chip.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        chip.read(0x12)


def test_what_is_no_bus_is_said_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    open_before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(OSError, match="Inappropriate ioctl"):
        KernelChip(str(path), 0x40)
    assert len(os.listdir("/proc/self/fd")) == open_before  # noqa: PTH208
    with pytest.raises(FileNotFoundError, match="/dev/i2c-250") as caught:
        open_chip(PLAN._replace(bus="i2c-250"))
    assert caught.traceback[-1].path == SCRIPT, "the kernel itself was asked"
    for bus in ("3", "i2c-x", "i2c-", "spi-1"):
        with pytest.raises(OSError, match="names no I2C bus"):
            open_chip(PLAN._replace(bus=bus))


@pytest.fixture
def driving(tmp_path: Path) -> Callable[[str], SimulatedPca9685]:
    """A chip in a file that a killed drive left at full throttle, and settings beside it."""

    def drive(kind: str = "servo-and-esc") -> SimulatedPca9685:
        chip = open_chip_file(tmp_path / "chip")
        config = CarConfig(wheels=WheelsConfig(kind=kind))  # type: ignore[arg-type]
        found = guard_settings(config, f"simulated:{tmp_path}/chip")
        (tmp_path / "guard.json").write_text(found.to_json())
        driver = ChipDriver(SimulatedI2c([chip]), found, lambda: 0.0)
        driver.__enter__().write(Command(0.5, 1.0))
        return chip

    return drive


def script(*words: object) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    return done.returncode, done.stdout


def test_alone_it_stops_the_car_and_holds_the_steering(
    driving: Callable[[str], SimulatedPca9685], tmp_path: Path
) -> None:
    chip = driving("servo-and-esc")
    assert script(tmp_path / "guard.json") == (0, "emergency: the throttle is at neutral\n")
    assert (chip.pulse_us(0), chip.pulse_us(1)) == (pytest.approx(1500, abs=3), 1701.36)


@pytest.mark.parametrize(
    ("kind", "pulses_us"),
    [
        ("two-escs", [pytest.approx(1500, abs=3), None, pytest.approx(1500, abs=3), None]),
        ("h-bridge", [None] * 4),
    ],
)
def test_alone_it_stops_every_drive_train(
    driving: Callable[[str], SimulatedPca9685], tmp_path: Path, kind: str, pulses_us: list[object]
) -> None:
    chip = driving(kind)
    assert script(tmp_path / "guard.json")[0] == 0
    assert [chip.pulse_us(channel) for channel in range(4)] == pulses_us


def test_the_last_good_settings_serve_when_the_newest_are_damaged(
    driving: Callable[[str], SimulatedPca9685],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chip = driving("servo-and-esc")
    damaged = tmp_path / "damaged.json"
    damaged.write_text("{")
    assert main(str(tmp_path / "none"), str(damaged), str(tmp_path / "guard.json")) == 0
    assert chip.pulse_us(0) == pytest.approx(1500, abs=3)
    said = capsys.readouterr().out
    assert "none: [Errno 2]" in said
    assert "damaged.json: Expecting property name" in said
    assert said.endswith("the throttle is at neutral\n")


def test_the_first_settings_that_can_be_read_are_the_ones_that_count(
    driving: Callable[[str], SimulatedPca9685], tmp_path: Path
) -> None:
    chip, other = driving("servo-and-esc"), tmp_path / "other.json"
    other.write_text(settings("i2c-250"))
    assert main(str(tmp_path / "guard.json"), str(other), patience_s=0.0) == 0
    assert chip.pulse_us(0) == pytest.approx(1500, abs=3)
    assert main(str(other), str(tmp_path / "guard.json"), patience_s=0.0) == 1


def test_it_tries_for_two_seconds_every_ten_milliseconds() -> None:
    assert (PATIENCE_S, RETRY_S) == (2.0, 0.01)


def test_what_did_not_work_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "guard.json"
    for bus, words in (
        (f"simulated:{tmp_path}/none", "No such file"),
        (f"simulated:{path}", "does not hold a simulated PCA9685"),
        ("i2c-250", "No such file"),
        ("spi-1", "names no I2C bus"),
    ):
        path.write_text(settings(bus))
        assert main(str(path), patience_s=0.0) == 1
        said = capsys.readouterr().out
        assert f"NEUTRAL DID NOT REACH THE CHIP on {bus}: " in said
        assert words in said
    assert not (tmp_path / "none").exists()


def test_without_any_settings_it_says_that_it_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(patience_s=0.0) == 1
    assert capsys.readouterr().out.startswith("emergency: ")
