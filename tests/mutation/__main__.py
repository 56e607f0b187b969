"""Mutates the safety core by cosmic-ray and counts what the tests do not notice.

    python -m pip install cosmic-ray
    python -m tests.mutation [FILE ...] [--workers 2] [--sessions FOLDER]

Works on copies of the checkout: nothing here is changed. Annotations are not mutated, since Python
would fail at once and any test would notice. Prints every survivor that `plan.toml` does not
explain, then a table, and exits with 1 when there is such a survivor or when less than 95 % of all
mutants were noticed.

With `--sessions`, what was found is kept in that folder; of a file that has not changed since, only
the survivors are tried again: for whoever writes the tests that were missing.
"""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, NamedTuple

import click

CHECKOUT = Path(__file__).resolve().parents[2]
PLAN = Path(__file__).with_name("plan.toml")
WARM = Path(__file__).with_name("warm.py")
PATIENCE = 3
"""A mutant may take so many times as long as the tests take without it, and some seconds more."""
ENOUGH = 0.95


class Survivor(NamedTuple):
    """A mutant that no test noticed."""

    file: str
    line: int
    was: str
    becomes: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}\n  - {self.was}\n  + {self.becomes}"


class Tally(NamedTuple):
    """What became of the mutants of one file."""

    file: str
    mutants: int
    survivors: list[Survivor]

    @property
    def killed(self) -> int:
        """How many the tests noticed."""
        return self.mutants - len(self.survivors)


class Plan:
    """The files with their tests, and the survivors that are known and why."""

    def __init__(self, path: Path = PLAN) -> None:
        document = tomllib.loads(path.read_text("utf-8"))
        self.tests: dict[str, list[str]] = document["tests"]
        self._same: list[dict[str, Any]] = document.get("same", [])

    def reason(self, survivor: Survivor) -> str | None:
        """Why no test can notice; None when nobody has said so."""
        for known in self._same:
            if (
                known["file"] == survivor.file
                and known["was"] == survivor.was
                and survivor.becomes in known["becomes"]
            ):
                return str(known["why"])
        return None


@contextmanager
def copied_checkout(name: str) -> Iterator[Path]:
    """Copy what git knows of, or would take, and keep pytest warm there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    folder = Path(name)
    for file in filter(None, listed.stdout.decode().split("\0")):
        if (CHECKOUT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / file, folder / file)
    command = [sys.executable, os.fspath(WARM), os.fspath(folder / "warm.sock")]
    server = subprocess.Popen(command, cwd=folder, env=_environment(folder))
    try:
        while not (folder / "warm.sock").exists():
            time.sleep(0.05)
        yield folder
    finally:
        server.kill()
        server.wait()


def _environment(folder: Path) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (os.fspath(folder), os.environ.get("PYTHONPATH"))))
    return os.environ | {"PYTHONPATH": path}


def mutate(file: str, tests: list[str], folder: Path, sessions: Path) -> Tally:
    """Try all mutants of a file in a copy of the checkout.

    Raises:
        click.ClickException: the tests fail although nothing is mutated.
    """
    ask = [sys.executable, "-I", "-S", os.fspath(WARM), "--ask", os.fspath(folder / "warm.sock")]
    _must_pass(file, [*ask, "0", *tests])
    longest_s = 3 + int(PATIENCE * _must_pass(file, [*ask, "0", *tests]))
    command = [*ask, str(longest_s), *tests]
    config = folder / "cosmic-ray.toml"
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{file}"\ntimeout = {longest_s + 30}\n'
        f'test-command = "{" ".join(command)}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    source = (folder / file).read_bytes()
    session = sessions / f"{file.replace('/', '.')}.{zlib.crc32(source):08x}.sqlite"
    if session.exists():
        forget_survivors(session)
    else:
        _cosmic_ray(folder, "init", config, session)
        leave_annotations(session, folder / file)
    _cosmic_ray(folder, "exec", config, session)
    _must_pass(file, command)
    return read_tally(file, session)


def _must_pass(file: str, command: list[str]) -> float:
    """See before and after that it is the mutants that make tests fail; gives the seconds."""
    begun_s = time.monotonic()
    if subprocess.run(command, check=False).returncode:
        raise click.ClickException(f"the tests of {file} fail though it is not mutated")
    return time.monotonic() - begun_s


def _cosmic_ray(folder: Path, *words: object) -> None:
    command = [sys.executable, "-m", "cosmic_ray.cli", *map(str, words)]
    subprocess.run(command, cwd=folder, env=_environment(folder), check=True)


def forget_survivors(session: Path) -> None:
    """Let what no test noticed be tried again."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import TestOutcome

    with use_db(session, WorkDB.Mode.open) as work:
        noticed = {
            job: result
            for job, result in work.results
            if result.test_outcome is not TestOutcome.SURVIVED
        }
        items = work.work_items
        work.clear()
        work.add_work_items(items)
        for job, result in noticed.items():
            work.set_result(job, result)


