"""Everlap in a Pi's instruction set: installed by `./everlap`, and deciding as it does here.

EVERLAP_VERIFY=1 ./everlap test -n 0 tests/hardware/test_arm64.py, as root on Debian, with the
packages qemu-user-static and mmdebstrap. The first run installs under emulation, minutes for each
release; trees are kept in EVERLAP_ARM64, or in ~/.cache/everlap/arm64.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from arm64_userland import (
    CHECKOUT,
    Userland,
    switch_emulation_on,
    what_is_missing,
)
from timed_table import Table

from tubs.reader import Tub

if os.environ.get("EVERLAP_VERIFY") != "1":
    pytest.skip("takes minutes: EVERLAP_VERIFY=1 runs it", allow_module_level=True)
if MISSING := what_is_missing():
    pytest.skip(MISSING, allow_module_level=True)

pytestmark = [pytest.mark.machine, pytest.mark.slow, pytest.mark.timeout(1800)]

RELEASES = {"bookworm": "3.11", "trixie": "3.13"}
"""Those of Raspberry Pi OS, and their Pythons."""

PROCESSORS = {"cortex-a53": "Zero 2 W", "cortex-a72": "Pi 4", "cortex-a76": "Pi 5"}

INSTALLING_S, RUNNING_S = 1500.0, 120.0
DRIVEN_S = 10.0
HEAVY = ("tensorflow", "keras", "matplotlib", "pandas", "gymnasium", "numba", "sklearn", "scipy")

# The TFLite runtime's int8 softmax is another kernel on ARM than on x86. By itself it differed in
# 1 % of 20,000 random vectors, by one quantization step, a dense layer in none. So now and then the
# steering, which a dense layer makes of the softmax, is one step off; throttle and map are not.
STEERING_STEP = 0.0077
ROUNDED_OTHERWISE = 0.02
"""At most this share of the pictures may be steered one step differently."""

PILOT, DECIDE = "car/pilots/everlap.tflite", "tests/hardware/arm64_decide.py"
SENT = ("pilot_throttle", "sent_steering", "sent_throttle", "steering_us", "throttle_us")

# Emulation is slow: deadlines that hold on a Pi would judge the emulator. Rates that never bind
# make the pulses a function of the pictures alone.
PATIENT = """
[camera]
max_age_s = 1.0
[guard]
deadline_s = 1.0
[limits]
steering_per_s = 200.0
throttle_rise_per_s = 200.0
[monitor]
action = "off"
"""

INSTALLED = """
from importlib.metadata import distributions
print(*(distribution.name.lower() for distribution in distributions()))
"""

IMPORTS = """
import json, sys, time
before = time.process_time()
import car.commands.drive, car.assembly, car.driver, car.loop, car.pilots.network
import ai_edge_litert.interpreter
spent = time.process_time() - before
names = {name.partition(".")[0] for name in sys.modules}
print(json.dumps({"cpu_s": spent, "modules": sorted(names)}))
"""

DRIVE_AND_LIST = """
import json, sys
from pathlib import Path
from car.cli import main
code = main(sys.argv[2:])
Path(sys.argv[1]).write_text(json.dumps(sorted({n.partition(".")[0] for n in sys.modules})))
sys.exit(code)
"""


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    table = Table("arm64, emulated")
    yield table
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write("\n" + "\n".join(table.lines) + "\n")


@pytest.fixture(scope="module")
def trees() -> Path:
    """The folder of the trees."""
    switch_emulation_on()
    return Path(os.environ.get("EVERLAP_ARM64") or Path.home() / ".cache" / "everlap" / "arm64")


@pytest.fixture(scope="module")
def here(trees: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that both machines see, with what is made on this one: a tub, and pictures of it."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "patient.toml").write_text(PATIENT)
    roads = ["--tracks", "random:70-72", "--seconds", str(DRIVEN_S / 3 + 0.5)]
    native("-m", "car.cli", "record", "--sim", *roads, "--out", folder / "tub")
    np.save(folder / "frames.npy", np.stack([record.image for record in Tub(folder / "tub")]))
    native(DECIDE, PILOT, folder / "frames.npy", folder / "here.npz")
    pulses = ("--pulses", folder / "here.csv", "--pace", "2")
    native("-m", "car.cli", *replaying(folder), *pulses)
    return folder


@pytest.fixture(scope="module", params=RELEASES)
def car(
    request: pytest.FixtureRequest,
    trees: Path,
    table: Table,
    tmp_path_factory: pytest.TempPathFactory,
) -> Userland:
    """A tree with Everlap installed as on a Raspberry Pi: by the first `./everlap`."""
    userland = Userland(request.param, trees)
    with table.row(request.param, "tree") as result:
        try:
            made = userland.make()
        except subprocess.CalledProcessError as error:
            pytest.fail(f"mmdebstrap failed:\n{error.stderr[-3000:]}")
        result.append("unpacked" if made else "kept")
    with table.row(request.param, "./everlap --version") as result:
        shared = tmp_path_factory.mktemp("installing")
        words = ("/everlap/everlap", "--version")
        done = userland.run(*words, shared=shared, timeout_s=INSTALLING_S)
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.startswith("everlap ")
        result.append("installed" if "setting up" in done.stderr else "was installed")
    return userland


def native(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run this machine's Python, with this checkout."""
    done = subprocess.run(
        [sys.executable, "-P", *words],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def emulated(
    car: Userland, shared: Path, *words: str, processor: str = "cortex-a72"
) -> subprocess.CompletedProcess[str]:
    """Run the Python that the bootstrapper set up in the tree."""
    words = ("env", f"QEMU_CPU={processor}", "/opt/everlap/bin/python", "-P", *words)
    done = car.run(*words, shared=shared, timeout_s=RUNNING_S)
    assert done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-3000:]}"
    return done


