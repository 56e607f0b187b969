"""Run by a Python that has donkeycar: opens a tub with its own class, and says what it found.

Arguments: the tub, and the JSON file to write.
"""

import json
import sys
from pathlib import Path

from donkeycar.parts.tub_v2 import Tub
from PIL import Image


def main(folder: str, out: str) -> None:
    tub = Tub(folder, read_only=True)
    records, sizes = [], set()
    for record in tub:
        records.append(record)
        with Image.open(Path(tub.images_base_path) / record["cam/image_array"]) as image:
            image.load()
            sizes.add(image.size)
    found = {
        "records": records,
        "sizes": sorted(sizes),
        "length": len(tub),
        "inputs": tub.manifest.inputs,
        "types": tub.manifest.types,
        "deleted": sorted(tub.manifest.deleted_indexes),
        "next_session": tub.manifest.session_id,
    }
    tub.close()
    tub = Tub(folder)
    assert list(tub) == records, "open for writing it reads the same"
    tub.close()
    Path(out).write_text(json.dumps(found))


main(*sys.argv[1:])
