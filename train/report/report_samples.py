"""One held-out frame in a report: camera, truth and prediction side by side, steering below."""

from html import escape

import cv2
import numpy as np

from car.frame import Image
from car.pictures.class_colours import draw_outline, road_outline, tint_classes
from train.page import page
from train.report.report_data import SampleFrame

_WIDTH_PX = 320


def sample_figure(sample: SampleFrame) -> str:
    """Give the markup of one frame."""
    views = [_view(sample.image, None, "camera")]
    if sample.label is not None:
        views.append(_view(sample.image, sample.label, "truth"))
    if sample.predicted is not None:
        views.append(_view(sample.image, sample.predicted, "pilot"))
    said = f"should steer {sample.true_steering:+.2f}, steers {sample.predicted_steering:+.2f}"
    caption = f"{sample.caption}: {said}" if sample.caption else said[0].upper() + said[1:]
    return (
        f'<figure><div class="sample">{"".join(views)}</div>{_steering(sample)}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _view(image: Image, class_map: Image | None, name: str) -> str:
    picture = page.picture(_painted(image, class_map), f"{name} view")
    return f"<div>{picture}{name}</div>"


def _painted(image: Image, class_map: Image | None) -> Image:
    height, width = image.shape[:2]
    size_px = (_WIDTH_PX, round(height * _WIDTH_PX / width))
    tinted = image if class_map is None else tint_classes(image, class_map)
    painted = np.asarray(cv2.resize(tinted, size_px, interpolation=cv2.INTER_CUBIC), np.uint8)
    if class_map is not None:
        draw_outline(painted, road_outline(class_map, *size_px), (255, 255, 255), 1)
    return painted


def _steering(sample: SampleFrame) -> str:
    """Draw a scale from full left to full right with both values on it."""
    true, predicted = (
        160.0 + 150.0 * min(max(value, -1.0), 1.0)
        for value in (sample.true_steering, sample.predicted_steering)
    )
    return (
        '<svg class="steering" viewBox="0 0 320 16" aria-hidden="true">'
        '<line x1="10" x2="310" y1="8" y2="8" stroke="var(--grid)" stroke-width="2"/>'
        '<line x1="160" x2="160" y1="3" y2="13" stroke="var(--muted)" stroke-width="1.5"/>'
        f'<circle cx="{predicted:.1f}" cy="8" r="4.5" fill="var(--first)"/>'
        f'<circle cx="{true:.1f}" cy="8" r="6" fill="none" stroke="var(--ink)" stroke-width="1.5"/>'
        "</svg>"
    )
