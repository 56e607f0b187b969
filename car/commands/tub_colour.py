"""`everlap tub colour`: the colour of a line, picked in a recorded picture."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from car.config import CarConfig, Lens, find_config
from car.errors import PilotError
from tubs.errors import TubError
from tubs.figures import check_outputs, json_option, write_figures

if TYPE_CHECKING:
    from car.frame import Image
    from tubs.reader import Tub

_PATH = click.Path(path_type=Path)
SHOWN = 12
_SPOT = re.compile(r"\s*(\d{1,5})\s*,\s*(\d{1,5})\s*")


@click.command()
@click.argument("folder", metavar="TUB", type=_PATH)
@click.option("--record", "number", type=click.IntRange(0), required=True, help="The picture.")
@click.option("--at", "spot", metavar="X,Y", required=True, help="Pixels from the left and top.")
@click.option("--side", type=click.Choice(["centre", "left", "right", "both"]),
              help="Where the line runs, if not as car.toml says.")  # fmt: skip
@click.option("--out", type=_PATH, default=Path("line.png"), show_default=True,
              help="The picture that shows what the colour finds, a .png file.")  # fmt: skip
@click.option("--config", "config_path", type=_PATH, help="A car.toml.")
@json_option
def colour(
    folder: Path,
    number: int,
    spot: str,
    side: str | None,
    out: Path,
    config_path: Path | None,
    json_path: Path | None,
) -> None:
    """Pick the colour of a line at a spot of a picture of TUB, and show what it finds.

    Prints the lines for section [line] of car.toml, and draws twelve pictures spread over the
    tub: blue is what looks like the line, orange is where the pilot `line` would drive.
    """
    from car.pilots.line_picture import colour_at, sheet
    from tubs.reader import Tub

    if out.suffix.lower() != ".png":
        raise PilotError(f"--out {out}: the picture is a .png file")
    check_outputs(out, json_path)
    found = _SPOT.fullmatch(spot)
    if found is None:
        raise PilotError(f"--at {spot}: give pixels from the left and from the top, as 80,100")
    tub = Tub(folder)
    picked = colour_at(_picture(tub, number), int(found[1]), int(found[2]))
    config = _settings(tub, picked, side, config_path)
    pictures = _spread(tub)
    drawn, with_line = sheet(list(pictures.values()), [f"{n}" for n in pictures], config)
    _write(out, drawn)
    click.echo(f'[line]\ncolour = "{picked}"\nside = "{config.line.side}"')
    click.echo(f"finds a line in {with_line} of {len(pictures)} pictures: see {out}", err=True)
    figures = {"colour": picked, "pictures": len(pictures), "with_line": with_line}
    write_figures(json_path, figures)


def _picture(tub: "Tub", number: int) -> "Image":
    """The picture of a record.

    Raises:
        TubError: there is no such record, or it is damaged.
    """
    if number >= len(tub):
        raise TubError(f"--record {number}: the records of {tub.folder} are 0 to {len(tub) - 1}")
    return tub[number].image


def _spread(tub: "Tub") -> dict[int, "Image"]:
    """Pictures spread evenly over a tub, by number; damaged and deleted records are left out."""
    kept = [number for number, gone in enumerate(tub.deleted()) if not gone]
    if not kept:
        raise TubError(f"all records of {tub.folder} are deleted: nothing to show")
    chosen = sorted({kept[k * (len(kept) - 1) // max(1, SHOWN - 1)] for k in range(SHOWN)})
    pictures = {}
    size = tub.image_size
    for number in chosen:
        try:
            image = tub[number].image
        except TubError:
            continue
        if image.shape[:2] == size:
            pictures[number] = image
    if not pictures:
        raise TubError(f"none of the pictures of {tub.folder} that were tried can be read")
    return pictures


def _settings(tub: "Tub", picked: str, side: str | None, path: Path | None) -> CarConfig:
    """The car's settings with this colour, for pictures of the tub's size and camera."""
    import msgspec

    config, _ = find_config(path)
    line = msgspec.structs.replace(config.line, colour=picked, side=side or config.line.side)
    height_px, width_px = tub.image_size
    lens = config.camera.lens if path or not tub.about.lens else _lens_of(tub)
    camera = msgspec.structs.replace(
        config.camera, height_px=height_px, width_px=width_px, lens=lens
    )
    return msgspec.structs.replace(config, line=line, camera=camera)


def _lens_of(tub: "Tub") -> Lens:
    """The lens that the tub was recorded with; the usual one where it cannot be understood."""
    import msgspec

    try:
        return msgspec.convert(tub.about.lens, Lens)
    except msgspec.ValidationError:
        return Lens()


def _write(path: Path, picture: "Image") -> None:
    import cv2

    from tubs.atomic import written_whole

    _, png = cv2.imencode(".png", picture[..., ::-1])
    with written_whole(path) as draft:
        draft.write_bytes(png.tobytes())
