"""donkeycar's tub, measured by a Python that has donkeycar and nothing of Everlap.

    PYTHON donkeycar_tub.py write FOLDER PICTURES RECORDS
    PYTHON donkeycar_tub.py read FOLDER

Each prints one JSON object.
"""

import io
import json
import logging
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import numpy as np

KEYS = ["cam/image_array", "user/angle", "user/throttle", "user/mode"]
TYPES = ["image_array", "float", "float", "str"]


def file_calls() -> int:
    """Reads and writes that this process has asked for, as Linux counts them."""
    lines = Path("/proc/self/io").read_text("utf-8").splitlines()
    counts = {name: int(value) for name, _, value in (line.partition(": ") for line in lines)}
    return counts["syscr"] + counts["syscw"]


def write(folder: str, pictures: str, records: str) -> dict[str, float]:
    """CPU time of a record through TubWriter, and of its JPEG alone."""
    from donkeycar.parts.tub_v2 import TubWriter  # type: ignore[import-not-found]
    from PIL import Image

    images, count = np.load(pictures), int(records)
    began = process_time()
    for number in range(count):
        Image.fromarray(images[number % len(images)]).save(io.BytesIO(), "JPEG")
    jpeg_s = process_time() - began
    writer = TubWriter(folder, inputs=KEYS, types=TYPES)
    began, calls = process_time(), file_calls()
    for number in range(count):
        writer.run(images[number % len(images)], number % 201 / 100 - 1, 0.3, "user")
    write_s, calls = process_time() - began, file_calls() - calls
    writer.close()
    return {
        "jpeg_us": 1e6 * jpeg_s / count,
        "record_us": 1e6 * write_s / count,
        "reads_and_writes": calls / count,
    }


def read(folder: str) -> dict[str, float]:
    """Records a CPU second, every picture decoded, as its training reads them."""
    from donkeycar.parts.tub_v2 import Tub
    from donkeycar.pipeline.types import TubRecord  # type: ignore[import-not-found]

    config = SimpleNamespace(IMAGE_W=160, IMAGE_H=120, IMAGE_DEPTH=3, CACHE_POLICY="NOCACHE")
    began, count = process_time(), 0
    for entry in Tub(folder, read_only=True):
        TubRecord(config, folder, entry).image()
        count += 1
    return {"records_per_s": count / (process_time() - began)}


COMMANDS: dict[str, Callable[..., dict[str, float]]] = {"write": write, "read": read}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    with redirect_stdout(sys.stderr):  # it greets
        found = COMMANDS[sys.argv[1]](*sys.argv[2:])
    sys.stdout.write(json.dumps(found))
