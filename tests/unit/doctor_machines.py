"""Computers for the doctor to examine: folder trees that look like a Raspberry Pi or a laptop."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from car.config import CarConfig
from car.doctor.check import Check
from car.doctor.examination import examine
from car.doctor.findings import CameraFinding, CameraModule, PilotFinding, SensorMode
from car.doctor.machine import TOOL_TIMEOUT_S, Answer, Machine, PythonFacts
from car.doctor.subject import Subject
from car.drivers.i2c import I2cBus
from car.errors import DeviceError
from car.simulation.i2c import SimulatedI2c
from car.simulation.pca9685 import SimulatedPca9685

PI_4, PI_5 = "Raspberry Pi 4 Model B Rev 1.4", "Raspberry Pi 5 Model B Rev 1.0"
ZERO_2 = "Raspberry Pi Zero 2 W Rev 1.0"
FLAGS_OF = {
    PI_4: "sys/devices/platform/soc/soc:firmware/get_throttled",
    PI_5: "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled",
    ZERO_2: "sys/devices/platform/soc/soc:firmware/get_throttled",
}

ANY_FILES = {
    "etc/group": "root:x:0:\ni2c:x:994:pi\nvideo:x:44:pi\ninput:x:104:pi\ngpio:x:993:pi\n"
    "render:x:105:pi\n",
    "proc/self/limits": "Limit                     Soft Limit           Hard Limit    Units\n"
    "Max locked memory         unlimited            unlimited            bytes\n"
    "Max realtime priority     50                   50\n",
    "proc/self/status": "Name:\tpython\nCapEff:\t0000000000000000\n",
    "proc/meminfo": "MemTotal: 3884000 kB\nMemFree: 9 kB\nMemAvailable: 3200000 kB\n"
    "SwapTotal: 102396 kB\nSwapFree: 102396 kB\n",
    "proc/net/unix": "Num RefCount Protocol Flags Type St Inode Path\n",
    "run/systemd/system/units": "",
}
PI_FILES = {
    **ANY_FILES,
    "dev/i2c-1": "",
    "sys/class/i2c-adapter/i2c-1/of_node/clock-frequency": (400_000).to_bytes(4, "big"),
    "sys/class/video4linux/video10/name": "bcm2835-codec-decode\n",
    "sys/class/video4linux/video14/name": "unicam-image\n",
    "sys/class/thermal/thermal_zone0/temp": "48312\n",
    "sys/class/net/wlan0/phy80211/name": "phy0\n",
    "sys/fs/ext4/mmcblk0p2/errors_count": "0\n",
    "sys/fs/ext4/mmcblk0p2/lifetime_write_kbytes": "64000000\n",
    "proc/mounts": "/dev/mmcblk0p2 / ext4 rw,noatime 0 0\nproc /proc proc rw 0 0\n",
    "proc/bus/input/devices": 'I: Bus=0003\nN: Name="vc4-hdmi"\nH: Handlers=kbd event0\n\n'
    'I: Bus=0005\nN: Name="8BitDo Pro 2"\nH: Handlers=event2 js0\n',
    "dev/input/event2": "",
    "run/systemd/timesync/synchronized": "",
}
UNIT = (
    "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\nNRestarts=0\n"
)
PI_TOOLS = {
    "vcgencmd get_throttled": Answer(0, "throttled=0x0\n"),
    "vcgencmd measure_temp": Answer(0, "temp=48.3'C\n"),
    "iw dev wlan0 get power_save": Answer(0, "Power save: off\n"),
    "systemctl show": Answer(0, UNIT),
    "systemctl is-active everlap-guard": Answer(3, "inactive\n"),
}
MODULE_3 = CameraModule("imx708_wide", [SensorMode(1536, 864, 120.1), SensorMode(2304, 1296, 56.0)])


def json_answer(finding: object) -> Answer:
    return Answer(0, "a library says hello\n" + msgspec.json.encode(finding).decode() + "\n")


@dataclass
class Tools:
    """Tools that answer as they were told; one that is not listed is not installed."""

    answers: dict[str, Answer]
    asked: list[str] = field(default_factory=list)

    def __call__(self, words: Sequence[str], timeout_s: float = TOOL_TIMEOUT_S) -> Answer | None:
        line = " ".join(words)
        self.asked.append(line)
        return next((answer for key, answer in self.answers.items() if key in line), None)


def everything_installed(module: str, distribution: str) -> str | None:
    return "1.0"


def without(*missing: str) -> Callable[[str, str], str | None]:
    return lambda module, distribution: None if distribution in missing else "1.0"


def opens_what_is_there(path: Path) -> None:
    path.stat()


def refuses(path: Path) -> None:
    raise PermissionError(13, "Permission denied")


def no_bus(name: str) -> I2cBus:
    raise DeviceError(f"no I2C bus /dev/{name}")


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def laptop(root: Path) -> Machine:
    write(root, {**ANY_FILES})
    tools = Tools({"pilot_probe": json_answer(PilotFinding("", "ai_edge_litert", 0.5, 0.9))})
    return Machine(
        root=root,
        run=tools,
        python=PythonFacts((3, 11, 2), 64),
        version_of=without("picamera2", "adafruit-extended-bus", "evdev"),
        open_device=opens_what_is_there,
        open_bus=no_bus,
        user="pi",
        groups=frozenset({"i2c", "video", "input", "gpio", "render"}),
        is_root=False,
        runtime_folder=Path("/run/everlap"),
        year=2026,
        clock=itertools.count(0.0, 0.001).__next__,
    )


def raspberry_pi(root: Path, model: str = PI_4) -> Machine:
    """A Pi with camera, chip, gamepad and services, all well; tests break what they are about."""
    machine = laptop(root)
    write(root, {**PI_FILES, "proc/device-tree/model": f"{model}\0", FLAGS_OF[model]: "0\n"})
    chip = SimulatedPca9685()
    tools = Tools(
        {
            **PI_TOOLS,
            **machine.run.answers,  # type: ignore[attr-defined]
            "picamera2_probe": json_answer(CameraFinding(cameras=[MODULE_3])),
        }
    )
    return replace(
        machine,
        run=tools,
        version_of=everything_installed,
        open_bus=lambda name: SimulatedI2c([chip]),
    )


def answering(machine: Machine, answers: dict[str, Answer | None]) -> Machine:
    """The same machine with some tools that answer otherwise; None for a missing tool."""
    both = {**machine.run.answers, **answers}  # type: ignore[attr-defined]
    return replace(
        machine,
        run=Tools({key: answer for key, answer in both.items() if answer is not None}),
    )


def subject(folder: Path, config: CarConfig | None = None, *, named: bool = False) -> Subject:
    return Subject(
        config=config or CarConfig(),
        config_path=Path("car.toml") if named else None,
        config_fault="",
        config_named=named,
        pilot=Path("pilot.tflite"),
        recordings=folder,
    )


def findings(machine: Machine, examined: Subject) -> dict[str, Check]:
    """Examine everything; the checks by their names."""
    checks = [check for group in examine(machine, examined) for check in group.checks]
    named = {check.name: check for check in checks}
    assert len(named) == len(checks), "two checks have the same name"
    return named
