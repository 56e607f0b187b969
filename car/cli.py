"""The `everlap` command: finds the subcommand, and turns every failure into one line."""

import errno
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import click

from tubs.errors import EverlapError

OUR_OWN = {"car", "train", "calibration", "tubs"}
CHECKOUT = Path(__file__).resolve().parent.parent


class Entry(NamedTuple):
    """Where a subcommand lives; nothing of it is imported before it is used.

    Attributes:
        target: "module:attribute" of a click command.
        extra: which extra of the distribution it needs.
        summary: what it does, for the list in `everlap --help`.
    """

    target: str
    extra: str
    summary: str


COMMANDS = {
    "demo": Entry(
        "train.commands.demo:demo", "train", "The whole loop, simulated: record, train, drive."
    ),
    "drive": Entry("car.commands.drive:drive", "sim", "Drive the car, or the simulated one."),
    "record": Entry("car.commands.record:record", "sim", "Record a tub to learn from."),
    "stop": Entry("car.commands.stop:stop", "sim", "Stop a car that drives on this machine."),
    "train": Entry("train.commands.train:train", "train", "Train a pilot from tubs."),
    "evaluate": Entry(
        "train.commands.evaluate:evaluate", "train", "Let a pilot drive many tracks, and count."
    ),
    "score": Entry("train.commands.score:score", "train", "Compare a pilot with recorded drivers."),
    "tub": Entry("car.cli:tub", "pi", "Look at recordings, clean, import and export them."),
    "bench": Entry("car.cli:bench", "sim", "Measure how fast things are here."),
    "doctor": Entry("car.commands.doctor:doctor", "pi", "Examine the car; say what to do."),
    "service": Entry("car.commands.service:service", "pi", "Start the car with the machine."),
    "test": Entry("car.cli:test", "dev", "Test this checkout; options go to pytest."),
}
TUB_COMMANDS = {
    "info": Entry("tubs.commands.info:info", "pi", "Say what tubs hold."),
    "check": Entry("tubs.commands.check:check", "pi", "Read every record; name the damaged ones."),
    "repair": Entry("tubs.commands.repair:repair", "pi", "Make a whole tub of a damaged one."),
    "mark": Entry("tubs.commands.mark:mark", "pi", "Delete and restore records by rule; undo."),
    "import": Entry(
        "tubs.commands.importing:import_", "pi", "Make a tub of another program's recording."
    ),
    "export": Entry("tubs.commands.exporting:export", "pi", "Write a tub for other programs."),
    "plot": Entry("train.commands.tub_plot:plot", "train", "Draw a tub on one page."),
    "movie": Entry("car.commands.tub_movie:movie", "sim", "Make a film of a tub."),
    "colour": Entry("car.commands.tub_colour:colour", "pi", "Pick the colour of a line to follow."),
    "view": Entry("tubs.commands.view:view", "pi", "See, judge and clean tubs in a browser."),
}
BENCH_COMMANDS = {
    "sim": Entry("car.commands.bench:sim", "sim", "The simulator, beside real time."),
    "loop": Entry("car.commands.bench:loop", "pi", "The drive loop, beside the bare interpreter."),
    "guard": Entry("car.commands.bench:guard", "pi", "The guard: size, and how soon it acts."),
    "tub": Entry("car.commands.bench:tub", "sim", "Tubs, beside their JPEGs and donkeycar."),
    "pilot": Entry(
        "train.commands.bench_pilot:pilot", "pi", "A decision: int8, float, beside donkeycar."
    ),
    "train": Entry(
        "train.commands.bench_train:train", "train", "A training: images/s and memory, likewise."
    ),
}
GROUPS = {"tub": TUB_COMMANDS, "bench": BENCH_COMMANDS}


EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.ENOSPC, errno.EDQUOT}
"""What the machine says when it has run out of files, memory, processes or room."""
CLOSED = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.ENOTDIR,
}
"""What it says of a path that this user, or nobody, can use."""


class NotInstalledError(EverlapError):
    """A subcommand needs something that is not installed here."""


class InterruptedByUserError(EverlapError):
    """The user pressed Ctrl-C."""

    exit_code = 130


class LazyGroup(click.Group):
    """A group that imports a subcommand only when it is run."""

    def __init__(self, entries: Mapping[str, Entry], **settings: Any) -> None:
        super().__init__(**settings)
        self.entries = entries

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands, in the order in which a newcomer meets them."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a subcommand; None when there is none of that name."""
        if cmd_name not in self.entries:
            return None
        module, _, attribute = self.entries[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the subcommands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])

    def invoke(self, ctx: click.Context) -> None:
        """Run the subcommand, and see to it that what it printed is out.

        Raises:
            InterruptedByUserError: Ctrl-C was pressed.
        """
        try:
            super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except KeyboardInterrupt as error:
            raise InterruptedByUserError("interrupted") from error


