"""Chooses the look of a place by its name."""

from car.errors import SimulationError
from car.simulation.dice import Dice
from car.simulation.look import Look
from car.simulation.unusual_looks import FOREIGN, INVENTED, foreign_look, invented_look
from car.simulation.usual_looks import SURFACES, usual_look


def choose_look(surface: str, width_m: float, dice: Dice) -> Look:
    """Choose the look of a surface.

    Raises:
        SimulationError: no such surface.
    """
    if surface in SURFACES:
        return usual_look(surface, width_m, dice)
    if surface in FOREIGN:
        return foreign_look(surface, width_m, dice)
    if surface == INVENTED:
        return invented_look(width_m, dice)
    known = ", ".join((*SURFACES, INVENTED, *FOREIGN))
    raise SimulationError(f"unknown surface {surface!r}: give one of {known}")
