"""A page of all failures of an evaluation, by scenario and track, beside their pictures."""

from collections.abc import Sequence
from html import escape
from importlib import resources
from pathlib import Path

from train.driving.campaign import Outcome
from train.driving.episodes import Driven
from train.driving.failures import Failure
from train.page import page
from tubs.atomic import written_whole

INDEX = "index.html"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}
figure img {{ width: 100%; height: auto; border-radius: 6px; }}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
{head}
</header>
<main>
{body}
</main>
<footer>Made by Everlap. The pictures lie beside this page; it loads nothing else.</footer>
</body>
</html>
"""


def write_failures(folder: Path, outcome: Outcome, pilot: str) -> Path:
    """Write the page into the folder of the pictures, and give its path.

    Raises:
        OutputError: it cannot be written.
    """
    path = folder / INDEX
    with written_whole(path) as draft:
        draft.write_text(failure_page(outcome, pilot), "utf-8")
    return path


def failure_page(outcome: Outcome, pilot: str) -> str:
    """Give the whole page."""
    style = resources.files("train.page").joinpath("report.css").read_text("utf-8")
    failing = {
        name: [each for each in driven if each.failures] for name, driven in outcome.driven.items()
    }
    sections = [_scenario(name, driven) for name, driven in failing.items() if driven]
    return _PAGE.format(
        title=f"Where {escape(pilot)} failed",
        style=style,
        head=_head(outcome),
        body="\n".join(sections) or page.paragraph("Nothing to see: it never left the road."),
    )


def _head(outcome: Outcome) -> str:
    episodes = sum(map(len, outcome.driven.values()))
    failures = sum(_count(driven) for driven in outcome.driven.values())
    lead = page.paragraph(
        f"{failures} failures in {episodes} episodes. Each picture shows the last three seconds: "
        "what the pilot saw, coloured and outlined as it took it to be road; how it steered, and "
        "how the expert, who knows the road, would have steered from there.",
        "lead",
    )
    rows = [
        [
            name,
            str(len(driven)),
            str(sum(bool(each.failures) for each in driven)),
            str(_count(driven)),
        ]
        for name, driven in outcome.driven.items()
    ]
    head = ("scenario", "episodes", "with a failure", "failures")
    return lead + page.table("Failures by scenario", head, rows)


def _count(driven: Sequence[Driven]) -> int:
    return sum(len(each.failures) for each in driven)


def _scenario(name: str, driven: Sequence[Driven]) -> str:
    count = f"{name}: {_count(driven)} failures on {len(driven)} drives"
    return page.section(name, count, *(_track(each) for each in driven))


def _track(driven: Driven) -> str:
    result = driven.result
    start = "" if driven.start is None else f", start {driven.start}"
    title = f"{result.track} on {result.surface}, seed {result.look_seed}{start}"
    car = (
        f"delay {1000 * result.delay_s:.0f} ms, speed x{result.speed_response:.2f}, "
        f"friction {result.friction:.2f}; {result.laps_done} of {result.laps_asked} laps"
    )
    figures = "\n".join(map(_figure, driven.failures))
    return f"<h3>{escape(title)}</h3>{page.paragraph(car)}{figures}"


def _figure(failure: Failure) -> str:
    words = (
        f"Lap {failure.lap}, {failure.at_s:.1f} s: {failure.kind} at {failure.x_m:.2f}, "
        f"{failure.y_m:.2f} m, {abs(failure.speed_m_s):.1f} m/s"
    )
    if not failure.picture:
        return page.paragraph(words)
    source = escape(failure.picture)
    return (
        f'<figure><a href="{source}"><img src="{source}" alt="{escape(words)}" loading="lazy">'
        f"</a><figcaption>{escape(words)}</figcaption></figure>"
    )
