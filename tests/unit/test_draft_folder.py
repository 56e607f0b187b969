"""A folder that is written whole, and somebody else who writes the same one."""

import pytest

from tubs.draft_folder import folder_written_whole
from tubs.errors import OutputError


def test_of_two_who_write_one_folder_the_second_is_told_and_leaves_nothing(tmp_path):
    folder = tmp_path / "out"
    with (  # noqa: PT012
        pytest.raises(OutputError, match="was made by another program meanwhile"),
        folder_written_whole(folder) as second,
    ):
        (second / "number").write_text("2")
        with folder_written_whole(folder) as first:
            (first / "number").write_text("1")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (folder / "number").read_text() == "1"
