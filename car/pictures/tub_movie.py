"""Makes a film of a tub: its pictures at the rate at which they were recorded, with instruments."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from car.config import CameraConfig
from car.errors import PilotError
from car.frame import Image
from car.pictures.title_card import title_card
from car.pictures.tub_instruments import Asked, InstrumentedPicture, PlainPicture
from car.pictures.tub_selection import session_title
from car.pictures.tub_shots import FASTEST_HZ, LONGEST_STEP_S, Shot, Shots, picture_size
from car.pictures.video import VideoWriter
from car.pilots.card import read_card
from car.pilots.network import NetworkPilot
from tubs.damage import Damage
from tubs.errors import OutputError
from tubs.reader import Tub

TITLE_S = 1.5
USUAL_HEIGHT_PX = 480
LARGEST_PX = (4096, 2304)
_MOST_ENLARGED = 8
_LONGEST_NAME = 14


@dataclass(frozen=True)
class MovieWish:
    """What film is wanted.

    Attributes:
        path: .mp4 or .gif.
        chosen: numbers of the records.
        speed: how many times as fast as it was recorded.
        scale: how many times as large as it was recorded; None for about 480 pixels of height.
        pilot: a pilot file that is asked at every picture; None for none.
        plain: pictures alone, without instruments and title cards.
        deleted_too: show what is marked as deleted, dimmed.
    """

    path: Path
    chosen: range
    speed: float = 1.0
    scale: int | None = None
    pilot: Path | None = None
    plain: bool = False
    deleted_too: bool = False


class PilotBeside(msgspec.Struct):
    """How far an asked pilot was from what was done, on the records of the film.

    Attributes:
        file: the pilot file.
        steering_mae: mean absolute difference, in units of steering.
        throttle_mae: likewise of throttle.
    """

    file: str
    steering_mae: float
    throttle_mae: float


class MovieSummary(msgspec.Struct):
    """What is in the film.

    Attributes:
        tub: its folder.
        frames: pictures in the film, title cards included.
        title_cards: how many of them are cards.
        duration_s: of the film.
        width_px: of the film, before a .gif is made smaller.
        height_px: likewise.
        skipped_damaged: records that could not be shown.
        skipped_deleted: records left out because they are marked as deleted.
        skipped_too_fast: records left out because of the speed.
        damaged: which ones, and why.
        pilot: only where one was asked.
    """

    tub: str
    frames: int
    title_cards: int
    duration_s: float
    width_px: int
    height_px: int
    skipped_damaged: int
    skipped_deleted: int
    skipped_too_fast: int
    damaged: list[Damage]
    pilot: PilotBeside | None


class _Artist(Protocol):
    def draw(self, shot: Shot) -> Image: ...


class _Reel:
    """Pictures on their way to the film; each waits until it is known how long it is shown."""

    def __init__(self, film: VideoWriter, usual_s: float) -> None:
        self._film, self._usual_s = film, usual_s
        self._waiting: Image | None = None
        self.frames = 0
        self.duration_s = 0.0

    def show(self, picture: Image) -> None:
        self._waiting = picture

    def hold(self, for_s: float | None = None) -> None:
        """Show what waits for so long; for the usual time when None."""
        if self._waiting is None:
            return
        shown_s = self._usual_s if for_s is None else for_s
        self._film.write(self._waiting, shown_s)
        self._waiting = None
        self.frames += 1
        self.duration_s += shown_s


def make_movie(
    tub: Tub, wish: MovieWish, progress: Callable[[int, int], None] = lambda done, total: None
) -> MovieSummary:
    """Film a tub; memory does not grow with its length.

    Raises:
        TubError: nothing can be shown.
        PilotError: the pilot cannot be used with these pictures.
        OutputError: the film cannot be written, or would be too large.
    """
    height, width = picture_size(tub, wish.chosen)
    scale = _scale(wish, width, height)
    shots = Shots(tub, wish.chosen, wish.speed, deleted_too=wish.deleted_too, progress=progress)
    asked = _asked(wish.pilot, tub, width, height)
    instruments = InstrumentedPicture(tub, scale, wish.speed, asked)
    artist: _Artist = PlainPicture(scale) if wish.plain else instruments
    usual_s = shots.usual_step_s / wish.speed
    with VideoWriter(wish.path, min(max(1.0 / usual_s, 0.1), FASTEST_HZ)) as film:
        reel = _Reel(film, usual_s)
        cards = _run(tub, wish, shots, artist, reel)
    left_out = shots.left_out
    return MovieSummary(
        tub=str(tub.folder),
        frames=reel.frames,
        title_cards=cards,
        duration_s=reel.duration_s,
        width_px=width * scale // 2 * 2,
        height_px=height * scale // 2 * 2,
        skipped_damaged=len(left_out.damaged),
        skipped_deleted=left_out.deleted,
        skipped_too_fast=left_out.too_fast,
        damaged=left_out.damaged,
        pilot=_beside(wish.pilot, instruments),
    )


def _run(tub: Tub, wish: MovieWish, shots: Shots, artist: _Artist, reel: _Reel) -> int:
    """Put all pictures on the reel; give the number of title cards among them."""
    cards, last = 0, None
    for shot in shots:
        if last is not None:
            reel.hold(_step_s(last, shot, wish.speed))
        picture = artist.draw(shot)
        if not wish.plain and (last is None or last.session != shot.session):
            reel.show(_card(tub, shot.session, picture))
            reel.hold(TITLE_S)
            cards += 1
        reel.show(picture)
        last = shot
    reel.hold()
    return cards


def _step_s(last: Shot, shot: Shot, speed: float) -> float | None:
    """How long the last picture is shown; None, the usual time, before a cut."""
    step_s = shot.record.captured_s - last.record.captured_s
    if last.session != shot.session or shot.after_cut or not 0.0 < step_s <= LONGEST_STEP_S:
        return None
    return step_s / speed


def _card(tub: Tub, session: int, picture: Image) -> Image:
    name = tub.folder.resolve().name
    each = tub.sessions[session]
    duration_s = (int(each.times_ns[-1]) - int(each.times_ns[0])) * 1e-9
    minutes, seconds = divmod(round(duration_s), 60)
    line = f"{name} · session {session + 1} of {len(tub.sessions)}"
    size = f"{len(each):,} records in {minutes}:{seconds:02d} min"
    return title_card(picture.shape[1], picture.shape[0], session_title(each.name), line, size)


def _scale(wish: MovieWish, width: int, height: int) -> int:
    usual = min(max(1, round(USUAL_HEIGHT_PX / height)), _MOST_ENLARGED)
    scale = wish.scale if wish.scale is not None else usual
    if width * scale > LARGEST_PX[0] or height * scale > LARGEST_PX[1]:
        most = min(LARGEST_PX[0] // width, LARGEST_PX[1] // height)
        raise OutputError(
            f"--scale {scale} would make a film of {width * scale}x{height * scale} px, and the "
            f"largest is {LARGEST_PX[0]}x{LARGEST_PX[1]}: choose at most --scale {most}"
        )
    return scale


def _asked(path: Path | None, tub: Tub, width: int, height: int) -> Asked | None:
    """Load the pilot that is asked, if any; the size of its pictures must be the tub's."""
    if path is None:
        return None
    card = read_card(path)
    if (card.width_px, card.height_px) != (width, height):
        raise PilotError(
            f"{path} needs pictures of {card.width_px}x{card.height_px} px, those of {tub.folder} "
            f"are {width}x{height}: choose a pilot that was trained for them"
        )
    camera = CameraConfig(width_px=width, height_px=height, lens=card.lens)
    name = path.stem if len(path.stem) <= _LONGEST_NAME else f"{path.stem[: _LONGEST_NAME - 1]}…"
    return Asked(name, NetworkPilot(path, camera))


def _beside(path: Path | None, instruments: InstrumentedPicture) -> PilotBeside | None:
    times = instruments.asked_times
    if path is None or not times:
        return None
    return PilotBeside(
        str(path), instruments.steering_errors / times, instruments.throttle_errors / times
    )
