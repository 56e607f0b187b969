"""Sees whether somebody changed a tub while it was learned from."""

from dataclasses import dataclass
from pathlib import Path

from tubs.errors import TubError

Stamps = dict[str, tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class TubWatch:
    """How the files of some tubs looked: size, time of change and inode by name."""

    seen: dict[Path, Stamps]

    def changes(self) -> list[str]:
        """What is different now, a sentence a tub; empty when nothing is."""
        return [
            f"{folder} changed while it was learned from: {'; '.join(found)}"
            for folder, before in self.seen.items()
            if (found := _differences(before, _stamps(folder)))
        ]


def watch_tubs(tubs: list[Path]) -> TubWatch:
    """Look at all files of the tubs that records and marks are in.

    Raises:
        TubError: a tub is not there.
    """
    for folder in tubs:
        if not folder.is_dir():
            raise TubError(f"{folder} is not a tub: there is no such folder")
    return TubWatch({folder: _stamps(folder) for folder in tubs})


def _stamps(folder: Path) -> Stamps:
    found: Stamps = {}
    for pattern in ("*.mcap", "tub.json", "marks.jsonl"):
        for path in sorted(folder.glob(pattern)):
            try:
                at = path.stat()
            except OSError:
                continue
            found[path.name] = (at.st_size, at.st_mtime_ns, at.st_ino)
    return found


def _differences(before: Stamps, after: Stamps) -> list[str]:
    found = [f"{name} is new" for name in after if name not in before]
    found += [f"{name} is gone" for name in before if name not in after]
    for name in before.keys() & after.keys():
        if before[name][0] != after[name][0]:
            found.append(f"{name} had {before[name][0]:,} bytes and has {after[name][0]:,}")
        elif before[name] != after[name]:
            found.append(f"{name} was written again")
    return sorted(found)
