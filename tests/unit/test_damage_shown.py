"""How damaged records are named on the terminal."""

from tubs.commands.damage_shown import SHOWN, name_damage
from tubs.damage import Damage
from tubs.health.examined import Fault


def test_neighbours_that_fail_alike_are_a_line(capsys):
    empty = [Damage(number, f"image {number}.jpg is empty") for number in (3, 4, 5, 7)]
    name_damage([*empty, Damage(8, "image 8.jpg is missing")])
    assert capsys.readouterr().out.splitlines() == [
        "records 3-5: image 3.jpg is empty, and so on",
        "record 7: image 7.jpg is empty",
        "record 8: image 8.jpg is missing",
    ]


def test_the_last_record_of_a_session_and_the_first_of_the_next_are_two_lines(capsys):
    name_damage([Fault(4, "one", "cut"), Fault(5, "two", "cut")])
    assert capsys.readouterr().out == "record 4 (one): cut\nrecord 5 (two): cut\n"


def test_after_many_lines_the_records_that_are_left_are_counted(capsys):
    runs = [Damage(10 * run + number, "cut") for run in range(SHOWN + 2) for number in (0, 1, 2)]
    name_damage(runs)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1] == "and 6 more; --json FILE names them all"
