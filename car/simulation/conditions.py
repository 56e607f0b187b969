"""What is out of the ordinary in a world: the start, the car, how the camera sits, what it sees."""

import math
from dataclasses import replace
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from car.config import Lens
from car.simulation.vehicle import VehicleParameters

SERVO_THROW_US = 400.0
"""From the centre to full lock of the nominal car."""

Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each left at its default changes nothing, to the last bit.

    Attributes:
        start_offset_share: the start is up to so far from the middle, in half widths of the road.
        start_turned_deg: and turned by up to so much against the road.
        speed_response: top speed and acceleration are multiplied by this.
        speed_spread: and by up to 1 +- this, drawn by the seed.
        friction: of the tyres, multiplied by this.
        friction_spread: and by up to 1 +- this, drawn by the seed.
        delay_ms: from light to wheels in all, before `WorldSpec.extra_delay_s`; the car's own when
            None.
        steering_trim_us: by how much the servo's centre is off; positive is to the right.
        camera_pitch_deg: by how much the camera looks further down than the pilot was told.
        camera_yaw_deg: by how much it looks to the left.
        camera_height: its height, multiplied by this.
        road_width: width of the road, multiplied by this.
        light: brightness before the camera's exposure.
        warmth: colour cast, -1 blue to +1 orange.
        exposure_ms: for which each picture gathers light: long ones smear.
        shadows: hard shadows of leaves on the ground, 1 the darkest.
        glare: a low sun or a lamp ahead, 1 the strongest.
        drops: water on the lens, 1 the most.
        dirt: specks on the lens, 1 the most.
        lost_frames: share of the pictures that never arrive.
        lost_in_a_row: so many at a time.
    """

    start_offset_share: Share = 0.0
    start_turned_deg: Annotated[float, Meta(ge=0.0, le=90.0)] = 0.0
    speed_response: Annotated[float, Meta(ge=0.3, le=3.0)] = 1.0
    speed_spread: Annotated[float, Meta(ge=0.0, le=0.6)] = 0.0
    friction: Annotated[float, Meta(ge=0.1, le=2.0)] = 1.0
    friction_spread: Annotated[float, Meta(ge=0.0, le=0.6)] = 0.0
    delay_ms: Annotated[float, Meta(ge=0.0, le=500.0)] | None = None
    steering_trim_us: Annotated[float, Meta(ge=-200.0, le=200.0)] = 0.0
    camera_pitch_deg: Annotated[float, Meta(ge=-15.0, le=15.0)] = 0.0
    camera_yaw_deg: Annotated[float, Meta(ge=-20.0, le=20.0)] = 0.0
    camera_height: Annotated[float, Meta(ge=0.4, le=2.5)] = 1.0
    road_width: Annotated[float, Meta(ge=0.5, le=2.0)] = 1.0
    light: Annotated[float, Meta(ge=0.02, le=3.0)] = 1.0
    warmth: Annotated[float, Meta(ge=-1.0, le=1.0)] = 0.0
    exposure_ms: Annotated[float, Meta(ge=0.1, le=50.0)] | None = None
    shadows: Share = 0.0
    glare: Share = 0.0
    drops: Share = 0.0
    dirt: Share = 0.0
    lost_frames: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.0
    lost_in_a_row: Annotated[int, Meta(ge=1, le=20)] = 1


ORDINARY = Conditions()


def changed_car(
    car: VehicleParameters, conditions: Conditions, rng: np.random.Generator
) -> VehicleParameters:
    """The car as the conditions make it; three draws, whatever they are."""
    speed_draw, friction_draw, share = rng.uniform(-1, 1), rng.uniform(-1, 1), rng.uniform(0.3, 0.7)
    speed = conditions.speed_response * (1 + conditions.speed_spread * float(speed_draw))
    grip = conditions.friction * (1 + conditions.friction_spread * float(friction_draw))
    if conditions.delay_ms is not None:
        delay_s = conditions.delay_ms / 1000.0
        car = replace(
            car, dead_time_s=delay_s * float(share), camera_delay_s=delay_s * (1 - float(share))
        )
    return replace(
        car,
        top_speed_m_s=car.top_speed_m_s * speed,
        acceleration_m_s2=car.acceleration_m_s2 * speed,
        friction=car.friction * grip,
        steer_trim=car.steer_trim + conditions.steering_trim_us / SERVO_THROW_US,
    )


def changed_lens(lens: Lens, conditions: Conditions) -> Lens:
    """The camera as the conditions mount it; its yaw is the world's business."""
    return msgspec.structs.replace(
        lens,
        height_m=lens.height_m * conditions.camera_height,
        pitch_deg=lens.pitch_deg + conditions.camera_pitch_deg,
    )


def drawn_start(
    conditions: Conditions, half_width_m: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Where a disturbed start is: offset to the left in metres, and turn in radians."""
    offset_share, turned = rng.uniform(-1, 1, 2).tolist()
    return (
        offset_share * conditions.start_offset_share * half_width_m,
        turned * math.radians(conditions.start_turned_deg),
    )
