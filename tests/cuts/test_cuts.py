"""Small, seeded parts of the campaign; and that the harness sees what it is there to see."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.cuts import damage
from tests.cuts.anatomy import Span, record_spans
from tests.cuts.damage import Specimen, harm_once, make_specimens, spared
from tests.cuts.disk import Disk
from tests.cuts.everlap_side import read_numbers
from tests.cuts.examination import examine
from tests.cuts.kills import RESUMED_RECORDS, kill_once
from tests.cuts.limited import HungError, in_a_fresh_process, in_time
from tests.cuts.pictures import keep_pictures
from tests.cuts.power import pull_the_battery, watch_a_recording
from tests.cuts.subjects import Everlap
from tests.cuts.trace import Made, Renamed, SyncBegan, Synced, Written, calls_in
from tests.cuts.verdict import Tally, Verdict
from tubs.reader import Tub


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return keep_pictures(tmp_path_factory.mktemp("pictures") / "pictures.npy", 24, 3)


@pytest.fixture(scope="module")
def specimens(tmp_path_factory: pytest.TempPathFactory, pictures: Path) -> list[Specimen]:
    return make_specimens(tmp_path_factory.mktemp("specimens"), np.load(pictures), 12)


@pytest.mark.parametrize(("rate_hz", "seed"), [(0.0, 1), (0.0, 2), (20.0, 3)])
def test_a_killed_recorder_loses_nothing_and_its_tub_takes_more(tmp_path, pictures, rate_hz, seed):
    verdict = kill_once(Everlap(pictures), tmp_path, rate_hz, seed)
    assert verdict.complaint is None
    assert verdict.refused is None
    assert verdict.expected > RESUMED_RECORDS, "it was killed before it recorded anything"


@pytest.mark.parametrize("kind", damage.KINDS)
def test_harm_costs_only_the_records_that_were_hit(specimens, kind):
    tally = Tally("everlap", kind)
    for seed in range(60):
        tally.take(seed, in_time(20.0, harm_once, specimens, kind, seed))
    assert tally.kept, tally.complaints
    assert tally.expected > 100


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace watches what a disk is told")
def test_what_was_synced_is_there_after_a_power_failure(tmp_path, pictures):
    recording = watch_a_recording(tmp_path, pictures, 200.0, 40)
    tally = Tally("everlap", "power failure")
    for seed in range(60):
        tally.take(seed, pull_the_battery(recording, seed))
    assert tally.kept, tally.complaints
    assert tally.expected > 100


def test_spans_are_those_of_the_records_and_of_nothing_else(specimens):
    for specimen in specimens:
        assert len(specimen.spans) == len(specimen.written) == 12
        for span, encoded in zip(specimen.spans, specimen.written, strict=True):
            assert encoded.jpeg in specimen.data[span.start : span.end]


def test_a_record_is_spared_unless_one_of_its_bytes_was_hit():
    spans = [Span(10, 20), Span(20, 30), Span(30, 40)]
    assert spared(spans, [Span(19, 20)]) == {1, 2}
    assert spared(spans, [Span(25, 1000)]) == {0}
    assert spared(spans, [Span(0, 10), Span(40, 41)]) == {0, 1, 2}


def test_a_missing_record_is_counted_as_lost(tmp_path, specimens):
    finished = specimens[1]
    shorter = finished.data[: finished.spans[5].end]
    (tmp_path / "session-0.mcap").write_bytes(shorter)
    (tmp_path / "tub.json").write_text('{"everlap_tub": 1}')
    verdict = examine(tmp_path, finished.written, set(range(12)))
    assert (verdict.expected, verdict.lost, verdict.wrong) == (12, 6, 0)
    assert verdict.complaint is not None


def test_a_record_that_nobody_wrote_is_counted_as_wrong(tmp_path, specimens):
    (tmp_path / "session-0.mcap").write_bytes(specimens[1].data)
    (tmp_path / "tub.json").write_text('{"everlap_tub": 1}')
    others = specimens[1].written[1:]
    assert examine(tmp_path, others, set(range(11))).wrong == 1


def test_a_picture_that_belongs_to_another_record_is_counted_as_wrong(tmp_path, pictures):
    Everlap(pictures).resume(tmp_path / "tub", tmp_path / "counter", 0, 10)
    assert read_numbers(tmp_path / "tub", pictures).records == list(range(10))
    images = np.load(pictures)
    np.save(tmp_path / "turned.npy", np.roll(images, 1, axis=0))
    assert read_numbers(tmp_path / "tub", tmp_path / "turned.npy").wrong == 10


def test_a_reader_that_hangs_or_dies_is_named():
    with pytest.raises(HungError):
        in_time(0.05, _forever)
    assert "HungError" in str(in_a_fresh_process(0.2, _forever)[1])
    assert "BrokenProcessPool" in str(in_a_fresh_process(5.0, _die)[1])


def _forever() -> None:
    while True:
        pass


def _die() -> None:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


TRACE = """\
7 mkdir("/d/tub", 0777) = 0
7 openat(AT_FDCWD</>, "/d/tub/.a", O_WRONLY|O_CREAT|O_EXCL, 0644) = 3</d/tub/.a>
7 write(3</d/tub/.a>, ""..., 5000) = 5000
8 fdatasync(3</d/tub/.a> <unfinished ...>
7 write(3</d/tub/.a>, ""..., 3000) = 3000
8 <... fdatasync resumed>) = 0
7 rename("/d/tub/.a", "/d/tub/b") = 0
7 mkdir("/d/tub", 0777) = -1 EEXIST (File exists)
7 write(1</dev/null>, ""..., 10) = 10
"""


def test_a_trace_is_read_in_the_order_in_which_the_disk_heard_of_it():
    assert list(calls_in(TRACE.splitlines(), "/d")) == [
        Made("/d/tub", is_folder=True),
        Made("/d/tub/.a", is_folder=False),
        Written("/d/tub/.a", 5000),
        SyncBegan("/d/tub/.a"),
        Written("/d/tub/.a", 3000),
        Synced("/d/tub/.a"),
        Renamed("/d/tub/.a", "/d/tub/b"),
    ]


def after_many_failures(calls: list) -> list[dict[str, bytes | None]]:
    contents = {"/d/tub/b": b"x" * 8000, "/d/tub/.a": b"x" * 8000}
    return [Disk(calls).fail(contents, np.random.default_rng(seed)) for seed in range(200)]


def test_what_was_written_while_the_disk_synced_may_be_missing():
    calls = list(calls_in(TRACE.splitlines(), "/d"))
    files = [each["/d/tub/b"] for each in after_many_failures(calls) if "/d/tub/b" in each]
    assert all(each.startswith(b"x" * 5000) for each in files)
    assert {5000, 8000} <= {len(each) for each in files}
    assert any(each[5000:] == bytes(3000) for each in files)


def test_a_name_is_there_for_sure_only_once_its_folder_was_synced():
    calls = list(calls_in(TRACE.splitlines(), "/d"))
    names = {frozenset(each) for each in after_many_failures(calls)}
    assert names == {
        frozenset(),
        frozenset({"/d/tub"}),
        frozenset({"/d/tub", "/d/tub/.a"}),
        frozenset({"/d/tub", "/d/tub/b"}),
    }
    for folder in ("/d", "/d/tub"):
        calls += [SyncBegan(folder), Synced(folder)]
    assert {frozenset(each) for each in after_many_failures(calls)} == {
        frozenset({"/d/tub", "/d/tub/b"})
    }


def test_a_tally_forgets_no_complaint():
    tally = Tally("everlap", "harm")
    for verdict in (
        Verdict(5, 0),
        Verdict(0, 0, refused="empty"),
        Verdict(5, 1),
        Verdict(5, 0, wrong=1),
        Verdict(5, 0, duplicates=1),
        Verdict(5, 0, failure="IndexError: 7"),
    ):
        tally.take(tally.tubs, verdict)
    assert (tally.tubs, tally.unreadable, tally.lost, tally.wrong) == (6, 0, 1, 1)
    assert (tally.tubs_with_duplicates, tally.crashed, len(tally.complaints)) == (1, 1, 4)
    assert not tally.kept


def test_the_written_specimen_reads_as_it_was_written(tmp_path, specimens):
    (tmp_path / "session-0.mcap").write_bytes(specimens[1].data)
    (tmp_path / "tub.json").write_text('{"everlap_tub": 1}')
    tub = Tub(tmp_path)
    assert [tub.encoded(number) for number in range(len(tub))] == specimens[1].written
    assert record_spans(specimens[1].data) == specimens[1].spans
