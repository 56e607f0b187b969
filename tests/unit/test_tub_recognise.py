"""What is said of a folder or file that cannot be imported."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.unit.test_tub_donkeycar import donkeycar, line
from tests.unit.test_tub_udacity import recording, row
from tubs.errors import TubError
from tubs.exchange.importer import import_recording
from tubs.record import Record
from tubs.writer import TubWriter


def refusal(source: Path, destination: Path) -> str:
    with pytest.raises(TubError) as caught:
        import_recording(source, destination)
    assert not destination.exists()
    return str(caught.value)


def test_both_versions_of_donkeycar_in_one_folder_are_refused(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0)])
    (source / "record_1.json").write_text("{}")
    message = refusal(source, tmp_path / "new")
    assert "two kinds" in message
    assert "version 1" in message
    assert "version 2" in message


def test_the_tubs_in_a_data_folder_are_named(tmp_path):
    for name in ("tub_1", "tub_2"):
        donkeycar(tmp_path / "data" / name, [line(0)])
    message = refusal(tmp_path / "data", tmp_path / "new")
    assert f"holds 2 recordings: import one at a time: {tmp_path}/data/tub_1, " in message


def test_a_car_folder_leads_to_the_tub_in_its_data_folder(tmp_path):
    donkeycar(tmp_path / "mycar" / "data", [line(0)])
    message = refusal(tmp_path / "mycar", tmp_path / "new")
    assert message.endswith(f"did you mean {tmp_path}/mycar/data?")


def test_the_folder_of_images_leads_to_the_tub(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0)])
    message = refusal(source / "images", tmp_path / "new")
    assert message.endswith(f"did you mean {source}?")


def test_the_folder_above_a_log_of_udacity_leads_to_it(tmp_path):
    recording(tmp_path / "run" / "first", [row(0)])
    message = refusal(tmp_path / "run", tmp_path / "new")
    assert message.endswith(f"did you mean {tmp_path}/run/first?")


def test_an_archive_is_to_be_unpacked(tmp_path):
    with tarfile.open(tmp_path / "old.tar.gz", "w:gz"):
        pass
    assert "unpack it" in refusal(tmp_path / "old.tar.gz", tmp_path / "new")


@pytest.mark.parametrize("name", ["manifest.json", "catalog_0.catalog"])
def test_a_file_of_a_tub_leads_to_its_folder(tmp_path, name):
    source = donkeycar(tmp_path / "old", [line(0)])
    assert f"name the folder that it is in, {source}" in refusal(source / name, tmp_path / "new")


def test_a_tub_of_everlap_needs_no_import(tmp_path):
    with TubWriter(tmp_path / "tub") as writer:
        writer.append(Record(np.zeros((24, 32, 3), np.uint8), 0.0, 0.0, 0.0, 0.0, "human"))
    assert "already" in refusal(tmp_path / "tub", tmp_path / "new")


def test_a_manifest_without_catalogs_holds_nothing(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0)])
    (source / "catalog_0.catalog").unlink()
    assert "without any catalog" in refusal(source, tmp_path / "new")


def test_a_catalog_that_is_a_folder_is_damage_like_any_other(tmp_path):
    source = donkeycar(tmp_path / "old", [line(0)])
    (source / "catalog_1.catalog").mkdir()
    report = import_recording(source, tmp_path / "new")
    assert [damage.reason for damage in report.damaged] == [
        "catalog_1.catalog cannot be read: Is a directory"
    ]
