"""The demo day's sources as real HTTP servers on this machine.

Here: feeds, calendar, the attention API with its scripted outage, the social stream, over loopback. Not here: what they
publish (``day``, ``feeds``). Every answer depends on the request and on ``now()``, the simulated clock, alone.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from latticeforge.demo.calendar import to_ics
from latticeforge.demo.day import DemoDay
from latticeforge.demo.feeds import FeedOf, feeds
from latticeforge.demo.publishing import Publication, did
from latticeforge.windows import EPOCH, parse_instant

PAGE_MINUTES = 20
RETRY_AFTER_S = 20
_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
_LOOK_S = 0.02  # wall seconds between two looks at the clock
_START_S = 20.0
_MAINTENANCE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>Back soon</h1></body></html>"

Now = Callable[[], datetime]


class Feed(NamedTuple):
    """What a collector needs to know to read a feed. ``interval_s``: seconds between two polls."""

    name: str
    title: str
    url: str
    kind: str
    country: str
    language: str
    political: bool
    interval_s: float
    social: bool


class _Dropped(Response):
    """An answer that ends in the middle: the connection is gone before the promised bytes came."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"4096")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"platform": "', "more_body": False})


class Publishers:
    """The routes of all publishers. ``disturbed`` False: no outage and no maintenance page."""

    def __init__(self, day: DemoDay, now: Now, disturbed: bool = True) -> None:
        self._day, self._now, self._disturbed = day, now, disturbed
        self._feeds: dict[str, FeedOf] = feeds(day.sources, day.items)
        self._minutes = [_minute_rows(day, index) for index in range(day.attention.counts.shape[1])]
        self._posts = _posts(day)
        self._post_times = [time_us for time_us, _ in self._posts]
        self.app = Starlette(
            routes=[
                Route("/feeds/{name}", self._feed),
                Route("/calendar.ics", self._calendar),
                Route("/attention/counts", self._attention),
                WebSocketRoute("/subscribe", self._subscribe),
            ]
        )

    async def _feed(self, request: Request) -> Response:
        feed, now = self._feeds.get(request.path_params["name"]), self._now()
        if feed is None:
            return Response("no such feed", 404, media_type="text/plain")
        if feed.source.maintenance and self._within(*self._day.truth.maintenance, now):
            return Response(_MAINTENANCE, media_type="text/html")
        headers = request.headers
        answer = feed.answer(now, headers.get("if-none-match", ""), headers.get("if-modified-since", ""))
        if answer.body is None:
            return Response(status_code=304, headers=answer.headers)
        if feed.source.gzip and "gzip" in headers.get("accept-encoding", ""):
            packed = gzip.compress(answer.body, 1, mtime=0)
            return Response(packed, headers=answer.headers | {"content-encoding": "gzip", "vary": "accept-encoding"})
        return Response(answer.body, headers=answer.headers)

    async def _calendar(self, request: Request) -> Response:
        now = self._now()
        listed = sum(event.first_seen_at <= now for event in self._day.calendar)
        etag = f'"calendar-{listed}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        return Response(to_ics(self._day.calendar, now), media_type="text/calendar", headers={"etag": etag})

    async def _attention(self, request: Request) -> Response:
        """The complete minutes from ``since`` on, oldest first, in the form that ``sources.counts`` describes."""
        now, attention = self._now(), self._day.attention
        if self._within(*self._day.truth.outage, now):
            return self._failure(now)
        try:
            since = parse_instant(request.query_params.get("since", attention.start.isoformat()))
        except ValueError as error:
            return Response(json.dumps({"error": str(error)}), 400, media_type="application/json")
        complete = min(max(0, (now - attention.start) // _MINUTE), len(self._minutes))
        first = min(max(0, -((attention.start - since) // _MINUTE)), complete)
        last = min(complete, first + PAGE_MINUTES)
        following = max(since, attention.minute(last)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = (
            f'{{"platform": "{attention.platform}", "counts": [{", ".join(self._minutes[first:last])}], '
            f'"next_since": "{following}", "more": {json.dumps(last < complete)}}}'
        )
        return Response(body, media_type="application/json")

    def _failure(self, now: datetime) -> Response:
        """A third of the outage each: too many requests, unavailable, connections that drop."""
        start, end = self._day.truth.outage
        stage = int(3 * ((now - start) / (end - start)))
        if stage == 0:
            return Response("slow down", 429, headers={"retry-after": str(RETRY_AFTER_S)})
        if stage == 1:
            return Response("service unavailable", 503)
        return _Dropped()

    async def _subscribe(self, websocket: WebSocket) -> None:
        """Posts after ``cursor`` (microseconds since 1970), or after now; then each as its time comes."""
        await websocket.accept()
        cursor = websocket.query_params.get("cursor", "")
        sent = bisect_left(self._post_times, int(cursor)) if cursor.isdigit() else self._out()
        listening = asyncio.ensure_future(_until_gone(websocket))
        try:
            while not listening.done():
                for _, message in self._posts[sent : (out := self._out())]:
                    await websocket.send_text(message)
                sent = max(sent, out)
                await asyncio.wait({listening}, timeout=_LOOK_S)
        except WebSocketDisconnect:
            return
        finally:
            listening.cancel()

    def _out(self) -> int:
        return bisect_right(self._post_times, (self._now() - EPOCH) // _MICROSECOND)

    def _within(self, start: datetime, end: datetime, now: datetime) -> bool:
        return self._disturbed and start <= now < end


async def _until_gone(websocket: WebSocket) -> None:
    """Return when the other side closes; what it sends (options) is not needed."""
    try:
        while True:
            await websocket.receive_text()
    except WebSocketDisconnect:
        return


def _minute_rows(day: DemoDay, index: int) -> str:
    attention = day.attention
    minute = attention.minute(index).strftime("%Y-%m-%dT%H:%M:%SZ")
    column = attention.counts[:, index].tolist()
    rows = (
        f'{{"term": {json.dumps(term)}, "minute": "{minute}", "count": {count}}}'
        for term, count in zip(attention.terms, column, strict=True)
    )
    return ", ".join(rows)


def _posts(day: DemoDay) -> list[tuple[int, str]]:
    """Time (microseconds since 1970, strictly rising) and Jetstream message of every social post."""
    posts: list[tuple[int, str]] = []
    previous = 0
    for item in day.items:
        if item.account:
            previous = max(previous + 1, (item.visible_at - EPOCH) // _MICROSECOND)
            posts.append((previous, _message(item, previous)))
    return posts


def _message(item: Publication, time_us: int) -> str:
    record = {"$type": "app.bsky.feed.post", "text": item.title, "createdAt": f"{item.happened_at:%Y-%m-%dT%H:%M:%SZ}"}
    commit = {
        "operation": "create",
        "collection": "app.bsky.feed.post",
        "rkey": item.guid.rpartition("/")[2],
        "record": record | {"langs": ["en"]},
    }
    return json.dumps(
        {"did": did(item.account), "time_us": time_us, "kind": "commit", "commit": commit}, ensure_ascii=False
    )


class PublisherServer:
    """The publishers on a free port of 127.0.0.1, in a thread of their own, for the time of a ``with`` block."""

    def __init__(self, day: DemoDay, now: Now, disturbed: bool = True) -> None:
        self._day = day
        config = uvicorn.Config(
            Publishers(day, now, disturbed).app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    def __enter__(self) -> PublisherServer:
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        deadline = time.monotonic() + _START_S
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the demo's publishers did not start: is 127.0.0.1 usable on this machine?")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=_START_S)
        self._socket.close()

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def calendar_url(self) -> str:
        """The political calendar (ICS); its name is ``calendar.CALENDAR_ID``."""
        return f"{self.url}/calendar.ics"

    @property
    def attention_url(self) -> str:
        """The polled counts API; takes ``since``."""
        return f"{self.url}/attention/counts"

    @property
    def stream_url(self) -> str:
        """The social stream (websocket); takes ``cursor``."""
        return f"{self.url.replace('http', 'ws', 1)}/subscribe"

    def feeds(self) -> list[Feed]:
        """Every feed there is to read."""
        return [
            Feed(
                name=s.name,
                title=s.title,
                url=f"{self.url}/feeds/{s.name}",
                kind=s.kind,
                country=s.country,
                language=s.language,
                political=s.political,
                interval_s=s.interval_s,
                social=s.tier == "social",
            )
            for s in self._day.sources
        ]
