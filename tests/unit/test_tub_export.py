"""A tub written for other programs: donkeycar tubs, and plain files with a table."""

import csv
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from car.cli import main
from tests.unit.test_tub_donkeycar import donkeycar, jpeg, line
from tubs.errors import OutputError, TubError
from tubs.exchange.csv_export import HEADER, export_csv
from tubs.exchange.donkeycar_export import export_donkeycar
from tubs.exchange.importer import import_recording
from tubs.exchange.room import check_room
from tubs.images import decode_class_map, decode_jpeg
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


def record(number: int, mode: str = "human", class_map: bool = False) -> Record:
    rng = np.random.default_rng(number)
    return Record(
        image=rng.integers(0, 256, (24, 32, 3), np.uint8),
        captured_s=7.0 + number / 20,
        applied_s=7.01 + number / 20,
        steering=-1.0 + number % 14 / 7,
        throttle=0.1,
        mode=mode,
        human_steering=0.3,
        class_map=np.full((24, 32), number % 5, np.uint8) if class_map else None,
    )


def tub_of(folder: Path, count: int = 6, deleted: tuple[int, ...] = (), **settings) -> Path:
    with TubWriter(folder, session="session-20261122T145532123Z-a1b2") as writer:
        for number in range(count):
            writer.append(record(number, **settings))
    tub = Tub(folder)
    chosen = np.isin(np.arange(len(tub)), deleted)
    if deleted:
        tub.marks.delete(tub.ranges_of(chosen))
    return folder


def lines_of(folder: Path) -> list[str]:
    catalogs = sorted(folder.glob("*.catalog"), key=lambda path: int(path.stem[8:]))
    return [text for path in catalogs for text in path.read_text().splitlines()]


