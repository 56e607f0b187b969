"""One kind of trouble at a time: what the doctor says, and what it tells the user to do."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from doctor_machines import (
    MODULE_3,
    answering,
    everything_installed,
    json_answer,
    laptop,
    raspberry_pi,
    refuses,
    subject,
    without,
    write,
)

from car.config import CameraConfig, CarConfig, Lens, SteeringConfig
from car.doctor.calibration import check_calibration
from car.doctor.cameras import check_cameras
from car.doctor.check import Check
from car.doctor.examination import Look
from car.doctor.findings import CameraFinding, CameraModule, PilotFinding
from car.doctor.gamepads import check_gamepads
from car.doctor.machine import Answer, Machine, PythonFacts
from car.doctor.memory import check_memory
from car.doctor.pilot import check_pilot
from car.doctor.rights import check_rights
from car.doctor.services import check_services
from car.doctor.software import check_software
from car.doctor.subject import Subject
from car.doctor.supply import check_supply
from car.doctor.wall_clock import check_wall_clock
from car.doctor.wifi import check_wifi


@pytest.fixture
def pi(tmp_path: Path) -> Machine:
    return raspberry_pi(tmp_path)


def check(
    look: Look, name: str, machine: Machine, config: CarConfig | None = None, *, named: bool = False
) -> Check:
    found = look(machine, subject(machine.root, config, named=named))
    return next(check for check in found if check.name == name)


# Software


@pytest.mark.parametrize(
    ("python", "ok"),
    [
        (PythonFacts((3, 10, 9), 64), False),
        (PythonFacts((3, 11, 0), 64), True),
        (PythonFacts((3, 13, 5), 64), True),
        (PythonFacts((3, 14, 0), 64), False),
        (PythonFacts((3, 11, 2), 32), False),
    ],
)
def test_python_must_be_one_that_everlap_runs_on_and_64_bit(
    pi: Machine, python: PythonFacts, ok: bool
) -> None:
    assert check(check_software, "python", replace(pi, python=python)).ok is ok


@pytest.mark.parametrize("missing", ["numpy", "adafruit-extended-bus", "picamera2"])
def test_a_pi_that_lacks_a_package_for_driving_fails(pi: Machine, missing: str) -> None:
    found = check(check_software, "packages for driving", replace(pi, version_of=without(missing)))
    assert found.ok is False
    assert found.detail == f"missing: {missing}"
    assert ("apt install python3-picamera2" in found.remedy) is (missing == "picamera2")


def test_either_runtime_will_do(pi: Machine) -> None:
    other = replace(pi, version_of=without("ai-edge-litert"))
    assert "tflite-runtime 1.0" in check(check_software, "packages for driving", other).detail
    neither = replace(pi, version_of=without("ai-edge-litert", "tflite-runtime"))
    found = check(check_software, "packages for driving", neither)
    assert found.detail == "missing: ai-edge-litert"


def test_picamera2_is_not_asked_of_a_car_with_a_usb_camera(pi: Machine) -> None:
    config = CarConfig(camera=CameraConfig(device="usb:0"))
    machine = replace(pi, version_of=without("picamera2"))
    assert check(check_software, "packages for driving", machine, config).ok is True


def test_a_car_needs_no_simulator(pi: Machine) -> None:
    found = check(check_software, "packages for simulation", replace(pi, version_of=without("av")))
    assert found.ok is None
    assert "everlap[sim]" in found.remedy


# Pilot


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (Answer(-4, ""), "it crashed (Illegal instruction)"),
        (Answer(1, "", "Traceback\nMemoryError"), "MemoryError"),
        (Answer(3, ""), "exit code 3"),
        (Answer(0, "hello"), "said nothing that can be understood"),
        (None, "cannot be run"),
    ],
)
def test_a_pilot_whose_runtime_breaks_is_a_finding(
    pi: Machine, answer: Answer | None, detail: str
) -> None:
    found = check(check_pilot, "pilot", answering(pi, {"pilot_probe": answer}))
    assert found.ok is False
    assert detail in found.detail


def test_a_pilot_that_does_not_fit_says_why_and_what_to_do(pi: Machine) -> None:
    fault = "pilot.tflite needs a camera image of 320x240 px, but ...: change that, or train anew"
    found = check(
        check_pilot, "pilot", answering(pi, {"pilot_probe": json_answer(PilotFinding(fault))})
    )
    assert (found.ok, found.detail, found.remedy) == (False, fault, "change that, or train anew")


def test_a_pilot_slower_than_half_a_frame_fails(pi: Machine) -> None:
    for median_ms, ok in ((24.0, True), (26.0, False)):
        finding = PilotFinding(runtime="ai_edge_litert", median_ms=median_ms)
        machine = answering(pi, {"pilot_probe": json_answer(finding)})
        assert check(check_pilot, "pilot speed", machine).ok is ok


def test_a_pilot_for_another_lens_is_advice(pi: Machine) -> None:
    finding = PilotFinding(lens_differences=["pitch_deg was 14 and is 30"])
    machine = answering(pi, {"pilot_probe": json_answer(finding)})
    found = check(check_pilot, "pilot's camera", machine)
    assert found.ok is None
    assert "pitch_deg was 14 and is 30" in found.detail


# Cameras

LISTED = """ioctl: VIDIOC_ENUM_FMT
	[0]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 640x480
			Interval: Discrete 0.033s (30.000 fps)
			Interval: Discrete 0.067s (15.000 fps)
		Size: Discrete 320x240
			Interval: Discrete 0.017s (60.000 fps)
