"""A pilot file is refused when it is not whole, and says so."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from car.config import CameraConfig, Lens
from car.errors import PilotError
from car.pilots.card import PilotCard, append_card, open_pilot_file, read_card
from car.pilots.network import check_camera, lens_differences

FLATBUFFER = b"\x1c\x00\x00\x00TFL3" + bytes(range(256)) * 8


def card(**changes: object) -> PilotCard:
    values: dict[str, object] = {
        "width_px": 160,
        "height_px": 120,
        "lens": Lens(),
        "outputs": ["steering", "throttle"],
    }
    return PilotCard(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def pilot_file(tmp_path: Path) -> Path:
    path = tmp_path / "pilot.tflite"
    path.write_bytes(FLATBUFFER)
    append_card(path, card(label_delay_s=0.06))
    return path


def test_a_card_reads_back_and_leaves_the_network_in_front_untouched(pilot_file: Path) -> None:
    found, flatbuffer = open_pilot_file(pilot_file)
    assert flatbuffer == FLATBUFFER
    assert pilot_file.read_bytes().startswith(FLATBUFFER)
    assert found.label_delay_s == 0.06


def test_the_same_card_gives_the_same_bytes(pilot_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tflite"
    other.write_bytes(FLATBUFFER)
    append_card(other, card(label_delay_s=0.06))
    assert other.read_bytes() == pilot_file.read_bytes()


def test_a_second_card_is_refused(pilot_file: Path) -> None:
    with pytest.raises(PilotError, match="already"):
        append_card(pilot_file, card())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PilotError, match=r"nowhere\.tflite"):
        read_card(tmp_path / "nowhere.tflite")


def test_a_folder_is_not_a_pilot(tmp_path: Path) -> None:
    with pytest.raises(PilotError, match="folder"):
        read_card(tmp_path)


def test_a_network_without_a_card_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.tflite"
    path.write_bytes(FLATBUFFER)
    with pytest.raises(PilotError, match="no pilot card"):
        read_card(path)


@pytest.mark.parametrize("kept", [0, 1, 100, len(FLATBUFFER), len(FLATBUFFER) + 40, -1])
def test_a_file_cut_off_while_copying_is_refused(pilot_file: Path, kept: int) -> None:
    pilot_file.write_bytes(pilot_file.read_bytes()[:kept])
    with pytest.raises(PilotError):
        read_card(pilot_file)


def test_a_changed_network_does_not_match_its_card(pilot_file: Path) -> None:
    data = bytearray(pilot_file.read_bytes())
    data[100] ^= 1
    pilot_file.write_bytes(data)
    with pytest.raises(PilotError, match="does not match"):
        read_card(pilot_file)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_bytes_turned_over_anywhere_are_refused(pilot_file: Path, data: st.DataObject) -> None:
    whole = pilot_file.read_bytes()
    places = st.integers(len(FLATBUFFER) - 20, len(whole) - 1)
    broken = bytearray(whole)
    for place, bits in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), min_size=1)):
        broken[place] ^= bits
    path = pilot_file.with_name("broken.tflite")
    path.write_bytes(broken)
    try:
        found = read_card(path)
    except PilotError:
        return
    assert found == read_card(pilot_file), "what is not noticed must not matter"


def test_a_card_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pilot.tflite"
    path.write_bytes(FLATBUFFER)
    append_card(path, card(format="everlap-pilot-9"))
    with pytest.raises(PilotError, match="everlap-pilot-9"):
        read_card(path)


def test_another_image_size_is_refused_and_both_sizes_are_named() -> None:
    camera = CameraConfig(width_px=320, height_px=240)
    with pytest.raises(PilotError, match=r"160x120.*320x240"):
        check_camera(Path("pilot.tflite"), card(), camera)


def test_another_pose_of_the_camera_is_worth_a_warning_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tilted = CameraConfig(lens=Lens(pitch_deg=30.0))
    check_camera(Path("pilot.tflite"), card(), tilted)
    assert "pitch_deg was 14 and is 30" in caplog.text


def test_small_differences_of_the_camera_are_borne() -> None:
    assert lens_differences(Lens(), Lens(pitch_deg=15.0, height_m=0.17)) == []
