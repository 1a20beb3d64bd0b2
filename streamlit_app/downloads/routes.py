"""The addresses under ``/data``: tables, days, and the feed of new links.

Here: reading what the client asks for, and refusing it in one sentence. Not here: rows (``tables``), forms
(``answers``). The database is asked in a thread, with its own time limit, so that no page waits for a download.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from latticeforge.windows import parse_instant
from streamlit_app.database import DashboardFault
from streamlit_app.downloads import atom
from streamlit_app.downloads.answers import FORMS, fault, refused, respond
from streamlit_app.downloads.tables import TABLES, read
from streamlit_app.ui.text import data as words

META = "meta.json"


class _BadRequest(Exception):
    """What the client asked for cannot be read; the message may be shown."""


async def table(request: Request) -> Response:
    """``/data/links.csv`` and its neighbours: `from`, `to`, `as_of` in the query."""
    return await _answer(request, request.path_params["name"], lambda: _span(request))


async def day(request: Request) -> Response:
    """``/data/day/2025-01-28/links.csv``: a table, of one UTC day."""
    return await _answer(request, request.path_params["name"], lambda: _day(request.path_params["day"]))


async def whole_day(request: Request) -> Response:
    """``/data/day/2025-01-28.csv``: the links of one UTC day."""
    try:
        start, _ = _day(request.path_params["day"])
    except _BadRequest as error:
        return refused(400, str(error))
    form = request.path_params["form"]
    if form not in {*FORMS, META}:
        return refused(404, words.NO_SUCH_FORM)
    return RedirectResponse(f"/data/day/{start:%Y-%m-%d}/links.{form}", status_code=307)


async def feed(request: Request) -> Response:
    """``/data/links.atom``: new links, newest first."""
    try:
        return await run_in_threadpool(atom.respond, request)
    except DashboardFault as error:
        return fault(error)


Span = tuple[datetime | None, datetime | None]


async def _answer(request: Request, name: str, span: Callable[[], Span]) -> Response:
    form = request.path_params.get("form", META)
    if name not in TABLES or form not in {*FORMS, META}:
        return refused(404, words.NO_SUCH_FORM)
    try:
        start, end = span()
        as_of = _instant(request, "as_of")
        if start and end and start >= end:
            raise _BadRequest(words.BAD_SPAN)
        return await run_in_threadpool(lambda: respond(request, read(name, start, end, as_of), form))
    except _BadRequest as error:
        return refused(400, str(error))
    except DashboardFault as error:
        return fault(error)


def _span(request: Request) -> Span:
    return _instant(request, "from"), _instant(request, "to")


def _instant(request: Request, name: str) -> datetime | None:
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        return parse_instant(given[:40])
    except ValueError as error:
        raise _BadRequest(words.BAD_INSTANT) from error


def _day(given: str) -> tuple[datetime, datetime]:
    try:
        first = date.fromisoformat(given)
    except ValueError as error:
        raise _BadRequest(words.NO_SUCH_DAY) from error
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    return start, start + timedelta(days=1)


ROUTES = [
    Route("/data/links.atom", feed),
    Route("/data/{name:str}.meta.json", table),
    Route("/data/{name:str}.{form:str}", table),
    Route("/data/day/{day:str}/{name:str}.meta.json", day),
    Route("/data/day/{day:str}/{name:str}.{form:str}", day),
    Route("/data/day/{day:str}.{form:str}", whole_day),
]
