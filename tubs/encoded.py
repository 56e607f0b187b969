"""A record as it lies in a tub: numbers, and pictures that are compressed."""

from dataclasses import dataclass

from tubs.control import Control, control_of
from tubs.images import decode_class_map, decode_jpeg, encode_class_map, encode_jpeg
from tubs.record import Record


@dataclass(frozen=True, slots=True)
class EncodedRecord:
    """A record whose pictures are compressed already.

    Attributes:
        control: all but the pictures.
        jpeg: the camera image, three channels.
        class_map_png: the label map, one channel.
        source: the record as a foreign program wrote it, a JSON object, for an export that
            gives the same values back; None when Everlap recorded it.
    """

    control: Control
    jpeg: bytes
    class_map_png: bytes | None = None
    source: bytes | None = None


def encode(record: Record) -> EncodedRecord:
    """Compress the pictures of a record.

    Raises:
        TubError: a value or a picture cannot be recorded.
    """
    png = None if record.class_map is None else encode_class_map(record.class_map)
    return EncodedRecord(control_of(record), encode_jpeg(record.image), png)


def decode(encoded: EncodedRecord) -> Record:
    """Decompress the pictures of a record.

    Raises:
        TubError: a picture is damaged.
    """
    control, png = encoded.control, encoded.class_map_png
    return Record(
        image=decode_jpeg(encoded.jpeg),
        captured_s=control.captured_s,
        applied_s=control.applied_s,
        steering=control.steering,
        throttle=control.throttle,
        mode=control.mode,
        human_steering=control.human_steering,
        human_throttle=control.human_throttle,
        pilot_steering=control.pilot_steering,
        pilot_throttle=control.pilot_throttle,
        speed_m_s=control.speed_m_s,
        class_map=None if png is None else decode_class_map(png),
    )