def main(arguments: Sequence[str] | None = None, entries: Mapping[str, Entry] = COMMANDS) -> int:
    """Run the command line.

    Args:
        arguments: the words after `everlap`; those of this process when None.
        entries: the subcommands.

    Returns:
        The exit code: 0 done, 1 what was measured or checked failed, 2 bad input, 130 interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _group(entries).main(words, "everlap", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "everlap"
        message = error.format_message().rstrip(".")
        return _report(f"{message}; see `{where} --help`", error.exit_code)
    except click.ClickException as error:
        return _report(error.format_message(), EverlapError.exit_code)
    except click.Abort:
        return _report("interrupted", InterruptedByUserError.exit_code)
    except EverlapError as error:
        return _report(str(error), error.exit_code)
    except OSError as error:
        if error.errno in CLOSED and error.filename is not None:
            return _report(
                f"cannot use {os.fsdecode(error.filename)}: {error.strerror}",
                EverlapError.exit_code,
            )
        if error.errno not in EXHAUSTED:
            raise
        return _report(f"the machine has run out of something: {error}", 1)
    except ModuleNotFoundError as error:
        package = (error.name or "car").partition(".")[0]
        if package in OUR_OWN:
            raise
        extra = _extra_of(words, entries)
        return _report(
            f"{package} is not installed: pip install 'everlap[{extra}]'",
            NotInstalledError.exit_code,
        )


def _group(entries: Mapping[str, Entry]) -> click.Group:
    """Build the outer command."""

    @click.group(
        "everlap",
        cls=LazyGroup,
        entries=entries,
        no_args_is_help=True,
        help="Makes a small RC car drive itself, and lets you teach it. `everlap COMMAND --help` "
        "tells more.",
    )
    @click.option("-v", "--verbose", count=True, help="Log more to stderr; -vv logs everything.")
    @click.version_option(package_name="everlap", message="%(prog)s %(version)s")
    def everlap(verbose: int) -> None:
        """Makes a small RC car drive itself, and lets you teach it."""
        _start_logging({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))

    return everlap


def _extra_of(words: Sequence[str], entries: Mapping[str, Entry]) -> str:
    """Which extra the subcommand in these words needs."""
    group, *rest = [word for word in words if not word.startswith("-")] or [""]
    known = GROUPS.get(group, {})
    here = [known[word] for word in rest if word in known] or [
        entries[word] for word in (group, *rest) if word in entries
    ]
    return here[0].extra if here else "train"


def _start_logging(level: int) -> None:
    """Send the log to stderr, where journald finds it."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


def _report(message: str, exit_code: int) -> int:
    """Say on stderr, in one line, what went wrong."""
    click.echo(f"everlap: {' '.join(message.split())}", err=True)
    return exit_code


def _end_like_ctrl_c() -> None:
    """Let SIGTERM, and SIGHUP of a window that is closed, end a command as Ctrl-C does.

    So a folder that is half written, or was for a moment only, is removed then, too.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)
            click.get_current_context().call_on_close(
                partial(signal.signal, number, signal.SIG_DFL)
            )


tub = LazyGroup(
    TUB_COMMANDS,
    name="tub",
    callback=_end_like_ctrl_c,
    no_args_is_help=True,
    help="Look at tubs (recordings), clean them, import and export them.",
)

bench = LazyGroup(
    BENCH_COMMANDS,
    name="bench",
    callback=_end_like_ctrl_c,
    no_args_is_help=True,
    help="Measure how fast things are on this machine, each beside something else.",
)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def test(options: tuple[str, ...]) -> None:
    """Run the tests of this checkout.

    OPTIONS go to pytest, which runs in the root of the checkout, on up to four cores:
    `everlap test -k guard`, or with `-n 0` on one.
    """
    if not (CHECKOUT / "tests").is_dir():
        raise NotInstalledError(
            f"there are no tests beside {CHECKOUT / 'car'}: clone the repository and run "
            "`./everlap test` there"
        )
    os.chdir(CHECKOUT)
    cores = ["-n", "auto", "--maxprocesses", "4"]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *cores, *options])


if __name__ == "__main__":
    sys.exit(main())
