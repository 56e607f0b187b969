"""Everything that a pilot's report shows, gathered from a finished training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from car.config import CameraConfig
from car.frame import Frame
from car.pilots.network import NetworkPilot
from train.learning.class_maps import class_map_of
from train.learning.dataset import Lesson
from train.learning.history_line import machine, versions
from train.learning.trained import Trained
from train.report.advice import Findings, Opinion, opinion, still_improving
from train.report.pilot_plots import Lane
from train.report.recorded_facts import RecordedFacts, recorded_facts
from train.report.report_data import DrivenTrack, SampleFrame
from train.report.worst import worst_records
from train.scoring.pooled import Pooled, pool, thinned
from train.scoring.scores import BaselineScore, SteeringScore
from train.scoring.scoring import Scored, measure


@dataclass(frozen=True, slots=True)
class PilotFacts:
    """A whole report on one pilot.

    Attributes:
        trained: the training.
        pooled: what the pilot says on held-out records.
        steering: measures of that.
        simple: baselines on the same.
        facts: what was recorded.
        opinion: what to think of it.
        worst: frames where it errs most.
        session_names: as shown, by number through all tubs.
        session_errors: mean error of each that was measured.
        lanes: the split, session by session.
        command: that was typed.
        created: date and time, as shown.
        machine: where.
        versions: of the software.
        tracks: driven in the simulator, if asked for.
    """

    trained: Trained
    pooled: Pooled
    steering: SteeringScore
    simple: dict[str, BaselineScore]
    facts: RecordedFacts
    opinion: Opinion
    worst: list[SampleFrame]
    session_names: list[str]
    session_errors: list[float]
    lanes: list[Lane]
    command: str
    created: str
    machine: str
    versions: dict[str, str]
    tracks: Sequence[DrivenTrack] = field(default=())


def gather(trained: Trained, command: str, tracks: Sequence[DrivenTrack] = ()) -> PilotFacts:
    """Measure a pilot on what was kept from it, and look at what it learned from.

    Raises:
        PilotError: the pilot that was just written cannot be used.
    """
    lessons = trained.curriculum.lessons
    scored = Scored(
        str(trained.pilot),
        lambda camera: NetworkPilot(trained.pilot, camera),
        trained.pilot,
        trained.card,
    )
    pooled = pool([measure(scored, thinned(each), True) for each in lessons], lessons)
    steering, simple, facts = pooled.steering(), pooled.simple(), recorded_facts(lessons)
    found = Findings(
        steering,
        simple,
        pooled.turns(),
        pooled.certainty(),
        pooled.throttle_r2(),
        facts,
        still_improving([each.held_out_steering_mae for each in trained.history]),
        trained.interrupted,
        trained.tubs_changed,
    )
    names, errors = _by_session(pooled, lessons)
    return PilotFacts(
        trained=trained,
        pooled=pooled,
        steering=steering,
        simple=simple,
        facts=facts,
        opinion=opinion(found),
        worst=_worst(trained, pooled, lessons),
        session_names=names,
        session_errors=errors,
        lanes=[lane for lesson in lessons for lane in _lanes(lesson, len(lessons) > 1)],
        command=command,
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        machine=machine(),
        versions=versions(),
        tracks=tracks,
    )


def _by_session(pooled: Pooled, lessons: Sequence[Lesson]) -> tuple[list[str], list[float]]:
    """Names and mean errors of the sessions that were measured."""
    names, errors = [], []
    for number in np.unique(pooled.session):
        here = pooled.session == number
        lesson = lessons[int(pooled.lesson[here][0])]
        session = int(lesson.recording.session[int(pooled.row[here][0])])
        names.append(_session_name(lesson, session, len(lessons) > 1))
        errors.append(float(np.mean(np.abs(pooled.truth[here] - pooled.guess[here]))))
    return names, errors


def _session_name(lesson: Lesson, session: int, several: bool) -> str:
    """Sessions count from 1 where people read them."""
    return f"{lesson.name[:14]} {session + 1}" if several else f"session {session + 1}"


def _lanes(lesson: Lesson, several: bool) -> list[Lane]:
    session = np.asarray(lesson.recording.session)
    part = np.ones(len(session), np.intp)
    part[lesson.train], part[lesson.held_out] = 0, 2
    return [
        Lane(_session_name(lesson, int(number), several), part[session == number])
        for number in np.unique(session)
    ]


def _worst(trained: Trained, pooled: Pooled, lessons: Sequence[Lesson]) -> list[SampleFrame]:
    """The frames with the greatest errors, as the pilot sees them."""
    card = trained.card
    camera = CameraConfig(width_px=card.width_px, height_px=card.height_px, lens=card.lens)
    pilot = NetworkPilot(trained.pilot, camera)
    places = worst_records(np.abs(pooled.truth - pooled.guess), pooled.row, pooled.session)
    return [_sample(pooled, int(place), lessons, pilot) for place in places]


def _sample(
    pooled: Pooled, place: int, lessons: Sequence[Lesson], pilot: NetworkPilot
) -> SampleFrame:
    lesson, row = lessons[int(pooled.lesson[place])], int(pooled.row[place])
    image = np.ascontiguousarray(lesson.recording.images[row])
    seen = pilot.decide(Frame(image, 0.0, row)).class_map
    label = None
    if seen is not None and lesson.recording.class_maps is not None:
        label = class_map_of(lesson, row, seen.shape)
    session = _session_name(lesson, int(lesson.recording.session[row]), len(lessons) > 1)
    return SampleFrame(
        image,
        label,
        seen,
        float(pooled.truth[place]),
        float(pooled.guess[place]),
        f"{session}, record {row}, off by {abs(pooled.truth[place] - pooled.guess[place]):.2f}",
    )
