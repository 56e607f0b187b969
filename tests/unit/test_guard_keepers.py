"""A guard that cannot even be started."""

import resource

import pytest

from car.assembly import guard_settings
from car.config import CarConfig
from car.errors import GuardError
from car.guard.keepers import start_guard


def test_a_machine_without_files_is_named_as_what_keeps_the_guard_from_starting() -> None:
    settings = guard_settings(CarConfig())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        with pytest.raises(GuardError, match=r"cannot be started \(Too many open files\)"):
            start_guard(settings)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