def test_the_python_is_the_releases_and_the_processor_a_pis(car: Userland, here: Path) -> None:
    said = emulated(
        car, here, "-c", "import platform as p; print(p.machine(), p.python_version())"
    ).stdout.split()
    assert said[0] == "aarch64"
    assert said[1].startswith(RELEASES[car.release] + ".")


def test_the_light_extra_was_installed_without_a_compiler(car: Userland, here: Path) -> None:
    environment = car.tree / "opt" / "everlap"
    assert (environment / "everlap-pi").exists()
    assert not (environment / "everlap-sim").exists()
    installed = set(emulated(car, here, "-c", INSTALLED).stdout.split())
    assert {"adafruit-extended-bus", "ai-edge-litert", "opencv-python-headless"} <= installed
    assert installed.isdisjoint({*HEAVY, "av"})
    assert not (car.tree / "usr" / "bin" / "gcc").exists()


def test_the_environment_sees_what_apt_installs(car: Userland, here: Path) -> None:
    """As python3-picamera2 and python3-evdev are, on a Raspberry Pi only by apt."""
    where = "import sys; print(*sys.path)"
    assert "/usr/lib/python3/dist-packages" in emulated(car, here, "-c", where).stdout


def test_what_a_drive_imports_is_light(car: Userland, here: Path, table: Table) -> None:
    with table.row(car.release, "imports of a drive") as result:
        emulated(car, here, "-c", IMPORTS)  # so that all is compiled to byte code
        said = json.loads(emulated(car, here, "-c", IMPORTS).stdout)
        assert {"numpy", "ai_edge_litert"} <= set(said["modules"])
        assert not {*HEAVY, "av"} & set(said["modules"])
        result.append(f"light; {said['cpu_s']:.1f} s of emulated CPU")
    assert not {*HEAVY, "av"} & set(json.loads(native("-c", IMPORTS).stdout)["modules"])


