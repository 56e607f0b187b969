"""The outer command: a screen of help, nothing imported in vain, one line for every failure."""

import errno
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import click
import pytest

from car.cli import COMMANDS, Entry, main
from car.errors import DeviceError
from tubs.errors import TubError

HEAVY = {"numpy", "cv2", "tensorflow", "keras", "numba", "gymnasium", "matplotlib", "rich", "mcap"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run one subcommand, `it`, whose body is given."""

    def run_it(body: Callable[[], object], *words: str) -> int:
        module = ModuleType("car_cli_subject")
        module.it = click.Command("it", callback=body)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return main([*words, "it"], {"it": Entry("car_cli_subject:it", "train", "Do it.")})

    return run_it


def raising(error: BaseException) -> Callable[[], object]:
    def body() -> object:
        raise error

    return body


def everlap(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "car.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_help_fits_one_screen_and_lists_every_command() -> None:
    shown = everlap("--help").stdout.splitlines()
    assert len(shown) < 24
    assert max(map(len, shown)) <= 80
    for name in COMMANDS:
        assert any(line.split()[:1] == [name] for line in shown), name


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from car.cli import main; main(['--help']);"
        "sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY.isdisjoint(done.stderr.split())


def test_the_version_is_that_of_the_distribution() -> None:
    assert everlap("--version").stdout.startswith("everlap 0.")


def test_a_command_that_went_well_exits_0(run: Callable[..., int]) -> None:
    assert run(lambda: None) == 0


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (
            TubError("x.mcap is empty:\n record first"),
            2,
            "everlap: x.mcap is empty: record first\n",
        ),
        (DeviceError("no answer from 0x40"), 1, "everlap: no answer from 0x40\n"),
        (
            PermissionError(errno.EACCES, "Permission denied", "closed/tub"),
            2,
            "everlap: cannot use closed/tub: Permission denied\n",
        ),
        (
            OSError(errno.ENAMETOOLONG, "File name too long", Path("x" * 300)),
            2,
            f"everlap: cannot use {'x' * 300}: File name too long\n",
        ),
        (KeyboardInterrupt(), 130, "everlap: interrupted\n"),
        (click.Abort(), 130, "everlap: interrupted\n"),
        (click.ClickException("no"), 2, "everlap: no\n"),
        (
            click.BadParameter("laps = 0: from 1 on"),
            2,
            "everlap: Invalid value: laps = 0: from 1 on; see `everlap it --help`\n",
        ),
        (
            ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow.lite"),
            2,
            "everlap: tensorflow is not installed: pip install 'everlap[train]'\n",
        ),
    ],
)
def test_a_failure_is_one_line_and_its_exit_code(
    run: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    exit_code: int,
    line: str,
) -> None:
    assert run(raising(error)) == exit_code
    printed = capsys.readouterr()
    assert printed.err == line
    assert printed.out == ""


def test_a_mistake_of_our_own_is_not_hidden(run: Callable[..., int]) -> None:
    with pytest.raises(ZeroDivisionError):
        run(raising(ZeroDivisionError()))
    with pytest.raises(FileNotFoundError):
        run(raising(FileNotFoundError(errno.ENOENT, "No such file or directory", "ours")))
    with pytest.raises(PermissionError):
        run(raising(PermissionError(errno.EPERM, "Operation not permitted")))
    with pytest.raises(ModuleNotFoundError):
        run(raising(ModuleNotFoundError("No module named 'car.x'", name="car.x")))


def test_a_command_may_end_with_an_exit_code_of_its_own(run: Callable[..., int]) -> None:
    assert run(raising(click.exceptions.Exit(1))) == 1


def test_an_unknown_command_or_option_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fly"]) == 2
    assert capsys.readouterr().err == ("everlap: No such command 'fly'; see `everlap --help`\n")
    assert main(["test-me"]) == 2
    assert main(["--fly"]) == 2


def test_no_command_shows_the_help_and_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_a_reader_that_goes_away_ends_the_command_without_a_word() -> None:
    code = (
        "import sys, types, click; from car.cli import Entry, main\n"
        "subject = types.ModuleType('subject')\n"
        "subject.it = click.Command('it', callback=lambda: print('x' * 200_000))\n"
        "sys.modules['subject'] = subject\n"
        "sys.exit(main(['it'], {'it': Entry('subject:it', 'sim', '')}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=30) != 0


@pytest.mark.parametrize(("words", "level"), [((), 30), (("-v",), 20), (("-vv",), 10)])
def test_verbose_lets_more_through_to_the_log(
    run: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    level: int,
) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", logging.WARNING)
    assert run(lambda: None, *words) == 0
    assert root.level == level


def test_test_hands_its_options_to_pytest() -> None:
    done = everlap("test", "--version")
    assert done.returncode == 0
    assert done.stdout.startswith("pytest ")
