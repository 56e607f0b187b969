"""A real guard process on a chip that outlives it: whatever dies, the throttle is at neutral."""

import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from car.assembly import guard_settings
from car.command import STOP, Command
from car.config import CarConfig, ChipConfig
from car.errors import CarError, ConfigError, DeviceError, GuardError
from car.guard.client import GuardProcess
from car.guard.guard import GuardState
from car.guard.keepers import start_guard
from car.guard.messages import Ask, Outcome, Request, receive_reply, request_bytes
from car.simulation.i2c import open_chip
from car.simulation.pca9685 import FOR_EVER, SimulatedPca9685

GO = Command(0.5, 0.4)
GO_US = pytest.approx(1700, abs=3)
NEUTRAL_US = pytest.approx(1500, abs=3)
PATIENCE_S = 3.0
"""Far above what is measured: the machine may be busy with other things."""

PARENT = """
import sys, time
from car.assembly import guard_settings
from car.command import Command
from car.config import CarConfig
from car.guard.client import GuardProcess
with GuardProcess(guard_settings(CarConfig(), "simulated:" + sys.argv[1])) as guard:
    while True:
        guard.send(Command(0.5, 0.4))
        print(guard.process_id, flush=True)
        time.sleep(0.02)
"""

LIGHT = """
import sys, car.guard.process
heavy = {"numpy", "cv2", "msgspec", "rich", "click", "hashlib", "asyncio"} & set(sys.modules)
sys.exit(f"the guard imports {heavy}" if heavy else 0)
"""


