"""One short name for everything that a tub holds."""

import hashlib
from pathlib import Path


def content_hash(folder: Path) -> str:
    """SHA-256, hexadecimal, of tub.json and the session files of a tub; file names count."""
    total = hashlib.sha256()
    for path in [folder / "tub.json", *sorted(folder.glob("*.mcap"))]:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.name} {digest}\n".encode())
    return total.hexdigest()
