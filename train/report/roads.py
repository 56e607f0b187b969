"""Lets a new pilot drive some roads in the simulator, for its report."""

from pathlib import Path

import msgspec

from car.config import CarConfig
from car.episode import EpisodeResult
from car.fleet import in_parallel, usual_workers, with_progress
from car.pilots.card import read_card
from car.simulation.scene import SURFACES
from car.simulation.tracks import parse_track
from car.simulation.world import WorldSpec
from train.driving.evaluate import Path2d, Trial, run_trial
from train.report.report_data import DrivenTrack

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


def driven_track(result: EpisodeResult, path: Path2d) -> DrivenTrack:
    """A drive as the report draws it."""
    track = parse_track(result.track)
    return DrivenTrack(
        track=result.track,
        surface=result.surface,
        laps_asked=result.laps_asked,
        laps_done=result.laps_done,
        off_road_events=result.off_road_events,
        cross_track_rmse_m=result.cross_track_rmse_m,
        lap_times_s=result.lap_times_s,
        expert_lap_time_s=result.expert_lap_time_s,
        autonomy=result.autonomy,
        centre_line_m=track.centre_m,
        road_width_m=track.width_m,
        path_m=path.path_m,
        cross_track_m=path.cross_track_m,
        off_road_m=path.off_road_m,
        stops=result.stops,
    )
