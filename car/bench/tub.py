"""Measures tubs: what a record costs to write and to read, beside its JPEG and donkeycar."""

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray

from car.bench import tub_reading, tub_writing
from car.bench.donkeycar_beside import DonkeycarTub
from car.bench.file_calls import calls_per_record, can_count
from car.bench.spread import Spread, ratio_of, spread_of
from car.bench.tub_figures import Donkeycar, LoopSpreads, ReadingSpeed, TubSpeed, WritingSpeed
from car.bench.tub_samples import keep_pictures, take_pictures
from tubs.images import encode_jpeg
from tubs.reader import Tub
from tubs.writer import TubWriter

COUNTED = 500
"""Records whose file-system calls are counted."""
BATCHES = 100


@dataclass(frozen=True)
class Scale:
    """How much to measure.

    Attributes:
        repetitions: of everything, one after the other and all over again.
        long_records: of the long tub.
        written: records of one repetition of writing, and of reading.
        ticks: of the loop, a repetition.
    """

    repetitions: int
    long_records: int
    written: int = 600
    ticks: int = 200


class Measurement:
    """All repetitions of everything, in one folder."""

    def __init__(self, folder: Path, scale: Scale, peer: DonkeycarTub | None) -> None:
        self._folder, self._scale, self._peer = folder, scale, peer
        self._images: NDArray[np.uint8] = take_pictures()
        self._pictures = keep_pictures(folder / "pictures.npy", self._images)
        self._found: dict[str, list[float]] = {}
        self._loops: dict[str, list[tub_writing.LoopShare]] = {"bare": [], "calm": [], "busy": []}

    def _note(self, name: str, value: float) -> None:
        self._found.setdefault(name, []).append(value)

    def spread(self, name: str) -> Spread:
        """What the repetitions found."""
        return spread_of(self._found[name])

    def repeat(self, progress: Callable[[int, int], None]) -> None:
        """Measure everything so many times; each time one after the other."""
        self._make_long_tub()
        for number in range(self._scale.repetitions):
            place = self._folder / f"repetition {number}"
            place.mkdir()
            self._write_once(place)
            self._loop_once(place)
            self._read_once(place)
            if self._peer is not None:
                self._peer_once(place, self._peer)
            progress(number + 1, self._scale.repetitions)

    def _write_once(self, place: Path) -> None:
        self._note("jpeg_us", tub_writing.jpeg_us(self._images, self._scale.written))
        self._note(
            "record_us", tub_writing.record_us(place / "tub", self._images, self._scale.written)
        )

    def _loop_once(self, place: Path) -> None:
        images, loops, ticks = self._images, self._loops, self._scale.ticks
        loops["bare"].append(tub_writing.bare_loop(images, ticks))
        loops["calm"].append(tub_writing.calm_loop(place / "calm", images, ticks))
        loops["busy"].append(tub_writing.busy_loop(place / "busy", images, ticks))

    def _read_once(self, place: Path) -> None:
        self._note("decoded_per_s", tub_reading.decoded_per_s(place / "tub"))
        self._note("open_ms", tub_reading.open_ms(self._long))
        long_tub = Tub(self._long)
        self._note("in_order_per_s", tub_reading.accesses_per_s(long_tub, in_order=True))
        self._note("at_random_per_s", tub_reading.accesses_per_s(long_tub, in_order=False))
        cache = self._folder / "cache"
        first = self._folder / "repetition 0" / "tub"
        self._note("cached_per_s", tub_reading.cached_per_s(first, cache, BATCHES))

    def _peer_once(self, place: Path, peer: DonkeycarTub) -> None:
        theirs = place / "donkeycar"
        for name, value in peer.write(theirs, self._pictures, self._scale.written).items():
            self._note(f"their_{name}", value)
        self._note("their_decoded_per_s", peer.read(theirs))
        names = [
            theirs / "images" / f"{n}_cam_image_array_.jpg" for n in range(self._scale.written)
        ]
        jpegs = (name.read_bytes() for name in names)
        same = tub_reading.with_jpegs(place / "their jpegs", jpegs, self._images)
        self._note("its_jpegs_per_s", tub_reading.decoded_per_s(same))

    def _make_long_tub(self) -> None:
        """Write it, and open it as often before it is closed as it will be afterwards."""
        self._long = self._folder / "long"
        with TubWriter(self._long, sync_interval_s=math.inf) as writer:
            for record in tub_reading.encoded_drive(self._images, self._scale.long_records):
                writer.append_encoded(record)
            for _ in range(self._scale.repetitions):
                self._note("open_without_index_ms", tub_reading.open_ms(self._long))

    def writing(self) -> WritingSpeed:
        """Sum up what writing took."""
        sizes = [len(encode_jpeg(image)) for image in self._images]
        tub = self._folder / "repetition 0" / "tub"
        return WritingSpeed(
            jpeg_us=self.spread("jpeg_us"),
            record_us=self.spread("record_us"),
            ratio=ratio_of(self._found["record_us"], self._found["jpeg_us"]),
            bare_loop=_spreads(self._loops["bare"]),
            calm_loop=_spreads(self._loops["calm"]),
            busy_loop=_spreads(self._loops["busy"]),
            file_calls=self._calls("our calls", self._our_command),
            disk_bytes=tub_writing.disk_bytes(tub) / self._scale.written,
            jpeg_bytes=float(np.mean(sizes)),
        )

    def reading(self) -> ReadingSpeed:
        """Sum up what reading took."""
        short = self._folder / "repetition 0" / "tub"
        return ReadingSpeed(
            decoded_per_s=self.spread("decoded_per_s"),
            long_records=self._scale.long_records,
            open_ms=self.spread("open_ms"),
            open_without_index_ms=self.spread("open_without_index_ms"),
            in_order_per_s=self.spread("in_order_per_s"),
            at_random_per_s=self.spread("at_random_per_s"),
            memory_bytes=tub_reading.memory_per_record(self._long, short),
            cached_per_s=self.spread("cached_per_s"),
        )

    def donkeycar(self, our_calls: float | None) -> Donkeycar | None:
        """Sum up what donkeycar took."""
        if self._peer is None:
            return None
        found, peer = self._found, self._peer
        theirs = self._folder / "repetition 0" / "donkeycar"
        calls = self._calls(
            "their calls", lambda folder, count: peer.writing(folder, self._pictures, count)
        )
        return Donkeycar(
            jpeg_us=self.spread("their_jpeg_us"),
            record_us=self.spread("their_record_us"),
            ratio=ratio_of(found["their_record_us"], found["their_jpeg_us"]),
            file_calls=calls,
            reads_and_writes=spread_of(found["their_reads_and_writes"]).median,
            disk_bytes=tub_writing.disk_bytes(theirs) / self._scale.written,
            decoded_per_s=self.spread("their_decoded_per_s"),
            its_jpegs_per_s=self.spread("its_jpegs_per_s"),
            reading_ratio=ratio_of(found["decoded_per_s"], found["their_decoded_per_s"]),
            same_jpegs_ratio=ratio_of(found["its_jpegs_per_s"], found["their_decoded_per_s"]),
            calls_ratio=calls / our_calls if calls and our_calls else None,
        )

    def _our_command(self, folder: Path, records: int) -> list[str]:
        words = [str(folder), str(self._pictures), str(records)]
        return [sys.executable, "-m", "car.bench.tub_writing", *words]

    def _calls(self, name: str, command: Callable[[Path, int], list[str]]) -> float | None:
        if not can_count():
            return None
        (self._folder / name).mkdir()
        return calls_per_record(command, self._folder / name, COUNTED)


