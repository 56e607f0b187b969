"""Work in parallel processes."""

import os
import time

import pytest

from car.errors import SimulationError
from car.fleet import as_they_finish, in_parallel


def square(number: int) -> int:
    return number * number


def process(number: int) -> int:
    time.sleep(0.2)
    return os.getpid()


def fail_at_two(number: int) -> int:
    if number == 2:
        raise SimulationError("number 2 is broken")
    time.sleep(0.1 if number < 2 else 600.0)
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_jobs(workers: int) -> None:
    assert list(in_parallel(square, range(7), workers)) == [n * n for n in range(7)]


def test_jobs_run_in_other_processes_than_this_one() -> None:
    assert os.getpid() not in set(in_parallel(process, range(4), 2))


def test_a_job_that_fails_ends_the_others_at_once() -> None:
    began = time.monotonic()
    with pytest.raises(SimulationError, match="number 2"):
        list(in_parallel(fail_at_two, range(6), 2))
    assert time.monotonic() - began < 30.0


def test_no_jobs_are_no_results() -> None:
    assert list(in_parallel(square, [], 2)) == []


def reciprocal(number: int) -> float:
    return 1.0 / number


def test_a_job_that_raises_leaves_the_others_alone() -> None:
    outcomes = dict(as_they_finish(reciprocal, [2, 0, 4], 2))
    assert (outcomes[2], outcomes[4]) == (0.5, 0.25)
    assert isinstance(outcomes[0], ZeroDivisionError)
