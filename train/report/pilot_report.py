"""Writes the report of a training: NAME.html, for whoever wants to drive the pilot."""

from pathlib import Path

from train.learning.trained import Trained
from train.page import page
from train.report import class_map_section, pilot_comparison, pilot_sections, report_sections
from train.report.pilot_facts import PilotFacts, gather
from train.report.report import assemble
from train.report.report_data import ReportData
from train.report.roads import drive_new_roads
from train.report.verdict import counted, judge
from train.scoring.score_text import percent
from tubs.atomic import written_whole

_SECTIONS = (
    pilot_sections.advice,
    pilot_sections.steering,
    pilot_comparison.baselines,
    pilot_sections.certainty,
    class_map_section.classes,
    pilot_sections.seeing,
    pilot_sections.data,
    pilot_sections.training,
    pilot_sections.again,
)


def write_pilot_report(path: Path, trained: Trained, command: str, roads: int = 0) -> str:
    """Write the report as one self-contained page.

    Args:
        path: NAME.html.
        trained: the training.
        command: what was typed.
        roads: how many new roads to let the pilot drive in the simulator; 0 is none.

    Returns:
        The verdict, one sentence.

    Raises:
        PilotError: the pilot that was just written cannot be used.
        OutputError: the page cannot be written.
    """
    facts = gather(trained, command, drive_new_roads(trained.pilot, roads) if roads else ())
    text = pilot_page(facts)
    with written_whole(path) as draft:
        draft.write_text(text, "utf-8")
    return facts.opinion.headline


def pilot_page(facts: PilotFacts) -> str:
    """Give the whole page."""
    sections = [made for make in _SECTIONS if (made := make(facts))]
    if facts.tracks:
        driven = ReportData("", "", tracks=facts.tracks, tracks_note=_ROADS)
        sections.insert(1, report_sections.drive(driven))
    return assemble(f"Pilot {facts.trained.pilot.name}", _head(facts), sections)


_ROADS = "Driven in the simulator, on roads that it never saw; on your own floor it may differ."


def _head(facts: PilotFacts) -> str:
    found = facts.opinion
    parts = [
        page.paragraph(found.headline, f"verdict {found.level}"),
        page.paragraph(found.details, "lead"),
    ]
    if facts.tracks:
        driven = judge(facts.tracks)
        parts.append(page.paragraph(f"In the simulator: {driven.headline}", "lead"))
    parts.append(page.paragraph(facts.created, "made"))
    parts.append(f'<dl class="tiles">{"".join(_tiles(facts))}</dl>')
    return "\n".join(parts)


def _tiles(facts: PilotFacts) -> list[str]:
    steering, pooled, card = facts.steering, facts.pooled, facts.trained.card
    turns, known = pooled.turns(), pooled.throttle_r2()
    sessions = counted(facts.facts.sessions, "session")
    tiles = [
        page.tile(f"{steering.mae:.3f}", "steering error", _interval(facts)),
        page.tile(
            percent(turns.recall),
            "sharp turns found",
            f"of {turns.driven:,} frames",
            bad=turns.recall is not None and turns.recall < 0.6,
        ),
        page.tile(
            percent(None if known is None else max(known, 0.0)),
            "throttle explained",
            "never varied" if known is None else "of how the driver varied it",
            bad=known is not None and known < 0.3 and facts.facts.throttle_std >= 0.02,
        ),
        page.tile(f"{facts.facts.records:,}", "records", f"in {sessions}"),
        page.tile(
            f"{facts.trained.pilot.stat().st_size / 1000:.0f} kB",
            "pilot file",
            f"{card.parameters:,} parameters",
        ),
    ]
    return tiles


def _interval(facts: PilotFacts) -> str:
    edge = facts.steering.mae_bounds
    where = "mean, held out; 1 is full lock"
    return where if edge is None else f"{edge.low:.3f} to {edge.high:.3f}; 1 is full lock"
