"""What serves the tub browser, without a browser: content, refusals, and who may come in."""

import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from click.testing import CliRunner

from tests.browser.conftest import RECORDS, SESSIONS, damage, record, write_tub
from tubs.browser.columns import read_columns
from tubs.browser.open_tub import OpenTub
from tubs.browser.server import STATIC, CannotServeError, PageServer
from tubs.browser.shelf import Shelf
from tubs.commands.view import view
from tubs.errors import TubError
from tubs.reader import Tub
from tubs.record import Record
from tubs.writer import TubWriter


def unpack(body: bytes) -> dict[str, np.ndarray]:
    length = int.from_bytes(body[:4], "little")
    offset, columns = 4 + length, {}
    for name, kind, count in json.loads(body[4:offset]):
        columns[name] = np.frombuffer(body, kind, count, offset)
        offset += -(-columns[name].nbytes // 8) * 8
    assert offset == len(body)
    return columns


def picture_path(client, number: int, kind: str = "pictures") -> str:
    shown = client.ask("/api/tubs/0").json
    stamps = unpack(client.ask("/api/tubs/0/columns").body)["stamp"]
    session, within = divmod(number, RECORDS)
    key = shown["sessions"][session]["key"]
    return f"/api/tubs/0/{kind}/{key}/{within}/{stamps[number]}"


def test_the_columns_hold_what_was_recorded(client):
    columns = unpack(client.ask("/api/tubs/0/columns").body)
    expected = [record(number % RECORDS) for number in range(2 * RECORDS)]
    assert columns["steering"] == pytest.approx([each.steering for each in expected])
    assert columns["frame_age_s"] == pytest.approx(0.02, abs=1e-6)
    assert columns["time_s"][RECORDS + 3] == pytest.approx(0.15)
    assert np.isnan(columns["pilot_steering"][0])
    assert columns["pilot_steering"][RECORDS - 1] == pytest.approx(expected[-1].pilot_steering)
    modes = client.ask("/api/tubs/0").json["modes"]
    assert [modes[mode] for mode in columns["mode"][[0, RECORDS - 1]]] == ["human", "pilot"]
    assert not columns["damaged"].any()


def test_the_age_of_frames_whose_command_has_no_time_of_its_own_is_unknown(tmp_path):
    image = np.zeros((24, 32, 3), np.uint8)
    with TubWriter(tmp_path / "imported", session="session-0001") as writer:
        writer.append(Record(image, 0.05, 0.05, 0.1, 0.2, "human"))
    assert np.isnan(read_columns(OpenTub(tmp_path / "imported"), 0, 1)["frame_age_s"]).all()


def test_a_tub_that_lost_its_tub_json_is_on_the_shelf_alone_and_among_others(tub):
    (tub / "tub.json").unlink()
    assert Shelf(tub).name(0) == tub.name
    shelf = Shelf(tub.parent)
    assert [shelf.summary(number).records for number in range(len(shelf))] == [2 * RECORDS]


def test_columns_come_in_parts_that_fit_together(client):
    whole = unpack(client.ask("/api/tubs/0/columns").body)["steering"]
    parts = [
        unpack(client.ask(f"/api/tubs/0/columns?from={first}&count=101").body)["steering"]
        for first in (0, 101, 202, 303)
    ]
    assert [len(part) for part in parts] == [101, 101, 38, 0]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_a_record_whose_numbers_cannot_be_read_is_damaged_and_its_neighbours_are_not(tub):
    path = tub / f"{SESSIONS[0]}.mcap"
    content = path.read_bytes()
    place = content.index(b'{"captured_s":50.25')
    path.write_bytes(content[:place] + b"[" + content[place + 1 :])
    columns = read_columns(OpenTub(tub), 0, 100)
    assert np.flatnonzero(columns["damaged"]).tolist() == [5]
    assert np.flatnonzero(np.isnan(columns["steering"])).tolist() == [5]
    assert columns["time_s"][5] == pytest.approx(0.25)


def test_a_picture_is_the_very_bytes_of_the_file_and_is_kept_for_ever(client, tub):
    answer = client.ask(picture_path(client, RECORDS + 7))
    assert answer.body == Tub(tub).encoded(RECORDS + 7).jpeg
    assert answer.headers["content-type"] == "image/jpeg"
    assert "immutable" in answer.headers["cache-control"]


def test_a_class_map_is_the_very_bytes_of_the_file(client, tub):
    answer = client.ask(picture_path(client, 3, "maps"))
    assert answer.body == Tub(tub).encoded(3).class_map_png
    assert answer.headers["content-type"] == "image/png"


def test_a_damaged_picture_is_answered_with_the_reason_and_not_kept(tub, serve):
    damage(tub, 4)
    client = serve(tub)
    answer = client.ask(picture_path(client, 4))
    assert "checksum" in answer.json["damaged"]
    assert answer.headers["cache-control"] == "no-store"
    assert client.ask(picture_path(client, 5)).headers["content-type"] == "image/jpeg"


def test_the_address_of_a_picture_never_means_another_one(client):
    path, _, stamp = picture_path(client, 4).rpartition("/")
    assert "not in the tub any more" in client.ask(f"{path}/{int(stamp) + 1}").json["damaged"]
    other = path.replace(path.split("/")[-2], "0123456789abcdef")
    assert "not in the tub any more" in client.ask(f"{other}/{stamp}").json["damaged"]


def test_another_tub_at_the_same_port_has_other_addresses(tub, tmp_path):
    with TubWriter(tmp_path / "other", session=SESSIONS[0]) as writer:
        writer.append(record(100))
    assert OpenTub(tmp_path / "other").session_keys[0] != OpenTub(tub).session_keys[0]
    assert OpenTub(tub).session_keys == OpenTub(tub).session_keys


@pytest.mark.parametrize(
    ("rule", "records"),
    [
        ("mode=pilot", [*range(60, 120), *range(180, 240)]),
        ("1 s before emergency", [*range(50, 71), *range(170, 191)]),
        ("0.1s after lap", [30, 31, 32, 150, 151, 152]),
        ("last  0.2 s", [116, 117, 118, 119, 236, 237, 238, 239]),
        ("throttle=0", []),
    ],
)
def test_rules_find_records(client, rule, records):
    found = client.ask("/api/tubs/0/found?" + urlencode({"rule": rule})).json
    assert [n for first, last in found["runs"] for n in range(first, last + 1)] == records
    assert found["count"] == len(records)


@pytest.mark.parametrize("rule", ["", "rm -rf", "throttle=x", "3 s before breakfast", "x" * 201])
def test_what_is_no_rule_is_refused_in_one_line(client, rule):
    answer = client.ask("/api/tubs/0/found?" + urlencode({"rule": rule}))
    assert answer.status == 400
    assert answer.body.count(b"\n") == 1


def test_another_page_may_not_even_ask(client):
    for site in ("cross-site", "same-site"):
        assert client.ask("/api/tubs/0", Sec_Fetch_Site=site).status == 403
        assert client.ask("/", Sec_Fetch_Site=site).status == 200
    assert client.ask("/api/tubs/0", Sec_Fetch_Site="same-origin").status == 200


def test_events_come_with_the_record_that_shows_them(client):
    events = client.ask("/api/tubs/0").json["events"]
    assert [(event["record"], event["kind"]) for event in events] == [
        (30, "lap"),
        (70, "emergency"),
        (RECORDS + 30, "lap"),
        (RECORDS + 70, "emergency"),
    ]


def test_deleting_undo_and_redo_are_in_the_tub_at_once(client, tub):
    runs = [{"session": SESSIONS[1], "first": 2, "last": 4}]
    marks = client.edit(edit="delete", runs=runs).json
    assert marks["deleted"] == [[RECORDS + 2, RECORDS + 4]]
    assert np.flatnonzero(Tub(tub).deleted()).tolist() == [RECORDS + n for n in (2, 3, 4)]
    assert marks["done"] == "deleted 3 records"
    assert client.edit(edit="undo").json["deleted"] == []
    redone = client.edit(edit="redo").json
    assert redone["deleted"] == [[RECORDS + 2, RECORDS + 4]]
    assert (bool(redone["to_undo"]), bool(redone["to_redo"])) == (True, False)
    restored = client.edit(edit="restore", runs=[runs[0] | {"first": 3, "last": 3}]).json
    assert restored["deleted"] == [[RECORDS + 2, RECORDS + 2], [RECORDS + 4, RECORDS + 4]]


def test_what_somebody_else_edits_changes_the_state(client, tub):
    before = client.ask("/api/tubs/0/state").json["marks"]
    other = Tub(tub)
    other.marks.delete(other.ranges_of(np.arange(len(other)) < 2))
    assert client.ask("/api/tubs/0/state").json["marks"] != before
    assert client.ask("/api/tubs/0/marks").json["deleted"] == [[0, 1]]


def test_a_tub_that_grows_says_so_and_shows_more_when_opened_anew(client, tub):
    assert client.ask("/api/tubs/0").json["records"] == 2 * RECORDS
    with TubWriter(tub, session="session-20261122T120000000Z-cccc") as writer:
        writer.append(record(0))
    assert client.ask("/api/tubs/0/state").json["grown_bytes"] > 0
    assert client.ask("/api/tubs/0").json["records"] == 2 * RECORDS + 1
    assert client.ask("/api/tubs/0/state").json["grown_bytes"] == 0


@pytest.mark.parametrize(
    ("edit", "status", "words"),
    [
        ({"edit": "undo"}, 400, "nothing to undo"),
        ({"edit": "redo"}, 400, "nothing to redo"),
        ({"edit": "burn"}, 400, "no edit"),
        ({"edit": "delete"}, 400, "select some"),
        ({"edit": "delete", "runs": [{"session": "x", "first": 0, "last": 1}]}, 400, "not in the"),
        (
            {"edit": "delete", "runs": [{"session": SESSIONS[0], "first": 0, "last": RECORDS}]},
            400,
            "not in the tub",
        ),
        ({"edit": "delete", "runs": [{"session": SESSIONS[0], "first": -1, "last": 1}]}, 400, ">="),
        (
            {"edit": "delete", "runs": [{"session": SESSIONS[0], "first": 4, "last": 1}]},
            400,
            "4 to",
        ),
        ({"edit": "delete", "path": "/etc"}, 400, "path"),
    ],
)
def test_a_wrong_edit_is_refused_in_one_line_and_changes_nothing(client, tub, edit, status, words):
    answer = client.edit(**edit)
    assert answer.status == status
    assert words in answer.body.decode()
    assert answer.body.count(b"\n") == 1
    assert not (tub / "marks.jsonl").exists()


def test_marks_that_cannot_be_written_are_refused_with_the_reason(client, tub):
    (tub / "marks.jsonl").mkdir()
    answer = client.edit(edit="delete", runs=[{"session": SESSIONS[0], "first": 0, "last": 1}])
    assert answer.status == 409
    assert "marks.jsonl" in answer.body.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/tubs/7", 404),
        ("/api/tubs/7/columns", 404),
        ("/api/tubs/x", 404),
        ("/api/tubs/-1", 404),
        ("/api/tubs/0/columns?from=-1", 400),
        ("/api/tubs/0/columns?from=1e3", 400),
        ("/api/tubs/0/columns?count=99999999999999999999", 400),
        ("/../server.py", 404),
        ("/%2e%2e/server.py", 404),
        ("/static/../../server.py", 404),
        ("/api/tubs/0/pictures/..%2f..%2fetc/0/0", 404),
        ("/api/tubs/99999999999999999999999", 404),
        ("/nothing", 404),
    ],
)
def test_a_wrong_address_is_answered_in_one_line(client, path, status):
    answer = client.ask(path)
    assert answer.status == status
    assert answer.body.count(b"\n") == 1
    assert b"Traceback" not in answer.body


