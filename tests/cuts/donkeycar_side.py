"""donkeycar under trial; run by a Python that has donkeycar, and nothing of Everlap.

    PYTHON donkeycar_side.py record FOLDER PICTURES COUNTER RATE_HZ FIRST RECORDS|ever
    PYTHON donkeycar_side.py read FOLDER PICTURES

`read` prints what it found as JSON, also when it then fails.
"""

import json
import logging
import mmap
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from PIL import Image

with redirect_stdout(sys.stderr):  # it greets
    from donkeycar.parts.tub_v2 import Tub, TubWriter

KEYS = ["cam/image_array", "user/angle", "user/throttle", "user/mode"]
TYPES = ["image_array", "float", "float", "str"]
LARGEST_DIFFERENCE = 12.0
"""Mean over all pixels between a picture and itself through JPEG."""


def record(
    folder: str, pictures: str, counter: str, rate_hz: str, first: str, records: str
) -> None:
    """Write numbered records, and count each that has been written."""
    images = np.load(pictures)
    with Path(counter).open("r+b") as file:
        words = memoryview(mmap.mmap(file.fileno(), mmap.PAGESIZE)).cast("q")
    words[0] = 1
    writer = TubWriter(folder, inputs=KEYS, types=TYPES)
    number = int(first)
    while records == "ever" or number < int(first) + int(records):
        writer.run(images[number % len(images)], float(number), 0.3, "user")
        number += 1
        words[1] += 1
        if float(rate_hz):
            time.sleep(1 / float(rate_hz))
    writer.close()


def is_as_written(folder: Path, entry: dict, images: np.ndarray) -> bool:
    """Whether a record has the picture of its number."""
    written = images[int(entry["user/angle"]) % len(images)]
    with Image.open(folder / "images" / entry["cam/image_array"]) as image:
        read = np.asarray(image)
    if read.shape != written.shape:
        return False
    return float(np.abs(read.astype(int) - written).mean()) < LARGEST_DIFFERENCE


def read(folder: str, pictures: str) -> None:
    """Read everything, as training does."""
    images = np.load(pictures)
    found = {"records": [], "damaged": 0, "wrong": 0, "duplicates": 0}
    indexes: set[int] = set()
    try:
        for entry in Tub(folder, read_only=True):
            found["duplicates"] += entry["_index"] in indexes
            indexes.add(entry["_index"])
            try:
                right = is_as_written(Path(folder), entry, images)
            except (OSError, SyntaxError):
                found["damaged"] += 1
                continue
            if right:
                found["records"].append(int(entry["user/angle"]))
            else:
                found["wrong"] += 1
    finally:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    {"record": record, "read": read}[sys.argv[1]](*sys.argv[2:])
