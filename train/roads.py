"""Lets a new pilot drive some roads in the simulator, for its report."""

from pathlib import Path

import msgspec

from car.config import CarConfig
from car.fleet import in_parallel, usual_workers, with_progress
from car.pilots.card import read_card
from car.simulation.scene import SURFACES
from car.simulation.world import WorldSpec
from train.demo_report import driven_track
from train.evaluate import Trial, run_trial
from train.report_data import DrivenTrack

FIRST_ROAD = 800_000
LAPS = 3


def drive_new_roads(pilot: Path, roads: int) -> list[DrivenTrack]:
    """Drive roads that nothing is ever trained on.

    Raises:
        CarError: the pilot cannot drive the simulated car.
    """
    card, usual = read_card(pilot), CarConfig()
    camera = msgspec.structs.replace(
        usual.camera, width_px=card.width_px, height_px=card.height_px, lens=card.lens
    )
    config = msgspec.structs.replace(usual, camera=camera)
    trials = [
        Trial(
            pilot,
            WorldSpec(
                f"random:{FIRST_ROAD + number}",
                SURFACES[number % len(SURFACES)],
                FIRST_ROAD + number,
                0.5,
                0.5,
            ),
            LAPS,
            config,
        )
        for number in range(roads)
    ]
    driven = in_parallel(run_trial, trials, usual_workers())
    return [
        driven_track(result, path) for result, path in with_progress(driven, len(trials), "driving")
    ]
