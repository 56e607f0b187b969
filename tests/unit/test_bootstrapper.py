"""The `everlap` script: sets up an environment once, again when it must, and mends what broke.

A stand-in for Python takes the place of `venv` and `pip` and writes down what it was asked to do;
everything else it hands to the real one.
"""

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
STAND_IN = f"""#!/bin/sh
case "$1 $2" in
    "-m venv")
        for folder; do :; done
        mkdir -p "$folder/bin"
        cp "$0" "$folder/bin/python"
        echo "venv" >>"$LOG"
        [ -z "${{VENV_SLEEPS_S:-}}" ] || sleep "$VENV_SLEEPS_S" ;;
    "-m pip")
        echo "pip $*" >>"$LOG"
        [ -z "${{PIP_SLEEPS_S:-}}" ] || sleep "$PIP_SLEEPS_S"
        [ -z "${{PIP_FAILS:-}}" ] || {{ echo "$PIP_FAILS"; exit 1; }} ;;
    "-P -m") echo "ran $*" ;;
    *) exec {sys.executable} "$@" ;;
esac
"""


@dataclass(frozen=True)
class Checkout:
    """A checkout with nothing but what the script needs, and the stand-in."""

    folder: Path
    log: Path
    python: Path

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name != "VIRTUAL_ENV" and not name.startswith("EVERLAP_")
        }
        return {**kept, "LOG": str(self.log), "EVERLAP_PYTHON": str(self.python), **settings}

    def start(self, *words: str, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.folder / "everlap", *words],
            env=self.environment(settings),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*words, **settings)
        out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def asked(self, what: str) -> int:
        """How often the stand-in was asked for an environment or an installation."""
        if not self.log.exists():
            return 0
        return sum(line.split()[0] == what for line in self.log.read_text().splitlines())


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    folder = tmp_path / "a checkout"
    (folder / ".ci").mkdir(parents=True)
    for name in ("everlap", "pyproject.toml", ".ci/pins-3.11.txt", ".ci/pins-3.13.txt"):
        shutil.copy(CHECKOUT / name, folder / name)
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    return Checkout(folder, tmp_path / "log", python)


def wait_until_asked(checkout: Checkout, what: str) -> None:
    until_s = time.monotonic() + 20
    while not checkout.asked(what):
        assert time.monotonic() < until_s, f"{what} was never started"
        time.sleep(0.02)


def test_the_first_run_installs_and_says_so_in_one_line(checkout: Checkout) -> None:
    done = checkout.run("demo", "--seed", "3")
    assert done.returncode == 0
    assert done.stdout == "ran -P -m car.cli demo --seed 3\n"
    assert len(done.stderr.splitlines()) == 1
    assert (checkout.asked("venv"), checkout.asked("pip")) == (1, 1)


def test_the_second_run_installs_nothing_and_says_nothing(checkout: Checkout) -> None:
    checkout.run("drive")
    done = checkout.run("drive")
    assert done.stderr == ""
    assert (checkout.asked("venv"), checkout.asked("pip")) == (1, 1)


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("demo",), "train"),
        (("train", "tub"), "train"),
        (("-v", "evaluate"), "train"),
        (("score",), "train"),
        (("test", "-k", "guard"), "dev"),
        (("drive",), "pi"),
        (("drive", "--pilot", "my.tflite"), "pi"),
        (("drive", "demo"), "pi"),
        (("drive", "--replay", "tub"), "pi"),
        (("drive", "--replay", "tub", "--video", "film.mp4"), "sim"),
        (("drive", "--laps", "2", "--sim"), "sim"),
        (("-v", "drive", "--sim=random:7"), "sim"),
        (("record",), "pi"),
        (("record", "--sim"), "sim"),
        (("doctor", "--json", "found.json"), "pi"),
        (("service", "install"), "pi"),
        (("calibrate", "steering"), "pi"),
        (("tub", "info"), "pi"),
        (("tub", "movie", "tub"), "sim"),
        (("bench", "loop"), "pi"),
        (("bench", "sim"), "sim"),
        (("bench", "pilot"), "pi"),
        (("bench", "train", "--rounds", "1"), "train"),
        (("--help",), "pi"),
        ((), "pi"),
    ],
)
def test_a_subcommand_installs_what_it_needs(
    checkout: Checkout, words: tuple[str, ...], extra: str
) -> None:
    checkout.run(*words)
    assert f"--editable .[{extra}]" in checkout.log.read_text()


