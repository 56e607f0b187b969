"""Public donkeycar tubs to Everlap and back: nothing changes, and donkeycar opens the result."""

import json
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from tubs.exchange.donkeycar_export import export_donkeycar
from tubs.exchange.export_report import ExportReport
from tubs.exchange.import_report import ImportReport
from tubs.exchange.importer import import_recording
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter

READS = Path(__file__).with_name("donkeycar_reads.py")


@pytest.fixture(scope="module")
def donkeycar():
    """What donkeycar's own Tub class finds in a tub."""
    python = os.environ.get("EVERLAP_DONKEYCAR")
    if not python:
        pytest.skip("EVERLAP_DONKEYCAR does not name a Python that has donkeycar 5")

    def read(folder: Path) -> dict:
        out = folder.with_name(f"{folder.name}.json")
        subprocess.run([python, str(READS), str(folder), str(out)], check=True, timeout=100)
        return json.loads(out.read_text())

    return read


class Trip(NamedTuple):
    """There and back.

    Attributes:
        originals: values of the lines that the tub holds, in order, by the name of the image.
        returned: the same of what came back.
        same_images: how many images came back byte for byte.
    """

    imported: ImportReport
    exported: ExportReport
    originals: dict[str, dict]
    returned: dict[str, dict]
    same_images: int
    back: Path


def values_of(folder: Path) -> dict[str, dict]:
    """Every record of a sound tub, either version, read without our importer."""
    catalogs = sorted(folder.glob("catalog_*.catalog"), key=lambda path: int(path.stem[8:]))
    texts = [line for path in catalogs for line in path.read_text().splitlines() if line.strip()]
    files = sorted(folder.glob("record_*.json"), key=lambda path: int(path.stem[7:]))
    parsed = [json.loads(text) for text in [*texts, *(path.read_text() for path in files)]]
    return {values["cam/image_array"]: values for values in parsed}


def there_and_back(source: Path, folder: Path) -> Trip:
    back = folder / "back"
    imported = import_recording(source, folder / "tub")
    exported = export_donkeycar(folder / "tub", back)
    images = source / "images" if (source / "images").is_dir() else source
    returned = values_of(back)
    same = sum(
        (images / name).read_bytes() == (back / "images" / name).read_bytes() for name in returned
    )
    return Trip(imported, exported, values_of(source), returned, same, back)


TUBS = {
    "donkeycar-test-tub": (1000, 0, 0),
    "csc3520-v2": (5015, 0, 0),
    "sigsfig-v2-outdoor": (3076, 0, 2),
    "pitest5-v2-imu": (1996, 0, 0),
    "edonkeys-v2-outdoor": (1256, 0, 0),
    "fpineau-v2-damaged": (1926, 200, 289),
    "adas-v1": (1727, 0, 0),
    "adas-v1-640x360": (274, 0, 0),
}
"""Good records, those deleted by their owner, and damaged ones."""


@pytest.mark.slow
@pytest.mark.parametrize("name", TUBS)
def test_values_images_and_indexes_come_back_as_they_were(unpacked, tmp_path, name):
    good, deleted, damaged = TUBS[name]
    trip = there_and_back(unpacked(name), tmp_path)
    imported = trip.imported
    assert (imported.good, imported.deleted, len(imported.damaged)) == (good, deleted, damaged)
    assert (trip.exported.good, trip.exported.renumbered) == (good + deleted, 0)
    assert trip.same_images == len(trip.returned) == good + deleted
    whole = [image for image in trip.originals if image in trip.returned]
    assert list(trip.returned) == whole, "the order is the same"
    for image in whole:
        original, back = trip.originals[image], trip.returned[image]
        if "_index" in original:
            assert back == original
        else:
            assert original.items() <= back.items()
            assert back["_index"] == int(image.split("_")[0])
            assert back.keys() - original.keys() == {"_index", "_session_id", "_timestamp_ms"}


@pytest.mark.slow
@pytest.mark.parametrize("name", TUBS)
def test_donkeycar_opens_what_came_back_and_honours_the_deletions(
    donkeycar, unpacked, tmp_path, name
):
    good, deleted, _ = TUBS[name]
    trip = there_and_back(unpacked(name), tmp_path)
    found = donkeycar(trip.back)
    gone = Tub(tmp_path / "tub").deleted()
    kept = [
        values for values, is_gone in zip(trip.returned.values(), gone, strict=True) if not is_gone
    ]
    assert found["records"] == kept
    assert (len(found["records"]), len(found["deleted"])) == (good, deleted)
    assert len(found["sizes"]) == 1
    assert found["inputs"][:4] == ["cam/image_array", "user/angle", "user/throttle", "user/mode"]


def test_donkeycar_opens_a_tub_that_everlap_recorded(donkeycar, tmp_path):
    modes = ["stopped", "human", "assisted", "pilot"] * 500
    folder = tmp_path / "tub"
    with TubWriter(folder, session="session-20261122T145532123Z-a1b2") as writer:
        for number, mode in enumerate(modes):
            writer.append(own_record(number, mode))
    tub = Tub(folder)
    chosen = np.zeros(len(tub), bool)
    chosen[998:1003] = True
    tub.marks.delete(tub.ranges_of(chosen))
    export_donkeycar(folder, tmp_path / "back")
    found = donkeycar(tmp_path / "back")
    records = found["records"]
    assert [record["_index"] for record in records] == [*range(998), *range(1003, 2000)]
    assert (found["length"], found["sizes"]) == (1995, [[32, 24]])
    first = dict(records[1])
    assert first == {
        "_index": 1,
        "_session_id": "26-11-22_0",
        "_timestamp_ms": 1795359332173,
        "cam/image_array": "1_cam_image_array_.jpg",
        "enc/speed": 1.5,
        "pilot/angle": 0.5,
        "pilot/throttle": 0.125,
        "user/angle": -0.75,
        "user/mode": "user",
        "user/throttle": 0.25,
    }
    words = ["user", "user", "local_angle", "local"]
    assert [record["user/mode"] for record in records[:4]] == words
    assert found["next_session"][0] == 1


def own_record(number: int, mode: str) -> Record:
    image = np.full((24, 32, 3), number % 256, np.uint8)
    time_s = 100.0 + 0.05 * number
    return Record(image, time_s, time_s, -0.5, 0.0, mode, -0.75, 0.25, 0.5, 0.125, 1.5)
