"""What the page can ask for: the list of tubs, their numbers, pictures and marks, and edits."""

from collections.abc import Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tubs.browser.columns import MOST_RECORDS, pack_columns, read_columns
from tubs.browser.marks_shown import EditAsked, MarksShown, edit_marks, marks_version, show_marks
from tubs.browser.open_tub import OpenTub, size_of_sessions
from tubs.browser.rule_asked import find_by_rule
from tubs.browser.shelf import Shelf
from tubs.browser.tub_shown import show_tub
from tubs.encoded import EncodedRecord
from tubs.errors import EverlapError, TubError

_NEVER_KEPT = {"Cache-Control": "no-store"}
_KEPT_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
MOST_LETTERS = 200


class WrongRequestError(EverlapError):
    """Something was asked for that makes no sense."""


class Api:
    """The answers, as starlette's routes; those that read the disk run in threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def routes(self) -> list[Route]:
        """Every address below /api."""
        tub = "/api/tubs/{number:int}"
        picture = "{key:str}/{within:int}/{stamp:int}"
        return [
            Route("/api/tubs", self.list_tubs),
            Route(tub, self.tub),
            Route(tub + "/summary", self.summary),
            Route(tub + "/thumbnail", self.thumbnail),
            Route(tub + "/columns", self.columns),
            Route(tub + "/state", self.state),
            Route(tub + "/marks", self.marks),
            Route(tub + "/found", self.found),
            Route(tub + "/edits", self.edit, methods=["POST"]),
            Route(f"{tub}/pictures/{picture}", self.picture),
            Route(f"{tub}/maps/{picture}", self.class_map),
        ]

    def list_tubs(self, request: Request) -> Response:
        """Names of all tubs; the rest comes from `summary`, tub by tub."""
        shelf = self._shelf
        shelf.look_again()
        tubs = [{"number": number, "name": shelf.name(number)} for number in range(len(shelf))]
        return _json({"one": shelf.is_one_tub, "tubs": tubs})

    def summary(self, request: Request) -> Response:
        """What the list says of a tub."""
        return _json(self._shelf.summary(_number(request)))

    def tub(self, request: Request) -> Response:
        """What a tub is, as it is now: this opens it anew."""
        number = _number(request)
        with self._shelf.edited(number) as tub:
            marks = show_marks(tub)
        opened = self._shelf.open(number, anew=True)
        return _json(show_tub(opened, self._shelf.name(number), marks))

    def columns(self, request: Request) -> Response:
        """The numbers of neighbouring records, as pack_columns writes them."""
        first = _whole(request, "from", 0)
        count = min(_whole(request, "count", MOST_RECORDS), MOST_RECORDS)
        columns = read_columns(self._opened(request), first, count)
        return Response(pack_columns(columns), 200, _NEVER_KEPT, "application/octet-stream")

    def state(self, request: Request) -> Response:
        """What may have changed since: the marks, and the size of a tub that is being recorded."""
        opened = self._opened(request)
        folder = opened.tub.folder
        try:
            grown = size_of_sessions(folder) - opened.size_bytes
        except OSError:
            grown = 0
        return _json({"marks": marks_version(opened.tub), "grown_bytes": grown})

    def marks(self, request: Request) -> Response:
        """Which records are deleted now."""
        with self._shelf.edited(_number(request)) as tub:
            return _json(show_marks(tub))

    def found(self, request: Request) -> Response:
        """The records that a rule chooses; some rules look at every picture."""
        rule = request.query_params.get("rule", "")
        if len(rule) > MOST_LETTERS:
            raise WrongRequestError(f"a rule has at most {MOST_LETTERS} letters")
        return _json(find_by_rule(self._opened(request).tub, rule))

    async def edit(self, request: Request) -> Response:
        """Make an edit, and give the marks as they are then."""
        body = await request.body()
        try:
            asked = msgspec.json.decode(body, type=EditAsked)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise WrongRequestError(f"this is no edit: {error}") from error
        return _json(await run_in_threadpool(self._edit, _number(request), asked))

    def _edit(self, number: int, asked: EditAsked) -> MarksShown:
        with self._shelf.edited(number) as tub:
            return edit_marks(tub, asked)

    def picture(self, request: Request) -> Response:
        """The JPEG of a record as it lies in the file; JSON with the reason where it is damaged."""
        return self._picture(request, "image/jpeg", lambda record: record.jpeg)

    def class_map(self, request: Request) -> Response:
        """The class map of a record as it lies in the file; nothing (204) where there is none."""
        return self._picture(request, "image/png", lambda record: record.class_map_png)

    def _picture(
        self, request: Request, kind: str, part: Callable[[EncodedRecord], bytes | None]
    ) -> Response:
        opened = self._opened(request)
        path = request.path_params
        record = opened.find_picture(path["key"], path["within"], path["stamp"])
        if record is None:
            return _json({"damaged": "it is not in the tub any more: load the page again"})
        try:
            data = part(opened.tub.encoded(record))
        except TubError as error:
            return _json({"damaged": str(error)})
        if data is None:
            return Response(None, 204, _KEPT_FOR_EVER)
        return Response(data, 200, _KEPT_FOR_EVER, kind)

    def thumbnail(self, request: Request) -> Response:
        """A picture from the middle of a tub; nothing (204) where it is damaged."""
        number = _number(request)
        try:
            tub = self._shelf.open(number).tub
            jpeg = tub.encoded(len(tub) // 2).jpeg
        except TubError:
            return Response(None, 204, _NEVER_KEPT)
        return Response(jpeg, 200, _NEVER_KEPT, "image/jpeg")

    def _opened(self, request: Request) -> OpenTub:
        return self._shelf.open(_number(request))


def _number(request: Request) -> int:
    return int(request.path_params["number"])


def _whole(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, str(otherwise))
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise WrongRequestError(f"{name} = {text[:40]!r} is not a whole number from 0")
    return int(text)


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), 200, _NEVER_KEPT, "application/json")
