"""Fills the report of a demo with what it did and what came of it."""

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata

import numpy as np

from car.config import CarConfig
from car.episode import EpisodeResult
from car.frame import Frame
from car.pilots.network import NetworkPilot
from car.simulation.scene import SURFACES
from car.simulation.world import World
from car.timing import Timing
from train.demo.plan import EXTRA_DELAY_S, DemoPlan, training_worlds
from train.driving.evaluate import Path2d
from train.learning.class_maps import class_map_of
from train.learning.dataset import Lesson
from train.learning.trained import Trained
from train.report.report_data import (
    DatasetSummary,
    LoopTiming,
    ParityRow,
    PilotFile,
    ReportData,
    Reproduction,
    SampleFrame,
    SteeringScatter,
    StepTiming,
    TrainingCurves,
)
from train.report.roads import driven_track


def report_data(
    plan: DemoPlan,
    trained: Trained,
    driven: Sequence[tuple[EpisodeResult, Path2d]],
    timing: Timing,
    seconds: dict[str, float],
    filmed: World,
) -> ReportData:
    """Everything that the demo's report shows."""
    card, results = trained.card, trained.exported.results
    return ReportData(
        title="Everlap: a car that taught itself to drive in simulation",
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        pilot=PilotFile(trained.pilot.name, trained.pilot.stat().st_size, card.parameters),
        tracks=[driven_track(result, path) for result, path in driven],
        tracks_note="None of these roads, looks and cars was learned from; "
        f"{1000 * EXTRA_DELAY_S:.0f} ms were added to the car's own delay.",
        video=plan.folder / "lap.mp4",
        video_caption=f"A lap of {filmed.track.name} on {filmed.surface}, seen by the pilot.",
        training=curves(trained),
        steering=SteeringScatter(
            results.steering, trained.exported.float_results.steering_guess, results.steering_guess
        ),
        confusion=results.confusion,
        samples=samples(trained),
        timing=loop_timing(timing),
        parity=parity(trained),
        dataset=dataset(trained, plan),
        reproduction=Reproduction(
            [f"./everlap demo --seed {plan.seed}"],
            plan.seed,
            versions(),
            sum(seconds.values()),
        ),
    )


def curves(trained: Trained) -> TrainingCurves:
    """The losses and errors of every epoch."""
    history = trained.history
    total = [e.steering_loss + e.throttle_loss + e.class_map_loss for e in history]
    return TrainingCurves(
        train_loss=total,
        validation_steering_mae=[e.held_out_steering_mae for e in history],
        best_epoch=trained.best_epoch,
    )


def samples(trained: Trained, count: int = 8) -> list[SampleFrame]:
    """Held-out frames, evenly chosen, with what the pilot makes of them."""
    lesson = trained.curriculum.lessons[0]
    card = trained.card
    config = CarConfig()
    pilot = NetworkPilot(trained.pilot, config.camera)
    rows = lesson.held_out[np.linspace(0, len(lesson.held_out) - 1, count).astype(int)]
    return [_sample(lesson, int(row), pilot, card.class_map_shape) for row in rows]


def _sample(
    lesson: Lesson, row: int, pilot: NetworkPilot, shape: tuple[int, int] | None
) -> SampleFrame:
    image = np.ascontiguousarray(lesson.recording.images[row])
    decision = pilot.decide(Frame(image, 0.0, row))
    label = class_map_of(lesson, row, shape) if shape is not None else None
    return SampleFrame(
        image, label, decision.class_map, float(lesson.steering[row]), decision.command.steering
    )


def loop_timing(timing: Timing) -> LoopTiming:
    """The timing table as the report shows it."""
    rows = timing.summary().items()
    steps = [
        StepTiming(name.replace("_", " "), row["p50"], row["p99"], row["max"]) for name, row in rows
    ]
    return LoopTiming(timing.ticks, timing.late_ticks, steps)


def parity(trained: Trained) -> list[ParityRow]:
    """Float beside int8; the export has already refused what differs too much."""
    before, after = trained.card.scores_float, trained.card.scores_int8
    assert before is not None
    assert after is not None
    rows = [
        ParityRow(
            "steering error (mean absolute)",
            before.steering_mae,
            after.steering_mae,
            "at most 1 % worse",
            passed=True,
        ),
        ParityRow(
            "throttle error (mean absolute)",
            before.throttle_mae,
            after.throttle_mae,
            "told, not judged",
            passed=True,
        ),
    ]
    if before.class_map_miou is not None and after.class_map_miou is not None:
        rows.append(
            ParityRow(
                "class map (mean intersection over union)",
                before.class_map_miou,
                after.class_map_miou,
                "at most 0.005 lower",
                passed=True,
            )
        )
    return rows


def dataset(trained: Trained, plan: DemoPlan) -> DatasetSummary:
    """What was learned from."""
    lesson = trained.curriculum.lessons[0]
    worlds = training_worlds(plan)
    records = len(lesson.steering)
    share = {
        surface: round(records * sum(world.surface == surface for world in worlds) / len(worlds))
        for surface in SURFACES
    }
    return DatasetSummary(
        records=records,
        train_records=len(lesson.train),
        validation_records=len(lesson.held_out),
        duration_s=records / CarConfig().camera.frames_per_s,
        tubs=[lesson.name],
        steering=lesson.steering,
        surfaces=share,
        split=f"whole {lesson.split_kind}, never single frames",
    )


def versions() -> dict[str, str]:
    """Of the software that took part."""
    names = ("everlap", "keras", "tensorflow-cpu", "tensorflow", "ai-edge-litert", "numpy")
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
