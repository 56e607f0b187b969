"""Real recordings of others, unpacked where tests can read them."""

import tarfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def unpacked(real_tubs, tmp_path_factory):
    """Unpack a recording on demand, once."""
    folder = tmp_path_factory.mktemp("real")

    def unpack(name: str) -> Path:
        if not (folder / name).is_dir():
            with tarfile.open(real_tubs / f"{name}.tar") as archive:
                archive.extractall(folder, filter="data")
        return folder / name

    return unpack
