"""Tells the foreign records that can be used from those that cannot."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tubs.damage import Damage
from tubs.exchange.foreign import BrokenRecord, ForeignRecord, ForeignRecording, Meaning, Unusable
from tubs.exchange.import_report import ImportReport
from tubs.exchange.source_image import read_image, shape_of
from tubs.in_threads import in_threads

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all."""


@dataclass(frozen=True, slots=True)
class Usable:
    """A record that goes into the tub.

    Attributes:
        record: as it was found.
        meaning: what it says.
        shape: of its image: height, width, and channels unless it is grey.
        image_bytes: size of its image's file.
    """

    record: ForeignRecord
    meaning: Meaning
    shape: tuple[int, ...]
    image_bytes: int


def usable_records(
    recording: ForeignRecording, report: ImportReport, progress: Progress
) -> list[Usable]:
    """Find, read and decode everything once; what is damaged goes into the report.

    Raises:
        TubError: the recording as a whole cannot be read.
    """
    found = recording.find()
    report.records = len(found.records)
    report.spare_images = found.spare_images
    report.remarks += found.remarks

    def examine(record: ForeignRecord | BrokenRecord) -> Usable | Damage:
        try:
            return _examined(recording, record)
        except Unusable as error:
            return Damage(record.number, str(error))

    usable: list[Usable] = []
    for done, examined in enumerate(in_threads(examine, found.records), start=1):
        if isinstance(examined, Damage):
            report.damaged.append(examined)
        else:
            usable.append(examined)
        progress(done, 2 * len(found.records))
    return _of_one_size(usable, report)


def _examined(recording: ForeignRecording, record: ForeignRecord | BrokenRecord) -> Usable:
    if isinstance(record, BrokenRecord):
        raise Unusable(record.reason)
    meaning = recording.meaning(record)
    image = read_image(record.image)
    return Usable(record, meaning, shape_of(image, record.image.name), len(image))


def _of_one_size(usable: list[Usable], report: ImportReport) -> list[Usable]:
    """Take out the images that are not as large as most are."""
    sizes = Counter(one.shape[:2] for one in usable)
    if len(sizes) < 2:
        return usable
    (height, width), _ = sizes.most_common(1)[0]
    for one in usable:
        if one.shape[:2] != (height, width):
            reason = f"its image is {one.shape[1]}x{one.shape[0]}, most are {width}x{height}"
            report.damaged.append(Damage(one.record.number, reason))
    return [one for one in usable if one.shape[:2] == (height, width)]