def manifest_of(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text().splitlines()[4])


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "records.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def files_no_larger_than(size_bytes: int) -> Iterator[None]:
    """What a full disk is to a program: a write that fails half-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_came_from_donkeycar_goes_back_line_by_line(tmp_path):
    lines = [line(number, extra={"b": [1, 2.5]}) for number in range(10, 18)]
    source = donkeycar(tmp_path / "old", lines, deleted=(11, 12))
    for number in range(10, 18):
        (source / "images" / f"{number}_cam_image_array_.jpg").write_bytes(jpeg(number))
    import_recording(source, tmp_path / "tub")
    report = export_donkeycar(tmp_path / "tub", tmp_path / "back")
    assert (report.good, report.deleted, report.renumbered) == (8, 2, 0)
    assert lines_of(tmp_path / "back") == lines
    assert manifest_of(tmp_path / "back") == {
        "paths": ["catalog_0.catalog"],
        "current_index": 18,
        "max_len": 1000,
        "deleted_indexes": [1, 2],
    }
    image = "images/13_cam_image_array_.jpg"
    assert (tmp_path / "back" / image).read_bytes() == (source / image).read_bytes()


def test_deletions_survive_a_second_round_though_they_count_lines_there(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(6)][2:], deleted=(3,))
    for number in (4, 5):
        (source / "images" / f"{number}_cam_image_array_.jpg").write_bytes(jpeg(number))
    import_recording(source, tmp_path / "a")
    export_donkeycar(tmp_path / "a", tmp_path / "b")
    import_recording(tmp_path / "b", tmp_path / "c")
    assert Tub(tmp_path / "a").deleted().tolist() == [False, True, False, False]
    assert Tub(tmp_path / "c").deleted().tolist() == [False, True, False, False]


def test_lines_and_their_lengths_fill_catalogs_of_a_thousand(tmp_path):
    export_donkeycar(tub_of(tmp_path / "tub", 2001), tmp_path / "back")
    counts, starts = [], []
    for number in range(3):
        text = (tmp_path / "back" / f"catalog_{number}.catalog").read_text()
        about = json.loads((tmp_path / "back" / f"catalog_{number}.catalog_manifest").read_text())
        assert about["line_lengths"] == [len(each) for each in text.splitlines(keepends=True)]
        counts.append(len(about["line_lengths"]))
        starts.append(about["start_index"])
    assert (counts, starts) == ([1000, 1000, 1], [0, 1000, 2000])
    assert len(manifest_of(tmp_path / "back")["paths"]) == 3


def test_a_foreign_line_that_is_not_ascii_keeps_its_values(tmp_path):
    text = line(0, driver="Jürgen").replace("\\u00fc", "ü")
    assert "ü" in text
    source = donkeycar(tmp_path / "old", [text, line(1)])
    (source / "catalog_0.catalog").write_text(f"{text}\n{line(1)}\n", encoding="utf-8")
    import_recording(source, tmp_path / "tub")
    export_donkeycar(tmp_path / "tub", tmp_path / "back")
    first = lines_of(tmp_path / "back")[0]
    assert first.isascii()
    assert json.loads(first) == json.loads(text)


def test_records_of_everlap_speak_donkeycars_words(tmp_path):
    folder = tmp_path / "tub"
    with TubWriter(folder, session="session-20261122T145532123Z-a1b2") as writer:
        for number, mode in enumerate(["stopped", "human", "assisted", "pilot"]):
            writer.append(record(number, mode))
    export_donkeycar(folder, tmp_path / "back")
    rows = [json.loads(text) for text in lines_of(tmp_path / "back")]
    assert [row["user/mode"] for row in rows] == ["user", "user", "local_angle", "local"]
    assert [row["user/angle"] for row in rows] == [-1.0, 0.3, 0.3, 0.3]
    assert [row["user/throttle"] for row in rows] == [0.1] * 4
    assert rows[2]["_timestamp_ms"] - rows[0]["_timestamp_ms"] == 100
    assert rows[0]["_session_id"] == "26-11-22_0"
    assert "pilot/angle" not in rows[0]


def test_two_drives_with_the_same_indexes_are_numbered_anew_and_keep_their_images(tmp_path):
    for name, values in (("a", (10, 11)), ("b", (20, 21))):
        source = donkeycar(tmp_path / name, [line(0), line(1)])
        for number, value in enumerate(values):
            image = source / "images" / f"{number}_cam_image_array_.jpg"
            image.write_bytes(jpeg(value))
        import_recording(source, tmp_path / f"tub-{name}")
    other = next((tmp_path / "tub-b").glob("*.mcap"))
    other.rename(tmp_path / "tub-a" / "session-0002.mcap")
    report = export_donkeycar(tmp_path / "tub-a", tmp_path / "back")
    rows = [json.loads(text) for text in lines_of(tmp_path / "back")]
    assert report.renumbered == 4
    assert [row["_index"] for row in rows] == [0, 1, 2, 3]
    images = [tmp_path / "back" / "images" / row["cam/image_array"] for row in rows]
    assert [path.read_bytes() for path in images] == [jpeg(value) for value in (10, 11, 20, 21)]


def test_the_table_has_every_field_and_reads_back_exactly(tmp_path):
    folder = tub_of(tmp_path / "tub", 5, class_map=True)
    report = export_csv(folder, tmp_path / "out")
    rows, tub = table_of(tmp_path / "out"), Tub(folder)
    assert (report.good, report.class_maps, tuple(rows[0])) == (5, 5, HEADER)
    for number, row in enumerate(rows):
        control = tub.control(number)
        assert float(row["captured_s"]) == control.captured_s
        assert float(row["steering"]) == control.steering
        assert (row["mode"], row["pilot_steering"]) == ("human", "")
        image = (tmp_path / "out" / row["image"]).read_bytes()
        assert (decode_jpeg(image) == tub[number].image).all()
        class_map = decode_class_map((tmp_path / "out" / row["class_map"]).read_bytes())
        assert (class_map == number % 5).all()


def test_what_is_marked_as_deleted_stays_out_of_the_table_unless_asked_for(tmp_path):
    folder = tub_of(tmp_path / "tub", 6, deleted=(1, 4))
    report = export_csv(folder, tmp_path / "a")
    assert [row["record"] for row in table_of(tmp_path / "a")] == ["0", "2", "3", "5"]
    assert (report.records, report.good, report.left_out) == (6, 4, 2)
    assert len(list((tmp_path / "a" / "images").iterdir())) == 4
    report = export_csv(folder, tmp_path / "b", keep_deleted=True)
    assert "".join(row["deleted"] for row in table_of(tmp_path / "b")) == "010010"
    assert (report.good, report.left_out) == (6, 0)


def test_a_tub_of_which_everything_is_deleted_is_refused_as_table(tmp_path):
    folder = tub_of(tmp_path / "tub", 2, deleted=(0, 1))
    with pytest.raises(TubError, match="--all exports them"):
        export_csv(folder, tmp_path / "out")
    assert export_donkeycar(folder, tmp_path / "back").deleted == 2


@pytest.mark.parametrize("export", [export_csv, export_donkeycar])
def test_a_damaged_record_is_named_and_the_others_are_written(tmp_path, export):
    folder = tub_of(tmp_path / "tub", 4)
    path = next(folder.glob("*.mcap"))
    data = bytearray(path.read_bytes())
    data[data.index(b"\xff\xd8") + 30] ^= 1
    path.write_bytes(data)
    report = export(folder, tmp_path / "out")
    assert (report.records, report.good) == (4, 3)
    assert [damage.record for damage in report.damaged] == [0]
    assert "checksum" in report.damaged[0].reason


@pytest.mark.parametrize("export", [export_csv, export_donkeycar])
def test_a_full_disk_leaves_nothing_behind(tmp_path, export):
    folder = tub_of(tmp_path / "tub", 30)
    before = sorted(tmp_path.rglob("*"))
    with (
        files_no_larger_than(1000),
        pytest.raises(OutputError, match=r"cannot write .*out: File too large"),
    ):
        export(folder, tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_during_an_import_leaves_nothing_behind(tmp_path):
    source = donkeycar(tmp_path / "old", [line(number) for number in range(9)])
    with files_no_larger_than(4000), pytest.raises(OutputError, match=r"/new/session.*large"):
        import_recording(source, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("export", [export_csv, export_donkeycar])
@pytest.mark.parametrize("moment", [2, 9])
def test_an_interruption_leaves_nothing_behind(tmp_path, export, moment):
    folder = tub_of(tmp_path / "tub", 6)

    def interrupt(done: int, total: int) -> None:
        if done == moment:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(folder, tmp_path / "deep" / "out", progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["tub"]


@pytest.mark.parametrize("export", [export_csv, export_donkeycar])
def test_progress_ends_where_it_said_it_would(tmp_path, export):
    told: list[tuple[int, int]] = []
    folder = tub_of(tmp_path / "tub", 6, deleted=(2,))
    export(folder, tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (12, 12)
    assert told == sorted(told)


def test_room_is_looked_for_before_the_work(tmp_path):
    check_room(tmp_path / "deep" / "out", 1)
    with pytest.raises(OutputError, match=r"no room for .*out: it takes about 1000000\d+\.\d MB"):
        check_room(tmp_path / "deep" / "out", 10**18)


def test_the_command_tells_and_writes_the_figures(tmp_path, capsys):
    folder, out = tub_of(tmp_path / "tub", 6, deleted=(1,)), tmp_path / "figures.json"
    words = ["tub", "export", str(folder), str(tmp_path / "out"), "--to", "csv"]
    assert main([*words, "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert (figures["to"], figures["records"], figures["good"]) == ("csv", 6, 5)
    assert "--all keeps them" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "out", "--to", "csv"], "there is no tub nowhere"),
        (["old", "out", "--to", "csv"], "import it with: everlap tub import old DEST"),
        (["tub/tub.json", "out", "--to", "csv"], "is a file"),
        (["tub", "tub/out", "--to", "csv"], "name a folder outside of it"),
        (["tub", "old", "--to", "csv"], "exists already"),
        (["tub", "tub/tub.json", "--to", "csv"], "tub/tub.json lies in tub"),
        (["tub", "out", "--to", "udacity"], "'udacity' is not one of"),
        (["tub", "out"], "Missing option '--to'"),
        (["tub", "/proc/out", "--to", "donkeycar"], "cannot write /proc/out"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(tmp_path, monkeypatch, capsys, words, message):
    monkeypatch.chdir(tmp_path)
    tub_of(Path("tub"), 2)
    donkeycar(Path("old"), [line(0)])
    before = sorted(Path().rglob("*"))
    assert main(["tub", "export", *words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(Path().rglob("*")) == before
