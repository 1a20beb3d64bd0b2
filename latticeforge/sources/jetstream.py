"""A stream of posts over a websocket, as Bluesky's Jetstream sends them.

Here: connecting, batching, and going on from a cursor after a break. Not here: storage, and streams of other shapes.

One message is ``{"did", "time_us", "kind": "commit", "commit": {"operation": "create", "collection":
"app.bsky.feed.post", "rkey", "record": {"text", "createdAt", "langs"}}}``; all others are passed over. A batch's
messages are landed as they came, one a line, before they are read.
"""

from __future__ import annotations

import asyncio
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from latticeforge.model import Fetch, Item, item_id_of
from latticeforge.sources.addresses import resolve
from latticeforge.sources.charset import settle
from latticeforge.sources.client import USER_AGENT
from latticeforge.sources.clock import Clock, sleep_unless
from latticeforge.sources.date_text import read_date
from latticeforge.sources.dates import DateProblem, judge_date
from latticeforge.sources.faults import PermanentFault, SourceFault, TransientFault
from latticeforge.sources.health import Health, Resume
from latticeforge.sources.landing import Landing

MAX_MESSAGE_BYTES = 65_536
MAX_TITLE = 1_000
TELL_EVERY = timedelta(seconds=60)  # how often an untroubled stream says that it is well
TOO_BIG = 1009  # websocket close code
OVERLAP_US = 5_000_000  # a replay starts this much before the last post seen; repeats are dropped in landing


@dataclass(frozen=True, slots=True)
class Batching:
    """When a batch is landed: at so many messages, or so many seconds after its first."""

    messages: int = 200
    seconds: float = 1.0


def read_post(message: str, source: str, received_at: datetime) -> tuple[int, Item | None]:
    """The stream's time of a message (microseconds since 1970), and the post in it, if there is one.

    Raises:
        ValueError: not a message of this format.
    """
    try:
        outer = json.loads(message)
        time_us, did = int(outer["time_us"]), str(outer["did"])
        commit = outer.get("commit") or {}
        wanted = commit.get("operation") == "create" and commit.get("collection") == "app.bsky.feed.post"
        return time_us, _post(did, commit, source, received_at) if wanted else None
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not a Jetstream message ({error!r:.80})") from error


def _post(did: str, commit: dict[str, Any], source: str, received_at: datetime) -> Item:
    record, guid = commit["record"], f"{did}/{commit['rkey']}"
    text = settle(str(record.get("text") or ""))
    read = read_date(str(record.get("createdAt") or ""))
    problem = None if read else DateProblem.UNREADABLE if record.get("createdAt") else DateProblem.MISSING
    event_at, status = judge_date(read.at if read else None, problem, received_at)
    return Item(
        item_id=item_id_of(source, guid),
        source=source,
        guid=guid,
        title=text[:MAX_TITLE],
        summary="",
        url=f"https://bsky.app/profile/{did}/post/{commit['rkey']}",
        author="",
        published_at=read.at if read else None,
        updated_at=None,
        event_at=event_at,
        date_status=status,
        first_seen_at=received_at,
        problems=() if text else ("no text",),
        account=did,
    )


def stream_name(url: str) -> str:
    """The identity of the stream at ``url`` in the store."""
    return f"jetstream:{urlsplit(url).hostname}"


