"""Which records are meant by --records and --session."""

import pytest
from recorded_drives import write_tub

from car.pictures.tub_selection import selected_records, session_title
from tubs.errors import TubError
from tubs.reader import Tub


@pytest.fixture(scope="module")
def tub(tmp_path_factory):
    return Tub(write_tub(tmp_path_factory.mktemp("selection") / "tub", (10, 5, 12)))


@pytest.mark.parametrize(
    ("records", "session", "expected"),
    [
        (None, None, range(27)),
        ("3-7", None, range(3, 8)),
        ("3", None, range(3, 4)),
        ("20-", None, range(20, 27)),
        ("-4", None, range(5)),
        (" 0-26 ", None, range(27)),
        (None, "session-0001", range(10, 15)),
        (None, "session-0001.mcap", range(10, 15)),
        (None, "0002", range(15, 27)),
    ],
)
def test_both_ends_of_a_range_are_meant_and_a_part_of_a_name_is_enough(
    tub, records, session, expected
):
    assert selected_records(tub, records, session) == expected


@pytest.mark.parametrize(
    ("records", "session", "message"),
    [
        ("7-3", None, "lower number first"),
        ("0-27", None, "records are 0 to 26"),
        ("99", None, "outside of"),
        ("a-b", None, "no range: write it as"),
        ("-", None, "no range"),
        ("", None, "no range"),
        ("1-2-3", None, "no range"),
        (None, "session-7", "no session"),
        (None, "session", "several sessions"),
        ("1-2", "session-0001", "give one of them"),
    ],
)
def test_what_is_not_there_or_not_clear_is_refused(tub, records, session, message):
    with pytest.raises(TubError, match=message):
        selected_records(tub, records, session)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("session-20261122T145532123Z-a1b2", "22 Nov 2026, 14:55:32 UTC"),
        ("session-0001", "session-0001"),
        ("session-20269999T145532123Z-a1b2", "session-20269999T145532123Z-a1b2"),
    ],
)
def test_a_session_is_called_by_its_date_where_its_name_has_one(name, title):
    assert session_title(name) == title
