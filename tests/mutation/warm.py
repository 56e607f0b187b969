"""Runs pytest in a process that has already imported all but the project: saves a second each time.

    python tests/mutation/warm.py SOCKET      waits there, in the folder it was started in
    python tests/mutation/warm.py --ask SOCKET LONGEST_S ARGUMENTS...    gives pytest's exit code

Each run is a fork of its own, so that none sees what another had imported, and is killed after so
many whole seconds; 0 is no limit. Compiled code is kept of a run without a limit only: the time
stamps by which Python knows it again are too coarse for mutants.
"""

import gc
import io
import os
import select
import signal
import socket
import sys
import tempfile
from contextlib import redirect_stdout, suppress

NO_ANSWER = 99
LONGEST_REQUEST = 65536


def ask(path: str, arguments: list[str]) -> int:
    """Have pytest run with these arguments; gives its exit code."""
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        link.sendall("\0".join(arguments).encode())
        link.shutdown(socket.SHUT_WR)
        answer = link.recv(1)
    return answer[0] if answer else NO_ANSWER


def serve(path: str) -> None:
    """Fork a run for everyone who asks, one after the other, until killed."""
    _import_what_tests_need()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        while True:
            link, _ = listener.accept()
            with link:
                arguments = link.recv(LONGEST_REQUEST).decode().split("\0")
                link.sendall(bytes([_run(int(arguments[0]), arguments[1:])]))


def _import_what_tests_need() -> None:
    """Import what does not change, pytest's plugins too; few examples, always the same."""
    import adafruit_pca9685  # noqa: F401
    import cv2  # noqa: F401
    import msgspec  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)
    settings.register_profile(
        "mutation",
        max_examples=25,
        derandomize=True,
        database=None,
        deadline=None,
        phases=phases,
    )
    settings.load_profile("mutation")
    with tempfile.TemporaryDirectory() as empty, redirect_stdout(io.StringIO()):
        _pytest(["-c", os.devnull, "--rootdir", empty, "--collect-only", empty])
    gc.collect()
    gc.freeze()
    gc.disable()


def _run(longest_s: int, arguments: list[str]) -> int:
    """Run pytest in a fork; whatever it leaves behind is killed with it."""
    child = os.fork()
    if child == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nowhere, stream)
        sys.dont_write_bytecode = longest_s > 0
        os._exit(_pytest(arguments))
    watch = os.pidfd_open(child)
    select.select([watch], [], [], longest_s or None)
    os.close(watch)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) & 0xFF


def _pytest(arguments: list[str]) -> int:
    import pytest

    already_imported = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *already_imported, *arguments]))


if __name__ == "__main__":
    if sys.argv[1] == "--ask":
        sys.exit(ask(sys.argv[2], sys.argv[3:]))
    serve(sys.argv[1])
