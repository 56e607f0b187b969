"""What is measured of tubs."""

import msgspec

from car.bench.spread import Spread


class LoopSpreads(msgspec.Struct, frozen=True):
    """What a loop pays in its own thread, in us.

    Attributes:
        append_p50_us: handing over a record.
        append_p99_us: handing over a record.
        late_p99_us: how late the loop's ticks come.
    """

    append_p50_us: Spread
    append_p99_us: Spread
    late_p99_us: Spread


class WritingSpeed(msgspec.Struct, frozen=True):
    """What it takes to write a record.

    Attributes:
        jpeg_us: CPU time of its JPEG alone.
        record_us: CPU time of all: JPEG, packing, writing, its share of syncs and index.
        ratio: of the two.
        bare_loop: a loop that records nothing.
        calm_loop: a loop that records 100 a second.
        busy_loop: a loop whose recorder never comes to rest.
        file_calls: calls on files and folders a record; None without strace.
        disk_bytes: that a record takes on the disk, in blocks.
        jpeg_bytes: of which are its JPEG.
    """

    jpeg_us: Spread
    record_us: Spread
    ratio: Spread
    bare_loop: LoopSpreads
    calm_loop: LoopSpreads
    busy_loop: LoopSpreads
    file_calls: float | None
    disk_bytes: float
    jpeg_bytes: float


class ReadingSpeed(msgspec.Struct, frozen=True):
    """What it takes to read records.

    Attributes:
        decoded_per_s: a CPU second, pictures decoded.
        long_records: records of the long tub that the next figures are about.
        open_ms: of a session that was closed and has an index.
        open_without_index_ms: of the same before it was closed.
        in_order_per_s: records a second, pictures left compressed.
        at_random_per_s: the same, in any order.
        memory_bytes: that an open tub takes for a record.
        cached_per_s: decoded frames a second from the training cache, batches of 128 at random.
    """

    decoded_per_s: Spread
    long_records: int
    open_ms: Spread
    open_without_index_ms: Spread
    in_order_per_s: Spread
    at_random_per_s: Spread
    memory_bytes: float
    cached_per_s: Spread


class Donkeycar(msgspec.Struct, frozen=True):
    """The same of donkeycar.

    Attributes:
        jpeg_us: CPU time of its JPEG alone, by Pillow.
        record_us: CPU time of a record.
        ratio: of the two.
        file_calls: calls on files and folders a record; None without strace.
        reads_and_writes: of which are reads and writes, as the kernel counts them.
        disk_bytes: that a record takes on the disk, in blocks.
        decoded_per_s: records a CPU second, pictures decoded.
        its_jpegs_per_s: Everlap, reading the same JPEGs.
        reading_ratio: Everlap's records a second to its, each reading its own tub.
        same_jpegs_ratio: of the same JPEGs.
        calls_ratio: its file-system calls to Everlap's.
    """

    jpeg_us: Spread
    record_us: Spread
    ratio: Spread
    file_calls: float | None
    reads_and_writes: float
    disk_bytes: float
    decoded_per_s: Spread
    its_jpegs_per_s: Spread
    reading_ratio: Spread
    same_jpegs_ratio: Spread
    calls_ratio: float | None


class TubSpeed(msgspec.Struct, frozen=True):
    """What was measured.

    Attributes:
        repetitions: of everything that has a spread.
        load: of the machine, over the last minute, before and after.
        writing: a tub.
        reading: it.
        donkeycar: beside it, in the same repetitions; None when there is none.
    """

    repetitions: int
    load: tuple[float, float]
    writing: WritingSpeed
    reading: ReadingSpeed
    donkeycar: Donkeycar | None
