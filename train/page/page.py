"""The pieces that a self-contained page is made of: text, tables, figures and data inside it."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import cv2

from car.frame import Image
from tubs.errors import OutputError

_MEDIA = {".mp4": "video/mp4", ".gif": "image/gif"}
_JPEG_QUALITY = 88


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph of plain text; nothing when the text is empty."""
    return f"<p{_kind(kind)}>{escape(text)}</p>" if text else ""


def section(name: str, title: str, *parts: str) -> str:
    """A section with its heading; `name` is what links point to."""
    body = "\n".join(part for part in parts if part)
    return (
        f'<section id="{escape(name)}" aria-labelledby="{escape(name)}-title">\n'
        f'<h2 id="{escape(name)}-title">{escape(title)}</h2>\n{body}\n</section>'
    )


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of plain text; the first column names the row, the others are figures.

    It scrolls sideways by itself on a narrow screen.
    """
    head_cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "\n".join(_row(row) for row in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head_cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(drawing: str, title: str, look_for: str) -> str:
    """A drawing with its title and one sentence on what to look for.

    Args:
        drawing: markup, such as an SVG element.
        title: plain text.
        look_for: plain text.
    """
    return (
        f'<figure><h3>{escape(title)}</h3><div class="drawing" role="img" '
        f'aria-label="{escape(title)}. {escape(look_for)}">{drawing}</div>'
        f"<figcaption>{escape(look_for)}</figcaption></figure>"
    )


def grid(*parts: str) -> str:
    """Parts side by side where there is room."""
    return '<div class="grid">' + "\n".join(part for part in parts if part) + "</div>"


def grid_of_three(*parts: str) -> str:
    """Smaller parts, up to three side by side."""
    return '<div class="grid three">' + "\n".join(parts) + "</div>"


def tile(value: str, name: str, note: str = "", *, bad: bool = False) -> str:
    """One key figure, large."""
    shown = f'<span class="note">{escape(note)}</span>' if note else ""
    return (
        f'<div class="tile{" bad" if bad else ""}"><dt>{escape(name)}</dt>'
        f"<dd>{escape(value)}{shown}</dd></div>"
    )


def picture(image: Image, alternative: str) -> str:
    """A picture inside the page, uint8 (height, width, 3) RGB, as a JPEG."""
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    height, width = image.shape[:2]
    source = f"data:image/jpeg;base64,{_base64(data.tobytes())}"
    return (
        f'<img src="{source}" width="{width}" height="{height}" alt="{escape(alternative)}" '
        'loading="lazy">'
    )


def film(path: Path, caption: str) -> str:
    """A film inside the page, .mp4 or .gif.

    Raises:
        OutputError: it cannot be read, or is of another kind.
    """
    media = _MEDIA.get(path.suffix.lower())
    if media is None:
        raise OutputError(f"{path}: a report takes a video named .mp4 or .gif")
    try:
        source = f"data:{media};base64,{_base64(path.read_bytes())}"
    except OSError as error:
        raise OutputError(f"cannot read the video {path}: {error.strerror}") from error
    label = escape(caption or "A lap of the drive")
    if media == "image/gif":
        shown = f'<img src="{source}" alt="{label}">'
    else:
        shown = (
            f'<video src="{source}" controls autoplay muted loop playsinline preload="auto" '
            f'aria-label="{label}"></video>'
        )
    return f'<figure class="film">{shown}<figcaption>{escape(caption)}</figcaption></figure>'


def code_block(lines: Sequence[str]) -> str:
    """Commands to copy."""
    return f'<pre tabindex="0"><code>{escape(chr(10).join(lines))}</code></pre>'


def _row(row: Sequence[str]) -> str:
    first, *others = (escape(cell) for cell in row)
    cells = "".join(f"<td>{cell}</td>" for cell in others)
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def _kind(kind: str) -> str:
    return f' class="{escape(kind)}"' if kind else ""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
