"""Who may come in: the page itself, on the machine it was opened on, and nobody through it."""

import ipaddress
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "everlap_tubs"
MOST_BYTES = 1_000_000
"""In a request."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server on that address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class Door:
    """Lets requests through to the app, or answers them with one line.

    A page of somebody else, which the user's browser also shows, must not reach the tubs: the
    Host must be one of ours (so a foreign name that points here is turned away), and what changes
    something must come from our own page (Origin). Beyond loopback whoever comes must know the
    token of the printed address; a cookie keeps it.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None) -> None:
        """Store who may come.

        Args:
            app: what lies behind.
            host: the address that the server listens on.
            token: what the address must hold at the first visit; None on loopback.
        """
        self._app = app
        self._host = host.strip("[]").lower()
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope) or self._welcome(scope)
        await (answer or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return _refused(
                f"this server is not {host[:80]!r}: open the address that it printed", 421
            )
        if scope["path"].startswith("/api/") and not _is_our_page(headers):
            return _refused("only the page itself may ask for this", 403)
        if scope["method"] not in ("GET", "HEAD"):
            return _post_refusal(headers, host)
        return None

    def _is_ours(self, host: str) -> bool:
        name = _without_port(host).lower()
        if name in LOOPBACK_NAMES or name.strip("[]") == self._host:
            return True
        if self._token is None:
            return False
        return _is_address(name) or name.removesuffix(".local") == socket.gethostname().lower()

    def _welcome(self, scope: Scope) -> Response | None:
        """Beyond loopback: a cookie for whoever knows the token, and no entry for others."""
        if self._token is None:
            return None
        shown = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if shown and _same(shown, self._token):
            answer = RedirectResponse(scope["path"], 303)
            answer.set_cookie(COOKIE, self._token, httponly=True, samesite="strict")
            return answer
        if _same(_cookie(Headers(scope=scope)), self._token):
            return None
        return _refused("open the address with the token that `everlap tub view` printed", 403)


def _is_our_page(headers: Headers) -> bool:
    """Browsers say which page asks; other programs say nothing, and no page can make them ask."""
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _post_refusal(headers: Headers, host: str) -> Response | None:
    if headers.get("origin") != f"http://{host}":
        return _refused("an edit must come from the page itself: its Origin is another", 403)
    if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return _refused("an edit is sent as application/json", 415)
    length = headers.get("content-length", "")
    if not length.isdecimal():
        return _refused("an edit says how long it is (Content-Length)", 411)
    if len(length) > 9 or int(length) > MOST_BYTES:
        return _refused(f"an edit has at most {MOST_BYTES} bytes", 413)
    return None


def _refused(text: str, status: int) -> Response:
    return PlainTextResponse(text + "\n", status, {"Cache-Control": "no-store"})


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str:
    jar: SimpleCookie = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return ""
    return jar[COOKIE].value if COOKIE in jar else ""


def _same(shown: str, token: str) -> bool:
    return secrets.compare_digest(shown.encode(), token.encode())
