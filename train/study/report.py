"""The study as a page: which offline score ranks checkpoints as driving does."""

from collections.abc import Sequence
from pathlib import Path

from train.page import page
from train.page.plot_style import (
    FIRST,
    INK,
    MUTED,
    RASTER,
    house_style,
    new_figure,
    to_svg,
)
from train.report.report import assemble
from train.study.ranks import OUTCOMES, Checkpoint, Predicts
from train.study.scores import WORDS
from tubs.atomic import written_whole

ENOUGH = 40
"""Checkpoints, below which a ranking is a first look."""


def write_study(
    path: Path, checkpoints: Sequence[Checkpoint], found: Sequence[Predicts], command: str
) -> None:
    """Write the page.

    Raises:
        OutputError: it cannot be written.
    """
    with written_whole(path) as draft:
        draft.write_text(study_page(checkpoints, found, command), "utf-8")


def study_page(checkpoints: Sequence[Checkpoint], found: Sequence[Predicts], command: str) -> str:
    """Give the whole page."""
    sections = [
        _ranking(found),
        *([_scatters(checkpoints, found)] if found else []),
        _all(checkpoints),
        page.section("again", "How to get this again", page.code_block([command])),
    ]
    return assemble("Which offline score predicts driving?", _head(checkpoints, found), sections)


def headline(checkpoints: Sequence[Checkpoint], found: Sequence[Predicts]) -> str:
    """What came out, in one sentence."""
    best = _of("off_road_per_100_laps", found)
    if not best or best[0].rho is None:
        return "These checkpoints all drive alike: nothing can be ranked by."
    bounds = "" if best[0].low is None else f" (95 %: {best[0].low:.2f} to {best[0].high:.2f})"
    return (
        f"Best predictor of {len(checkpoints)} checkpoints: {WORDS[best[0].score]}, "
        f"rank correlation {best[0].rho:.2f}{bounds}."
    )


def _head(checkpoints: Sequence[Checkpoint], found: Sequence[Predicts]) -> str:
    few = (
        ""
        if len(checkpoints) >= ENOUGH
        else f"{len(checkpoints)} checkpoints are a first look; {ENOUGH} and more say something. "
    )
    driven = checkpoints[0].driven
    return page.paragraph(headline(checkpoints, found), "verdict") + page.paragraph(
        f"{few}Each checkpoint was scored on recorded frames of worlds that it never saw, and then "
        f"drove {driven.laps_asked} laps. A good score puts them in the same order as driving "
        "does: 1 is the same order, 0 is chance.",
        "lead",
    )


def _ranking(found: Sequence[Predicts]) -> str:
    best = _of("off_road_per_100_laps", found)
    others = {(each.score, each.outcome): each for each in found}
    rows = [
        (
            WORDS[each.score],
            _rho(each),
            _interval(each),
            *(_rho(others[each.score, outcome]) for outcome in list(OUTCOMES)[1:]),
        )
        for each in best
    ]
    head = ("score", "few off-road events", "95 % interval", "autonomy", "clean roads")
    return page.section(
        "ranking",
        "Rank correlation with driving",
        page.figure(
            _bars(best),
            "Rank correlation with few off-road events",
            "Lines are 95 % intervals, by drawing checkpoints. Scores whose intervals overlap "
            "cannot be told apart yet.",
        ),
        page.table("Spearman's rank correlation", head, rows),
    )


def _scatters(checkpoints: Sequence[Checkpoint], found: Sequence[Predicts]) -> str:
    best = [each for each in _of("off_road_per_100_laps", found) if each.rho is not None]
    shown = [*best[:3], *[each for each in best[3:] if each.score == "mae"]]
    parts = [
        page.figure(
            _scatter(checkpoints, each.score),
            WORDS[each.score],
            f"Rank correlation {_rho(each)}; a point is a checkpoint.",
        )
        for each in shown
    ]
    return page.section("points", "The best scores, checkpoint by checkpoint", page.grid(*parts))


def _all(checkpoints: Sequence[Checkpoint]) -> str:
    rows = [
        (
            Path(each.pilot).name,
            f"{each.scores['mae']:.3f}",
            f"{each.scores['mae_disturbed']:.3f}",
            f"{each.driven.off_road_per_100_laps:.0f}",
            f"{each.driven.autonomy:.0%}",
            f"{each.driven.clean_share:.0%}",
        )
        for each in checkpoints
    ]
    head = ("checkpoint", "MAE", "MAE, disturbed", "off road per 100 laps", "autonomy", "clean")
    return page.section("all", "All checkpoints", page.table("Measured", head, rows))


def _bars(found: Sequence[Predicts]) -> str:
    with house_style("ranking"):
        figure = new_figure(7.5, 0.6 + 0.29 * max(len(found), 1))
        axes = figure.subplots()
        for place, each in enumerate(found):
            rho = each.rho if each.rho is not None else 0.0
            axes.barh(place, rho, height=0.62, color=FIRST)
            if each.low is not None and each.high is not None:
                axes.plot([each.low, each.high], [place, place], color=INK, linewidth=1.2)
        axes.axvline(0.0, color=MUTED, linewidth=1.0)
        axes.set_yticks(range(len(found)), [WORDS[each.score] for each in found])
        axes.set_xlim(-1.02, 1.02)
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.grid(visible=False, axis="y")
        return to_svg(figure)


def _scatter(checkpoints: Sequence[Checkpoint], score: str) -> str:
    known = [each for each in checkpoints if score in each.scores]
    with house_style(f"scatter {score}"):
        figure = new_figure(4.7, 3.0)
        axes = figure.subplots()
        axes.scatter(
            [each.scores[score] for each in known],
            [each.driven.off_road_per_100_laps for each in known],
            s=22, color=RASTER,
        )  # fmt: skip
        axes.set_xlabel(WORDS[score])
        axes.set_ylabel("off road per 100 laps")
        axes.set_ylim(bottom=min(-1.0, 0.0))
        return to_svg(figure)


def _of(outcome: str, found: Sequence[Predicts]) -> list[Predicts]:
    return [each for each in found if each.outcome == outcome]


def _rho(each: Predicts) -> str:
    return "–" if each.rho is None else f"{each.rho:+.2f}"


def _interval(each: Predicts) -> str:
    if each.low is None or each.high is None:
        return "–"
    return f"{each.low:+.2f} to {each.high:+.2f}"