"""


@pytest.fixture
def with_usb_camera(pi: Machine) -> Machine:
    write(
        pi.root,
        {
            "sys/class/video4linux/video0/name": "HD Webcam C270\n",
            "sys/class/video4linux/video0/index": "0\n",
            "sys/class/video4linux/video1/name": "HD Webcam C270\n",
            "sys/class/video4linux/video1/index": "1\n",
            "dev/video0": "",
        },
    )
    return answering(pi, {"v4l2-ctl -d /dev/video0": Answer(0, LISTED)})


def test_camera_modules_are_listed_with_their_modes(pi: Machine) -> None:
    found = check(check_cameras, "camera modules", pi)
    assert found.detail == "imx708_wide: 1536x864 at 120.1, 2304x1296 at 56 frames/s"


def test_a_camera_in_use_has_no_modes_but_is_there(pi: Machine) -> None:
    busy = CameraFinding(cameras=[CameraModule("imx219")])
    machine = answering(pi, {"picamera2_probe": json_answer(busy)})
    assert "in use by another program" in check(check_cameras, "camera modules", machine).detail
    assert check(check_cameras, "camera of car.toml", machine).ok is True


def test_no_camera_module_on_a_pi_is_a_matter_of_the_cable(pi: Machine) -> None:
    machine = answering(pi, {"picamera2_probe": json_answer(CameraFinding())})
    found = check(check_cameras, "camera of car.toml", machine)
    assert found.ok is False
    assert "ribbon cable" in found.remedy


def test_a_picamera2_that_cannot_be_imported_says_why(pi: Machine) -> None:
    fault = "picamera2 cannot be used: ValueError: numpy.dtype size changed"
    machine = answering(pi, {"picamera2_probe": json_answer(CameraFinding(fault=fault))})
    found = check(check_cameras, "camera of car.toml", machine)
    assert (found.ok, found.detail) == (False, fault)


def test_video_devices_that_are_parts_of_the_pi_are_no_cameras(pi: Machine) -> None:
    assert check(check_cameras, "USB cameras", pi).detail == "none"


def test_a_usb_camera_is_listed_once_with_its_modes(with_usb_camera: Machine) -> None:
    found = check(check_cameras, "USB cameras", with_usb_camera)
    assert found.detail == "usb:0 HD Webcam C270: 640x480 at 30, 320x240 at 60 frames/s"


@pytest.mark.parametrize("device", ["usb:0", "usb:/dev/video0"])
def test_the_usb_camera_of_car_toml_must_open(with_usb_camera: Machine, device: str) -> None:
    config = CarConfig(camera=CameraConfig(device=device))
    assert check(check_cameras, "camera of car.toml", with_usb_camera, config).ok is True
    machine = replace(with_usb_camera, open_device=refuses)
    found = check(check_cameras, "camera of car.toml", machine, config)
    assert found.ok is False
    assert "usermod -aG video pi" in found.remedy


def test_another_number_than_the_cameras_names_the_one_that_is_there(
    with_usb_camera: Machine,
) -> None:
    config = CarConfig(camera=CameraConfig(device="usb:2"))
    found = check(check_cameras, "camera of car.toml", with_usb_camera, config)
    assert found.ok is False
    assert "/dev/video2 is not there; there is usb:0" in found.detail


def test_a_tub_as_camera_must_be_a_folder(pi: Machine) -> None:
    for device, ok in ((f"replay:{pi.root}", True), (f"replay:{pi.root}/none", False)):
        config = CarConfig(camera=CameraConfig(device=device))
        assert check(check_cameras, "camera of car.toml", pi, config).ok is ok


# Driving by hand


def test_gamepads_are_named_and_keyboards_are_not(pi: Machine) -> None:
    assert check(check_gamepads, "gamepads", pi) == Check("gamepads", True, "8BitDo Pro 2")


def test_a_gamepad_that_may_not_be_read_names_the_group(pi: Machine) -> None:
    found = check(check_gamepads, "gamepads", replace(pi, open_device=refuses))
    assert found.detail == "8BitDo Pro 2 cannot be read: permission denied"
    assert "usermod -aG input pi" in found.remedy


def test_no_gamepad_is_no_failure(pi: Machine) -> None:
    write(pi.root, {"proc/bus/input/devices": 'N: Name="x"\nH: Handlers=kbd event0\n'})
    assert check(check_gamepads, "gamepads", pi).ok is None


@pytest.mark.parametrize(
    ("answer", "ok"),
    [
        (Answer(0, "Power save: off\n"), True),
        (Answer(0, "Power save: on\n"), False),
        (Answer(237, "", "command failed"), None),
        (None, None),
    ],
)
def test_wifi_must_not_save_power_on_a_pi(pi: Machine, answer: Answer | None, ok: bool) -> None:
    machine = answering(pi, {"iw dev wlan0 get power_save": answer})
    assert check(check_wifi, "Wi-Fi power save", machine).ok is ok


# Rights


def test_a_user_outside_groups_gets_the_exact_command(pi: Machine) -> None:
    write(pi.root, {"etc/group": "i2c:x:994:\nvideo:x:44:pi\ninput:x:104:\nadm:x:4:\n"})
    machine = replace(pi, groups=frozenset({"pi", "video"}))
    found = check(check_rights, "groups", machine)
    assert found.detail == "pi is not in i2c (for the chip), input (for gamepads)"
    assert found.remedy == "`sudo usermod -aG i2c,input pi`, then log out and in again"


def test_a_user_added_since_logging_in_must_log_in_again(pi: Machine) -> None:
    found = check(check_rights, "groups", replace(pi, groups=frozenset({"pi"})))
    assert found.ok is False
    assert "usermod" not in found.remedy


def test_root_needs_no_groups(pi: Machine) -> None:
    machine = replace(pi, groups=frozenset(), is_root=True, user="root")
    assert check(check_rights, "groups", machine).ok is True


@pytest.mark.parametrize(
    ("priority", "lock", "capabilities", "ok"),
    [
        ("50", "unlimited", "0", True),
        ("0", "unlimited", "0", None),
        ("50", "8388608", "0", None),
        ("0", "8388608", "804000", True),
    ],
)
def test_real_time_rights_come_by_limits_or_by_capabilities(
    pi: Machine, priority: str, lock: str, capabilities: str, ok: bool | None
) -> None:
    limits = f"Max locked memory   {lock}  {lock} bytes\nMax realtime priority   {priority} 0\n"
    write(pi.root, {"proc/self/limits": limits, "proc/self/status": f"CapEff:\t{capabilities}\n"})
    found = check(check_rights, "real-time rights", pi)
    assert found.ok is ok
    assert bool(found.remedy) is (ok is None)


# Power


@pytest.mark.parametrize(
    ("said", "detail", "remedy"),
    [
        ("throttled=0x1", "now: undervoltage (0x1)", "supply of its own"),
        (
            "throttled=0x50000",
            "since the Pi was started: undervoltage, throttled (0x50000)",
            "supply of its own",
        ),
        ("throttled=0x80008", "close to its temperature limit", "heat sink"),
    ],
)
def test_power_flags_are_told_in_words(pi: Machine, said: str, detail: str, remedy: str) -> None:
    found = check(check_supply, "power", answering(pi, {"vcgencmd get_throttled": Answer(0, said)}))
    assert found.ok is False
    assert detail in found.detail
    assert remedy in found.remedy


def test_a_vcgencmd_without_rights_is_no_dead_end(pi: Machine) -> None:
    refused = Answer(255, "", "Can't open device file: /dev/vcio")
    machine = answering(pi, {"vcgencmd get_throttled": refused})
    write(pi.root, {"sys/devices/platform/soc/soc:firmware/get_throttled": "50005\n"})
    assert check(check_supply, "power", machine).ok is False


def test_flags_that_cannot_be_read_are_unknown(pi: Machine) -> None:
    machine = answering(pi, {"vcgencmd get_throttled": Answer(0, "error=2")})
    write(pi.root, {"sys/devices/platform/soc/soc:firmware/get_throttled": "?\n"})
    assert check(check_supply, "power", machine).ok is None


@pytest.mark.parametrize(
    ("degrees", "ok", "advised"), [("48.3", True, False), ("72.0", True, True), ("81", False, True)]
)
def test_heat_is_judged(pi: Machine, degrees: str, ok: bool, advised: bool) -> None:
    machine = answering(pi, {"vcgencmd measure_temp": Answer(0, f"temp={degrees}'C\n")})
    found = check(check_supply, "temperature", machine)
    assert (found.ok, bool(found.remedy)) == (ok, advised)


# System


@pytest.mark.parametrize(
    ("year", "answer", "synchronised", "ok"),
    [
        (1970, "yes", True, False),
        (2026, "no", True, True),
        (2026, "yes", False, True),
        (2026, "no", False, None),
        (2026, None, False, None),
    ],
)
def test_the_clock_must_be_plausible_and_should_be_set(
    pi: Machine, year: int, answer: str | None, synchronised: bool, ok: bool | None
) -> None:
    if not synchronised:
        (pi.root / "run/systemd/timesync/synchronized").unlink()
    machine = answering(
        replace(pi, year=year), {"timedatectl": Answer(0, f"{answer}\n") if answer else None}
    )
    assert check(check_wall_clock, "clock", machine).ok is ok


@pytest.mark.parametrize(
    ("said", "ok", "detail"),
    [
        ("LoadState=not-found\nActiveState=inactive\n", None, "not installed"),
        (
            "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n"
            "NRestarts=2\n",
            True,
            "active (running), starts with the system, restarted 2 times by itself",
        ),
        (
            "LoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=disabled\n",
            None,
            "inactive (dead), does not start with the system",
        ),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\n", False, "failed (failed)"),
        ("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\n", False, "activating"),
    ],
)
def test_each_state_of_a_service_is_told(
    pi: Machine, said: str, ok: bool | None, detail: str
) -> None:
    machine = answering(pi, {"systemctl show": Answer(0, said)})
    found = check(check_services, "service everlap", machine)
    assert found.ok is ok
    assert detail in found.detail
    assert ("journalctl -u everlap" in found.remedy) is (ok is False)


def test_a_systemctl_that_fails_is_unknown(pi: Machine) -> None:
    machine = answering(pi, {"systemctl show": Answer(1, "", "Failed to connect to bus")})
    assert check(check_services, "service everlap", machine).ok is None


def test_without_systemd_there_are_no_services(pi: Machine) -> None:
    (pi.root / "run/systemd/system/units").unlink()
    (pi.root / "run/systemd/system").rmdir()
    assert check(check_services, "services", pi).ok is None


def test_the_guards_socket_tells_who_listens(pi: Machine) -> None:
    folder = Path("/run/everlap")
    place = pi.root / "run/everlap/guard.sock"
    place.parent.mkdir(parents=True)
    machine = replace(pi, runtime_folder=folder)
    assert check(check_services, "guard's socket", machine).ok is None
    with socket.socket(socket.AF_UNIX) as guard:
        guard.bind(os.path.relpath(place) if len(str(place)) > 100 else str(place))
    left = check(check_services, "guard's socket", machine)
    assert left.ok is None
    assert "its guard has ended" in left.detail
    active = answering(machine, {"systemctl is-active everlap-guard": Answer(0, "active\n")})
    assert check(check_services, "guard's socket", active).ok is False
    row = "ffff: 00000002 00000000 00010000 0001 01 4711 /run/everlap/guard.sock\n"
    write(pi.root, {"proc/net/unix": f"Num RefCount Protocol Flags Type St Inode Path\n{row}"})
    assert check(check_services, "guard's socket", active).ok is True


def test_a_plain_file_in_the_place_of_the_socket_fails(pi: Machine) -> None:
    write(pi.root, {"run/everlap/guard.sock": ""})
    assert check(check_services, "guard's socket", pi).ok is False


@pytest.mark.parametrize(
    ("free_kb", "swap_free_kb", "ok", "advised"),
    [(3_000_000, 100_000, True, False), (3_000_000, 10_000, True, True), (90_000, 0, False, True)],
)
def test_memory_is_judged(
    pi: Machine, free_kb: int, swap_free_kb: int, ok: bool, advised: bool
) -> None:
    meminfo = f"MemAvailable: {free_kb} kB\nSwapTotal: 100000 kB\nSwapFree: {swap_free_kb} kB\n"
    write(pi.root, {"proc/meminfo": meminfo})
    found = check(check_memory, "memory", pi)
    assert (found.ok, bool(found.remedy)) == (ok, advised)


# Calibration


def test_defaults_are_not_calibrated_and_that_is_advice(pi: Machine) -> None:
    for name in ("steering pulses", "throttle pulses", "camera lens"):
        found = check(check_calibration, name, pi, named=True)
        assert (found.ok, bool(found.remedy)) == (None, True)


def test_what_was_set_is_named(pi: Machine) -> None:
    config = CarConfig(
        steering=SteeringConfig(centre_us=1470, left_us=1150),
        camera=CameraConfig(lens=Lens(pitch_deg=20.0)),
    )
    steering = check(check_calibration, "steering pulses", pi, config, named=True)
    assert steering.detail == "set for this car: left_us, centre_us"
    assert check(check_calibration, "camera lens", pi, config, named=True).ok is True


def test_an_invalid_car_toml_fails_and_its_reason_is_told(pi: Machine) -> None:
    ill = Subject(CarConfig(), Path("car.toml"), "chip.bus = 1 ...", True, Path(), pi.root)
    found = {check.name: check for check in check_calibration(pi, ill)}
    assert found["car.toml"].ok is False
    assert "chip.bus = 1" in found["car.toml"].detail
    assert found["steering pulses"].ok is None


def test_a_laptop_needs_no_module(tmp_path: Path) -> None:
    machine = replace(laptop(tmp_path), version_of=everything_installed)
    machine = answering(
        machine, {"picamera2_probe": json_answer(CameraFinding(cameras=[MODULE_3]))}
    )
    assert check(check_cameras, "camera of car.toml", machine).ok is True