class Bench:
    """A chip file, and a guard for it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "chip"
        self.chip: SimulatedPca9685 = open_chip(self.path)

    def guard(self, config: CarConfig = CarConfig()) -> GuardProcess:  # noqa: B008
        return GuardProcess(guard_settings(config, f"simulated:{self.path}"))

    @property
    def throttle_us(self) -> float | None:
        return self.chip.pulse_us(0)

    def check_neutral_with_steering_held(self) -> None:
        """Wait for the neutral pulse and print how long that took."""
        begun_s = time.monotonic()
        while self.throttle_us != NEUTRAL_US and time.monotonic() < begun_s + PATIENCE_S:
            time.sleep(0.0002)
        print(f"neutral after {1e3 * (time.monotonic() - begun_s):.1f} ms")  # noqa: T201
        assert self.throttle_us == NEUTRAL_US
        assert self.chip.pulse_us(1) == GO_US


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def parent(bench: Bench) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A drive loop in a process of its own, already driving, and its guard's process id."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(bench.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        assert process.stdout is not None
        guard_id = int(process.stdout.readline())
        assert bench.throttle_us == GO_US
        yield process, guard_id
        process.kill()


def has_ended(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process_id}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def holds_soon(condition: Callable[[], bool]) -> bool:
    give_up_s = time.monotonic() + PATIENCE_S
    while not condition() and time.monotonic() < give_up_s:
        time.sleep(0.005)
    return condition()


def test_what_is_sent_comes_out_and_ends_at_neutral(bench: Bench) -> None:
    with bench.guard() as guard:
        assert bench.throttle_us == NEUTRAL_US
        assert guard.send(GO) == pytest.approx(GO, abs=0.01)
        assert bench.throttle_us == GO_US
        assert guard.state is GuardState.DRIVING
        guard_id = guard.process_id
    bench.check_neutral_with_steering_held()
    assert has_ended(guard_id)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_exception_in_the_loop_ends_at_neutral(bench: Bench, error: type[BaseException]) -> None:
    def drive() -> None:
        with bench.guard() as guard:
            guard.send(GO)
            raise error

    with pytest.raises(error):
        drive()
    bench.check_neutral_with_steering_held()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])
def test_a_signal_to_the_guard_is_neutral(bench: Bench, name: str) -> None:
    guard = bench.guard().__enter__()
    guard.send(GO)
    os.kill(guard.process_id, getattr(signal, name))
    bench.check_neutral_with_steering_held()
    with pytest.raises(GuardError, match="neutral from the drive loop"):
        guard.send(GO)
    guard.__exit__(None, None, None)
    bench.check_neutral_with_steering_held()


def test_ctrl_c_in_a_terminal_does_not_reach_the_guard(bench: Bench) -> None:
    with bench.guard() as guard:
        assert os.getsid(guard.process_id) == guard.process_id


def test_the_loop_writes_neutral_itself_when_the_guard_is_killed(bench: Bench) -> None:
    def drive() -> None:
        with bench.guard() as guard:
            guard.send(GO)
            os.kill(guard.process_id, signal.SIGKILL)
            while not has_ended(guard.process_id):
                time.sleep(0.001)
            assert bench.throttle_us == GO_US
            guard.send(GO)

    with pytest.raises(GuardError, match="neutral from the drive loop"):
        drive()
    bench.check_neutral_with_steering_held()


def test_the_loop_replaces_a_guard_that_hangs(bench: Bench) -> None:
    guard_ids = []

    def drive() -> None:
        with bench.guard() as guard:
            guard.send(GO)
            guard_ids.append(guard.process_id)
            os.kill(guard.process_id, signal.SIGSTOP)
            guard.send(GO)

    with pytest.raises(GuardError, match="did not answer"):
        drive()
    bench.check_neutral_with_steering_held()
    assert has_ended(guard_ids[0])


def test_a_guard_that_hangs_at_the_end_is_noticed_too(bench: Bench) -> None:
    def drive() -> None:
        with bench.guard() as guard:
            guard.send(GO)
            os.kill(guard.process_id, signal.SIGSTOP)

    with pytest.raises(GuardError, match="did not answer"):
        drive()
    bench.check_neutral_with_steering_held()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_a_loop_that_dies_leaves_neutral_and_no_guard_behind(
    bench: Bench, parent: tuple[subprocess.Popen[str], int], name: str
) -> None:
    process, guard_id = parent
    process.send_signal(getattr(signal, name))
    bench.check_neutral_with_steering_held()
    assert holds_soon(lambda: has_ended(guard_id))


def test_a_loop_that_freezes_is_neutral_after_the_deadline(
    bench: Bench, parent: tuple[subprocess.Popen[str], int]
) -> None:
    process, guard_id = parent
    process.send_signal(signal.SIGSTOP)
    bench.check_neutral_with_steering_held()
    process.send_signal(signal.SIGCONT)
    time.sleep(0.1)
    assert bench.throttle_us == NEUTRAL_US
    assert not has_ended(guard_id)


def test_silence_latches_until_a_zero_comes(bench: Bench) -> None:
    with bench.guard() as guard:
        guard.send(GO)
        bench.check_neutral_with_steering_held()
        assert guard.send(GO).throttle == 0.0
        assert guard.latched
        guard.send(STOP)
        guard.send(GO)
        assert bench.throttle_us == GO_US


def test_a_lapse_is_told_although_the_next_command_asks_for_no_throttle(bench: Bench) -> None:
    with bench.guard() as guard:
        guard.send(GO)
        told = [guard.latched]
        bench.check_neutral_with_steering_held()
        for _ in range(2):
            guard.send(STOP)
            told.append(guard.latched)
    assert told == [False, True, False]


@pytest.mark.parametrize("command", [Command(math.nan, 0.4), Command(0.5, 1.5)])
def test_nonsense_is_neutral(bench: Bench, command: Command) -> None:
    with bench.guard() as guard:
        guard.send(GO)
        with pytest.raises(GuardError, match="whoever decides is broken"):
            guard.send(command)
        bench.check_neutral_with_steering_held()
        guard.send(STOP)
        assert guard.state is GuardState.DRIVING


def test_a_replayed_command_is_refused_and_does_not_renew_the_deadline(bench: Bench) -> None:
    process, link = start_guard(guard_settings(CarConfig(), f"simulated:{bench.path}"))
    with process, link:
        assert receive_reply(link).outcome is Outcome.DONE
        link.sendall(request_bytes(Request(Ask.APPLY, 7, time.monotonic(), GO)))
        assert receive_reply(link).outcome is Outcome.DONE
        begun_s = time.monotonic()
        while time.monotonic() < begun_s + 0.3:
            for sequence in (7, 6, 0):
                link.sendall(
                    request_bytes(Request(Ask.APPLY, sequence, time.monotonic(), Command(1.0, 1.0)))
                )
                assert receive_reply(link).outcome is Outcome.STALE
        assert bench.throttle_us == NEUTRAL_US
        bench.check_neutral_with_steering_held()
        link.sendall(request_bytes(Request(Ask.LEAVE, 8)))
        assert receive_reply(link).outcome is Outcome.LEFT


@pytest.mark.parametrize("data", [b"\x09" + bytes(28), b"\x01\x02"])
def test_bytes_that_mean_nothing_end_the_guard_at_neutral(bench: Bench, data: bytes) -> None:
    process, link = start_guard(guard_settings(CarConfig(), f"simulated:{bench.path}"))
    with process, link:
        receive_reply(link)
        link.sendall(request_bytes(Request(Ask.APPLY, 1, time.monotonic(), GO)))
        receive_reply(link)
        link.sendall(data)
        bench.check_neutral_with_steering_held()
        assert process.wait(PATIENCE_S) == 0


def test_a_single_nack_is_not_even_noticed(bench: Bench) -> None:
    with bench.guard() as guard:
        guard.send(STOP)
        bench.chip.refuse(1)
        assert guard.send(GO).throttle == pytest.approx(0.4, abs=0.01)
        assert bench.throttle_us == GO_US


def test_a_dead_bus_is_reported_and_neutral_follows_when_it_heals(bench: Bench) -> None:
    with bench.guard() as guard:
        guard.send(GO)
        bench.chip.refuse(FOR_EVER)
        with pytest.raises(DeviceError, match="does not acknowledge"):
            guard.send(Command(0.5, 0.8))
        assert bench.throttle_us == GO_US
        bench.chip.refuse(0)
        bench.check_neutral_with_steering_held()


def test_a_bus_that_is_dead_when_the_loop_dies_still_gets_neutral(
    bench: Bench, parent: tuple[subprocess.Popen[str], int]
) -> None:
    process, guard_id = parent
    bench.chip.refuse(FOR_EVER)
    process.send_signal(signal.SIGKILL)
    time.sleep(0.3)
    assert bench.throttle_us == GO_US
    bench.chip.refuse(0)
    bench.check_neutral_with_steering_held()
    assert holds_soon(lambda: has_ended(guard_id))


def test_a_bus_that_is_dead_at_the_end_is_waited_for(bench: Bench) -> None:
    heal = threading.Timer(1.4, bench.chip.refuse, [0])

    def drive() -> None:
        with bench.guard() as guard:
            guard.send(GO)
            bench.chip.refuse(FOR_EVER)
            heal.start()

    with pytest.raises(GuardError, match="took neutral late"):
        drive()
    heal.join()
    bench.check_neutral_with_steering_held()


def test_a_chip_that_restarts_alone_is_at_neutral_and_nothing_resumes(bench: Bench) -> None:
    with bench.guard() as guard:
        guard.send(GO)
        bench.chip.power_on()
        bench.check_neutral_with_steering_held()
        assert guard.send(GO).throttle == 0.0
        assert guard.latched
        guard.send(STOP)
        guard.send(GO)
        assert bench.throttle_us == GO_US


TOO_SLOW = CarConfig(chip=ChipConfig(frequency_hz=24.0, oscillator_hz=27_000_000))


@pytest.mark.parametrize(
    ("spec", "config", "error"),
    [
        ("simulated:{}", CarConfig(chip=ChipConfig(address=0x55)), DeviceError),
        ("simulated:{}", TOO_SLOW, ConfigError),
        ("i2c-31", CarConfig(), DeviceError),
        ("spi-1", CarConfig(), ConfigError),
    ],
)
def test_a_guard_that_cannot_begin_says_why(
    bench: Bench, spec: str, config: CarConfig, error: type[CarError]
) -> None:
    with pytest.raises(error), GuardProcess(guard_settings(config, spec.format(bench.path))):
        pass


def test_a_guard_that_has_ended_cannot_be_used(bench: Bench) -> None:
    guard = bench.guard()
    with guard:
        pass
    with pytest.raises(GuardError, match="not running"):
        guard.send(STOP)


def test_the_guard_stays_light() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, cwd=Path(__file__).parents[2])