def test_a_number_that_is_too_long_is_no_record(client):
    path, _, _ = picture_path(client, 0).rpartition("/")
    assert "damaged" in client.ask(f"{path}/{'9' * 60}").json
    assert client.ask("/api/tubs/0/edits").status == 405


def test_only_our_own_names_are_answered(client):
    for host in ("evil.example", f"evil.example:{client.port}", "", "127.0.0.1.evil.example"):
        answer = client.ask("/", Host=host)
        assert answer.status == 421, host
    for host in ("localhost", f"localhost:{client.port}", f"[::1]:{client.port}"):
        assert client.ask("/", Host=host).status == 200


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example", "https://127.0.0.1"])
def test_an_edit_from_another_page_is_refused(client, tub, origin):
    headers = {"Content_Type": "application/json"} | ({"Origin": origin} if origin else {})
    body = json.dumps(
        {"edit": "delete", "runs": [{"session": SESSIONS[0], "first": 0, "last": 1}]}
    ).encode()
    answer = client.ask("/api/tubs/0/edits", "POST", body, **headers)
    assert answer.status == 403
    assert not (tub / "marks.jsonl").exists()


def test_an_edit_of_another_type_or_length_is_refused(client):
    origin = f"http://127.0.0.1:{client.port}"
    plain = client.ask("/api/tubs/0/edits", "POST", b"{}", Origin=origin, Content_Type="text/plain")
    assert plain.status == 415
    large = client.ask(
        "/api/tubs/0/edits",
        "POST",
        b" " * 1_000_001,
        Origin=origin,
        Content_Type="application/json",
    )
    assert large.status == 413
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
    headers = {"Origin": origin, "Content-Type": "application/json"}
    connection.request("POST", "/api/tubs/0/edits", iter([b"{}"]), headers, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()


def test_every_answer_says_what_a_browser_may_do_with_it(client):
    for path in ("/", "/main.js", "/api/tubs", "/nothing", picture_path(client, 0)):
        headers = client.ask(path).headers
        assert headers["content-security-policy"].startswith("default-src 'self'"), path
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
    page = client.ask("/").body.decode()
    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page


def test_beyond_loopback_only_who_knows_the_token_comes_in(tub, serve):
    client = serve(tub, host="0.0.0.0")
    token = client.url.partition("?token=")[2]
    assert len(token) >= 16
    assert client.ask("/").status == 403
    assert client.ask("/api/tubs/0").status == 403
    assert client.ask("/?token=wrong").status == 403
    welcome = client.ask(f"/?token={token}")
    assert (welcome.status, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert "samesite=strict" in cookie.lower()
    assert client.ask("/api/tubs/0", Cookie=cookie.partition(";")[0]).status == 200
    assert (
        client.ask("/api/tubs/0", Cookie=cookie.partition(";")[0], Host="evil.example").status
        == 421
    )
    assert client.ask("/api/tubs/0", Cookie="everlap_tubs=" + "é" * 5).status == 403


def test_a_token_is_not_needed_on_loopback(client):
    assert "token" not in client.url
    assert client.ask("/").status == 200


def test_a_folder_of_tubs_lists_them_and_names_the_broken_ones(tmp_path, serve):
    write_tub(tmp_path / "all" / "monday")
    write_tub(tmp_path / "all" / "spring" / "tuesday")
    broken = write_tub(tmp_path / "all" / "broken")
    (broken / "tub.json").write_text('{"everlap_tub": 99}')
    client = serve(tmp_path / "all")
    listed = client.ask("/api/tubs").json
    assert not listed["one"]
    names = {tub["name"]: tub["number"] for tub in listed["tubs"]}
    assert set(names) == {"monday", "spring/tuesday", "broken"}
    summary = client.ask(f"/api/tubs/{names['spring/tuesday']}/summary").json
    assert summary["records"] == 2 * RECORDS
    assert summary["duration_s"] == pytest.approx(2 * (RECORDS - 1) / 20)
    assert "tub.json" in client.ask(f"/api/tubs/{names['broken']}/summary").json["problem"]
    assert client.ask(f"/api/tubs/{names['broken']}").status == 400
    assert (
        client.ask(f"/api/tubs/{names['monday']}/thumbnail").headers["content-type"] == "image/jpeg"
    )
    write_tub(tmp_path / "all" / "new")
    assert "new" in {tub["name"] for tub in client.ask("/api/tubs").json["tubs"]}
    assert {
        tub["name"]: tub["number"] for tub in client.ask("/api/tubs").json["tubs"]
    }.items() >= names.items()


def test_a_tub_that_vanishes_is_told_in_one_line(tmp_path, serve):
    folder = write_tub(tmp_path / "all" / "monday")
    client = serve(tmp_path / "all")
    folder.rename(tmp_path / "gone")
    assert client.ask("/api/tubs/0").status == 400
    assert "no tub" in client.ask("/api/tubs/0/summary").json["problem"]


def test_what_is_no_tub_is_refused_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "donkey").mkdir()
    (tmp_path / "donkey" / "manifest.json").write_text("[]")
    (tmp_path / "nothing").mkdir()
    for name, words in [
        ("missing", "there is no tub"),
        ("file", "is a file"),
        ("donkey", "everlap tub import"),
        ("nothing", "no tub in"),
    ]:
        with pytest.raises(TubError, match=words):
            Shelf(tmp_path / name)


def test_a_port_in_use_says_what_to_do(tub):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotServeError, match=f"port {port} is in use.*--port {port + 1}"):
            PageServer(Shelf(tub), "127.0.0.1", port)


