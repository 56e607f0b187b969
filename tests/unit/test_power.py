"""Undervoltage is seen within a period, throttling only warns, and a broken file stops nothing."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from car.power import PiPower, PowerWatch, decode_throttled


def one_after_another(readings: Iterable[int | Exception | None]) -> Callable[[], int | None]:
    left = iter(readings)

    def read() -> int | None:
        reading = next(left)
        if isinstance(reading, Exception):
            raise reading
        return reading

    return read


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("bits", "now", "occurred", "undervoltage"),
    [
        (0x0, (), (), False),
        (0x1, ("undervoltage",), (), True),
        (0x2, ("clock capped",), (), False),
        (0x4, ("throttled",), (), False),
        (0x8, ("close to its temperature limit",), (), False),
        (0x10000, (), ("undervoltage",), False),
        (0x20000, (), ("clock capped",), False),
        (0x40000, (), ("throttled",), False),
        (0x80000, (), ("close to its temperature limit",), False),
        (0x50005, ("undervoltage", "throttled"), ("undervoltage", "throttled"), True),
        (0xFFF0FFF0, (), (), False),
    ],
)
def test_each_flag_has_its_word(
    bits: int, now: tuple[str, ...], occurred: tuple[str, ...], undervoltage: bool
) -> None:
    flags = decode_throttled(bits)
    assert (flags.now, flags.occurred, flags.undervoltage) == (now, occurred, undervoltage)


@pytest.mark.parametrize(
    "place",
    [
        "sys/devices/platform/soc/soc:firmware/get_throttled",
        "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
        "sys/devices/platform/firmware/get_throttled",
    ],
)
def test_the_kernels_file_is_found_on_every_pi(tmp_path: Path, place: str) -> None:
    put(tmp_path / place, "50005\n")
    assert PiPower(tmp_path)() == 0x50005


def test_the_supply_monitor_alone_tells_of_undervoltage(tmp_path: Path) -> None:
    put(tmp_path / "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    put(tmp_path / "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n")
    put(tmp_path / "sys/class/hwmon/hwmon0a/in0_lcrit_alarm", "1\n")
    assert PiPower(tmp_path)() is None
    put(tmp_path / "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    put(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0\n")
    power = PiPower(tmp_path)
    assert power() == 0
    put(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert power() == 1


def test_either_source_is_enough_for_undervoltage(tmp_path: Path) -> None:
    put(tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled", "4\n")
    put(tmp_path / "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    put(tmp_path / "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n")
    assert PiPower(tmp_path)() == 5


def test_where_there_is_nothing_to_read_the_watch_is_silent(tmp_path: Path) -> None:
    with PowerWatch(PiPower(tmp_path)) as power:
        assert (power.undervoltage, power.warning, power.failed_reads) == (False, None, 0)


def test_undervoltage_is_known_at_once_and_gone_when_it_has_gone() -> None:
    power = PowerWatch(one_after_another([0x50005, 0x50000]))
    power.look()
    assert power.undervoltage
    assert power.warning == "undervoltage now, throttled now"
    power.look()
    assert not power.undervoltage
    assert power.warning is None


@pytest.mark.parametrize("bits", [0x2, 0x4, 0x8])
def test_throttling_and_heat_only_warn(bits: int) -> None:
    power = PowerWatch(one_after_another([bits]))
    power.look()
    assert not power.undervoltage
    assert power.warning is not None


def test_a_dip_between_two_looks_is_warned_of_once() -> None:
    power = PowerWatch(one_after_another([0x0, 0x10000, 0x10000]))
    power.look()
    power.look()
    assert power.warning == "undervoltage a moment ago"
    assert not power.undervoltage
    power.look()
    assert power.warning is None


def test_an_old_dip_is_not_news_at_the_first_look() -> None:
    power = PowerWatch(one_after_another([0x10000]))
    power.look()
    assert power.warning is None


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("no number")])
def test_a_reading_that_fails_is_counted_and_what_was_known_stays(error: Exception) -> None:
    power = PowerWatch(one_after_another([0x1, error, error, 0x0]))
    power.look()
    power.look()
    power.look()
    assert power.undervoltage
    assert power.failed_reads == 2
    power.look()
    assert not power.undervoltage


def test_a_file_that_vanishes_or_holds_nonsense_raises_what_the_watch_expects(
    tmp_path: Path,
) -> None:
    place = tmp_path / "sys/devices/platform/soc/soc:firmware/get_throttled"
    put(place, "nonsense\n")
    read = PiPower(tmp_path)
    with pytest.raises(ValueError, match="nonsense"):
        read()
    place.unlink()
    with pytest.raises(OSError, match="No such file"):
        read()


def test_the_thread_sees_undervoltage_by_itself_survives_errors_and_ends() -> None:
    readings = [0, OSError(5, "Input/output error"), 0]
    then = iter(readings)

    def read() -> int:
        reading = next(then, 0x1)
        if isinstance(reading, OSError):
            raise reading
        return reading

    with PowerWatch(read, period_s=0.005) as power:
        give_up_s = time.monotonic() + 5.0
        while not power.undervoltage:
            assert time.monotonic() < give_up_s
            time.sleep(0.002)
        assert power.failed_reads == 1
    assert not any(thread.name == "power-watch" for thread in threading.enumerate())


def test_a_reading_that_hangs_does_not_hold_up_the_end_of_the_drive() -> None:
    looked, go_on = threading.Event(), threading.Event()
    first = iter([0])

    def read() -> int:
        if next(first, None) is None:
            looked.set()
            go_on.wait(10.0)
        return 0

    with PowerWatch(read, period_s=0.001) as power:
        assert looked.wait(5.0)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 3.0
    assert power.warning is None
    go_on.set()