SMALLEST_FIRST = [("doctor",), ("drive", "--sim"), ("train",), ("test",)]


@pytest.mark.parametrize("size", range(1, len(SMALLEST_FIRST)))
def test_a_larger_extra_serves_the_smaller_ones_but_not_the_reverse(
    checkout: Checkout, size: int
) -> None:
    checkout.run(*SMALLEST_FIRST[size])
    for words in SMALLEST_FIRST[:size]:
        checkout.run(*words)
    assert checkout.asked("pip") == 1
    for words in SMALLEST_FIRST[size + 1 :]:
        checkout.run(*words)
    assert checkout.asked("pip") == len(SMALLEST_FIRST) - size


def test_each_extra_includes_those_that_the_script_takes_it_for() -> None:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        extras = tomllib.load(file)["project"]["optional-dependencies"]
    assert "everlap[train]" in extras["dev"]
    for each in ("train", "train-gpu"):
        assert "everlap[desktop]" in extras[each]
    assert "everlap[sim]" in extras["desktop"]
    assert "everlap[pi]" in extras["sim"]


@pytest.mark.parametrize("name", [".ci/pins-3.11.txt", ".ci/pins-3.13.txt", "pyproject.toml"])
def test_changed_pins_are_installed_once(checkout: Checkout, name: str) -> None:
    checkout.run("drive")
    with (checkout.folder / name).open("a") as pins:
        pins.write("# changed\n")
    checkout.run("drive")
    checkout.run("drive")
    assert (checkout.asked("venv"), checkout.asked("pip")) == (1, 2)


def test_a_checkout_that_was_moved_is_installed_again(checkout: Checkout, tmp_path: Path) -> None:
    checkout.run("drive")
    moved = Checkout(checkout.folder.rename(tmp_path / "moved"), checkout.log, checkout.python)
    assert moved.run("drive").returncode == 0
    assert moved.asked("pip") == 2


