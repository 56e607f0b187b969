"""An animated GIF out of a finished film, small, in the 128 colours that serve it best."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.error
import av.filter
from av.container import InputContainer

_RATE = Fraction(10)
_FILTERS = (
    ("fps", f"fps={_RATE}:round=near"),
    ("scale", "w='min(360,iw)':h=-2:flags=lanczos"),
)


def write_gif(source: Path, path: Path) -> None:
    """Write the film as a GIF at most 360 pixels wide, 10 pictures a second.

    Raises:
        av.error.FFmpegError: the film cannot be read or the GIF not written.
    """
    _encode(source, _best_palette(source), path)


def _best_palette(source: Path) -> av.VideoFrame:
    """Find the 128 colours that serve the whole film best."""
    with av.open(str(source)) as film:
        graph, stream = av.filter.Graph(), film.streams.video[0]
        graph.link_nodes(
            graph.add_buffer(template=stream),
            *(graph.add(name, arguments) for name, arguments in _FILTERS),
            graph.add("palettegen", "stats_mode=full:max_colors=128"),
            graph.add("buffersink"),
        ).configure()
        for frame in film.decode(stream):
            graph.push(frame)
        graph.push(None)
        return graph.vpull()


def _palette_pictures(film: InputContainer, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """Give the pictures of the film, scaled and in the colours of the palette."""
    graph, stream = av.filter.Graph(), film.streams.video[0]
    use = graph.add("paletteuse", "dither=bayer:bayer_scale=5:diff_mode=rectangle")
    pictures = graph.add_buffer(template=stream)
    filters = [graph.add(name, arguments) for name, arguments in _FILTERS]
    graph.link_nodes(pictures, *filters, use, graph.add("buffersink"))
    colours = graph.add_buffer(
        width=palette.width, height=palette.height, format=palette.format, time_base=1 / _RATE
    )
    colours.link_to(use, 0, 1)
    graph.configure()
    graph.push(palette, at=1)
    for frame in film.decode(stream):
        graph.push(frame, at=0)
        yield from _ready(graph)
    graph.push(None)
    yield from _ready(graph)


def _ready(graph: av.filter.Graph) -> Iterator[av.VideoFrame]:
    """Take what the filters have finished."""
    while True:
        try:
            yield graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _encode(source: Path, palette: av.VideoFrame, path: Path) -> None:
    with av.open(str(source)) as film, av.open(str(path), "w", format="gif") as container:
        stream = container.add_stream("gif", rate=_RATE)
        stream.pix_fmt = "pal8"
        for number, frame in enumerate(_palette_pictures(film, palette)):
            if number == 0:
                stream.width, stream.height = frame.width, frame.height
            frame.pts, frame.time_base = number, 1 / _RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
