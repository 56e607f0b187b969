"""Which stick and button of a gamepad does what, read from a table."""

import tomllib
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from car.errors import ConfigError

TABLE = Path(__file__).with_name("gamepad_layouts.toml")

Axis = Annotated[str, Meta(pattern=r"\AABS_[A-Z0-9]+\Z")]
SignedAxis = Annotated[str, Meta(pattern=r"\A-?ABS_[A-Z0-9]+\Z")]
Button = Annotated[str, Meta(pattern=r"\A(BTN_[A-Z0-9_]+|#[1-9][0-9]?)\Z")]
Buttons = tuple[Button, ...]


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of gamepad; gamepad_layouts.toml says what the keys mean."""

    name: str
    match: tuple[str, ...]
    steering: Axis
    emergency: Annotated[Buttons, Meta(min_length=1)]
    stop: Annotated[Buttons, Meta(min_length=1)]
    rearm: Buttons
    human: Buttons
    assisted: Buttons = ()
    pilot: Buttons = ()
    has: tuple[Axis, ...] = ()
    throttle: SignedAxis | None = None
    ahead: Axis | None = None
    reverse: Axis | None = None

    def __post_init__(self) -> None:
        """See that there is one throttle.

        Raises:
            ValueError: there is none, or two.
        """
        if (self.throttle is None) == (self.ahead is None or self.reverse is None):
            raise ValueError(f"layout {self.name!r} needs throttle, or ahead and reverse")

    @property
    def axes(self) -> tuple[str, ...]:
        """What a pad must have to be driven by this layout."""
        throttle = self.throttle.lstrip("-") if self.throttle else None
        used = (self.steering, throttle, self.ahead, self.reverse, *self.has)
        return tuple(axis for axis in used if axis)

    def fits(self, identity: str, axes: Collection[str]) -> bool:
        """Whether a pad of that vendor:product with these axes can be driven by this layout."""
        named = any(fnmatchcase(identity, pattern) for pattern in self.match)
        return named and set(self.axes) <= set(axes)


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    layout: list[Layout]


def load_layouts(path: Path = TABLE) -> list[Layout]:
    """Read a table of layouts.

    Raises:
        ConfigError: it cannot be read, or says what cannot be.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _Table).layout
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path} is no table of gamepad layouts: {error}") from error


def layout_for(
    layouts: Sequence[Layout], vendor: int, product: int, axes: Collection[str]
) -> Layout | None:
    """Give the first layout that fits a pad; None when none does."""
    identity = f"{vendor:04x}:{product:04x}"
    return next((layout for layout in layouts if layout.fits(identity, axes)), None)
