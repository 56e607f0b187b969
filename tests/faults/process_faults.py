"""Faults of processes, clients and machine; each a function of its name in the table.

`prepare_NAME`, where there is one, changes the car before it starts.
"""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from car.command import Command
from car.humans.remote_client import RemoteClient
from car.modes import Event
from car.simulation.pca9685 import FOR_EVER
from tests.faults.process_rig import ROOT, ProcessRig, make_tub, neutral_within

HOG = "while True: sum(range(10_000))"
MEMORY_HOG = """
while True:
    block = bytearray(200_000_000)
    block[::4096] = b"x" * len(block[::4096])
"""
PILOT = ROOT / "car" / "pilots" / "everlap.tflite"


def _kill_loop(rig: ProcessRig, number: signal.Signals) -> None:
    rig.drive.process.send_signal(number)


def _kill_guard(rig: ProcessRig, number: signal.Signals) -> None:
    os.kill(rig.drive.guard_id, number)


def loop_sigterm(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGTERM)


def loop_sighup(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGHUP)


def loop_sigint(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGINT)


def loop_sigquit(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGQUIT)


def loop_sigkill(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGKILL)


def loop_sigstop(rig: ProcessRig) -> None:
    _kill_loop(rig, signal.SIGSTOP)
    _wait_since(rig, 0.8)
    _kill_loop(rig, signal.SIGCONT)


def guard_sigterm(rig: ProcessRig) -> None:
    _kill_guard(rig, signal.SIGTERM)


def guard_sighup(rig: ProcessRig) -> None:
    _kill_guard(rig, signal.SIGHUP)


def guard_sigint(rig: ProcessRig) -> None:
    _kill_guard(rig, signal.SIGINT)


def guard_sigquit(rig: ProcessRig) -> None:
    _kill_guard(rig, signal.SIGQUIT)


def guard_sigkill(rig: ProcessRig) -> None:
    _kill_guard(rig, signal.SIGKILL)


def guard_sigstop(rig: ProcessRig) -> None:
    guard = rig.drive.guard_id
    os.kill(guard, signal.SIGSTOP)
    _wait_since(rig, 0.8)
    try:
        os.kill(guard, signal.SIGCONT)
    except ProcessLookupError:
        return


def group_sigint(rig: ProcessRig) -> None:
    os.killpg(rig.drive.process.pid, signal.SIGINT)


def prepare_loop_sigkill_under_load(rig: ProcessRig) -> None:
    _hog(rig, HOG)


def loop_sigkill_under_load(rig: ProcessRig) -> None:
    loop_sigkill(rig)


def prepare_loop_sigstop_under_load(rig: ProcessRig) -> None:
    _hog(rig, HOG)


def loop_sigstop_under_load(rig: ProcessRig) -> None:
    loop_sigstop(rig)


def prepare_output_stalled(rig: ProcessRig) -> None:
    reader, rig.output = os.pipe()
    rig.afterwards += [partial(os.close, reader), partial(os.close, rig.output)]


def output_stalled(rig: ProcessRig) -> None:
    assert rig.output is not None
    writer = os.open(f"/proc/self/fd/{rig.output}", os.O_WRONLY | os.O_NONBLOCK)
    for size in (65536, 1):
        with suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(size))
    os.close(writer)
    rig.client.silent = True


def prepare_output_stalled_loop_stopped(rig: ProcessRig) -> None:
    prepare_output_stalled(rig)


def output_stalled_loop_stopped(rig: ProcessRig) -> None:
    output_stalled(rig)
    loop_sigstop(rig)


def _hog(rig: ProcessRig, program: str) -> None:
    """Two busy processes a core, until the run is over."""
    for _ in range(2 * (os.cpu_count() or 1)):
        hog = subprocess.Popen([sys.executable, "-c", program])
        rig.afterwards += [hog.wait, hog.kill]


