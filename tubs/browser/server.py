"""Serves the tub browser: the page's files, the api behind them, on one port until Ctrl-C."""

import asyncio
import errno
import gzip
import logging
import secrets
import socket
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tubs.browser.api import Api
from tubs.browser.door import Door, is_loopback
from tubs.browser.shelf import NoSuchTubError, Shelf
from tubs.errors import EverlapError, OutputError

STATIC = Path(__file__).parent / "static"
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class CannotServeError(EverlapError):
    """The page cannot be served at that address."""


def make_app(shelf: Shelf, host: str, token: str | None) -> ASGIApp:
    """The whole application.

    Args:
        shelf: the tubs.
        host: the address that it will listen on.
        token: what a first visit must know; None on loopback.
    """
    app = Starlette(
        routes=[*_page_routes(), *Api(shelf).routes()],
        exception_handlers={
            EverlapError: _say,
            404: _say_nothing_there,
            405: _say_wrong_method,
        },
    )
    return Door(app, host, token)


def _page_routes() -> list[Route]:
    """One route for each of the page's files, which are read now: no path is ever looked up."""
    routes = []
    for path in sorted(STATIC.iterdir()):
        if path.suffix in _KINDS:
            answer = _file_answer(path.read_bytes(), _KINDS[path.suffix])
            routes.append(Route("/" if path.name == "index.html" else f"/{path.name}", answer))
    return routes


def _file_answer(content: bytes, kind: str) -> Callable[[Request], Response]:
    tag = f'"{blake2b(content, digest_size=8).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    packed = gzip.compress(content, mtime=0)

    def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(None, 304, headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, 200, headers | {"Content-Encoding": "gzip"}, kind)
        return Response(content, 200, headers, kind)

    return answer


def _say(request: Request, error: Exception) -> Response:
    """A wrong request is answered with one line, as the command line does."""
    status = 404 if isinstance(error, NoSuchTubError) else 400
    if isinstance(error, OutputError):
        status = 409
    return PlainTextResponse(" ".join(str(error).split()) + "\n", status)


def _say_nothing_there(request: Request, error: Exception) -> Response:
    return PlainTextResponse("there is nothing at this address\n", 404)


def _say_wrong_method(request: Request, error: Exception) -> Response:
    return PlainTextResponse("this address does not take that method\n", 405)


class PageServer:
    """A server that listens from the moment it is made, and answers while `run` runs.

    Attributes:
        url: what to open in a browser.
    """

    def __init__(self, shelf: Shelf, host: str, port: int) -> None:
        """Take the port.

        Args:
            shelf: the tubs.
            host: a name or an address of this machine.
            port: 0 takes any that is free.

        Raises:
            CannotServeError: the port is in use, or the address is not of this machine.
        """
        self._socket = _listen(host, port)
        token = None if is_loopback(host) else secrets.token_urlsafe(16)
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}/"
        if token:
            self.url += f"?token={token}"
        settings = uvicorn.Config(
            make_app(shelf, host, token),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=1,
        )
        logging.getLogger("uvicorn.error").addFilter(_is_no_broken_off_request)
        self._server = uvicorn.Server(settings)

    def run(self) -> None:
        """Answer until Ctrl-C or `stop`, which are ordinary endings."""
        try:
            self._server.run([self._socket])
        except KeyboardInterrupt:
            pass
        finally:
            self._socket.close()

    def stop(self) -> None:
        """End `run`, from any thread."""
        self._server.should_exit = True


def _is_no_broken_off_request(record: logging.LogRecord) -> bool:
    """Whether a line of the log says more than that a page went, or an answer was not waited for.

    Both happen whenever somebody closes a window or presses Ctrl-C in the middle of a request.
    """
    error = record.exc_info[1] if record.exc_info else None
    is_broken_off = isinstance(error, asyncio.CancelledError | ClientDisconnect)
    return not is_broken_off and not str(record.msg).startswith("Cancel %s running task")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
    except (socket.gaierror, UnicodeError) as error:
        raise CannotServeError(f"--host {host}: there is no such name ({error})") from error
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise CannotServeError(_why_not(host, port, error)) from error
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use, perhaps by another `everlap tub view`: close that, "
            f"or choose another port, such as --port {port + 1 if port < 65535 else 8888}"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--host {host} is not an address of this machine: 0.0.0.0 takes all that it has"
    return f"cannot listen on {host} port {port}: {error.strerror}"