def leave_annotations(session: Path, source: Path) -> None:
    """Take those mutants off the list that change a type only."""
    from cosmic_ray.work_db import WorkDB, use_db

    notes = [
        note
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if isinstance(note, ast.expr)
    ]
    with use_db(session, WorkDB.Mode.open) as work:
        kept = [
            item
            for item in work.work_items
            if not any(
                (note.lineno, note.col_offset)
                <= item.mutations[0].start_pos
                < (note.end_lineno or 0, note.end_col_offset or 0)
                for note in notes
            )
        ]
        work.clear()
        work.add_work_items(kept)


def read_tally(file: str, session: Path) -> Tally:
    """Read what cosmic-ray found."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import TestOutcome, WorkerOutcome

    with use_db(session, WorkDB.Mode.open) as work:
        done = work.completed_work_items
        survivors = []
        for item, result in done:
            if result.worker_outcome is not WorkerOutcome.NORMAL or result.output == "timeout":
                raise click.ClickException(f"cosmic-ray failed at {file}: {result.output}")
            if result.test_outcome is TestOutcome.SURVIVED:
                was, becomes = _changed(result.diff)
                survivors.append(Survivor(file, item.mutations[0].start_pos[0], was, becomes))
        return Tally(file, len(done), sorted(survivors))


def _changed(diff: str) -> tuple[str, str]:
    """Give the lines that a mutant replaces, and those that it puts there."""
    lines = diff.splitlines()
    was = [line[1:].strip() for line in lines if line[:1] == "-" and line[:3] != "---"]
    becomes = [line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++"]
    return " ".join(was), " ".join(becomes)


def _work(queue: "Queue[str]", plan: Plan, sessions: Path, tallies: dict[str, Tally]) -> None:
    with tempfile.TemporaryDirectory(prefix="mutants-") as name, copied_checkout(name) as folder:
        while True:
            try:
                file = queue.get_nowait()
            except Empty:
                return
            tallies[file] = mutate(file, plan.tests[file], folder, sessions)
            click.echo(f"{file}: {tallies[file].killed} of {tallies[file].mutants}", err=True)


def _table(tallies: list[Tally], plan: Plan) -> Iterator[str]:
    yield "| file | mutants | killed | % | cannot be noticed | survived |"
    yield "|---|---:|---:|---:|---:|---:|"
    everything = [survivor for tally in tallies for survivor in tally.survivors]
    whole = Tally("all", sum(tally.mutants for tally in tallies), everything)
    for tally in (*tallies, whole):
        explained = sum(plan.reason(survivor) is not None for survivor in tally.survivors)
        yield (
            f"| {tally.file} | {tally.mutants} | {tally.killed} "
            f"| {100 * tally.killed / max(1, tally.mutants):.1f} "
            f"| {explained} | {len(tally.survivors) - explained} |"
        )


def run(files: list[str], plan: Plan, workers: int, sessions: Path) -> list[Tally]:
    """Mutate files, some at a time, each worker in a copy of its own."""
    queue: Queue[str] = Queue()
    for file in files:
        queue.put(file)
    tallies: dict[str, Tally] = {}
    arguments = (queue, plan, sessions, tallies)
    threads = [Thread(target=_work, args=arguments) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if missing := [file for file in files if file not in tallies]:
        raise click.ClickException(f"not finished: {', '.join(missing)}")
    return [tallies[file] for file in files]


@click.command()
@click.argument("files", nargs=-1)
@click.option("--workers", default=2, show_default=True)
@click.option("--sessions", type=click.Path(path_type=Path), help="Keep what is found here.")
def main(files: tuple[str, ...], workers: int, sessions: Path | None) -> None:
    """Mutate FILES, or all of the plan, and say which mutants no test notices."""
    plan = Plan()
    if unknown := set(files) - plan.tests.keys():
        raise click.UsageError(f"{', '.join(sorted(unknown))}: not in {PLAN}")
    with tempfile.TemporaryDirectory(prefix="everlap-mutation-") as scratch:
        where = (sessions or Path(scratch)).resolve()
        where.mkdir(parents=True, exist_ok=True)
        found = run(list(files or plan.tests), plan, workers, where)
    unexplained = [each for tally in found for each in tally.survivors if not plan.reason(each)]
    for survivor in unexplained:
        click.echo(survivor)
    click.echo("\n".join(_table(found, plan)))
    killed, mutants = (
        sum(column) for column in zip(*((t.killed, t.mutants) for t in found), strict=True)
    )
    enough = killed >= ENOUGH * mutants
    sys.exit(0 if enough and not unexplained else 1)


if __name__ == "__main__":
    main()