def _wait_since(rig: ProcessRig, seconds: float) -> None:
    time.sleep(max(0.0, rig.fault_s + seconds - time.monotonic()))


def prepare_pilot_file_missing(rig: ProcessRig) -> None:
    _drive_with(rig, rig.folder / "gone.tflite")


def prepare_pilot_file_truncated(rig: ProcessRig) -> None:
    data = PILOT.read_bytes()
    _drive_with(rig, _written(rig, data[: int(rig.dice.integers(0, len(data) - 1))]))


def prepare_pilot_file_damaged(rig: ProcessRig) -> None:
    data = bytearray(PILOT.read_bytes())
    for place in rig.dice.integers(0, len(data), 200):
        data[place] ^= int(rig.dice.integers(1, 256))
    _drive_with(rig, _written(rig, bytes(data)))


def prepare_pilot_without_card(rig: ProcessRig) -> None:
    data = PILOT.read_bytes()
    _drive_with(rig, _written(rig, data[: data.index(b"PK\x03\x04")]))


def prepare_pilot_wrong_shape(rig: ProcessRig) -> None:
    rig.options = ["--pilot", str(PILOT)]


def _written(rig: ProcessRig, data: bytes) -> Path:
    path = rig.folder / "bad.tflite"
    path.write_bytes(data)
    return path


def _drive_with(rig: ProcessRig, pilot: Path) -> None:
    """Let a pilot drive, with pictures of the size that it learned from."""
    rig.options = ["--pilot", str(pilot)]
    rig.settings = rig.settings.replace("width_px = 64\nheight_px = 48", "")
    rig.choice = Event.CHOOSE_PILOT
    shutil.rmtree(rig.folder / "tub")
    make_tub(rig.folder / "tub", 160, 120)


def client_lost(rig: ProcessRig) -> None:
    rig.client.silent = True
    _wait_since(rig, 0.7)
    rig.client.silent = False


def prepare_client_lost_in_pilot_mode(rig: ProcessRig) -> None:
    _drive_with(rig, PILOT)


def client_lost_in_pilot_mode(rig: ProcessRig) -> None:
    client_lost(rig)


def client_late(rig: ProcessRig) -> None:
    rig.client.late_s = 1.0


def client_replayed(rig: ProcessRig) -> None:
    """The client's last words are said again and again by somebody who overheard them."""
    rig.client.repeats = True


def client_malformed(rig: ProcessRig) -> None:
    rig.client.silent = True
    with _raw_link(rig) as link:
        _babble(rig, link, 0.8)


def _babble(rig: ProcessRig, link: socket.socket, seconds: float) -> None:
    while time.monotonic() < rig.fault_s + seconds:
        try:
            link.send(rig.dice.bytes(int(rig.dice.integers(0, 2000))))
        except BlockingIOError:
            time.sleep(0.001)


def _raw_link(rig: ProcessRig) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    link.connect(str(rig.folder / "human.sock"))
    return link


def client_floods(rig: ProcessRig) -> None:
    with _raw_link(rig) as link:
        for _ in range(10_000):
            try:
                link.send(b'{"client": "0123456789abcdef", "number": 1, "made_s": 1.0}')
            except BlockingIOError:
                time.sleep(0.0002)
    rig.client.silent = True


def client_emergency(rig: ProcessRig) -> None:
    with RemoteClient(rig.folder / "human.sock") as stranger:
        while not stranger.send(event=Event.EMERGENCY):
            time.sleep(0.001)


def socket_full(rig: ProcessRig) -> None:
    """Two clients that are heard but never read what they are told; then all fall silent.

    A crowd that talks much faster than the loop listens fills the queue of its socket and crowds
    the driver out: that is silence, and stops the car.
    """
    crowd = [RemoteClient(rig.folder / "human.sock").__enter__() for _ in range(2)]
    rig.afterwards += [each.__exit__ for each in crowd]
    until_s = time.monotonic() + 1.5
    while time.monotonic() < until_s:
        for each in crowd:
            each.send()
        time.sleep(0.1)
    assert not neutral_within(rig, 0.0), "clients that do not listen must not stop the car"
    rig.strike()
    rig.client.silent = True


