"""The channels of a session file and what their messages look like, in well-known schemas."""

from collections.abc import Mapping

from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.message import DecodeError

from tubs.control import control_schema
from tubs.mcap import layout
from tubs.mcap.layout import Damaged
from tubs.mcap.measurements import imu_schema, telemetry_schema

CONTROL = 1
CAMERA = 2
CLASS_MAP = 3
EVENTS = 4
IMU = 5
TELEMETRY = 6
SOURCE = 7
TOPICS = {
    CONTROL: "/control",
    CAMERA: "/camera",
    CLASS_MAP: "/class_map",
    EVENTS: "/events",
    IMU: "/imu",
    TELEMETRY: "/telemetry",
    SOURCE: "/source",
}
SCHEMAS = 5
_NUMBERS = {topic: number for number, topic in TOPICS.items()}


def roles(topics: Mapping[int, str]) -> dict[int, int]:
    """Which of our channels each channel number of a file stands for.

    Our own numbers count unless the file gives them to another topic; a topic with a damaged
    letter or two is still ours.

    Args:
        topics: what the file tells; may be incomplete.
    """
    found = {number: number for number in TOPICS if number not in topics}
    for number, topic in topics.items():
        if topic in _NUMBERS:
            found[number] = _NUMBERS[topic]
        elif number in TOPICS and _resembles(topic, TOPICS[number]):
            found[number] = number
    return found


def _resembles(topic: str, other: str) -> bool:
    differing = sum(one != two for one, two in zip(topic, other, strict=False))
    return len(topic) == len(other) and differing <= 2


def definitions() -> bytes:
    """The schemas and channels, as records; the same at the head of a file and in its summary."""
    image = _file_descriptor_set(CompressedImage.DESCRIPTOR.file)
    log = _file_descriptor_set(Log.DESCRIPTOR.file)
    return b"".join(
        [
            layout.schema(1, "everlap.Control", "jsonschema", control_schema()),
            layout.schema(2, CompressedImage.DESCRIPTOR.full_name, "protobuf", image),
            layout.schema(3, Log.DESCRIPTOR.full_name, "protobuf", log),
            layout.schema(4, "everlap.Imu", "jsonschema", imu_schema()),
            layout.schema(5, "everlap.Telemetry", "jsonschema", telemetry_schema()),
            layout.channel(CONTROL, 1, TOPICS[CONTROL], "json"),
            layout.channel(CAMERA, 2, TOPICS[CAMERA], "protobuf"),
            layout.channel(CLASS_MAP, 2, TOPICS[CLASS_MAP], "protobuf"),
            layout.channel(EVENTS, 3, TOPICS[EVENTS], "protobuf"),
            layout.channel(IMU, 4, TOPICS[IMU], "json"),
            layout.channel(TELEMETRY, 5, TOPICS[TELEMETRY], "json"),
            layout.channel(SOURCE, 0, TOPICS[SOURCE], "json"),
        ]
    )


def _file_descriptor_set(file: FileDescriptor) -> bytes:
    files = FileDescriptorSet()
    for part in [*file.dependencies, file]:
        part.CopyToProto(files.file.add())
    return files.SerializeToString()


def pack_image(data: bytes, encoding: str, time_ns: int) -> bytes:
    """Wrap a compressed picture, encoding jpeg or png, as foxglove.CompressedImage.

    The four fields are written here: protobuf's own classes take three times as long, as much as
    all else of a record but its picture.
    """
    seconds, nanoseconds = divmod(time_ns, 1_000_000_000)
    stamp = b"\x08" + _varint(seconds) + b"\x10" + _varint(nanoseconds)
    head = b"\x0a%c" % len(stamp) + stamp + b"\x12" + _varint(len(data))
    return b"".join([head, data, b"\x1a%c%b" % (len(encoding), encoding.encode()), _FRAME])


_FRAME = b'"\x06camera'


def _varint(number: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the lowest first."""
    data = bytearray()
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    data.append(number)
    return bytes(data)


def unpack_image(message: bytes) -> bytes:
    """Take the compressed picture out of a foxglove.CompressedImage.

    Raises:
        Damaged: it is something else.
    """
    try:
        return CompressedImage.FromString(message).data
    except DecodeError as error:
        raise Damaged("a picture's message cannot be read") from error
