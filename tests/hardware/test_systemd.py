"""The units under a booted systemd, judged by a chip outside: whatever breaks, the car stops.

`.ci/verify` runs it. The service is installed by `everlap service install` in a Debian system with
its own Python; a client holds the wheel, half throttle, while something is broken.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import debian_tree
import pytest
from booted import WIRES, BootedDebian, NoContainersError
from held_car import (
    CAR,
    GUARD,
    NEAR_US,
    NEUTRAL_US,
    PROMISE_S,
    SLACK,
    TIMES,
    Wheels,
    is_neutral,
    make_tub,
)
from wired_chip import WiredChip, missing_tools

ABSENT = debian_tree.missing() or missing_tools()

pytestmark = [
    pytest.mark.machine,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(ABSENT), reason=ABSENT or "all is here"),
]

CONFIG = """
[camera]
device = "replay:/srv/tub"

[throttle]
arming_s = 0.5
"""


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wheels]:
    folder = tmp_path_factory.mktemp("machine")
    (folder / "chip").mkdir()
    (folder / "chip").chmod(0o755)
    try:
        tree = debian_tree.furnished(folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no Debian tree can be made here: {error}")
    make_tub(tree / "srv/tub")
    client = Path(__file__).with_name("hold_the_wheel.py")
    (tree / debian_tree.CODE.lstrip("/") / client.name).write_text(client.read_text())
    try:
        with WiredChip(folder / "chip") as chip, BootedDebian(tree, chip) as debian:
            debian.write("/etc/everlap/car.toml", CONFIG)
            for unit in (GUARD, CAR):
                debian.write(f"/etc/systemd/system/{unit}.d/wires.conf", WIRES)
            yield Wheels(debian, chip)
    except NoContainersError as error:
        pytest.skip(f"no system can be booted in a container here: {error}")
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", str(tree)], check=True)
        tell_times()


def tell_times() -> None:
    """Print what was measured, and write it where EVERLAP_VERIFY_JSON says."""
    print("\nwhat was broken                           neutral after   drivable again after")  # noqa: T201
    for what, at_s, ready_s in TIMES:
        print(f"{what:40s}  {1e3 * at_s:8.0f} ms   {ready_s:8.1f} s")  # noqa: T201
    if path := os.environ.get("EVERLAP_VERIFY_JSON"):
        rows = [{"fault": w, "neutral_s": a, "drivable_s": r} for w, a, r in TIMES]
        Path(path).write_text(json.dumps({"systemd": rows}, indent=2) + "\n")


def test_installing_starts_guard_and_car_with_the_throttle_at_neutral(wheels: Wheels) -> None:
    done = wheels.debian.everlap("service", "install")
    assert "wrote /etc/systemd/system/everlap.service" in done.stdout
    assert "started" in done.stdout
    assert wheels.throttle_us() == pytest.approx(NEUTRAL_US, abs=NEAR_US)
    assert all(is_neutral(us.get("0")) for _, us in wheels.chip.changes())


def test_installing_again_changes_nothing(wheels: Wheels) -> None:
    done = wheels.debian.everlap("service", "install")
    assert "wrote" not in done.stdout


def test_both_processes_are_the_service_s_own_user_without_any_capability(wheels: Wheels) -> None:
    for unit in (GUARD, CAR):
        status = Path(f"/proc/{wheels.debian.main_process(unit)}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        assert fields["Uid"].split()[0] != "0"
        assert int(fields["CapEff"], 16) == 0
        assert fields["NoNewPrivs"].strip() == "1"


def test_the_guard_runs_before_all_others_where_the_machine_lets_it(wheels: Wheels) -> None:
    assert os.sched_getscheduler(wheels.debian.main_process(GUARD)) == os.SCHED_FIFO


def test_the_status_tells_that_both_run(wheels: Wheels) -> None:
    done = wheels.debian.everlap("service", "status", "--json", "/tmp/status.json")
    assert "guard: runs since" in done.stdout
    assert "car: runs since" in done.stdout
    found = json.loads(wheels.debian.run("cat", "/tmp/status.json").stdout)
    assert found["up"]
    assert found["up_to_date"]
    assert [unit["state"]["enabled"] for unit in found["units"]] == [True, True]


def test_whoever_is_not_root_is_told_what_to_type(wheels: Wheels) -> None:
    words = (debian_tree.PYTHON, "-P", "-m", "car.cli", "service")
    for command in ("install", "uninstall"):
        done = wheels.debian.run("runuser", "-u", "pi", "--", *words, command, check=False)
        assert done.returncode == 2
        needed = f"needs root: sudo {debian_tree.CODE}/everlap service {command}\n"
        assert done.stderr == f"everlap: {needed}"


def test_a_read_only_etc_is_one_clear_line(wheels: Wheels) -> None:
    wheels.debian.write("/srv/other.toml", CONFIG)
    wheels.debian.run("mount", "--bind", "/etc", "/etc")
    wheels.debian.run("mount", "-o", "remount,bind,ro", "/etc")
    try:
        words = ("service", "install", "--config", "/srv/other.toml")
        done = wheels.debian.everlap(*words, check=False)
    finally:
        wheels.debian.run("umount", "/etc")
    assert done.returncode == 2
    assert "the file system is read-only: sudo mount -o remount,rw /" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_guard_is_small(wheels: Wheels) -> None:
    status = Path(f"/proc/{wheels.debian.main_process(GUARD)}/status").read_text()
    size_kb = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
    print(f"\nRSS of the guard on /dev/i2c-1: {size_kb / 1024:.1f} MB")  # noqa: T201
    assert size_kb < 64 * 1024


def test_systemd_finds_nothing_to_complain_of(wheels: Wheels) -> None:
    for unit in (GUARD, CAR):
        path = f"/etc/systemd/system/{unit}"
        assert "everlap" not in wheels.debian.run("systemd-analyze", "verify", path).stderr
        wheels.debian.run("systemd-analyze", "security", "--threshold=20", unit)


@pytest.mark.parametrize("unit", [CAR, GUARD])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM])
def test_a_process_that_dies_or_hangs_means_neutral_and_nothing_resumes(
    wheels: Wheels, unit: str, number: signal.Signals
) -> None:
    with wheels.driven():
        process = wheels.debian.main_process(unit)
        at_s = wheels.times_after(
            lambda: os.kill(process, number), f"{number.name} to {unit}", unit
        )
    assert at_s <= SLACK * PROMISE_S


@pytest.mark.parametrize(
    "words",
    [
        ("stop", CAR),
        ("stop", GUARD),
        ("restart", CAR),
        ("restart", GUARD),
        ("kill", "-s", "KILL", CAR, GUARD),
    ],
    ids=" ".join,
)
def test_whatever_systemctl_does_means_neutral_and_nothing_resumes(
    wheels: Wheels, words: tuple[str, ...]
) -> None:
    def deed() -> None:
        wheels.debian.run("systemctl", *words)
        if words[0] == "stop":
            time.sleep(0.5)
            wheels.debian.run("systemctl", "start", GUARD, CAR)

    with wheels.driven():
        at_s = wheels.times_after(deed, f"systemctl {' '.join(words)}")
    # From the call, not from the detection: nsenter, systemctl and D-Bus come first.
    assert at_s <= SLACK * PROMISE_S + 0.3


def test_both_killed_at_the_same_moment_means_neutral(wheels: Wheels) -> None:
    with wheels.driven():
        processes = [wheels.debian.main_process(unit) for unit in (CAR, GUARD)]

        def deed() -> None:
            for process in processes:
                os.kill(process, signal.SIGKILL)

        at_s = wheels.times_after(deed, "SIGKILL to both at once", GUARD)
    assert at_s <= SLACK * PROMISE_S


def test_a_chip_that_restarted_by_itself_does_not_drive_on(wheels: Wheels) -> None:
    with wheels.driven():
        at_s = wheels.times_after(
            lambda: wheels.chip.order(power_on=True), "chip restarts alone", ""
        )
    assert at_s <= SLACK * PROMISE_S


def test_a_refused_car_toml_is_told_once_and_does_not_spin(wheels: Wheels) -> None:
    debian = wheels.debian
    debian.write("/etc/everlap/car.toml", CONFIG + "\n[guard]\ndeadline_s = 99\n")
    debian.run("systemctl", "restart", GUARD, CAR, check=False)
    time.sleep(3.0)
    for unit in (GUARD, CAR):
        assert debian.told(unit, "ActiveState") == "failed"
        assert debian.told(unit, "ExecMainStatus") == "2"
    assert "deadline_s" in debian.journal(GUARD)
    told = debian.everlap("service", "status", check=False)
    assert told.returncode == 1
    assert "guard: has failed" in told.stdout
    assert "bad input" in told.stdout
    assert is_neutral(wheels.throttle_us())
    debian.write("/etc/everlap/car.toml", CONFIG)
    debian.run("systemctl", "restart", GUARD, CAR)
    wheels.wait_for_start()


def test_switching_off_in_the_middle_of_a_drive_leaves_neutral(wheels: Wheels) -> None:
    with wheels.driven():
        begun_s = time.monotonic()
        wheels.debian.power_off()
        TIMES.append(("poweroff", wheels.neutral_since(begun_s), 0.0))
        assert is_neutral(wheels.throttle_us())


def test_after_a_boot_the_car_is_ready_and_stopped_guard_first(wheels: Wheels) -> None:
    wheels.debian.power_off()
    begun_s = wheels.debian.boot()
    wheels.wait_for_start()
    TIMES.append(("boot", 0.0, time.monotonic() - begun_s))
    assert all(is_neutral(us.get("0")) for _, us in wheels.chip.changes(begun_s))
    guard_us = int(wheels.debian.told(GUARD, "ActiveEnterTimestampMonotonic"))
    car_us = int(wheels.debian.told(CAR, "ExecMainStartTimestampMonotonic"))
    assert 0 < guard_us <= car_us
    assert "stopped" in wheels.debian.told(CAR, "StatusText")


def test_uninstalling_stops_everything_and_leaves_settings(wheels: Wheels) -> None:
    done = wheels.debian.everlap("service", "uninstall")
    assert "removed /etc/systemd/system/everlap.service" in done.stdout
    assert wheels.debian.told(GUARD, "ActiveState") == "inactive"
    assert is_neutral(wheels.throttle_us())
    assert wheels.debian.run("cat", "/etc/everlap/car.toml").stdout == CONFIG
