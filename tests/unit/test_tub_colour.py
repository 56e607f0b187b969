"""`everlap tub colour`: a line's colour picked in a recorded picture."""

import json
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

from car.cli import main
from car.config import CarConfig, Lens
from car.errors import PilotError
from car.pilots.line_picture import colour_at
from car.pilots.road_view import GroundGrid, RoadView
from tubs.record import Record
from tubs.writer import TubWriter

YELLOW = (230, 190, 40)


def road(curvature: float) -> np.ndarray:
    """A grey floor with a yellow line that bends, as the car's camera sees it."""
    image = np.full((120, 160, 3), 96, np.uint8)
    image += np.random.default_rng(1).integers(0, 9, image.shape, np.uint8)
    view = RoadView(CarConfig().camera.lens, 0.257, GroundGrid())
    along = np.linspace(0.34, 1.6, 40)
    for left in np.linspace(-0.025, 0.025, 9):
        points = np.stack([along, left + curvature * along**2 / 2], axis=1)
        pixels = np.round(view.pixels(points, 120, 160)).astype(np.int32)
        cv2.polylines(image, [pixels], False, YELLOW, 2)
    return image


@pytest.fixture
def tub(tmp_path: Path) -> Path:
    with TubWriter(tmp_path / "tub", session="session-0") as writer:
        for number in range(20):
            image = road(0.05 * (number - 10)) if number < 15 else np.full((120, 160, 3), 90, "u1")
            writer.append(Record(image, number * 0.05, number * 0.05, 0.0, 0.3, "human"))
    return tmp_path / "tub"


def test_the_colour_is_printed_as_car_toml_takes_it_and_shown_in_pictures(
    tub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["tub", "colour", str(tub), "--record", "10", "--at", "80,110", "--json", "f"]) == 0
    line = tomllib.loads(capsys.readouterr().out)["line"]
    picked = [int(line["colour"][k : k + 2], 16) for k in (1, 3, 5)]
    assert picked == pytest.approx(YELLOW, abs=12)
    figures = json.loads(Path("f").read_text())
    assert (figures["pictures"], figures["with_line"]) == (12, 9)
    sheet = cv2.imread("line.png")
    assert sheet.shape == (4 * 240, 3 * 320, 3)
    blue = (sheet[..., 0] > 180) & (sheet[..., 2] < 80)
    assert blue[:240].mean() > 0.005
    assert blue[-240:, -320:].sum() == 0, "there is no line in the last picture"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--record", "99", "--at", "1,1"], "records of"),
        (["--record", "1", "--at", "160,5"], "x is 0 to 159"),
        (["--record", "1", "--at", "middle"], "80,100"),
        (["--record", "1", "--at", "1,1", "--out", "line.jpg"], ".png"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    tub: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tub", "colour", str(tub), *options]) == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert "\n" not in told


def test_the_colour_is_that_of_what_is_connected_to_the_spot() -> None:
    image = np.full((40, 40, 3), 100, np.uint8)
    image[10:14, 5:30] = (200, 40, 40)
    image[20:30, 5:30] = (204, 36, 44)
    image[12, 15] = (0, 255, 0)
    assert colour_at(image, 10, 11) == "#c82828"
    with pytest.raises(PilotError):
        colour_at(image, 40, 0)


def test_the_lens_that_the_tub_was_recorded_with_counts(tub: Path, tmp_path: Path) -> None:
    about = json.loads((tub / "tub.json").read_text())
    lens = Lens(pitch_deg=-10.0, height_m=0.5)
    about["lens"] = {name: getattr(lens, name) for name in lens.__struct_fields__}
    (tub / "tub.json").write_text(json.dumps(about))
    out = tmp_path / "a.png"
    options = ["--record", "10", "--at", "80,110", "--out", str(out)]
    assert main(["tub", "colour", str(tub), *options, "--json", str(tmp_path / "f")]) == 0
    assert json.loads((tmp_path / "f").read_text())["with_line"] < 9
