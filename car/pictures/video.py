"""Films of a drive: H.264 in an .mp4 that every browser plays, or an animated .gif."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from car.frame import Image
from tubs.atomic import check_writable, written_whole
from tubs.errors import OutputError

if TYPE_CHECKING:
    from av import VideoFrame

SUFFIXES = (".mp4", ".gif")
TICKS_PER_S = 90_000
"""The clock of an .mp4: how finely the times of its pictures are counted."""
_MP4_QUALITY = "23"
_GIF_SOURCE_QUALITY = "26"


def check_video_path(path: Path) -> Path:
    """Make sure, before long work begins, that a film can be made there.

    Raises:
        OutputError: the name ends in neither .mp4 nor .gif, the place cannot be written, or PyAV
            is not installed.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{path}: a video is named .mp4 or .gif, not '{path.suffix}'")
    try:
        import av  # noqa: F401
    except ImportError as error:
        raise OutputError(f"cannot make {path}: PyAV is missing; run: pip install av") from error
    return check_writable(path)


class VideoWriter:
    """Writes a film picture by picture; the file is there whole or not at all.

    Use it as a context; a film left by an exception is dropped.

    Args:
        path: .mp4 (full size, yuv420p, index at the front) or .gif (at most 360 pixels wide and
            10 pictures a second, one palette for the whole film).
        frames_per_s: at which the pictures were taken, 0.1 to 240.

    Raises:
        OutputError: see `check_video_path`; later, when it cannot be written or has no picture.
    """

    def __init__(self, path: Path, frames_per_s: float) -> None:
        if not 0.1 <= frames_per_s <= 240.0:
            raise OutputError(f"{path}: frames_per_s is {frames_per_s}, not within 0.1 to 240")
        self._path = check_video_path(path)
        self._frames_per_s = frames_per_s
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        draft = self._stack.enter_context(written_whole(self._path))
        film = _gif if self._path.suffix.lower() == ".gif" else _mp4
        self._stack.enter_context(_explained(self._path))
        self._film = self._stack.enter_context(film(draft, self._frames_per_s))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def write(self, image: Image, for_s: float | None = None) -> None:
        """Add one picture, uint8 (height, width, 3) RGB; all have the size of the first.

        Args:
            image: the picture.
            for_s: how long it is shown; as `frames_per_s` says when None.

        Raises:
            OutputError: another shape or type, or it cannot be written.
        """
        with _explained(self._path):
            self._film.write(image, 1.0 / self._frames_per_s if for_s is None else for_s)


class _Film(Protocol):
    def write(self, image: Image, for_s: float) -> None: ...


class _H264:
    """A stream of H.264 pictures into one open file."""

    def __init__(self, path: Path, frames_per_s: float, quality: str) -> None:
        import av

        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(frames_per_s).limit_denominator(1001)
        try:
            self._stream = self._container.add_stream("libx264", rate=rate)
        except ValueError as error:
            self._container.close()
            raise OutputError(
                "this PyAV has no H.264 encoder (libx264): run: pip install --force-reinstall av"
            ) from error
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, TICKS_PER_S)
        self._end_s = 0.0
        self._durations: dict[int, int] = {}
        # Without B-frames the file's order is the order of showing, so that even the last picture
        # is shown for as long as it was asked to be.
        self._stream.options = {"crf": quality, "preset": "veryfast", "threads": "2", "bf": "0"}
        self._shape: tuple[int, ...] | None = None

    def write(self, image: Image, for_s: float) -> None:
        import av

        if self._shape is None:
            self._begin(image)
        if image.shape != self._shape:
            raise OutputError(f"a picture is {image.shape}, the first one was {self._shape}")
        frame = av.VideoFrame.from_ndarray(image[: self._stream.height, : self._stream.width])
        frame.time_base = Fraction(1, TICKS_PER_S)
        frame.pts = round(self._end_s * TICKS_PER_S)
        self._end_s += for_s
        self._durations[frame.pts] = max(round(self._end_s * TICKS_PER_S) - frame.pts, 1)
        self._store(frame)

    def _store(self, frame: "VideoFrame | None") -> None:
        """Encode a picture, or what waits when None; the encoder forgets how long each is shown."""
        for packet in self._stream.encode(frame):
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, 0)
            self._container.mux(packet)

    def finish(self) -> None:
        if self._shape is None:
            raise OutputError("no picture was given")
        self._store(None)

    def close(self) -> None:
        self._container.close()

    def _begin(self, image: Image) -> None:
        """Take the size from the first picture; H.264 wants even sides, so an odd edge goes."""
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != "uint8" or min(image.shape) < 2:
            raise OutputError(f"a picture is uint8 (h, w, 3), not {image.dtype} {image.shape}")
        self._shape = image.shape
        self._stream.height, self._stream.width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2


@contextmanager
def _mp4(path: Path, frames_per_s: float, quality: str = _MP4_QUALITY) -> Iterator[_Film]:
    film = _H264(path, frames_per_s, quality)
    try:
        yield film
        film.finish()
    finally:
        film.close()


@contextmanager
def _gif(path: Path, frames_per_s: float) -> Iterator[_Film]:
    """Keep the film aside first: its palette is known only at its end."""
    from car.pictures.gif import write_gif

    with tempfile.TemporaryDirectory(prefix="everlap-") as folder:
        source = Path(folder) / "film.mp4"
        with _mp4(source, frames_per_s, _GIF_SOURCE_QUALITY) as film:
            yield film
        write_gif(source, path)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Name the file in what PyAV and this module complain about."""
    import av.error

    try:
        yield
    except av.error.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
