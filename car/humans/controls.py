"""Everybody who can be at the controls of this machine: gamepads, remote clients, the terminal."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from car.config import HumanConfig
from car.errors import DeviceError
from car.human import Human
from car.humans.gamepad import GamepadHuman, search_for_gamepads
from car.humans.remote import RemoteHuman
from car.humans.several import Several
from car.humans.terminal import TerminalHuman

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Controls:
    """The people at the controls.

    Attributes:
        human: all of them; tell it the status after every tick.
        remote: counts what was refused.
        terminal: None when there is none.
    """

    human: Several
    remote: RemoteHuman
    terminal: TerminalHuman | None = None

    @property
    def ended(self) -> bool:
        """Whether somebody asked to end the drive; they also asked to stop."""
        return self.terminal is not None and self.terminal.ended


@contextmanager
def controls(config: HumanConfig, path: Path | None = None) -> Iterator[Controls]:
    """Listen to everybody; without a library for gamepads to the others, saying so.

    Args:
        config: how long a word counts.
        path: the socket for remote clients; in the run folder when not given.

    Raises:
        DeviceError: another drive listens to remote clients already, or nobody can.
    """
    with ExitStack() as stack:
        remote = stack.enter_context(RemoteHuman(config.expiry_s, path))
        terminal = stack.enter_context(TerminalHuman()) if TerminalHuman.is_here() else None
        sources: dict[str, Human] = {**_gamepads(stack, config), "remote": remote}
        if terminal is not None:
            sources["terminal"] = terminal
        yield Controls(Several(sources, config.expiry_s, [remote]), remote, terminal)


def _gamepads(stack: ExitStack, config: HumanConfig) -> dict[str, Human]:
    """Two pads: whoever chooses drives, and the other can stop the car."""
    try:
        search = stack.enter_context(search_for_gamepads())
    except DeviceError as error:
        logger.warning("%s", error)
        return {}
    return {
        name: stack.enter_context(GamepadHuman(search, config.stuck_after_s))
        for name in ("gamepad", "second gamepad")
    }