class JetstreamCollector:
    """Listens to one stream for ever, in batches."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        landing: Landing,
        *,
        rng: random.Random,
        allow_loopback: bool = False,
        batching: Batching | None = None,
        resume: Resume | None = None,
    ) -> None:
        """``url``: ws or wss. After a restart the stream goes on from the last post that was told of."""
        self.url = url
        self.source = stream_name(url)
        last = resume.last_item_at if resume else None
        self.cursor_us = round(last.timestamp() * 1e6) if last else None
        self._clock, self._landing, self._allow_loopback = clock, landing, allow_loopback
        self._batching = batching or Batching()
        self._health = Health(self.source, clock, landing, rng, base_s=5.0, resume=resume)
        self._started_at = clock.now()
        self._told_at = self._started_at - TELL_EVERY
        self._resumed = self.cursor_us is not None
        self._first_wait_s = resume.wait_s(self._started_at) if resume and resume.failures else 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until ``stop`` is set; what has been received is landed first."""
        if self._first_wait_s and await sleep_unless(stop, self._clock, self._first_wait_s):
            return
        while not stop.is_set():
            try:
                await self._listen(stop)
            except SourceFault as fault:
                wait_s = await self._health.failed(
                    fault, good_until=self._good_until(), reason="stream is down", interval_s=60.0
                )
                await sleep_unless(stop, self._clock, wait_s)

    def _good_until(self) -> datetime:
        if self.cursor_us is None:
            return self._started_at
        return datetime.fromtimestamp(self.cursor_us / 1e6, UTC)

    async def _listen(self, stop: asyncio.Event) -> None:
        """One connection, until it breaks or ``stop`` is set.

        Raises:
            SourceFault: it could not be made, or broke.
        """
        connection = await self._connect()
        try:
            while not stop.is_set():
                batch = await self._batch(connection, stop)
                if batch:
                    await self._land(batch)
                await self._health.heard(bool(batch), TELL_EVERY.total_seconds())
        finally:
            await connection.close()

    async def _connect(self) -> ClientConnection:
        """Connect to an address that was checked; the name is still what TLS verifies."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise PermanentFault(f"{self.url[:200]!r} is not a ws or wss address: refused")
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        address = (await resolve(parts.hostname, port, allow_loopback=self._allow_loopback))[0]
        try:
            return await connect(
                self._asked_url(),
                host=address,
                port=port,
                proxy=None,
                user_agent_header=USER_AGENT,
                max_size=MAX_MESSAGE_BYTES,
                open_timeout=15,
                close_timeout=2,
            )
        except (OSError, TimeoutError, WebSocketException, ValueError) as error:
            reason = str(error) or type(error).__name__
            raise TransientFault(f"{self.source} cannot be reached ({reason}); tried again later") from error

    def _asked_url(self) -> str:
        query = {"wantedCollections": "app.bsky.feed.post"}
        if self.cursor_us is not None:
            query["cursor"] = str(max(0, self.cursor_us - OVERLAP_US))
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(query)}"

    async def _batch(self, connection: ClientConnection, stop: asyncio.Event) -> list[str]:
        """The messages of one batch; fewer where time is up or the connection ends, none where nothing came.

        Raises:
            TransientFault: the connection is gone and every message on it has been returned.
        """
        messages: list[str] = []
        due = asyncio.ensure_future(self._clock.sleep(self._batching.seconds))
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while len(messages) < self._batching.messages and not due.done() and not stopping.done():
                message = await _next_message(connection, due, stopping)
                if message is not None:
                    messages.append(message)
        except ConnectionClosed as error:
            if not messages:
                raise self._broken(error) from error
        finally:
            due.cancel()
            stopping.cancel()
            await asyncio.gather(due, stopping, return_exceptions=True)
        return messages

    def _broken(self, error: ConnectionClosed) -> TransientFault:
        """Why the connection ended. A message over the limit would come again from the same cursor: give that up."""
        if error.sent is not None and error.sent.code == TOO_BIG:
            self.cursor_us = None
            return TransientFault(f"{self.source} sent a message over {MAX_MESSAGE_BYTES} bytes; going on after it")
        return TransientFault(f"{self.source} closed the connection ({error}); reconnecting")

    async def _land(self, messages: list[str]) -> None:
        """Land a batch as it came, then the posts in it; then move the cursor."""
        now = self._clock.now()
        payload = "\n".join(messages).encode("utf-8", "replace")
        fetch_id = await self._landing.land_fetch(Fetch(self.source, self.url, now, now, 101, payload=payload))
        items: list[Item] = []
        times: list[int] = []
        problems: list[str] = []
        for message in messages:
            try:
                time_us, item = read_post(message, self.source, now)
            except ValueError as error:
                problems.append(str(error))
                continue
            times.append(time_us)
            items += [item] if item else []
        if items:
            await self._landing.land_items(items, fetch_id)
        if problems:
            detail: dict[str, object] = {"fetch_id": fetch_id, "problems": problems[:20]}
            await self._health.tell("stream.problems", f"{self.source}: {problems[0]}", "warning", detail)
        if times:
            await self._well(times, now)

    async def _well(self, times: list[int], now: datetime) -> None:
        """The stream works: close the gap (filled where the replay began before it) and move the cursor."""
        whole = self.cursor_us is not None and times[0] <= self.cursor_us
        what = "the replay began before the gap" if whole else "the stream could not go back so far"
        if self._resumed and not whole and self._health.gap is None:
            await self._health.open_gap(self._good_until(), "collector was not running")
        self._resumed = False
        await self._health.close_gap(now, "filled" if whole else "lost", what)
        self.cursor_us = max(*times, self.cursor_us or 0)
        if self._health.failures or now - self._told_at >= TELL_EVERY:
            self._told_at = now
            await self._health.worked(self._batching.seconds, last_item_at=self._good_until())


async def _next_message(
    connection: ClientConnection, due: asyncio.Task[None], stopping: asyncio.Task[Literal[True]]
) -> str | None:
    """The next message, or None where one of the two futures was done first. Nothing received is ever dropped."""
    receiving = asyncio.ensure_future(connection.recv())
    waited: set[asyncio.Future[Any]] = {receiving, due, stopping}
    await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    if not receiving.done():
        receiving.cancel()
        await asyncio.wait({receiving})
    if receiving.cancelled():
        return None
    message = receiving.result()
    return message if isinstance(message, str) else message.decode("utf-8", "replace")
