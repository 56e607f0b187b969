"""The ablation as a page: what each part of the recipe is worth, in laps."""

import math
from collections.abc import Sequence
from pathlib import Path

from train.ablation.compare import EVENTS, Compared, made_by_several, uneven_budgets
from train.ablation.variants import PLAIN
from train.driving.intervals import Interval
from train.page import page
from train.page.forest import Row, forest
from train.report.report import assemble
from tubs.atomic import written_whole

SQUEEZED_EVENTS = 10.0


def write_ablation(path: Path, compared: Sequence[Compared], command: str) -> None:
    """Write the page.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(path) as draft:
        draft.write_text(ablation_page(compared, command), "utf-8")


def ablation_page(compared: Sequence[Compared], command: str) -> str:
    """Give the whole page; the first is the default."""
    usual, others = compared[0], compared[1:]
    plain = [each for each in others if each.name == PLAIN]
    sections = [
        *([_differences(others)] if others else []),
        *(_beside(usual, each) for each in plain),
        _all(compared),
        *([_questions(others)] if others else []),
        page.section("again", "How to get this again", page.code_block([command])),
    ]
    return assemble("What each part of the recipe is worth", _head(compared), sections)


def headline(compared: Sequence[Compared]) -> str:
    """What came out, in one sentence."""
    worse = [each for each in compared[1:] if _sure(each.difference[EVENTS]) > 0]
    if not worse:
        return "No part was shown to be worth its place: drive more roads, or train more seeds."
    worst = max(worse, key=lambda each: each.difference[EVENTS].value)
    return (
        f"{len(worse)} of {len(compared) - 1} changes make it leave the road more often; "
        f"the most: {worst.label}."
    )


def finding(each: Compared) -> str:
    """What a variant does to driving, in one sentence."""
    figure = each.difference[EVENTS]
    if math.isnan(figure.value):
        return f"{each.label}: nothing to compare, no seed was trained both ways."
    if not _sure(figure):
        within = "" if math.isnan(figure.low) else f" ({figure.low:+.1f} to {figure.high:+.1f})"
        return f"{each.label}: no difference seen{within}."
    word = "more" if figure.value > 0 else "fewer"
    low, high = sorted((abs(figure.low), abs(figure.high)))
    return (
        f"{each.label}: {abs(figure.value):.1f} off-road events {word} in 100 laps "
        f"({low:.1f} to {high:.1f})."
    )


def _head(compared: Sequence[Compared]) -> str:
    total, seeds = compared[0].total, len(compared[0].seeds)
    return page.paragraph(headline(compared), "verdict") + page.paragraph(
        f"{_caution(compared)}Each variant leaves out one thing and is otherwise trained alike, "
        f"for as long. Each pilot drove {total.laps_asked // seeds} laps on the same "
        f"{total.tracks} roads, none of them learned from, without the runtime monitor.",
        "lead",
    )


def _caution(compared: Sequence[Compared]) -> str:
    """What keeps the figures from being taken for more than they are."""
    seeds = len(compared[0].seeds)
    found = []
    if made_by_several(compared):
        found.append("These pilots were trained by different versions of the code: differences "
                     "may come from that.")  # fmt: skip
    if uneven_budgets(compared):
        found.append(
            "They did not see as many examples as each other: give --epochs, not --minutes."
        )
    if seeds == 1:
        found.append("One training each is a first look: trainings differ by luck, which the "
                     "intervals do not know.")  # fmt: skip
    else:
        found.append(f"{seeds} trainings each; the intervals are over tracks and do not know of "
                     "luck in training, so the seeds stand apart as small points.")  # fmt: skip
    return " ".join(found) + " "


def _differences(others: Sequence[Compared]) -> str:
    events = [
        _row(each, each.difference[EVENTS], each.event_differences_by_seed) for each in others
    ]
    parts = [
        page.figure(
            forest("events", events, "events per 100 laps, variant − usual; right is worse",
                   SQUEEZED_EVENTS),
            "Off-road events per 100 laps, against the usual recipe",
            "The line is the 95 % interval over tracks, driven by both; small points are seeds. A "
            "line that crosses zero shows no difference.",
        )
    ]  # fmt: skip
    back = [_row(each, _percent(each.recovery_difference)) for each in others
            if each.recovery_difference is not None]  # fmt: skip
    if back:
        parts.append(
            page.figure(
                forest("recovery", back, "disturbed starts recovered, variant − usual, points; "
                       "left is worse"),
                "Coming back from the edge",
                "Starts up to 0.8 half widths off the middle and 25 degrees askew.",
            )
        )  # fmt: skip
    error = [_row(each, each.steering_mae_difference) for each in others]
    parts.append(
        page.figure(
            forest("error", error, "steering MAE, variant − usual; right is worse"),
            "Steering on recorded worlds that nobody learned from",
            "The expert pushed about, so that there is something to correct.",
        )
    )
    return page.section("differences", "What leaving it out does", *parts)


def _beside(usual: Compared, plain: Compared) -> str:
    rows = [
        ("off-road events per 100 laps", *(_value(e.total.off_road_per_100_laps)
                                           for e in (usual, plain))),
        ("roads without any", *(_share(e.total.clean_episodes) for e in (usual, plain))),
        ("laps done", *(_share(e.total.laps_done_share) for e in (usual, plain))),
        ("disturbed starts recovered", *(_share(e.starts.recovery_share) if e.starts else "–"
                                         for e in (usual, plain))),
        ("speed, of the expert's", *(_share(e.total.speed_share) for e in (usual, plain))),
        ("steering MAE that its training claims", *(f"{e.claimed_mae:.3f}"
                                                    for e in (usual, plain))),
        ("steering MAE in worlds never seen", *(_value(e.steering_mae, 3)
                                                for e in (usual, plain))),
        ("throttle R2 there", *(f"{e.throttle_r2:.2f}" for e in (usual, plain))),
    ]  # fmt: skip
    return page.section(
        "plain",
        "The plain way beside it",
        page.paragraph(
            f"{plain.question} The claim comes from frames whose neighbours it learned."
        ),
        page.table("Same frames, same time", ("what", usual.label, plain.label), rows),
    )


def _all(compared: Sequence[Compared]) -> str:
    rows = [
        (
            each.label,
            _value(each.total.off_road_per_100_laps),
            _signed(each.difference[EVENTS]) if place else "",
            ", ".join(f"{events:.1f}" for events in each.events_by_seed),
            _share(each.starts.recovery_share) if each.starts else "–",
            _value(each.steering_mae, 3),
        )
        for place, each in enumerate(compared)
    ]
    head = ("variant", "off road per 100 laps", "− usual", "by seed", "recovered", "steering MAE")
    return page.section(
        "all",
        "All variants",
        page.table("Measured, with 95 % intervals by track", head, rows),
        page.table("Trained", _TRAINED, [_trained(each) for each in compared]),
    )


_TRAINED = ("variant", "frames", "seeds", "examples seen", "minutes", "claimed MAE")


def _trained(each: Compared) -> tuple[str, ...]:
    """How a variant was trained; means over its seeds."""
    count = len(each.made)
    return (
        each.label,
        f"{each.made[0].records:,}",
        ", ".join(map(str, each.seeds)),
        f"{sum(made.examples for made in each.made) / count:,.0f}",
        f"{sum(made.minutes for made in each.made) / count:.1f}",
        f"{each.claimed_mae:.3f}",
    )


def _questions(others: Sequence[Compared]) -> str:
    rows = [(each.question, finding(each)) for each in others]
    return page.section(
        "questions", "In words", page.table("Questions", ("question", "answer"), rows)
    )


def _row(each: Compared, figure: Interval | None, points: Sequence[float] = ()) -> Row:
    assert figure is not None
    return Row(each.label, figure.value, figure.low, figure.high, points)


def _percent(figure: Interval | None) -> Interval | None:
    if figure is None:
        return None
    return Interval(100 * figure.value, 100 * figure.low, 100 * figure.high)


def _sure(figure: Interval) -> int:
    """1 or -1 where the interval lies on one side of zero, else 0."""
    return int(figure.low > 0) - int(figure.high < 0)


def _value(figure: Interval, digits: int = 1) -> str:
    if math.isnan(figure.value):
        return "–"
    bounds = (
        "" if math.isnan(figure.low) else f" ({figure.low:.{digits}f} to {figure.high:.{digits}f})"
    )
    return f"{figure.value:.{digits}f}{bounds}"


def _signed(figure: Interval) -> str:
    if math.isnan(figure.value):
        return "–"
    bounds = "" if math.isnan(figure.low) else f" ({figure.low:+.1f} to {figure.high:+.1f})"
    return f"{figure.value:+.1f}{bounds}"


def _share(figure: Interval) -> str:
    if math.isnan(figure.value):
        return "–"
    bounds = "" if math.isnan(figure.low) else f" ({figure.low:.0%} to {figure.high:.0%})"
    return f"{figure.value:.1%}{bounds}"
