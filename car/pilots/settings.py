"""The sections of car.toml for pilots that steer by geometry: chassis, line and planner."""

from typing import Annotated, Literal

from msgspec import Meta

from car.section import Section

SpeedMS = Annotated[float, Meta(ge=0.1, le=6.0)]


class ChassisConfig(Section, frozen=True):
    """How the car answers to commands, as far as a pilot without a network must know it.

    Attributes:
        wheelbase_m: between the axles.
        wheel_angle_max_deg: how far the front wheels turn at full steering.
        starting_throttle: at which the car just rolls.
        full_speed_m_s: what full throttle would give, were speed proportional beyond that.
        delay_s: from light to the wheels having turned, servo included.
    """

    wheelbase_m: Annotated[float, Meta(ge=0.05, le=1.0)] = 0.257
    wheel_angle_max_deg: Annotated[float, Meta(ge=5.0, le=50.0)] = 25.0
    starting_throttle: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.1
    full_speed_m_s: Annotated[float, Meta(ge=0.5, le=40.0)] = 5.4
    delay_s: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.1


class LineConfig(Section, frozen=True):
    """The line that the pilot `line` follows; `everlap tub colour` finds the first two.

    Attributes:
        colour: of the line, as the camera shows it.
        tolerance: how far hue and saturation may be off, in units of Lab.
        side: where the line runs: in the middle of what is driven on, or at an edge, or both edges.
        width_m: of the line.
        distance_m: from the line to where the car is to drive; nothing at `centre`.
        speed_m_s: on the straight.
        slowest_m_s: in the sharpest curve, and where the line is hard to see.
        side_acceleration_m_s2: how hard curves are taken.
        lost_after_frames: how many frames without the line end the drive.
    """

    colour: Annotated[
        str, Meta(pattern=r"\A#[0-9a-fA-F]{6}\Z", description="#RRGGBB in hexadecimal digits")
    ] = "#e6e6e0"
    tolerance: Annotated[float, Meta(ge=5.0, le=100.0)] = 30.0
    side: Literal["centre", "left", "right", "both"] = "centre"
    width_m: Annotated[float, Meta(ge=0.01, le=0.3)] = 0.045
    distance_m: Annotated[float, Meta(ge=0.05, le=1.0)] = 0.42
    speed_m_s: SpeedMS = 1.3
    slowest_m_s: SpeedMS = 0.7
    side_acceleration_m_s2: Annotated[float, Meta(ge=0.2, le=10.0)] = 1.6
    lost_after_frames: Annotated[int, Meta(ge=1, le=100)] = 10


class PlannerConfig(Section, frozen=True):
    """How the pilot `planner` drives on the road that a network sees.

    Attributes:
        speed_m_s: on a wide straight road.
        slowest_m_s: in the sharpest curve, and where the road is narrow or hard to see.
        side_acceleration_m_s2: how hard curves are taken.
        narrow_m: half the width of free road below which the car goes slowest.
        lost_after_frames: how many frames without road ahead end the drive.
    """

    speed_m_s: SpeedMS = 1.5
    slowest_m_s: SpeedMS = 0.7
    side_acceleration_m_s2: Annotated[float, Meta(ge=0.2, le=10.0)] = 1.6
    narrow_m: Annotated[float, Meta(ge=0.05, le=1.0)] = 0.18
    lost_after_frames: Annotated[int, Meta(ge=1, le=100)] = 6
