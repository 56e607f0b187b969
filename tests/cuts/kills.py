"""Kills a recording process at a random moment, then reads its tub and records into it again."""

import time
from pathlib import Path

import numpy as np

from tests.cuts.counter import ACKNOWLEDGED, READY, Counter
from tests.cuts.subjects import Subject
from tests.cuts.verdict import Verdict

LATEST_S = {0.0: 0.6, 20.0: 2.0}
"""When the kill comes at the latest, after the recorder began, by the rate of recording."""
START_LIMIT_S = 30.0
RESUMED_FROM = 1_000_000
RESUMED_RECORDS = 10


def kill_once(subject: Subject, folder: Path, rate_hz: float, seed: int) -> Verdict:
    """Record, kill, read; resume, read again.

    Args:
        subject: whose recorder.
        folder: empty, for the tub and what surrounds it.
        rate_hz: 0 is flat out.
        seed: decides the moment.
    """
    tub = folder / "tub"
    acknowledged = _record_and_kill(subject, folder, rate_hz, seed)
    first = subject.read(tub)
    kept = set(first.reading.records)
    lost = acknowledged - len(kept & set(range(acknowledged)))
    verdict = Verdict(
        expected=acknowledged,
        lost=lost,
        refused=first.reading.refused if acknowledged else None,
        wrong=first.reading.wrong,
        failure=first.failure,
        took_s=first.took_s,
    )
    if first.failure is None:
        _resume(subject, folder, kept, verdict)
    return verdict


def _record_and_kill(subject: Subject, folder: Path, rate_hz: float, seed: int) -> int:
    """Give how many records had been acknowledged when the kill came."""
    moment_s = float(np.random.default_rng(seed).uniform(0.0, LATEST_S[rate_hz]))
    counter = Counter(folder / "counter")
    victim = subject.start(folder / "tub", folder / "counter", rate_hz)
    until_s = time.monotonic() + START_LIMIT_S
    while not counter[READY] and victim.is_running() and time.monotonic() < until_s:
        time.sleep(0.001)
    time.sleep(moment_s)
    was_running = victim.is_running()
    victim.kill()
    assert was_running, "the recorder ended before it was killed"
    assert counter[READY], f"the recorder did not begin within {START_LIMIT_S} s"
    return counter[ACKNOWLEDGED]


def _resume(subject: Subject, folder: Path, kept: set[int], verdict: Verdict) -> None:
    """Record into the same tub: what was there stays, what is new is there too."""
    counter = folder / "second counter"
    Counter(counter)
    failure = subject.resume(folder / "tub", counter, RESUMED_FROM, RESUMED_RECORDS)
    second = subject.read(folder / "tub")
    new = set(range(RESUMED_FROM, RESUMED_FROM + RESUMED_RECORDS))
    verdict.expected += RESUMED_RECORDS
    verdict.lost += len((kept | new) - set(second.reading.records))
    verdict.wrong += second.reading.wrong
    verdict.duplicates = second.reading.duplicates
    verdict.refused = verdict.refused or failure or second.reading.refused
    if subject.name == "everlap":
        verdict.failure = failure or second.failure
