"""The sections of a pilot's report; each gives markup, or nothing when there is nothing to show."""

from html import escape

import numpy as np

from car.frame import RoadClass
from car.pictures.class_colours import COLOURS
from train.page import page
from train.report.pilot_facts import PilotFacts
from train.report.pilot_plots import (
    calibration,
    error_by_session,
    error_by_steering,
    other_curves,
    split_timeline,
    throttle_scatter,
)
from train.report.plots import (
    CLASS_NAMES,
    steering_histogram,
    steering_scatter,
    training_curves,
)
from train.report.report_data import SteeringScatter, TrainingCurves
from train.report.report_samples import sample_figure
from train.report.verdict import counted
from train.scoring.score_text import figure, percent
from train.scoring.sharp_turns import SHARP

_KINDS = {"bad": "It is bad at", "next": "Do next", "note": "Good to know"}


def advice(facts: PilotFacts) -> str:
    """What it is bad at, and what to do next."""
    found = facts.opinion.advice
    if not found:
        return page.section(
            "next",
            "What to do next",
            page.paragraph("No weak side shows in these figures. Let it drive slowly, watch where "
                           "it hesitates, and record that place again."),
        )  # fmt: skip
    items = "".join(
        f'<li class="{each.kind}"><span>{_KINDS[each.kind]}</span>'
        f"<b>{escape(each.title)}</b> {escape(each.text)}</li>"
        for each in found
    )
    return page.section("next", "What to do next", f'<ul class="advice">{items}</ul>')


def steering(facts: PilotFacts) -> str:
    """How well it steers, and where not."""
    pooled = facts.pooled
    parts = [
        page.figure(
            steering_scatter(SteeringScatter(pooled.truth, _float(facts), pooled.guess)),
            "Steering on held-out frames",
            "Points should lie along the line; the two clouds should look alike, or making the "
            "network small (int8) has cost something.",
        ),
        page.figure(
            error_by_steering(pooled.truth, pooled.guess),
            "Where it errs",
            "A tall bar at the side means that it is bad at turns that way; a short one below "
            "means that there was little to learn from.",
        ),
    ]
    if len(facts.session_names) > 1:
        parts.append(
            page.figure(
                error_by_session(facts.session_names, facts.session_errors),
                "Error by session",
                "A session far worse than the rest was driven badly, or shows what the others do "
                "not: look at it with everlap tub view.",
            )
        )
    return page.section("steering", "How well it steers", page.grid(*parts), _turns(facts))


def certainty(facts: PilotFacts) -> str:
    """Throttle, and whether it knows when it is unsure."""
    pooled, parts = facts.pooled, []
    sure = pooled.certainty()
    if sure is not None:
        parts.append(
            page.figure(
                calibration(sure),
                "Does it know when it is unsure?",
                f"On the line is right. Calibration error {sure.calibration_error:.3f}, negative "
                f"log-likelihood {sure.negative_log_likelihood:.2f}, rank correlation of "
                f"uncertainty and error {figure(sure.std_error_correlation)}.",
            )
        )
    known = pooled.throttle_r2()
    said = "The driver's throttle never varied: nothing to judge." if known is None else (
        f"It explains {percent(max(known, 0))} of how the driver's throttle varied (R2 "
        f"{known:.2f}); a "
        "flat cloud means that it learned only the mean."
    )  # fmt: skip
    parts.append(
        page.figure(throttle_scatter(pooled.throttle, pooled.throttle_guess), "Throttle", said)
    )
    return page.section("certainty", "Throttle and certainty", page.grid(*parts))


def seeing(facts: PilotFacts) -> str:
    """The frames where it errs most."""
    return page.section(
        "seeing",
        "Where it errs most",
        page.paragraph(
            f"The {len(facts.worst)} worst held-out frames, at least a second apart. Below each, "
            "where the driver steered (hollow) and where the pilot steers (filled). Often the "
            "driver was wrong: such records can be deleted with everlap tub mark."
        ),
        _key(facts),
        page.grid_of_three(*(sample_figure(sample) for sample in facts.worst)),
    )


