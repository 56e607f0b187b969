"""The table of `everlap score` for a terminal of 100 columns."""

from train.scoring.baselines import NAMES
from train.scoring.bootstrap import Bounds
from train.scoring.certainty import Certainty
from train.scoring.class_map_text import class_map_lines
from train.scoring.scores import SteeringScore, TubScore
from train.scoring.sharp_turns import SHARP, SharpTurns

_NAME_COLUMNS = 27


def as_text(found: TubScore) -> str:
    """All about one tub."""
    return "\n".join(
        [
            *_head(found),
            "",
            *_steering_table(found),
            "",
            _throttle(found),
            _turns(found.turns),
            *_certainty(found.certainty),
            *class_map_lines(found.class_map),
            *_float(found),
            *_random(found),
            *(f"note: {remark}" for remark in found.remarks),
        ]
    )


def _head(found: TubScore) -> list[str]:
    split = found.split
    held = "whole sessions" if split.kind == "sessions" else f"blocks of {split.block_s:g} s"
    seen = (
        "the pilot learned from this tub, but not from what is measured here"
        if found.pilot_trained_on_it
        else "the pilot never learned from this tub"
    )
    return [
        f"{found.tub}: measured on {split.held_out_records} of {found.records} records, held out "
        f"by {held}",
        f"{seen}; gaps of {split.gap_s:g} s, baselines learn from {split.train_records}",
    ]


def _steering_table(found: TubScore) -> list[str]:
    head = f"{'steering':{_NAME_COLUMNS}}  {'MAE (95 %)':20} {'balanced':>8} {'RMSE':>6} {'R2':>6}"
    head += f" {'side':>5}  {'pilot better by':>19}"
    rows = [_row("this pilot", found.steering)]
    for name, line in found.baselines.items():
        rows.append(f"{_row(NAMES[name], line)}  {better_by(line.pilot_is_better_by):>19}")
    return [head, *rows]


def _row(name: str, line: SteeringScore) -> str:
    shown = f"{line.mae:.3f}"
    if line.mae_bounds is not None:
        shown += f" ({line.mae_bounds.low:.3f}..{line.mae_bounds.high:.3f})"
    return (
        f"{name:{_NAME_COLUMNS}}  {shown:20} {line.balanced_mae:8.3f} {line.rmse:6.3f} "
        f"{figure(line.r2):>6} {percent(line.sign_accuracy):>5}"
    )


def better_by(gain: Bounds | None) -> str:
    """By how much the pilot's error is smaller, in percent; far worse ones as a multiple."""
    if gain is None:
        return "-"
    if gain.value < -1.0:
        return f"{1.0 - gain.value:.1f} times worse"
    return f"{100 * gain.value:.0f} ({100 * gain.low:.0f}..{100 * gain.high:.0f}) %"


def _throttle(found: TubScore) -> str:
    known = found.throttle.r2
    said = "R2 - (it never varies)" if known is None else f"R2 {known:.2f}"
    return f"throttle: MAE {found.throttle.mae:.4f}, {said}"


def _turns(turns: SharpTurns) -> str:
    if not turns.driven:
        return f"sharp turns (beyond {SHARP:g}): none was driven, {turns.asked} asked for"
    return (
        f"sharp turns (beyond {turns.threshold:g}): {percent(turns.recall)} of {turns.driven} "
        f"found (left {percent(turns.recall_left)}, right {percent(turns.recall_right)}), "
        f"{percent(turns.precision)} of {turns.asked} right, F1 {figure(turns.f1)}"
    )


def _certainty(found: Certainty | None) -> list[str]:
    if found is None:
        return ["uncertainty: this pilot gives none"]
    return [
        f"uncertainty: 50/80/95 % intervals hold {found.coverage_50:.0%}/{found.coverage_80:.0%}/"
        f"{found.coverage_95:.0%}, calibration error {found.calibration_error:.3f},",
        f"  negative log-likelihood {found.negative_log_likelihood:.2f}, rank correlation with "
        f"the error {figure(found.std_error_correlation)}",
    ]


def _float(found: TubScore) -> list[str]:
    beside = found.float_network
    if beside is None:
        return []
    where = "as its training measured it" if beside.source == "card" else f"by {beside.source}"
    return [
        f"float network, {where}: steering MAE {beside.steering_mae:.4f}; int8 on the same "
        f"{beside.steering_mae_int8:.4f}"
    ]


def _random(found: TubScore) -> list[str]:
    if not found.random_split:
        return []
    said = ", ".join(
        f"{NAMES[name]} {leak.mae:.3f} (honest: {leak.honest_mae:.3f})"
        for name, leak in found.random_split.items()
    )
    return [
        "what a random split of video frames would have claimed, as many projects do:",
        f"  {said}",
    ]


def figure(value: float | None) -> str:
    """A figure with two decimals; a dash when it is not defined."""
    return "-" if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """A share in percent; a dash when it is not defined."""
    return "-" if value is None else f"{100 * value:.0f} %"
