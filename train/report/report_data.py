"""Everything that a report can show, as plain arrays; what is left at None is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from car.frame import Image

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class DrivenTrack:
    """How the pilot drove on one track.

    Attributes:
        track: its name, such as random:700001.
        surface: what it looked like, such as "asphalt, white edges".
        laps_asked: how many were to be driven.
        laps_done: how many were.
        off_road_events: how often the car left the road.
        cross_track_rmse_m: of the path.
        lap_times_s: one a lap.
        expert_lap_time_s: of the expert on the same track; None when not driven.
        autonomy: share of the time without intervention, 0 to 1; None when not measured.
        centre_line_m: (n, 2) x and y of the closed centre line.
        road_width_m: from edge to edge.
        path_m: (k, 2) x and y that the car drove.
        cross_track_m: (k,) positive is left of the centre line.
        off_road_m: (j, 2) where it left the road.
        stops: how often it stood still, or was stopped by the monitor or the guard.
    """

    track: str
    surface: str
    laps_asked: int
    laps_done: int
    off_road_events: int
    cross_track_rmse_m: float
    lap_times_s: Sequence[float]
    expert_lap_time_s: float | None
    autonomy: float | None
    centre_line_m: Floats
    road_width_m: float
    path_m: Floats
    cross_track_m: Floats
    off_road_m: Floats
    stops: int = 0


@dataclass(frozen=True, slots=True)
class TrainingCurves:
    """What training reported, one value an epoch.

    Attributes:
        train_loss: on what was trained on.
        validation_steering_mae: in units of steering, held out.
        best_epoch: whose weights were kept, from 1.
    """

    train_loss: Sequence[float]
    validation_steering_mae: Sequence[float]
    best_epoch: int


@dataclass(frozen=True, slots=True)
class SteeringScatter:
    """True and predicted steering of the same held-out frames, each (n,) in [-1, +1]."""

    true: Floats
    float_model: Floats
    int8_model: Floats


@dataclass(frozen=True, slots=True)
class SampleFrame:
    """One held-out frame with what is true of it and what the pilot made of it.

    Attributes:
        image: uint8 (height, width, 3) RGB.
        label: uint8 (rows, columns) of RoadClass; None when nobody knows.
        predicted: uint8 (rows, columns) of RoadClass; None when the pilot gives none.
        true_steering: in [-1, +1].
        predicted_steering: in [-1, +1].
        caption: where it is from.
    """

    image: Image
    label: Image | None
    predicted: Image | None
    true_steering: float
    predicted_steering: float
    caption: str = ""


@dataclass(frozen=True, slots=True)
class StepTiming:
    """How long one step of a tick took, in milliseconds."""

    step: str
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True)
class LoopTiming:
    """Where the time of the drive loop went.

    Attributes:
        ticks: in all.
        late_ticks: how many of them came late.
        steps: period, frame age, decide, send, record, in the order to be shown.
    """

    ticks: int
    late_ticks: int
    steps: Sequence[StepTiming]


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One figure of the float network and of the int8 pilot on the same frames.

    Attributes:
        figure: its name and unit.
        float_value: before quantizing.
        int8_value: after quantizing.
        allowed: in words, how far they may differ.
        passed: whether they do not differ more.
    """

    figure: str
    float_value: float
    int8_value: float
    allowed: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Baseline:
    """A simpler way to predict steering, judged on the same held-out frames."""

    name: str
    steering_mae: float


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """What was learned from.

    Attributes:
        records: of all tubs.
        train_records: of these, trained on.
        validation_records: of these, held out.
        duration_s: of the recordings; None when their times are useless.
        tubs: their names.
        steering: (n,) of all records, in [-1, +1].
        surfaces: records of each kind of surface.
        split: in words, how what is held out was chosen.
    """

    records: int
    train_records: int
    validation_records: int
    duration_s: float | None
    tubs: Sequence[str]
    steering: Floats
    surfaces: Mapping[str, int]
    split: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """How to get the same again.

    Attributes:
        commands: in order.
        seed: of everything random.
        versions: of the software that took part.
        duration_s: how long it took; None when not measured.
    """

    commands: Sequence[str]
    seed: int
    versions: Mapping[str, str]
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class PilotFile:
    """The pilot that is reported on: its name, size in bytes and how many parameters it has."""

    name: str
    size_bytes: int
    parameters: int | None = None


@dataclass(frozen=True, slots=True)
class ReportData:
    """A whole report.

    Attributes:
        title: of the page.
        created: date and time, as it should be shown.
        pilot: the file that is reported on.
        tracks: driven by the pilot.
        tracks_note: one sentence on the tracks, such as whether they were trained on.
        video: an .mp4 or .gif of a lap, taken into the page.
        video_caption: what it shows.
        training: the curves.
        steering: true against predicted.
        confusion: (5, 5) counts of pixels, rows true, columns predicted, in RoadClass order.
        samples: frames with overlay.
        timing: of the drive loop.
        parity: int8 against float.
        baselines: beside the pilot's own steering error.
        dataset: what was learned from.
        reproduction: how to get the same again.
    """

    title: str
    created: str
    pilot: PilotFile | None = None
    tracks: Sequence[DrivenTrack] = ()
    tracks_note: str = ""
    video: Path | None = None
    video_caption: str = ""
    training: TrainingCurves | None = None
    steering: SteeringScatter | None = None
    confusion: NDArray[np.integer] | None = None
    samples: Sequence[SampleFrame] = ()
    timing: LoopTiming | None = None
    parity: Sequence[ParityRow] = ()
    baselines: Sequence[Baseline] = ()
    dataset: DatasetSummary | None = None
    reproduction: Reproduction | None = None
