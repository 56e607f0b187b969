"""The tub browser's page in a real Chromium: what a person sees, clicks and presses."""

import re
import time

import numpy as np
import pytest

from tests.browser.conftest import RECORDS, SESSIONS, damage, record, write_tub
from tubs.reader import Tub
from tubs.writer import TubWriter

PATIENCE_S = 20.0
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
CENTRE = """() => {
  const seen = document.getElementById('picture');
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context.drawImage(seen, -seen.width / 2, -seen.height / 2);
  return Array.from(context.getImageData(0, 0, 1, 1).data);
}"""


class Visitor:
    """A page, and what one does with it."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)

    def eventually(self, look, expected) -> None:
        """Wait until a look gives what is expected: a value, or a predicate."""
        meets = expected if callable(expected) else lambda found: found == expected
        until = time.monotonic() + PATIENCE_S
        while not meets(found := look()):
            assert time.monotonic() < until, f"still {found!r}; complaints: {self.complaints}"
            self.page.wait_for_timeout(30)

    def shown(self) -> str:
        """The record whose picture is seen."""
        return self.page.locator("#picture").get_attribute("data-record") or ""

    def sees(self, number: int) -> None:
        self.eventually(self.shown, str(number))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def text(self, place: str) -> str:
        return self.page.locator(place).inner_text()

    def x_of(self, number: int) -> float:
        """Where on the whole charts a record is, in pixels of the page."""
        box = self.page.locator("#plot").bounding_box()
        return box["x"] + 64 + (number + 0.5) / (2 * RECORDS) * (box["width"] - 64)

    def drag(self, first: int, last: int) -> None:
        box = self.page.locator("#plot").bounding_box()
        y = box["y"] + box["height"] / 2
        self.page.mouse.move(self.x_of(first), y)
        self.page.mouse.down()
        self.page.mouse.move(self.x_of((first + last) // 2), y)
        self.page.mouse.move(self.x_of(last), y)
        self.page.mouse.up()


@pytest.fixture
def visit(chromium):
    """Open an address in a fresh browser, as often as one likes; no complaint may be left."""
    visitors = []

    def open_page(url: str, viewport=DESKTOP, **settings) -> Visitor:
        context = chromium.new_context(viewport=viewport, **settings)
        visitor = Visitor(context.new_page())
        visitors.append(visitor)
        visitor.page.goto(url)
        return visitor

    yield open_page
    for visitor in visitors:
        visitor.page.context.close()
    assert [visitor.complaints for visitor in visitors] == [[] for _ in visitors]


def deleted(tub) -> list[int]:
    return np.flatnonzero(Tub(tub).deleted()).tolist()


def test_the_first_record_is_shown_with_its_picture_and_its_numbers(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    red, green, blue, opacity = visitor.page.evaluate(CENTRE)
    assert max(red, green, blue) <= 4
    assert opacity == 255
    rows = visitor.page.locator("#now tbody tr").all_inner_texts()
    assert [row.split("\t")[1:] for row in rows] == [["+0.00", "+0.40"], ["+0.00", "–"], ["–", "–"]]
    assert visitor.text("#mode") == "human"
    assert visitor.text("#age") == "20 ms"
    assert visitor.text("#title") == "drive"
    assert "240 records" in visitor.text("#about")


def test_arrow_keys_step_and_each_picture_is_the_records_own(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.press(*["ArrowRight"] * 40)
    visitor.sees(40)
    assert visitor.page.evaluate(CENTRE)[0] == pytest.approx(80, abs=4)
    visitor.press("ArrowLeft")
    visitor.sees(39)
    visitor.press("End")
    visitor.sees(2 * RECORDS - 1)
    assert visitor.page.evaluate(CENTRE)[0] == pytest.approx(238, abs=4)
    visitor.press("PageUp")
    visitor.sees(2 * RECORDS - 1 - 100)
    visitor.press("Home")
    visitor.sees(0)


def test_playing_goes_on_at_the_pace_of_the_drive_and_ends_at_the_end(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    began = time.monotonic()
    visitor.press("Space")
    visitor.eventually(lambda: int(visitor.shown()), lambda number: number >= 20)
    assert time.monotonic() - began > 0.9
    visitor.press("Space")
    visitor.eventually(lambda: visitor.text("#play"), "Play")
    stopped = visitor.page.locator("#scrub").input_value()
    visitor.page.wait_for_timeout(300)
    assert visitor.page.locator("#scrub").input_value() == stopped
    visitor.press("]", "]", "]", "Space")
    visitor.eventually(visitor.page.locator("#speed").input_value, "8")
    visitor.sees(2 * RECORDS - 1)
    visitor.eventually(lambda: visitor.text("#play"), "Play")


def test_a_drag_on_the_charts_selects_and_delete_marks_just_that(client, tub, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.drag(100, 139)
    visitor.eventually(lambda: visitor.text("#chosen"), lambda text: text.startswith("40 records"))
    visitor.press("Delete")
    visitor.eventually(lambda: deleted(tub), list(range(100, 140)))
    assert '"edit":"delete"' in (tub / "marks.jsonl").read_text()
    visitor.eventually(lambda: visitor.text("#deleted"), "40 records deleted (16.7 %)")
    visitor.press("u")
    visitor.eventually(lambda: deleted(tub), [])
    visitor.press("Shift+U")
    visitor.eventually(lambda: len(deleted(tub)), 40)
    visitor.drag(110, 119)
    visitor.eventually(lambda: visitor.text("#chosen"), lambda text: text.startswith("10 records"))
    visitor.press("r")
    visitor.eventually(lambda: deleted(tub), [*range(100, 110), *range(120, 140)])
    visitor.press("Control+z", "Control+z")
    visitor.eventually(lambda: deleted(tub), [])
    visitor.press("Control+y")
    visitor.eventually(lambda: len(deleted(tub)), 40)


def test_shift_and_arrows_select_from_the_keyboard_and_a_click_goes_there(client, tub, visit):
    visitor = visit(client.url + "#/drive/20")
    visitor.sees(20)
    visitor.press("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowLeft")
    visitor.eventually(lambda: visitor.text("#chosen"), "3 records selected: 20–22, 0.1 s")
    visitor.press("d")
    visitor.eventually(lambda: deleted(tub), [20, 21, 22])
    visitor.press("Escape")
    visitor.eventually(lambda: visitor.text("#chosen"), lambda text: "record 22" in text)
    box = visitor.page.locator("#plot").bounding_box()
    visitor.page.mouse.click(visitor.x_of(200), box["y"] + 80)
    visitor.sees(200)


def test_a_rule_selects_what_it_finds_and_the_marks_say_so(client, tub, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.press("f")
    visitor.page.keyboard.type("1 s before emergency")
    visitor.press("Enter")
    visitor.eventually(
        lambda: visitor.text("#chosen"),
        "42 records selected in 2 stretches: 1 s before emergency",
    )
    visitor.sees(50)
    visitor.press("Delete")
    visitor.eventually(lambda: deleted(tub), [*range(50, 71), *range(170, 191)])
    assert "1 s before emergency" in (tub / "marks.jsonl").read_text()
    visitor.press("Escape")
    visitor.eventually(lambda: visitor.text("#chosen"), lambda text: "Drag" in text)


def test_without_a_selection_delete_takes_the_record_that_is_seen(client, tub, visit):
    visitor = visit(client.url + "#/drive/7")
    visitor.sees(7)
    visitor.press("Delete")
    visitor.eventually(lambda: deleted(tub), [7])
    visitor.eventually(lambda: visitor.page.locator("#gone").is_visible(), True)


def test_playing_skips_what_is_deleted_unless_told_otherwise(client, tub, visit):
    opened = Tub(tub)
    opened.marks.delete(opened.ranges_of((np.arange(2 * RECORDS) >= 11) & (np.arange(240) < 235)))
    visitor = visit(client.url + "#/drive/10")
    visitor.sees(10)
    visitor.press("ArrowRight")
    visitor.sees(235)
    visitor.press("s", "ArrowLeft")
    visitor.sees(234)


def test_only_one_mode_can_be_played(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.page.locator("#only").select_option(label="pilot")
    visitor.page.locator("#only").blur()
    visitor.press("ArrowRight")
    visitor.sees(RECORDS // 2)


def test_n_and_p_jump_from_event_to_event(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    assert len(visitor.page.locator("#events li").all()) >= 4
    numbers = []
    for _ in range(8):
        visitor.press("n")
        numbers.append(visitor.page.evaluate("window.everlap.player.record"))
    assert {30, 70, RECORDS + 30, RECORDS + 70} <= set(numbers)
    assert numbers == sorted(numbers)
    visitor.press("p")
    assert visitor.page.evaluate("window.everlap.player.record") < 190
    visitor.page.locator("#events button", has_text="lap 1 of session 1").click()
    visitor.sees(RECORDS + 30)
    visitor.page.locator("#events").focus()
    visitor.press("ArrowUp", "ArrowDown")
    visitor.sees(RECORDS + 30)
    visitor.press("ArrowDown", "ArrowDown")
    visitor.sees(RECORDS + 70)


def test_a_damaged_record_says_why_and_the_next_one_is_shown(tub, serve, visit):
    damage(tub, 3)
    visitor = visit(serve(tub).url + "#/drive/3")
    visitor.eventually(lambda: visitor.page.locator("#placeholder").is_visible(), True)
    assert "checksum" in visitor.text("#placeholder")
    visitor.press("ArrowRight")
    visitor.sees(4)
    assert not visitor.page.locator("#placeholder").is_visible()


def test_classes_tint_the_picture(client, visit):
    visitor = visit(client.url + "#/drive/50")
    visitor.sees(50)
    grey = visitor.page.evaluate(CENTRE)
    visitor.press("c")
    visitor.eventually(lambda: visitor.page.evaluate(CENTRE), lambda seen: seen != grey)
    red, _, blue, _ = visitor.page.evaluate(CENTRE)
    assert blue > red + 30
    visitor.press("c")
    visitor.eventually(lambda: visitor.page.evaluate(CENTRE), grey)


def test_a_link_opens_the_same_record_again(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.page.locator("#number").fill("123")
    visitor.press("Enter")
    visitor.sees(123)
    visitor.eventually(lambda: visitor.page.url, lambda url: url.endswith("#/drive/123"))
    again = visit(visitor.page.url)
    again.sees(123)


def test_two_pages_see_each_others_edits(client, visit):
    one, other = visit(client.url + "#/drive/5"), visit(client.url)
    one.sees(5)
    other.sees(0)
    one.press("Delete")
    other.eventually(lambda: other.text("#deleted"), lambda text: text.startswith("1 record "))
    other.press("u")
    one.eventually(lambda: one.text("#deleted"), "Nothing is deleted")


def test_marks_that_cannot_be_written_are_told_and_the_selection_stays(client, tub, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.drag(10, 19)
    (tub / "marks.jsonl").mkdir()
    visitor.press("Delete")
    visitor.eventually(lambda: visitor.text("#toast"), lambda text: "marks.jsonl" in text)
    assert visitor.text("#chosen").startswith("10 records selected")
    (tub / "marks.jsonl").rmdir()
    visitor.press("Delete")
    visitor.eventually(lambda: deleted(tub), list(range(10, 20)))
    visitor.complaints = [
        text for text in visitor.complaints if not re.search("status of 4(09|00)", text)
    ]


def test_a_tub_that_grows_can_be_loaded_anew_without_losing_the_place(client, tub, visit):
    visitor = visit(client.url + "#/drive/30")
    visitor.sees(30)
    with TubWriter(tub, session="session-20261122T120000000Z-cccc") as writer:
        writer.append(record(0))
    visitor.eventually(lambda: visitor.page.locator("#grown").is_visible(), True)
    visitor.press("l")
    visitor.eventually(lambda: visitor.text("#about"), lambda text: "241 records" in text)
    visitor.sees(30)


def test_wheel_and_keys_zoom_the_charts(client, visit):
    visitor = visit(client.url + "#/drive/100")
    visitor.sees(100)
    assert visitor.text("#charts-title") == "Whole tub"
    box = visitor.page.locator("#plot").bounding_box()
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    visitor.page.mouse.wheel(0, -400)
    visitor.eventually(lambda: visitor.text("#charts-title"), "Part of the tub")
    visitor.press("0")
    visitor.eventually(lambda: visitor.text("#charts-title"), "Whole tub")
    visitor.press("+")
    visitor.eventually(lambda: visitor.text("#charts-title"), "Part of the tub")
    visitor.press("End")
    visitor.sees(2 * RECORDS - 1)
    visitor.eventually(lambda: visitor.text("#span"), lambda text: text.endswith("0:11.9"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(client, visit, scheme):
    visitor = visit(client.url, viewport=PHONE, color_scheme=scheme, has_touch=True, is_mobile=True)
    visitor.sees(0)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for place in ("#picture", "#play", "#plot", "#delete", "#events"):
        box = visitor.page.locator(place).bounding_box()
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= PHONE["width"], place
    visitor.page.locator("#ahead").tap()
    visitor.sees(1)


def test_day_and_night_look_different(client, visit):
    backgrounds = set()
    for scheme in ("light", "dark"):
        visitor = visit(client.url, color_scheme=scheme)
        visitor.sees(0)
        script = "getComputedStyle(document.body).backgroundColor"
        backgrounds.add(visitor.page.evaluate(script))
    assert len(backgrounds) == 2


def test_the_keyboard_reaches_everything_that_can_be_clicked_and_sees_where_it_is(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.press("Delete")
    visitor.eventually(lambda: visitor.page.locator("#undo").is_enabled(), True)
    clickable = visitor.page.evaluate(
        """Array.from(document.querySelectorAll('button, select, input, a[href]'))
           .filter(e => e.offsetParent && !e.disabled && e.tabIndex >= 0).map(e => e.id)"""
    )
    assert len(clickable) >= 18
    reached = set()
    for _ in range(len(clickable) + 6):
        visitor.press("Tab")
        name, outline = visitor.page.evaluate(
            """() => { const e = document.activeElement;
                       return [e.id || e.tagName, getComputedStyle(e).outlineStyle]; }"""
        )
        reached.add(name)
        assert outline != "none" or name == "BODY", name
    assert set(clickable) <= reached
    assert {"plot", "events"} <= reached


def test_everything_that_can_be_used_has_a_name_that_is_read_aloud(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    nameless = visitor.page.evaluate(
        """Array.from(document.querySelectorAll('button, select, input, canvas[role], [tabindex]'))
           .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim()
             || (e.labels && e.labels[0] && e.labels[0].textContent.trim()))).map(e => e.id)"""
    )
    assert nameless == []
    visitor.press("ArrowRight")
    visitor.eventually(
        lambda: visitor.page.locator("#spoken").text_content(),
        "Record 1 at 0:00.0, human, steering +0.10, throttle +0.40",
    )


def test_the_question_mark_lists_every_key(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    visitor.press("?")
    visitor.eventually(lambda: visitor.page.locator("#keys").is_visible(), True)
    assert "Delete the selection, or this record" in visitor.text("#key-list")
    visitor.press("ArrowRight", "Escape")
    visitor.eventually(lambda: visitor.page.locator("#keys").is_visible(), False)
    assert visitor.page.locator("#scrub").input_value() == "0"


def test_a_folder_of_tubs_is_a_list_to_choose_from_and_to_come_back_to(tmp_path, serve, visit):
    write_tub(tmp_path / "all" / "mon day")
    (write_tub(tmp_path / "all" / "broken") / "tub.json").write_text('{"everlap_tub": 99}')
    visitor = visit(serve(tmp_path / "all").url)
    visitor.eventually(
        lambda: visitor.text("#tubs"), lambda text: "240 records" in text and "format 99" in text
    )
    visitor.page.locator("#tubs a", has_text="mon day").click()
    visitor.sees(0)
    assert "mon%20day" in visitor.page.url
    visitor.page.locator("#home").click()
    visitor.eventually(lambda: visitor.page.locator("#tubs").is_visible(), True)
    assert not visitor.page.locator("#tub").is_visible()


def test_the_session_is_selected_whole(client, tub, visit):
    visitor = visit(client.url + f"#/drive/{RECORDS + 3}")
    visitor.sees(RECORDS + 3)
    visitor.press("a", "Delete")
    visitor.eventually(lambda: deleted(tub), list(range(RECORDS, 2 * RECORDS)))
    assert SESSIONS[1] in (tub / "marks.jsonl").read_text()
    assert SESSIONS[0] not in (tub / "marks.jsonl").read_text()


def test_scrubbing_wildly_ends_at_the_last_place_and_keeps_little(client, visit):
    visitor = visit(client.url)
    visitor.sees(0)
    for number in range(0, 2 * RECORDS, 7):
        visitor.page.evaluate("n => window.everlap.player.seek(n)", number)
    visitor.page.evaluate("window.everlap.player.seek(150)")
    visitor.sees(150)
    assert visitor.page.evaluate("window.everlap.screen.pictures.underWay.size") <= 6