def nack_for_ever(rig: ProcessRig) -> None:
    rig.chip.refuse(FOR_EVER)
    time.sleep(1.0)
    rig.chip.refuse(0)


def prepare_chip_absent(rig: ProcessRig) -> None:
    rig.chip.refuse(FOR_EVER)


def prepare_chip_wrong_address(rig: ProcessRig) -> None:
    rig.settings = rig.settings.replace("[throttle]", "address = 0x41\n[throttle]")


def second_drive(rig: ProcessRig) -> None:
    second = rig.start()
    code = second.process.wait(20)
    assert code in (1, 2), f"the second drive must be refused, not end with {code}"
    rig.strike()


def second_guard_kills_nothing(rig: ProcessRig) -> None:
    second = rig.start()
    time.sleep(float(rig.dice.uniform(0.0, 0.4)))
    second.process.kill()
    rig.strike()


def restart_in_the_middle(rig: ProcessRig) -> None:
    rig.drive.process.kill()
    rig.drive = rig.start()
    rig.afterwards_s = 2.5


def prepare_chip_already_pulsing(rig: ProcessRig) -> None:
    """Whoever drove before was killed together with its guard."""
    rig.afterwards_s = 5.0
    from car.assembly import guard_settings
    from car.bus import open_bus
    from car.config import load_config
    from car.drivers.pca9685 import ChipDriver

    path = rig.folder / "before.toml"
    path.write_text(rig.settings)
    settings = guard_settings(load_config(path))
    wheels = ChipDriver(open_bus(settings.bus), settings, time.monotonic).__enter__()
    wheels.write(Command(0.0, 1.0))


def chip_already_pulsing(rig: ProcessRig) -> None:
    """The fault is there before the drive begins."""


def descriptors_exhausted(rig: ProcessRig) -> None:
    """As many files as are open now may be, and no more."""
    process = rig.drive.process.pid
    opened = len(list(Path(f"/proc/{process}/fd").iterdir()))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (opened, opened))


def prepare_clock_steps(rig: ProcessRig) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler: sudo apt install gcc")
    shim, offset = rig.folder / "wall_clock.so", rig.folder / "offset"
    source = Path(__file__).with_name("wall_clock.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", shim, source], check=True)
    offset.write_text("0")
    rig.environ |= {"LD_PRELOAD": str(shim), "WALL_CLOCK_OFFSET": str(offset)}


def clock_steps(rig: ProcessRig) -> None:
    """An hour ahead, then two hours back: as when a time server is heard for the first time."""
    offset = rig.folder / "offset"
    offset.write_text("3600")
    time.sleep(0.5)
    offset.write_text("-3600")


def cpu_hog(rig: ProcessRig) -> None:
    _hog(rig, HOG)


def memory_hog(rig: ProcessRig) -> None:
    _hog(rig, MEMORY_HOG)


def cpu_throttled(rig: ProcessRig) -> None:
    process = rig.drive.process
    for _ in range(5):
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.18)
        process.send_signal(signal.SIGCONT)
        time.sleep(0.02)


def prepare_config_damaged(rig: ProcessRig) -> None:
    text = bytearray(rig.settings.encode())
    for place in rig.dice.integers(0, len(text), 6):
        text[place] = int(rig.dice.integers(0, 256))
    rig.settings = text.decode("latin-1") + "\n[limits]\nthrotle_max = 0.1\n"


def prepare_config_out_of_range(rig: ProcessRig) -> None:
    rig.settings += f"forward_us = {int(rig.dice.integers(2501, 9999))}\n"


def prepare_config_same_channels(rig: ProcessRig) -> None:
    rig.settings += "channel = 3\n[steering]\nchannel = 3\n"
