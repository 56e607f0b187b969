"""Pulls the battery: builds what a disk may then hold of a real recording, and reads that."""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.cuts.anatomy import Span, record_spans
from tests.cuts.disk import Disk, write_down
from tests.cuts.examination import examine
from tests.cuts.trace import Call, Made, watch
from tests.cuts.verdict import Verdict
from tubs.encoded import EncodedRecord
from tubs.reader import Tub


@dataclass(frozen=True)
class Recording:
    """A whole recording, and how it came about.

    Attributes:
        root: the folder in which the tub is.
        tub: the tub.
        session: its one session file.
        calls: what the recorder asked of the disk.
        contents: every file as it was in the end, by path.
        spans: where the records are in the session file.
        written: what they are.
    """

    root: str
    tub: str
    session: str
    calls: list[Call]
    contents: dict[str, bytes]
    spans: list[Span]
    written: list[EncodedRecord]


def watch_a_recording(folder: Path, pictures: Path, rate_hz: float, records: int) -> Recording:
    """Let the real Recorder record in a process under strace.

    Raises:
        FileNotFoundError: there is no strace here.
    """
    folder = folder.resolve()
    root = folder / "disk"
    root.mkdir()
    command = [sys.executable, "-m", "tests.cuts.everlap_side", str(root / "tub"), str(pictures)]
    command += [str(folder / "counter"), str(rate_hz), str(records)]
    calls = watch(command, root, folder / "trace")
    (session,) = (root / "tub").glob("*.mcap")
    tub = Tub(root / "tub")
    return Recording(
        root=str(root),
        tub=str(root / "tub"),
        session=str(session),
        calls=calls,
        contents={str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()},
        spans=record_spans(session.read_bytes()),
        written=[tub.encoded(number) for number in range(len(tub))],
    )


def pull_the_battery(recording: Recording, seed: int) -> Verdict:
    """Choose a moment, build one of the disks that may then be found, and read it."""
    dice = np.random.default_rng(seed)
    calls = recording.calls
    begin = next(at for at, call in enumerate(calls) if _makes(call, recording.session))
    disk = Disk(calls[: int(dice.integers(begin + 1, len(calls) + 1))])
    synced = next(each for each in disk.inodes if each.last_name == recording.session).synced_size
    expected = {number for number, span in enumerate(recording.spans) if span.end <= synced}
    with tempfile.TemporaryDirectory(prefix="everlap-power-") as folder:
        write_down(disk.fail(recording.contents, dice), recording.root, Path(folder))
        tub = Path(folder) / Path(recording.tub).relative_to(recording.root)
        return examine(tub, recording.written, expected)


def _makes(call: Call, path: str) -> bool:
    return isinstance(call, Made) and call.path == path
