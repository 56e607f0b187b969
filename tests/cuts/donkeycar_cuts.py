"""Cuts one file of a whole donkeycar tub, reads it, and records into it again."""

import shutil
from pathlib import Path

import numpy as np

from tests.cuts.counter import Counter
from tests.cuts.kills import RESUMED_FROM, RESUMED_RECORDS
from tests.cuts.subjects import Donkeycar
from tests.cuts.verdict import Verdict

KINDS = {
    "cut of its catalog": "catalog_0.catalog",
    "cut of its catalog_manifest": "catalog_0.catalog_manifest",
    "cut of its manifest": "manifest.json",
    "cut of an image": "images",
}
RECORDS = 200


def make_tub(donkeycar: Donkeycar, folder: Path) -> Path:
    """Write a tub and close it."""
    counter = folder / "counter"
    Counter(counter)
    failure = donkeycar.resume(folder / "tub", counter, 0, RECORDS)
    assert failure is None, failure
    return folder / "tub"


def cut_once(donkeycar: Donkeycar, whole: Path, folder: Path, kind: str, seed: int) -> Verdict:
    """Cut at a random byte; what must be there is what the cut did not take away."""
    dice = np.random.default_rng(seed)
    tub = Path(shutil.copytree(whole, folder / "tub"))
    path = tub / KINDS[kind]
    expected = set(range(RECORDS))
    if path.is_dir():
        number = int(dice.integers(RECORDS))
        path /= f"{number}_cam_image_array_.jpg"
        expected -= {number}
    data = path.read_bytes()[: int(dice.integers(path.stat().st_size))]
    path.write_bytes(data)
    if path.suffix == ".catalog":
        expected = set(range(data.count(b"\n")))
    first = donkeycar.read(tub).reading
    lost = len(expected - set(first.records))
    return _resumed(donkeycar, folder, Verdict(len(expected), lost, first.refused, first.wrong))


def _resumed(donkeycar: Donkeycar, folder: Path, verdict: Verdict) -> Verdict:
    Counter(folder / "counter")
    failure = donkeycar.resume(folder / "tub", folder / "counter", RESUMED_FROM, RESUMED_RECORDS)
    second = donkeycar.read(folder / "tub").reading
    verdict.duplicates = second.duplicates
    verdict.refused = verdict.refused or failure or second.refused
    return verdict
