"""What `everlap score` says of class maps, for a terminal of 100 columns."""

from train.scoring.class_map import Overlap
from train.scoring.ground_edge import ASKED, Distances, EdgeScore
from train.scoring.seen_maps import ClassMapScore

_NAME_COLUMNS = 24


def class_map_lines(found: ClassMapScore | None) -> list[str]:
    """The table of classes, and where the ground ends; nothing without labels."""
    if found is None:
        return []
    return ["", *_table(found), *_edge(found.ground_edge), ""]


def _table(found: ClassMapScore) -> list[str]:
    edge = found.mean_iou_bounds
    sure = "" if edge is None else f" ({edge.low:.3f}..{edge.high:.3f})"
    lines = [
        f"class map: {found.columns}x{found.rows} cells, {found.records} records, mean IoU "
        f"{found.mean_iou:.3f}{sure}",
        f"{'class':{_NAME_COLUMNS}} {'share':>6} {'precision':>9} {'recall':>6} {'IoU':>6} "
        f"{'1 cell off':>10} {'off edges':>9}",
    ]
    for name, line in found.classes.items():
        lines.append(
            f"{name:{_NAME_COLUMNS}} {tenths(line.share):>6} {_three(line.precision):>9} "
            f"{line.recall:6.3f} {line.iou:6.3f} {line.tolerant_iou:10.3f} "
            f"{_three(line.interior_iou):>9}"
        )
    own = Overlap(found.mean_iou, found.tolerant_mean_iou, found.interior_mean_iou)
    lines.append(_mean("mean", own))
    if found.one_pixel_off is not None:
        lines.append(_mean("truth moved by one pixel", found.one_pixel_off))
    calm = tenths(found.interior_share)
    return [
        *lines,
        f"  1 cell off: it may be a cell away; off edges: where all neighbours show it, {calm}",
    ]


def _mean(name: str, line: Overlap) -> str:
    return (
        f"{name:{_NAME_COLUMNS + 24}} {line.mean_iou:6.3f} {line.tolerant_mean_iou:10.3f} "
        f"{_three(line.interior_mean_iou):>9}"
    )


def _edge(found: EdgeScore | None) -> list[str]:
    if found is None:
        return ["where the ground ends is never seen: no horizon to judge"]
    within = f"within {100 * ASKED:g} %"
    said = f"  what it sees is {said_bias(found.bias)} on average"
    if found.lens is not None:
        said += f"; truth is {tenths(found.lens.mean)} from the horizon of the lens"
    return [
        f"{'where the ground ends, off by (of the image height)':54} {'mean':>6} {'median':>6} "
        f"{'95 %':>6} {within:>10}",
        _distances(f"in each of {found.columns.count:,} columns", found.columns),
        *(
            _distances(name.format(each.count), each)
            for name, each in (
                ("as a line, in {:,} images where it is straight", found.lines),
                ("of these, {:,} on the horizon", found.horizon),
            )
            if each is not None
        ),
        said,
    ]


def _distances(name: str, found: Distances) -> str:
    return (
        f"{name:54} {tenths(found.mean):>6} {tenths(found.median):>6} {tenths(found.p95):>6} "
        f"{tenths(found.within_asked):>10}"
    )


def said_bias(bias: float) -> str:
    """By how much the guessed edge is too high or too low, in words."""
    return f"{tenths(abs(bias))} too {'low' if bias > 0 else 'high'}"


def tenths(share: float) -> str:
    """A share in percent, with one decimal."""
    return f"{100 * share:.1f} %"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