def data(facts: PilotFacts) -> str:
    """What it learned from."""
    found, lessons = facts.facts, facts.trained.curriculum.lessons
    learned = sum(len(lesson.train) for lesson in lessons)
    held = sum(len(lesson.held_out) for lesson in lessons)
    said = (
        f"{counted(found.records, 'record')} in {counted(found.sessions, 'session')}: "
        f"{learned:,} learned from, {held:,} held out; the rest lies in gaps between the two. "
        f"{percent(found.left)} turn left, {percent(found.right)} right, {percent(found.sharp)} "
        "sharply."
    )
    shown = "" if len(facts.lanes) <= 24 else f" The first 24 of {len(facts.lanes)} sessions."
    rows = [(tub.name, f"{tub.records:,}", tub.sha256[:16]) for tub in facts.trained.card.tubs]
    return page.section(
        "data",
        "What it learned from",
        page.paragraph(said),
        page.grid(
            page.figure(
                steering_histogram(np.concatenate([each.steering for each in lessons])),
                "Steering recorded",
                "Turns to both sides should be there, up to full lock: what was never recorded "
                "cannot be learned.",
            ),
        ),
        page.figure(
            split_timeline(facts.lanes),
            "What was held out",
            "Orange was kept from the pilot and measured, grey was learned from, pale lies in the "
            f"gaps.{shown}",
        ),
        page.table("Tubs", ("tub", "records", "sha256 of its controls"), rows),
    )


def training(facts: PilotFacts) -> str:
    """How the network learned."""
    history = facts.trained.history
    curves = TrainingCurves(
        [each.steering_loss + each.throttle_loss + each.class_map_loss for each in history],
        [each.held_out_steering_mae for each in history],
        facts.trained.best_epoch,
    )
    return page.section(
        "training",
        "How it learned",
        page.grid(
            page.figure(
                training_curves(curves),
                "Loss and error",
                "They should fall together; an error that rises while the loss goes on falling "
                "means learning by heart: record more, in other places and light.",
            ),
            page.figure(
                other_curves(
                    [each.held_out_throttle_r2 for each in history],
                    [each.held_out_class_map_miou for each in history],
                    facts.trained.best_epoch,
                ),
                "Throttle and class map",
                "Still rising at the end: train for longer. The line marks the epoch that was "
                "kept.",
            ),
        ),
    )


def again(facts: PilotFacts) -> str:
    """How to get the same again."""
    card, trained = facts.trained.card, facts.trained
    rows = [(name.replace("_", " "), str(value)) for name, value in card.recipe.items()]
    rows += [
        ("label delay", f"{1000 * card.label_delay_s:.0f} ms"),
        ("held out", f"{percent(card.held_out.fraction)}, {card.held_out.block_s:g} s blocks, "
                     f"{card.held_out.gap_s:g} s gaps"),
        ("image", f"{card.width_px}x{card.height_px} px"),
        ("parameters", f"{card.parameters:,}"),
        ("sha256 of the network", card.sha256[:16]),
        ("took", f"{trained.duration_s / 60:.1f} minutes on {facts.machine}"),
    ]  # fmt: skip
    return page.section(
        "again",
        "How to get this again",
        page.code_block([facts.command]),
        page.grid(
            page.table("Parameters", ("what", "value"), rows),
            page.table("Versions", ("software", "version"), list(facts.versions.items())),
        ),
    )


def _float(facts: PilotFacts) -> np.ndarray:
    beside = facts.pooled.float_guess
    return facts.pooled.guess if beside is None else beside


def _turns(facts: PilotFacts) -> str:
    turns = facts.pooled.turns()
    if not turns.driven:
        return page.paragraph(f"No turn beyond {SHARP:g} was held out: sharp turns are not judged.")
    rows = [
        ("found, of all that were driven", percent(turns.recall)),
        ("found, to the left", percent(turns.recall_left)),
        ("found, to the right", percent(turns.recall_right)),
        ("right, of all that it makes", percent(turns.precision)),
        ("F1 of both", figure(turns.f1)),
    ]
    caption = f"Sharp turns: {turns.driven:,} frames beyond {SHARP:g} of full lock"
    return page.table(caption, ("sharp turns", "share"), rows)


def _key(facts: PilotFacts) -> str:
    if all(sample.predicted is None for sample in facts.worst):
        return ""
    key = "".join(
        f'<li><i style="background: rgb{COLOURS[kind]}"></i>{CLASS_NAMES[kind]}</li>'
        for kind in RoadClass
    )
    return f'<ul class="key">{key}</ul>'
