"""The section of a pilot's report that sets it beside simpler ways, and names the leaky figure."""

from train.page import page
from train.report.pilot_facts import PilotFacts
from train.scoring.baselines import NAMES
from train.scoring.pooled import LEARNED, MEASURED
from train.scoring.score_text import better_by, figure, percent
from train.scoring.scores import SteeringScore


def baselines(facts: PilotFacts) -> str:
    """The pilot beside simpler ways, and beside what a random split would have claimed."""
    rows = [_baseline_row("this pilot", facts.steering, "")]
    for name, line in facts.simple.items():
        rows.append(_baseline_row(NAMES[name], line, better_by(line.pilot_is_better_by)))
    leaky = [
        (NAMES[name], f"{claimed:.3f}", f"{facts.simple[name].mae:.3f}")
        for name, claimed in facts.pooled.leaky.items()
    ]
    head = ("steering", "mean error", "95 % interval", "balanced", "RMSE", "R2", "right side",
            "pilot is better by")  # fmt: skip
    cut = (
        f" Of large tubs {LEARNED:,} records teach them and {MEASURED:,} are measured."
        if facts.pooled.thinned
        else ""
    )
    return page.section(
        "baselines",
        "Beside simpler ways",
        page.paragraph(
            "All learned from the same records and were measured on the same held-out ones. The "
            "copycat repeats the driver's last command, which no pilot is told: it shows how "
            f"little steering changes from frame to frame, and is no rival.{cut}"
        ),
        page.table("Steering on held-out records", head, rows),
        page.paragraph(
            "Video frames look like their neighbours. Had single frames been held out at random, "
            "as many projects do, memory alone would have looked like skill:"
        ),
        page.table(
            "What a random split would have claimed",
            ("baseline", "mean error claimed", "mean error in truth"),
            leaky,
        ),
    )


def _baseline_row(name: str, line: SteeringScore, shown: str) -> tuple[str, ...]:
    edge = line.mae_bounds
    interval = "–" if edge is None else f"{edge.low:.3f} to {edge.high:.3f}"
    return (
        name,
        f"{line.mae:.3f}",
        interval,
        f"{line.balanced_mae:.3f}",
        f"{line.rmse:.3f}",
        figure(line.r2),
        percent(line.sign_accuracy),
        shown,
    )
