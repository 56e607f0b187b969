"""The guard as a service, a real process: it outlives drives, and nothing outlives it at speed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig
from car.errors import DeviceError, GuardError
from car.guard.client import GuardProcess, GuardService
from car.guard.report import look_at_guard
from car.simulation.i2c import open_chip

CHECKOUT = Path(__file__).parents[2]
GO = Command(0.5, 0.4)
GO_US = pytest.approx(1700, abs=3)
NEUTRAL_US = pytest.approx(1500, abs=3)
PATIENCE_S = 5.0
MOST_RSS_KB = 20 * 1024


class Service:
    """A guard service on a chip file."""

    def __init__(self, folder: Path) -> None:
        self.chip = open_chip(folder / "chip")
        self.settings = guard_settings(CarConfig(), f"simulated:{folder}/chip")
        self.file, self.path = folder / "guard.json", folder / "guard.sock"
        self.file.write_text(self.settings.to_json())
        self.process = self.start()

    def start(self, path: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "car.guard.process"),
                *("--listen", str(path or self.path), "--settings", str(self.file)),
            ],
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )

    def driver(self) -> GuardService:
        return GuardService(self.settings, self.path)

    @property
    def throttle_us(self) -> float | None:
        return self.chip.pulse_us(0)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    with service.process:
        try:
            listens_soon(service, service.process)
            yield service
        finally:
            service.process.kill()


def seconds_until_neutral(service: Service, begun_s: float) -> float:
    while service.throttle_us != NEUTRAL_US:
        assert time.monotonic() < begun_s + PATIENCE_S
        time.sleep(0.0002)
    return time.monotonic() - begun_s


def listens_soon(service: Service, process: subprocess.Popen[str]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_s:
        with suppress(GuardError):
            if look_at_guard(service.path).guard == process.pid:
                return
        time.sleep(0.01)
    raise AssertionError("it does not listen")


def rss_kb(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def test_drives_come_and_go_and_the_guard_stays_small(service: Service) -> None:
    for _ in range(3):
        with service.driver() as driver:
            driver.send(GO)
            assert service.throttle_us == GO_US
        assert service.throttle_us == NEUTRAL_US
    assert look_at_guard(service.path).guard == service.process.pid
    assert rss_kb(service.process.pid) < MOST_RSS_KB


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])
def test_a_signal_ends_it_at_neutral(service: Service, name: str) -> None:
    driver = service.driver().__enter__()
    driver.send(GO)
    service.process.send_signal(getattr(signal, name))
    assert seconds_until_neutral(service, time.monotonic()) < 0.1
    assert service.process.wait(PATIENCE_S) == 0
    assert not service.path.exists()
    with pytest.raises(GuardError, match="neutral from the drive loop"):
        driver.send(GO)


def test_the_loop_writes_neutral_itself_when_the_service_is_killed(service: Service) -> None:
    with service.driver() as driver:
        driver.send(GO)
        service.process.kill()
        service.process.wait(PATIENCE_S)
        assert service.throttle_us == GO_US
        begun_s = time.monotonic()
        with pytest.raises(GuardError, match=r"it is a service: .*neutral from the drive loop"):
            driver.send(GO)
        assert seconds_until_neutral(service, begun_s) < 0.1
    with service.start() as again:
        try:
            listens_soon(service, again)
            with service.driver() as driver:
                driver.send(GO)
                assert service.throttle_us == GO_US
        finally:
            again.kill()


def test_a_service_that_hangs_is_noticed_and_wakes_up_harmless(service: Service) -> None:
    driver = service.driver().__enter__()
    driver.send(GO)
    service.process.send_signal(signal.SIGSTOP)
    begun_s = time.monotonic()
    with pytest.raises(GuardError, match="did not answer within"):
        driver.send(Command(0.5, 0.8))
    assert seconds_until_neutral(service, begun_s) < 0.2
    service.process.send_signal(signal.SIGCONT)
    until_s = time.monotonic() + 0.3
    while time.monotonic() < until_s:
        assert service.throttle_us == NEUTRAL_US
    assert look_at_guard(service.path).state == "latched"
    with service.driver() as next_one:
        next_one.send(GO)


def test_a_second_guard_ends_and_touches_nothing(service: Service) -> None:
    with service.driver() as driver:
        driver.send(GO)
        assert seconds_until_neutral(service, time.monotonic()) < 0.2
        changes = service.chip.changes
        with service.start(service.path.with_name("other.sock")) as second:
            _, said = second.communicate(timeout=PATIENCE_S)
        assert second.returncode == 1
        assert "another guard drives the chip" in said
        assert "systemctl stop everlap-guard" in said
        with pytest.raises(DeviceError, match="another guard drives the chip"):
            GuardProcess(service.settings).__enter__()
        assert service.chip.changes == changes
        assert not service.path.with_name("other.sock").exists()
        assert driver.send(STOP) == pytest.approx(STOP, abs=0.01)


def test_settings_that_cannot_be_are_one_line_and_exit_code_2(service: Service) -> None:
    service.file.write_text("{")
    with service.start() as other:
        _, said = other.communicate(timeout=PATIENCE_S)
    assert (other.returncode, said.count("\n")) == (2, 1)
    assert "guard.json: the guard's settings are damaged" in said


def test_words_that_mean_nothing_are_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "car.guard.process", "--listen"],
        capture_output=True,
        text=True,
        check=False,
        cwd=CHECKOUT,
    )
    assert done.returncode == 2
    assert "usage: car.guard.process --listen PATH --settings FILE" in done.stderr


def test_its_own_child_is_small_too(tmp_path: Path) -> None:
    settings = guard_settings(CarConfig(), f"simulated:{tmp_path}/chip")
    with GuardProcess(settings) as guard:
        guard.send(GO)
        assert rss_kb(guard.process_id) < MOST_RSS_KB


def test_a_child_waits_until_the_speed_controller_is_armed(tmp_path: Path) -> None:
    settings = guard_settings(CarConfig(), f"simulated:{tmp_path}/chip")
    begun_s = time.monotonic()
    with GuardProcess(replace(settings, arming_s=0.5)) as guard:
        assert time.monotonic() - begun_s > 0.5
        assert guard.send(GO).throttle > 0.3