def _spreads(shares: list[tub_writing.LoopShare]) -> LoopSpreads:
    return LoopSpreads(
        append_p50_us=spread_of([share.append_p50_us for share in shares]),
        append_p99_us=spread_of([share.append_p99_us for share in shares]),
        late_p99_us=spread_of([share.late_p99_us for share in shares]),
    )


def measure_tub(
    scale: Scale,
    donkeycar: str | None = None,
    disk: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> TubSpeed:
    """Write and read tubs, again and again.

    Args:
        scale: how much.
        donkeycar: a Python that has donkeycar, to be measured beside; nothing when None.
        disk: a folder on the disk that is to be measured; the temporary folder when None.
        progress: told how many repetitions are done.

    Raises:
        EverlapError: the disk is full, or donkeycar cannot be run.
    """
    peer = None if donkeycar is None else DonkeycarTub(donkeycar)
    if peer is not None:
        peer.check()
    cv2.setNumThreads(1)
    before = os.getloadavg()[0]
    with TemporaryDirectory(prefix="everlap-bench-", dir=disk) as name:
        measurement = Measurement(Path(name), scale, peer)
        measurement.repeat(progress)
        writing = measurement.writing()
        return TubSpeed(
            repetitions=scale.repetitions,
            load=(before, os.getloadavg()[0]),
            writing=writing,
            reading=measurement.reading(),
            donkeycar=measurement.donkeycar(writing.file_calls),
        )
