"""The guard on the real I2C path: Blinka, the C library and system calls, to a chip outside."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wired_chip import CHECKOUT, WiredChip, missing_tools

from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig, ThrottleConfig
from car.errors import GuardError
from car.guard.client import GuardService
from car.guard.report import look_at_guard

pytest.importorskip("adafruit_extended_bus", reason="needs pip install 'everlap[pi]'")
pytestmark = pytest.mark.skipif(bool(missing_tools()), reason=missing_tools() or "all is here")

GO = Command(0.5, 0.4)
GO_US = pytest.approx(1700, abs=5)
NEUTRAL_US = pytest.approx(1500, abs=5)
PATIENCE_S = 10.0
SETTINGS = guard_settings(CarConfig(throttle=ThrottleConfig(arming_s=0.1)))


class Service:
    """A guard service on a wired chip."""

    def __init__(self, folder: Path, chip: WiredChip) -> None:
        self.chip, self.path, self.file = chip, folder / "guard.sock", folder / "guard.json"
        self.file.write_text(SETTINGS.to_json())
        self.process = self.run("-m", "car.guard.process", "--listen", str(self.path))

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *words, "--settings", str(self.file)],
            cwd=CHECKOUT,
            env=self.chip.environment(),
        )

    def wait_until_it_listens(self) -> None:
        give_up_s = time.monotonic() + PATIENCE_S
        while not self.path.exists():
            assert self.process.poll() is None
            assert time.monotonic() < give_up_s
            time.sleep(0.01)

    def emergency(self, *flags: str) -> tuple[int, str]:
        script = CHECKOUT / "car" / "drivers" / "emergency.py"
        done = subprocess.run(
            [sys.executable, *flags, str(script), str(self.file)],
            env=self.chip.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with WiredChip(tmp_path) as chip:
        service = Service(tmp_path, chip)
        with service.process:
            service.wait_until_it_listens()
            yield service
            service.process.kill()


def test_it_drives_in_less_than_20_mb(service: Service) -> None:
    with GuardService(SETTINGS, service.path) as driver:
        driver.send(GO)
        assert service.chip.pulse_us(0) == GO_US
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        rss_mb = int(status.partition("VmRSS:")[2].split()[0]) / 1024
        print(f"RSS of the guard on the I2C path: {rss_mb:.1f} MB")  # noqa: T201
        assert rss_mb < 20
    assert service.chip.pulse_us(0) == NEUTRAL_US


def test_after_a_kill_the_emergency_writer_stops_the_car(service: Service) -> None:
    driver = GuardService(SETTINGS, service.path).__enter__()
    driver.send(GO)
    service.process.kill()
    service.process.wait(PATIENCE_S)
    assert service.chip.pulse_us(0) == GO_US
    assert service.emergency("-I", "-S") == (0, "emergency: the throttle is at neutral\n")
    assert service.chip.pulse_us(0) == NEUTRAL_US
    assert service.chip.pulse_us(1) == GO_US
    with pytest.raises(GuardError, match="did not reach the chip"):
        driver.send(GO)


def test_the_emergency_writer_works_beside_a_guard_that_hangs(service: Service) -> None:
    with GuardService(SETTINGS, service.path) as driver:
        driver.send(GO)
        service.process.send_signal(signal.SIGSTOP)
        assert service.emergency("-I", "-S")[0] == 0
        assert service.chip.pulse_us(0) == NEUTRAL_US
        service.process.send_signal(signal.SIGCONT)


def test_a_bus_that_blocks_for_a_second_is_an_error_in_time_and_neutral_comes_with_it(
    service: Service,
) -> None:
    driver = GuardService(SETTINGS, service.path).__enter__()
    driver.send(GO)
    service.chip.order(stuck_s=1.0)
    begun_s = time.monotonic()
    with pytest.raises(GuardError, match="did not answer"):
        driver.send(GO)
    assert time.monotonic() - begun_s < 1.0
    service.chip.order(stuck_s=None)
    while service.chip.pulse_us(0) != NEUTRAL_US:
        assert time.monotonic() - begun_s < PATIENCE_S
        time.sleep(0.01)
    while look_at_guard(service.path).neutral_owed:
        assert time.monotonic() - begun_s < PATIENCE_S
    assert look_at_guard(service.path).state == "latched"


def test_a_chip_that_restarts_alone_is_at_neutral_within_half_a_second(service: Service) -> None:
    while look_at_guard(service.path).arming:
        time.sleep(0.01)
    service.chip.order(power_on=True)
    begun_s = time.monotonic()
    while service.chip.pulse_us(0) != NEUTRAL_US:
        assert time.monotonic() - begun_s < 1.5
        time.sleep(0.005)
    print(f"re-armed after {1e3 * (time.monotonic() - begun_s):.0f} ms")  # noqa: T201
    assert look_at_guard(service.path).restarts == 1


def test_a_wrong_address_is_one_line_and_exit_code_1(service: Service) -> None:
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(PATIENCE_S) == 0
    wrong = json.loads(SETTINGS.to_json()) | {"address": 0x41}
    service.file.write_text(json.dumps(wrong))
    with service.run("-m", "car.guard.process", "--listen", str(service.path)) as process:
        assert process.wait(PATIENCE_S) == 1
