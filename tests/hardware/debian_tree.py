"""A Debian system in a folder, with Everlap checked out in a closed home, ready to be booted."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
SUITES = {(3, 11): "bookworm", (3, 13): "trixie"}
"""The Debian whose own Python can use the packages that are installed here."""

TOOLS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux"}
PACKAGES = "systemd,systemd-sysv,dbus,python3,procps"
MIRROR = "http://deb.debian.org/debian"
HOME = "/home/pi"
CODE = f"{HOME}/everlap"
PYTHON = f"{CODE}/.venv/bin/python"
SITE = "/opt/site-packages"
"""Where the packages of this Python are shown inside."""


def missing() -> str:
    """Say what keeps a Debian system from being booted here; empty when nothing does."""
    if os.environ.get("EVERLAP_VERIFY") != "1":
        return "boots a Debian system: run .ci/verify as root, or set EVERLAP_VERIFY=1"
    if os.geteuid() != 0:
        return "booting a Debian system needs root: sudo .ci/verify"
    packages = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if packages:
        return f"sudo apt install {' '.join(packages)}"
    if sys.version_info[:2] not in SUITES:
        return f"no Debian has Python {sys.version_info.major}.{sys.version_info.minor}"
    return ""


def pristine() -> Path:
    """Give a minimal Debian tree, made once and kept in the cache folder."""
    suite = SUITES[sys.version_info[:2]]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "everlap"
    tree = cache / f"debian-{suite}"
    if not tree.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        draft = cache / f"debian-{suite}.{os.getpid()}"
        command = ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", suite]
        try:
            subprocess.run([*command, str(draft), MIRROR], check=True, timeout=900)
            draft.rename(tree)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return tree


def furnished(folder: Path) -> Path:
    """Copy the tree and put into it what a hobbyist has: a user, a checkout, an environment."""
    tree = folder / "debian"
    subprocess.run(
        ["cp", "-a", "--reflink=auto", str(pristine()), str(tree)], check=True, timeout=300
    )
    _inside(tree, "useradd", "--create-home", "--shell", "/bin/sh", "pi")
    for group in ("i2c", "gpio"):
        _inside(tree, "groupadd", "--system", group)
    code = tree / CODE.lstrip("/")
    for name in ("car", "tubs", "calibration", "systemd"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(CHECKOUT / name, code / name, ignore=ignored)
    for name in ("pyproject.toml", "everlap"):
        shutil.copy2(CHECKOUT / name, code / name)
    _inside(tree, "/usr/bin/python3", "-m", "venv", "--without-pip", f"{CODE}/.venv")
    _add_packages(code / ".venv")
    _inside(tree, "chown", "-R", "pi:pi", HOME)
    (tree / HOME.lstrip("/")).chmod(0o700)
    return tree


def _add_packages(environment: Path) -> None:
    """Let the environment find the checkout, its version, and this Python's packages."""
    (packages,) = environment.glob("lib/python3.*/site-packages")
    (packages / "everlap.pth").write_text(f"{CODE}\n{SITE}\n")
    about = packages / f"everlap-{importlib.metadata.version('everlap')}.dist-info"
    about.mkdir()
    metadata = importlib.metadata.metadata("everlap")
    text = f"Metadata-Version: 2.1\nName: everlap\nVersion: {metadata['Version']}\n"
    (about / "METADATA").write_text(text)


def packages_here() -> str:
    """Give the folder that is to be shown inside as SITE."""
    return sysconfig.get_path("purelib")


def _inside(tree: Path, *words: str) -> None:
    subprocess.run(["chroot", str(tree), *words], check=True, timeout=120)
