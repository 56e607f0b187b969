"""How the service fares, in plain words and as figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from car.service import manager
from car.service.manager import UnitState
from car.service.site import Site
from car.service.units import UNITS, filled, remembered

NAMES = dict(zip(UNITS, ("guard", "car"), strict=True))
LINES = 5

STATES = {
    "active": "runs",
    "activating": "is starting",
    "deactivating": "is stopping",
    "inactive": "does not run",
    "failed": "has failed",
}


@dataclass(frozen=True)
class UnitReport:
    """One unit: how it fares, and the end of its journal."""

    state: UnitState
    log: list[str]


@dataclass(frozen=True)
class ServiceReport:
    """All that `everlap service status` tells.

    Attributes:
        up: both parts run.
        up_to_date: the units on disk are what this version would write.
    """

    up: bool
    up_to_date: bool
    units: list[UnitReport]


def report(site: Site) -> ServiceReport:
    """Ask systemd and the journal.

    Raises:
        ServiceError: systemd cannot be asked.
    """
    units = [UnitReport(manager.state_of(u), manager.last_lines(u, LINES)) for u in UNITS]
    up = all(unit.state.state == "active" for unit in units)
    return ServiceReport(up, is_up_to_date(site), units)


def is_up_to_date(site: Site) -> bool:
    """Whether the units on disk are what this version would write for this car."""
    return all(_is_current(site, unit) for unit in UNITS)


def _is_current(site: Site, unit: str) -> bool:
    path = site.unit_path(unit)
    car = remembered(path)
    return car is not None and path.read_text("utf-8") == filled(unit, car)


def in_words(found: ServiceReport) -> Iterator[str]:
    """Tell it in lines for a person."""
    if not any(unit.state.installed for unit in found.units):
        yield "the service is not installed: sudo everlap service install"
        return
    for unit in found.units:
        yield _headline(unit.state)
        if unit.state.last_exit:
            yield f"  last exit: {unit.state.last_exit} ({unit.state.last_exit_at})"
        if unit.state.restarts:
            yield f"  started again by itself: {unit.state.restarts} times"
        yield from (f"  | {line}" for line in unit.log)
    if not found.up_to_date:
        yield "the units are not those of this version: sudo everlap service install"


def _headline(state: UnitState) -> str:
    name = NAMES[state.unit]
    if not state.installed:
        return f"{name}: not installed"
    since = f" since {state.since}" if state.since else ""
    says = f": {state.says}" if state.says and state.state == "active" else ""
    boot = "" if state.enabled else ", and does not start with the machine"
    return f"{name}: {STATES.get(state.state, state.state)}{since}{boot}{says}"
