"""An arm64 Debian on this machine, emulated program by program, as a Raspberry Pi sees itself."""

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ENTER = Path(__file__).with_name("arm64_enter")
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "base-files,coreutils,dash,grep,libstdc++6,python3,python3-venv"
"""Of Debian; what a Raspberry Pi OS has of itself, and Everlap needs. No compiler among them."""

BINFMT = Path("/proc/sys/fs/binfmt_misc")
EMULATOR = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
TOOLS = {"mmdebstrap": "mmdebstrap", "unshare": "util-linux", "chroot": "coreutils"}
"""Programs, and the Debian packages they are in."""

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "EVERLAP_VENV": "/opt/everlap",
    "OPENBLAS_NUM_THREADS": "1",
    # The default, `max`, has instructions whose emulation gives wrong int8 sums, and is slower.
    "QEMU_CPU": "cortex-a72",
}
HANDED_ON = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CERT")
"""What pip needs to reach its index through this machine's network."""

MAKING_S = 600.0


def what_is_missing() -> str | None:
    """Say what this machine lacks to make and run such a Debian; None when nothing."""
    if os.geteuid() != 0:
        return "needs root: for mounts, and for chroot"
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if not (is_native() or EMULATOR.exists()):
        packages.append("qemu-user-static")
    return f"needs packages: sudo apt install {' '.join(packages)}" if packages else None


def is_native() -> bool:
    """Whether this machine runs arm64 programs by itself."""
    return platform.machine() == "aarch64"


def switch_emulation_on() -> None:
    """Have the kernel start arm64 programs with qemu, as Debian does at boot; it stays so.

    Raises:
        OSError: the kernel has no binfmt_misc.
    """
    if is_native() or (BINFMT / "qemu-aarch64").exists():
        return
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(EMULATOR.read_text().strip())


class Userland:
    """One release of Debian, kept in a folder between runs.

    Args:
        release: its name, such as bookworm.
        folder: where trees are kept; one takes 0.8 GB with Everlap installed.

    Attributes:
        tree: the root of its files.
    """

    def __init__(self, release: str, folder: Path) -> None:
        self.release = release
        self.tree = folder / release
        self._packages = self.tree / "everlap-packages"

    def make(self) -> bool:
        """Unpack the release, unless it is there already; say whether it had to be made.

        Raises:
            CalledProcessError: mmdebstrap failed; what it said was captured.
        """
        self.tree.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self._packages.exists() and self._packages.read_text() == PACKAGES:
                return False
            draft = self.tree.with_suffix(".unfinished")
            for left_over in (draft, self.tree):
                shutil.rmtree(left_over, ignore_errors=True)
            self._unpack(draft)
            draft.rename(self.tree)
            self._packages.write_text(PACKAGES)
        return True

    def run(self, *words: str, shared: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a command in it; whatever it leaves behind ends with it.

        Args:
            words: the command; the checkout is /everlap.
            shared: a folder that it sees as /shared.
            timeout_s: after this it is killed with all its children.
        """
        namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        return subprocess.run(
            [*namespace, ENTER, self.tree, CHECKOUT, shared, *words],
            env=ENVIRONMENT | {name: os.environ[name] for name in HANDED_ON if name in os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def _unpack(self, draft: Path) -> None:
        """Unpack packages without running any script of theirs: seconds instead of minutes."""
        subprocess.run(
            [
                "mmdebstrap",
                "--quiet",
                "--arch=arm64",
                "--variant=extract",
                f"--include={PACKAGES}",
                "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                self.release,
                draft,
                MIRROR,
            ],
            capture_output=True,
            text=True,
            timeout=MAKING_S,
            check=True,
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One at a time makes a tree."""
        with self.tree.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