def test_it_runs_from_any_folder_and_through_symlinks(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "direct").symlink_to(checkout.folder / "everlap")
    (tmp_path / "bin" / "everlap").symlink_to("../direct")
    done = subprocess.run(
        ["bin/everlap", "drive"],
        cwd=tmp_path,
        env=checkout.environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "ran -P -m car.cli drive\n"
    assert (checkout.folder / ".venv").is_dir()


def test_an_interrupted_installation_is_made_anew(checkout: Checkout) -> None:
    process = checkout.start("drive", PIP_SLEEPS_S="20")
    wait_until_asked(checkout, "pip")
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "interrupted" in err.splitlines()[-1]
    assert checkout.run("drive").returncode == 0
    assert (checkout.asked("venv"), checkout.asked("pip")) == (2, 2)


@pytest.mark.parametrize(
    ("stage", "slow", "times"), [("venv", "VENV_SLEEPS_S", 1), ("pip", "PIP_SLEEPS_S", 2)]
)
def test_a_killed_installation_is_made_anew(
    checkout: Checkout, stage: str, slow: str, times: int
) -> None:
    process = checkout.start("drive", **{slow: "20"})
    wait_until_asked(checkout, stage)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert checkout.run("drive").returncode == 0
    assert (checkout.asked("venv"), checkout.asked("pip")) == (2, times)


def test_a_killed_update_is_made_anew(checkout: Checkout) -> None:
    checkout.run("drive")
    with (checkout.folder / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    process = checkout.start("drive", PIP_SLEEPS_S="20")
    while checkout.asked("pip") < 2 and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert checkout.run("drive").returncode == 0
    assert (checkout.asked("venv"), checkout.asked("pip")) == (2, 3)


def test_a_failed_installation_shows_why_and_is_tried_again(checkout: Checkout) -> None:
    failed = checkout.run("drive", PIP_FAILS="no such package")
    assert failed.returncode == 1
    assert "no such package" in failed.stderr
    assert "python3-dev" not in failed.stderr
    assert failed.stdout == ""
    assert checkout.run("drive").returncode == 0
    assert checkout.asked("pip") == 2


@pytest.mark.parametrize(
    "complaint",
    [
        "error: command '/usr/bin/aarch64-linux-gnu-gcc' failed with exit code 1",
        "fatal error: Python.h: No such file or directory",
        "ERROR: Unknown compiler(s): [['cc'], ['gcc'], ['clang']]",
    ],
)
def test_a_package_that_cannot_be_compiled_has_a_remedy(checkout: Checkout, complaint: str) -> None:
    failed = checkout.run("doctor", PIP_FAILS=complaint)
    assert failed.returncode == 1
    assert complaint in failed.stderr
    assert "sudo apt install gcc python3-dev" in failed.stderr.splitlines()[-1]


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.run("drive")
    (checkout.folder / ".venv" / "bin" / "python").unlink()
    assert checkout.run("drive").returncode == 0
    assert checkout.asked("venv") == 2


def test_two_at_once_install_once(checkout: Checkout) -> None:
    first = checkout.start("drive", PIP_SLEEPS_S="0.5")
    wait_until_asked(checkout, "pip")
    second = checkout.start("drive")
    _, waited = second.communicate(timeout=20)
    first.communicate(timeout=20)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "waiting for another installation" in waited
    assert checkout.asked("pip") == 1


def test_a_running_command_does_not_hold_the_lock(checkout: Checkout) -> None:
    """Or the next installation would wait for the end of a drive."""
    script = checkout.python.read_text()
    checkout.python.write_text(script.replace('echo "ran $*"', "exec ls -l /proc/self/fd"))
    done = checkout.run("drive")
    assert "pyproject.toml" not in done.stdout


def test_an_active_environment_is_used_when_told_to_and_never_removed(
    checkout: Checkout, tmp_path: Path
) -> None:
    active = tmp_path / "active"
    (active / "bin").mkdir(parents=True)
    shutil.copy(checkout.python, active / "bin" / "python")
    settings = {"EVERLAP_VENV": "active", "VIRTUAL_ENV": str(active)}
    process = checkout.start("drive", PIP_SLEEPS_S="20", **settings)
    wait_until_asked(checkout, "pip")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    assert checkout.run("drive", **settings).returncode == 0
    assert checkout.asked("venv") == 0
    assert not (checkout.folder / ".venv").exists()


def test_active_without_an_active_environment_is_refused(checkout: Checkout) -> None:
    done = checkout.run("drive", EVERLAP_VENV="active")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "no virtual environment is active" in done.stderr


def test_an_environment_may_lie_elsewhere(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert checkout.run("drive", EVERLAP_VENV=str(elsewhere)).returncode == 0
    assert (elsewhere / "bin" / "python").exists()


def test_a_folder_that_is_no_environment_is_left_alone(checkout: Checkout, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "photo.jpg").touch()
    done = checkout.run("drive", EVERLAP_VENV=str(precious))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert (precious / "photo.jpg").exists()


@pytest.mark.parametrize(
    ("script", "remedy"),
    [
        ("exit 1", "Python 3.11, 3.12 or 3.13"),
        ('case "$2" in *ensurepip*) exit 1 ;; esac', "sudo apt install python3-venv"),
        ('case "$2" in *maxsize*) exit 1 ;; esac', "64-bit Raspberry Pi OS"),
    ],
)
def test_a_python_that_will_not_do_is_refused_with_a_remedy(
    checkout: Checkout, script: str, remedy: str
) -> None:
    checkout.python.write_text(STAND_IN.replace("#!/bin/sh", f"#!/bin/sh\n{script}"))
    done = checkout.run("drive")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert remedy in done.stderr
    assert not (checkout.folder / ".venv").exists()


def test_a_machine_without_python_is_told_what_to_install(
    checkout: Checkout, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("dirname", "readlink", "cksum", "wc", "cat", "uname"):
        found = shutil.which(tool)
        assert found is not None
        (tools / tool).symlink_to(found)
    done = checkout.run("drive", PATH=str(tools), EVERLAP_PYTHON="")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "sudo apt install python3" in done.stderr


def test_an_emergency_stop_never_waits_for_an_installation(checkout: Checkout) -> None:
    checkout.run("doctor")
    (checkout.folder / "pyproject.toml").write_text("# changed since")
    assert checkout.asked("pip") == 1
    assert "ran -P -m car.cli stop" in checkout.run("stop").stdout
    assert checkout.asked("pip") == 1
    checkout.run("doctor")
    assert checkout.asked("pip") == 2


def installed(checkout: Checkout) -> list[str]:
    """The extras that were installed, in order."""
    return re.findall(r"\[([\w-]+)\]$", checkout.log.read_text(), re.MULTILINE)


linux_x86_64 = pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="TensorFlow has GPUs on Linux, x86-64, only",
)


@linux_x86_64
def test_a_gpu_is_asked_for_by_name_and_gets_an_environment_of_its_own(checkout: Checkout) -> None:
    checkout.run("train", "tub")
    checkout.run("train", "tub", EVERLAP_GPU="1")
    checkout.run("score", EVERLAP_GPU="1")
    assert installed(checkout) == ["train", "train-gpu"]
    assert (checkout.folder / ".venv-gpu" / "everlap-train-gpu").exists()
    assert not (checkout.folder / ".venv" / "everlap-train-gpu").exists()


@linux_x86_64
@pytest.mark.parametrize("words", [("drive", "--sim"), ("stop",), ("test",)])
def test_what_needs_no_gpu_stays_where_it_was(checkout: Checkout, words: tuple[str, ...]) -> None:
    checkout.run(*words, EVERLAP_GPU="1")
    assert not (checkout.folder / ".venv-gpu").exists()
    assert "train-gpu" not in installed(checkout)


@linux_x86_64
@pytest.mark.parametrize(
    ("first", "then"),
    [({}, {"EVERLAP_GPU": "1"}), ({"EVERLAP_GPU": "1"}, {})],
    ids=["gpu beside cpu", "cpu beside gpu"],
)
def test_two_kinds_of_tensorflow_never_share_an_environment(
    checkout: Checkout, tmp_path: Path, first: dict[str, str], then: dict[str, str]
) -> None:
    shared = {"EVERLAP_VENV": str(tmp_path / "shared")}
    checkout.run("train", **first, **shared)
    done = checkout.run("test" if first else "train", **then, **shared)
    assert (done.returncode, checkout.asked("pip")) == (2, 1)
    assert "another TensorFlow" in done.stderr
    assert checkout.run("train", **first, **shared).returncode == 0


def test_a_gpu_is_refused_where_tensorflow_has_none(checkout: Checkout, tmp_path: Path) -> None:
    uname = tmp_path / "bin" / "uname"
    uname.parent.mkdir()
    uname.write_text("#!/bin/sh\necho Darwin\n")
    uname.chmod(0o755)
    path = f"{uname.parent}{os.pathsep}{os.environ['PATH']}"
    done = checkout.run("train", EVERLAP_GPU="1", PATH=path)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "needs Linux on x86-64" in done.stderr
    assert not checkout.log.exists()
