"""All trainings and drives of an ablation, seed by seed; what is done is kept, to go on from."""

import fcntl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from train.ablation.compare import Compared, Pilot, compare
from train.ablation.measuring import Course, measured
from train.ablation.recordings import learned_from, scored_on
from train.ablation.training import PILOT, Training, trained
from train.ablation.variants import FRAMES_PER_S, Drives, Variant
from train.driving.ledger import BusyError
from tubs.errors import OutputError

Say = Callable[[str], None]


@dataclass(frozen=True)
class AblationPlan:
    """What is compared, and how much of everything.

    Attributes:
        work: folder of tubs, pilots and drives.
        variants: the default first.
        seeds: of trainings.
        frames: that the default learns from.
        worlds: that they come from.
        epochs: passes over so many frames, unless minutes are given.
        minutes: of training, instead.
        scored: worlds recorded for the offline score.
        course: where all drive.
    """

    work: Path
    variants: Sequence[Variant]
    seeds: Sequence[int]
    frames: int
    worlds: int
    epochs: int
    minutes: float | None
    scored: int
    course: Course

    @property
    def drives(self) -> Drives:
        """What the default learns from."""
        return Drives(self.worlds, round(self.frames / self.worlds / FRAMES_PER_S, 2))


def ablation(
    plan: AblationPlan, say: Say, so_far: Callable[[list[Compared]], None]
) -> list[Compared]:
    """Train and measure everything that is not kept yet.

    Args:
        plan: what.
        say: told what is being done.
        so_far: given the comparison after each seed.

    Raises:
        BusyError: another ablation works in this folder.
        EverlapError: a step failed; what came before it is kept.
    """
    pilots: dict[tuple[str, int], Pilot] = {}
    with _alone(plan.work):
        for seed in plan.seeds:
            for variant in plan.variants:
                pilots[variant.name, seed] = _pilot(plan, variant, seed, say)
                say(_line(variant.name, seed, pilots[variant.name, seed]))
            so_far(compare(plan.variants, pilots))
    return compare(plan.variants, pilots)


def _pilot(plan: AblationPlan, variant: Variant, seed: int, say: Say) -> Pilot:
    """One training, measured."""
    workers = plan.course.workers
    tub = learned_from(variant.recorded(plan.drives), plan.work, workers, say)
    scored = scored_on(Drives(plan.scored, 9.0), plan.work, workers, say)
    training = Training(variant.name, seed, tub, plan.epochs, plan.minutes, plan.frames, plan.work)
    made = trained(training, say)
    found = measured(training.folder / PILOT, plan.course, scored, plan.work / "cache", say)
    return Pilot(made, found)


def _line(name: str, seed: int, pilot: Pilot) -> str:
    laps = [each.result for each in pilot.measured.laps]
    mae = pilot.measured.offline.steering_mae
    return (
        f"{name}, seed {seed}: {sum(each.off_road_events for each in laps)} off-road events, "
        f"{sum(each.laps_done for each in laps)} of {sum(each.laps_asked for each in laps)} laps, "
        f"steering MAE {sum(mae) / len(mae):.3f}"
    )


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    """Be the only one who works in a folder.

    Raises:
        BusyError: somebody else is.
        OutputError: it cannot be made.
    """
    try:
        work.mkdir(parents=True, exist_ok=True)
        with (work / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BusyError(
                    f"another ablation works in {work}: wait for it, or give another --work"
                ) from error
            yield
    except OSError as error:
        raise OutputError(f"cannot write in {work}: {error.strerror or error}") from error
