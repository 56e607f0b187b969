"""Practice worlds: simulated pictures with exact class maps, for tubs that nobody labelled.

Recorded once for a camera and kept beside the decoded images. Only their class maps are learned;
how to steer is learned from the tubs alone.
"""

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from car.config import CameraConfig, CarConfig, Lens
from car.fleet import usual_workers
from car.pilots.card import HeldOut
from car.recording import Recording, Sessions, record_expert
from car.simulation.scene import INVENTED
from car.simulation.world import WorldSpec
from train.learning.lessons import Curriculum, open_lessons
from tubs.errors import OutputError
from tubs.training.cache_folder import user_cache

FIRST_ROAD = 400_000
LOOK, CAR = 0.8, 1.0
VERSION = 1
"""Counts up when the same practice would look different."""


@dataclass(frozen=True, slots=True)
class Practice:
    """How much is practised.

    Attributes:
        worlds: short drives, every second one in an invented place.
        seconds: of each, recorded at the usual rate.
    """

    worlds: int = 160
    seconds: float = 2.0

    def added_to(
        self, curriculum: Curriculum, cache: Path | None, progress: Callable[[float], None]
    ) -> Curriculum:
        """The curriculum with practice, where a tub is without class maps; else as it is.

        Args:
            curriculum: of the tubs.
            cache: folder for decoded images and recorded practice; None is the user's.
            progress: told the share that is recorded, when it must be recorded.

        Raises:
            OutputError: the practice cannot be kept.
        """
        if all(each.recording.class_maps is not None for each in curriculum.lessons):
            return curriculum
        rows, columns = curriculum.lessons[0].recording.images.shape[1:3]
        folder = self._recorded(curriculum.lens, rows, columns, cache or user_cache(), progress)
        opened = open_lessons([folder], HeldOut(), 0.0, cache)
        unknown = tuple(
            replace(
                each,
                steering=np.full_like(each.steering, np.nan),
                throttle=np.full_like(each.throttle, np.nan),
            )
            for each in opened.lessons
        )
        return replace(curriculum, practice=unknown)

    def _recorded(
        self,
        lens: Lens,
        height_px: int,
        width_px: int,
        cache: Path,
        progress: Callable[[float], None],
    ) -> Path:
        """The folder of the practice for a camera; recorded when it is not there yet."""
        camera = CameraConfig(width_px=width_px, height_px=height_px, lens=lens)
        told = msgspec.json.encode((VERSION, camera, self.worlds, self.seconds, LOOK, CAR))
        folder = cache / "practice" / hashlib.sha256(told).hexdigest()[:16]
        if folder.is_dir():
            return folder
        draft = folder.with_name(f".{folder.name}.{os.getpid()}")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            config = msgspec.structs.replace(CarConfig(), camera=camera)
            record_expert(
                Recording(draft, config, self.seconds),
                self._places(),
                usual_workers(),
                partial(_told, progress),
            )
            draft.rename(folder)
        except OSError as error:
            if folder.is_dir():
                return folder
            raise OutputError(
                f"cannot keep practice pictures in {folder.parent}: {error.strerror}; name another "
                "folder with --cache, or learn no class map with --no-practice"
            ) from error
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return folder

    def _places(self) -> list[WorldSpec]:
        return [
            WorldSpec(
                f"random:{FIRST_ROAD + number}",
                INVENTED if number % 2 else None,
                FIRST_ROAD + number,
                LOOK,
                CAR,
            )
            for number in range(self.worlds)
        ]


def _told(progress: Callable[[float], None], sessions: Sessions, count: int, _: str) -> Sessions:
    """Sessions as they come; says before each how far it is."""
    for done, session in enumerate(sessions):
        progress(done / count)
        yield session