def test_an_address_of_another_machine_says_what_to_do(tub):
    with pytest.raises(CannotServeError, match="not an address of this machine"):
        PageServer(Shelf(tub), "192.0.2.1", 0)
    with pytest.raises(CannotServeError, match="no such name"):
        PageServer(Shelf(tub), "no.such.host.invalid", 0)


def test_the_help_names_every_option():
    text = CliRunner().invoke(view, ["--help"]).output
    for option in ("--port", "--host", "--no-open"):
        assert option in text


def test_ctrl_c_ends_the_command_with_0(tub):
    command = [sys.executable, "-m", "car.cli", "tub", "view", str(tub), "--port", "0", "--no-open"]
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True, env=environment) as process:
        url = process.stdout.readline().strip()
        host, port = url.removeprefix("http://").rstrip("/").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=15)
        connection.close()
    assert (process.returncode, complaint) == (0, "")


def test_the_page_is_light_and_its_files_are_all_served(client):
    weight = 0
    for path in STATIC.iterdir():
        address = "/" if path.name == "index.html" else f"/{path.name}"
        assert client.ask(address).body == path.read_bytes()
        packed = client.ask(address, Accept_Encoding="gzip, br")
        assert gzip.decompress(packed.body) == path.read_bytes()
        weight += len(packed.body)
        again = client.ask(address, If_None_Match=packed.headers["etag"])
        assert (again.status, again.body) == (304, b"")
    assert weight < 50_000


def test_every_module_is_short_and_says_what_it_is():
    for path in Path(STATIC).glob("*.js"):
        lines = path.read_text().splitlines()
        assert len(lines) < 250, path.name
        assert lines[0].startswith("// "), path.name