@pytest.mark.parametrize("processor", PROCESSORS)
def test_the_shipped_pilot_decides_as_here(
    car: Userland, here: Path, table: Table, processor: str
) -> None:
    """Class map and throttle to the last bit; steering too, but for the softmax."""
    out = f"{car.release}-{processor}.npz"
    words = (f"/everlap/{DECIDE}", f"/everlap/{PILOT}", "/shared/frames.npy", f"/shared/{out}")
    with table.row(car.release, f"pilot on a {PROCESSORS[processor]}") as result:
        emulated(car, here, *words, processor=processor)
        expected, found = np.load(here / "here.npz"), np.load(here / out)
        for name in ("throttle", "class_map"):
            assert found[name].tobytes() == expected[name].tobytes(), name
        same = found["steering"] == expected["steering"]
        same_std = found["steering_std"] == expected["steering_std"]
        assert np.abs(found["steering"] - expected["steering"]).max() <= STEERING_STEP
        assert np.mean(~(same & same_std)) <= ROUNDED_OTHERWISE
        result.append(f"{len(same)} frames equal bit for bit, but {np.sum(~same)} in steering")


def test_the_pictures_say_enough_to_compare_by(here: Path) -> None:
    decided = np.load(here / "here.npz")
    assert len(decided["steering"]) >= DRIVEN_S * 20
    assert len(np.unique(decided["steering"])) > 40
    assert len(np.unique(decided["throttle"])) > 10
    assert len(np.unique(decided["class_map"])) == 5


def test_a_drive_over_recorded_frames_sends_the_same_pulses(
    car: Userland, here: Path, table: Table
) -> None:
    """Wherever the pilot decides the same, which is nearly everywhere."""
    out, loaded = f"{car.release}.csv", f"{car.release}.json"
    words = (*replaying(Path("/shared")), "--pulses", f"/shared/{out}", "--pace", "0.5")
    with table.row(car.release, f"drive of {DRIVEN_S:.0f} s, guard and all") as result:
        emulated(car, here, "-c", DRIVE_AND_LIST, f"/shared/{loaded}", *words)
        expected, found = rows(here / "here.csv"), rows(here / out)
        assert len(found) == len(expected) >= DRIVEN_S * 20
        assert len({row["steering_us"] for row in expected}) > 20
        alike = [
            (ours, theirs)
            for ours, theirs in zip(expected, found, strict=True)
            if ours["pilot_steering"] == theirs["pilot_steering"]
        ]
        assert len(found) - len(alike) <= ROUNDED_OTHERWISE * len(found)
        for ours, theirs in alike:
            assert {name: theirs[name] for name in SENT} == {name: ours[name] for name in SENT}
        result.append(f"{len(found)} frames, the same pulses in {len(alike)}")
    modules = set(json.loads((here / loaded).read_text()))
    assert "cv2" in modules
    assert not {*HEAVY, "av"} & modules


@pytest.mark.parametrize("command", ["drive", "record", "tub", "bench", "doctor", "service"])
def test_every_command_of_the_car_starts_with_what_is_installed(
    car: Userland, here: Path, command: str
) -> None:
    done = car.run("/everlap/everlap", command, "--help", shared=here, timeout_s=RUNNING_S)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Usage: everlap {command}" in done.stdout


def test_the_doctor_misses_the_car_around_this_pi(car: Userland, here: Path, table: Table) -> None:
    """Nothing is wired to it: told by name, with a remedy, instead of a crash."""
    report = f"doctor-{car.release}.json"
    words = ("doctor", "--config", "/everlap/car/car.toml", "--json", f"/shared/{report}")
    with table.row(car.release, "everlap doctor") as result:
        done = car.run("/everlap/everlap", *words, shared=here, timeout_s=RUNNING_S)
        checks = {
            check["name"]: check for check in json.loads((here / report).read_text())["checks"]
        }
        failed = [name for name, check in checks.items() if check["ok"] is False]
        result.append(f"{len(checks)} checks; failed: {', '.join(failed)}")
    assert done.returncode == 1, done.stderr[-3000:]
    assert "I2C bus" in failed
    assert all(checks[name]["remedy"] for name in failed)
    assert checks["pilot"]["ok"]


def replaying(folder: Path) -> tuple[str, ...]:
    """The command that drives over the tub in a folder."""
    return ("drive", "--replay", f"{folder / 'tub'}", "--config", f"{folder / 'patient.toml'}")


def rows(path: Path) -> list[dict[str, str]]:
    """What the pilot wished and what the chip sent, frame by frame, as written."""
    with path.open() as file:
        return list(csv.DictReader(file))
