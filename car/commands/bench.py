"""`everlap bench`: how fast things are here, each as a ratio to something measured beside it."""

from pathlib import Path

import click

from car.pilots.shipped import SHIPPED_PILOT
from tubs.figures import check_outputs, json_option, write_figures
from tubs.progress import progress_bar


@click.command("sim")
@click.option("--steps", default=2000, show_default=True, type=click.IntRange(100))
@click.option("--surface", default="asphalt", show_default=True)
@json_option
def sim(steps: int, surface: str, json_path: Path | None) -> None:
    """The simulator: steps a CPU second, and how many times real time the whole stack runs."""
    from car.bench.simulator import measure_simulator

    check_outputs(json_path)
    found = measure_simulator(steps, surface)
    click.echo(
        f"picture and labels      {found.pictures_per_cpu_s:8.0f} a CPU second\n"
        f"environment step        {found.steps_per_cpu_s:8.0f} a CPU second\n"
        f"tick through the chip   {found.ticks_per_cpu_s:8.0f} a CPU second, "
        f"{found.times_real_time:.0f} times real time at {found.frames_per_s:g} Hz\n"
        f"painting a world        {found.paint_s:8.2f} CPU seconds"
    )
    write_figures(json_path, found)


@click.command("loop")
@click.option("--pilot", type=click.Path(path_type=Path), default=SHIPPED_PILOT)
@click.option("--ticks", default=1000, show_default=True, type=click.IntRange(100))
@json_option
def loop(pilot: Path, ticks: int, json_path: Path | None) -> None:
    """The drive loop: a tick beside the bare interpreter, and what it costs to import."""
    from car.bench.loop import measure_loop

    check_outputs(json_path)
    found = measure_loop(pilot, ticks)
    click.echo(
        f"bare set, invoke, get   {found.bare_p50_ms:.3f} ms median\n"
        f"tick, guard within      {found.tick_p50_ms:.3f} ms median, {found.tick_p99_ms:.3f} p99: "
        f"{found.ratio:.2f} of bare\n"
        f"tick, guard process     {found.guarded_p50_ms:.3f} ms median, "
        f"{found.guarded_p99_ms:.3f} p99: {found.guarded_ratio:.2f} of bare\n"
        f"importing the drive     {found.import_cpu_s:.2f} s of CPU, "
        f"{found.import_peak_mb:.0f} MB; "
        f"heavy modules: {', '.join(found.heavy_modules) or 'none'}"
    )
    write_figures(json_path, found)


@click.command("guard")
@click.option("--commands", default=5000, show_default=True, type=click.IntRange(100))
@click.option("--seconds", default=30.0, show_default=True, type=click.FloatRange(1.0, 600.0))
@json_option
def guard(commands: int, seconds: float, json_path: Path | None) -> None:
    """The guard: its size, a command's way to the registers, and both on a busy machine."""
    from car.bench.guard import measure_guard

    check_outputs(json_path)
    found = measure_guard(commands, seconds)
    click.echo(
        f"memory                  {found.rss_mb:.1f} MB; {found.rss_real_path_mb:.1f} MB with all "
        f"that a real bus needs; {found.start_cpu_s:.2f} s of CPU to start"
    )
    for name, spread in (
        ("back to back", found.back_to_back),
        ("20 a second", found.at_20_hz),
        ("  beside hogs", found.loaded_round_trip),
        ("period error", found.period_error),
        ("  beside hogs", found.loaded_period_error),
    ):
        click.echo(
            f"{name:23s} {spread.p50_ms:.3f} ms median, {spread.p99_ms:.3f} p99, "
            f"{spread.max_ms:.3f} max"
        )
    click.echo(
        f"period error, p99       {found.period_error_ratio:.2f} of that without hogs "
        f"({len(found.hogs)} Python processes, {'FIFO' if found.fifo else 'no FIFO allowed'})"
    )
    write_figures(json_path, found)


@click.command("tub")
@click.option("--repetitions", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option(
    "--records",
    default=50_000,
    show_default=True,
    type=click.IntRange(1000, 1_000_000),
    help="Of the long tub that is opened; 5 kB each on the disk.",
)
@click.option("--donkeycar", metavar="PYTHON", help="A Python that has donkeycar, for comparison.")
@click.option(
    "--disk",
    type=click.Path(path_type=Path, file_okay=False, exists=True, writable=True),
    help="A folder on the disk to measure; the temporary folder unless told otherwise.",
)
@json_option
def tub(
    repetitions: int, records: int, donkeycar: str | None, disk: Path | None, json_path: Path | None
) -> None:
    """Tubs: what a record costs to write and to read, beside its JPEG alone and donkeycar."""
    from car.bench.tub import Scale, measure_tub
    from car.bench.tub_table import tub_table

    check_outputs(json_path)
    with progress_bar("measuring") as progress:
        found = measure_tub(Scale(repetitions, records), donkeycar, disk, progress)
    click.echo(tub_table(found))
    write_figures(json_path, found)
