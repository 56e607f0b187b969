"""One drive in the simulator, from the start line to the result."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from car.actuators import Actuators
from car.assembly import Assemble, in_virtual_time
from car.config import CarConfig
from car.drive_events import DriveEvents
from car.drive_figures import DriveFigures, FigureWatch
from car.driver import driver_of
from car.human import Human, Starter
from car.lap_events import LapEvents
from car.loop import Tick, drive
from car.modes import Event
from car.pilots.pilot import Pilot
from car.recorder import DriveRecorder, NoRecorder
from car.simulation.expert import Expert
from car.simulation.marshal import Standing
from car.simulation.recovery import Recoveries
from car.simulation.world import World
from car.timing import Timing

SLOWEST_M_S = 0.35
"""A drive that is slower than this on average is given up."""


class EpisodeResult(DriveFigures, frozen=True, kw_only=True):
    """How a drive went; SI units. All but `late_ticks` is the same every time.

    Attributes:
        track: name of the road.
        surface: what it is made of.
        look_seed: fixes look, car and noise.
        laps_asked: how many laps were to be driven.
        laps_done: full laps driven.
        lap_times_s: of each lap; the first begins at rest.
        expert_lap_time_s: a flying lap of the simulator's expert in the same car.
        off_road_events: times that the middle of the car left the road.
        interventions: times that the car had to be put back.
        cross_track_rmse_m: root mean square of the distance from the middle of the road.
        autonomy: 1 - 6 s x interventions / time, not below 0.
        distance_m: driven along the road.
        track_length_m: once around.
        driven_s: simulated time.
        delay_s: from light to wheels.
        speed_response: top speed over that of the nominal car.
        friction: of tyre on road.
        late_ticks: ticks that took longer than a frame period, by the wall clock.
    """

    track: str
    surface: str
    look_seed: int
    laps_asked: int
    laps_done: int
    lap_times_s: list[float]
    expert_lap_time_s: float
    off_road_events: int
    interventions: int
    cross_track_rmse_m: float
    autonomy: float
    distance_m: float
    driven_s: float
    delay_s: float
    speed_response: float
    friction: float
    late_ticks: int
    track_length_m: float = 0.0


@dataclass(frozen=True)
class Episode:
    """What is to be driven, and by whom.

    Attributes:
        world: freshly made or used; the drive starts where its seed says.
        pilot: decides; None when the human drives alone.
        human: at the controls; by default someone who chooses the pilot and watches.
        recorder: keeps the records.
        around: wraps the actuators, to disturb what is sent.
        recoveries: follows the excursions; one that is `away` makes an excursion of the start.
    """

    world: World
    pilot: Pilot | None
    human: Human | None = None
    recorder: DriveRecorder = NoRecorder()  # noqa: RUF009
    around: Callable[[Actuators], Actuators] = lambda actuators: actuators
    recoveries: Recoveries = field(default_factory=Recoveries)


def drive_laps(
    episode: Episode,
    config: CarConfig,
    laps: int,
    watch: Callable[[Tick], None] = lambda tick: None,
    seconds: float = float("inf"),
    assemble: Assemble = in_virtual_time,
    enough: Callable[[Standing], bool] = lambda standing: False,
) -> tuple[EpisodeResult, Timing]:
    """Drive until the laps are done, the time is up, it is enough, or it is hopeless.

    Raises:
        CarError: a part failed; the throttle is at neutral by then.
    """
    world = episode.world
    patience_s = min(seconds, 15.0 + laps * world.track.length_m / SLOWEST_M_S)

    def finished(standing: Standing) -> bool:
        return standing.laps >= laps or standing.driven_s >= patience_s or enough(standing)

    human = episode.human or Starter(Event.CHOOSE_PILOT)
    driver = driver_of(config, human, episode.pilot)
    timing = Timing(1.0 / config.camera.frames_per_s)
    figures = FigureWatch(world, timing.period_s, episode.recoveries)
    modes = DriveEvents(driver, episode.recorder)
    laps_done = LapEvents(world.marshal, episode.recorder)

    def note(tick: Tick) -> None:
        figures.watch(tick)
        modes.watch(tick)
        laps_done.watch(tick)
        watch(tick)

    with episode.recorder, assemble(world, config, finished) as car:
        actuators = episode.around(car.actuators)
        drive(car.camera, driver, actuators, episode.recorder, car.clock, timing, note)
        laps_done.look(car.clock())
    return _result(world, laps, figures.figures(), timing), timing


def expert_lap_time_s(world: World, period_s: float = 0.05) -> float:
    """Time of the expert's second lap in this world's car; the car is moved."""
    expert, marshal = Expert(world), world.marshal
    world.restart(index=0)
    while len(marshal.standing.lap_times_s) < 2 and marshal.standing.driven_s < 600.0:
        world.advance(*expert.command(), period_s)
    return marshal.standing.lap_times_s[-1] if marshal.standing.lap_times_s else float("nan")


def with_expert_lap(result: EpisodeResult, world: World) -> EpisodeResult:
    """Add the expert's lap time to a result; the car is moved."""
    return msgspec.structs.replace(result, expert_lap_time_s=expert_lap_time_s(world))


def _result(world: World, laps: int, figures: DriveFigures, timing: Timing) -> EpisodeResult:
    standing, parameters = replace(world.marshal.standing), world.vehicle.parameters
    return EpisodeResult(
        **msgspec.structs.asdict(figures),
        track=world.track.name,
        surface=world.surface,
        look_seed=world.spec.seed,
        laps_asked=laps,
        laps_done=standing.laps,
        lap_times_s=standing.lap_times_s,
        expert_lap_time_s=float("nan"),
        off_road_events=standing.off_road_events,
        interventions=standing.interventions,
        cross_track_rmse_m=standing.cross_track_rmse_m,
        autonomy=standing.autonomy,
        distance_m=standing.progress_m,
        track_length_m=world.track.length_m,
        driven_s=standing.driven_s,
        delay_s=world.delay_s,
        speed_response=parameters.top_speed_m_s / type(parameters)().top_speed_m_s,
        friction=parameters.friction,
        late_ticks=timing.late_ticks,
    )
