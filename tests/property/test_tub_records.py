"""What was recorded is what is read, wherever the file was cut."""

import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tubs.mcap.session import Session
from tubs.record import Record
from tubs.writer import TubWriter

unit = st.floats(-1.0, 1.0)
times_s = st.floats(0.0, 1e6)
wishes = st.none() | st.floats(-5.0, 5.0)
modes = st.sampled_from(["stopped", "human", "assisted", "pilot"])
records = st.builds(
    lambda seed, map_seed, **values: Record(
        image=_smooth_image(seed), class_map=_class_map(map_seed), **values
    ),
    seed=st.integers(0, 99),
    map_seed=st.none() | st.integers(0, 99),
    captured_s=times_s,
    applied_s=times_s,
    steering=unit,
    throttle=unit,
    mode=modes,
    human_steering=wishes,
    human_throttle=wishes,
    pilot_steering=wishes,
    pilot_throttle=wishes,
    speed_m_s=wishes,
)
PICTURES = {"image", "class_map"}


def _smooth_image(seed: int) -> np.ndarray:
    corners = np.random.default_rng(seed).integers(0, 256, (2, 2, 3)).astype(float)
    rows, columns = np.linspace(0, 1, 24)[:, None, None], np.linspace(0, 1, 32)[None, :, None]
    top = corners[0, 0] * (1 - columns) + corners[0, 1] * columns
    bottom = corners[1, 0] * (1 - columns) + corners[1, 1] * columns
    return (top * (1 - rows) + bottom * rows).astype(np.uint8)


def _class_map(seed: int | None) -> np.ndarray | None:
    if seed is None:
        return None
    return np.random.default_rng(seed).integers(0, 5, (24, 32)).astype(np.uint8)


@settings(deadline=None, max_examples=60)
@given(st.lists(records, min_size=1, max_size=4))
def test_what_is_read_is_what_was_written(written):
    with tempfile.TemporaryDirectory() as folder:
        from tubs.reader import Tub

        with TubWriter(Path(folder) / "tub") as writer:
            for record in written:
                writer.append(record)
        read = list(Tub(Path(folder) / "tub"))
    assert len(read) == len(written)
    for before, after in zip(written, read, strict=True):
        for name in set(Record.__dataclass_fields__) - PICTURES:
            assert getattr(after, name) == getattr(before, name)
        assert np.abs(after.image.astype(int) - before.image).mean() < 4
        assert (after.class_map is None) == (before.class_map is None)
        assert before.class_map is None or (after.class_map == before.class_map).all()


@cache
def session_bytes() -> tuple[bytes, list[int]]:
    """A session of four records, and the size of the file after each."""
    ends = []
    with tempfile.TemporaryDirectory() as folder:
        with TubWriter(Path(folder) / "tub") as writer:
            for number in range(4):
                image = _smooth_image(number)
                writer.append(Record(image, number * 0.05, number * 0.05, 0.1, 0.2, "human"))
                ends.append(writer.path.stat().st_size)
        return writer.path.read_bytes(), ends


INDEXES_SIZE = 2 * 31
"""Bytes of the two message indexes that end a record; it reads without them."""


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_file_cut_at_any_byte_keeps_every_record_before_the_cut(data):
    whole, ends = session_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.mcap"
        path.write_bytes(whole[:cut])
        session = Session(path)
        assert len(session) == sum(end - INDEXES_SIZE <= cut for end in ends)
        for number in range(len(session)):
            assert session.read(number).control.captured_s == number * 0.05
        assert session.control(0).steering == 0.1 if len(session) else True


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_a_flipped_byte_is_never_read_as_something_else(data):
    from tubs.errors import TubError

    whole, _ = session_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    flip = data.draw(st.integers(1, 255))
    damaged = bytearray(whole)
    damaged[at] ^= flip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session.mcap"
        path.write_bytes(damaged)
        original = Path(folder) / "whole.mcap"
        original.write_bytes(whole)
        expected = [Session(original).read(number) for number in range(4)]
        try:
            session = Session(path)
        except TubError:
            return
        for number in range(len(session)):
            try:
                assert session.read(number) in expected
            except TubError:
                continue
