"""Requests that are still open when their page, or the server, goes."""

import signal
import socket
import subprocess
import sys


def test_a_request_that_is_broken_off_leaves_nothing_on_the_terminal(tub):
    command = [sys.executable, "-m", "car.cli", "tub", "view", str(tub), "--port", "0", "--no-open"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        host = process.stdout.readline().strip().removeprefix("http://").rstrip("/")
        half_an_edit = (
            f"POST /api/tubs/0/edits HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
        )
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port))) as gone:
            gone.sendall(half_an_edit.encode())
        with socket.create_connection((name, int(port))) as waiting:
            waiting.sendall(half_an_edit.encode())
            with socket.create_connection((name, int(port))) as other:
                other.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
                while other.recv(4096):
                    pass
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
    assert (said, process.returncode) == ("", 0)
