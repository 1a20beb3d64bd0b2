"""What came in: append-only, deduplicated writes to ``landing``, and reads of it.

Here: fetches, items, attention counts, calendar events. Not here: parsing (``sources``) or derived rows
(``generations``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from latticeforge.model import EVENT_COLUMNS, UTC_TIME, AttentionCount, CalendarEvent, Fetch, Item, Landed, Schema
from latticeforge.store.frames import to_frame

LANDED: Schema = {
    "seq": pl.Int64,
    "item_id": pl.String,
    "content_hash": pl.Binary,
    "source": pl.String,
    "account": pl.String,
    "title": pl.String,
    "summary": pl.String,
    "url": pl.String,
    "event_at": UTC_TIME,
    "date_status": pl.String,
    "first_seen_at": UTC_TIME,
    "text_hash": pl.Binary,
}


def land_fetch(connection: psycopg.Connection, fetch: Fetch) -> int:
    """Store one answer with its payload; return its fetch_id. Equal payloads are stored once."""
    sha = fetch.sha256 if fetch.payload else None
    if sha:
        connection.execute(
            "insert into landing.payload (sha256, body) values (%s, %s) on conflict do nothing", (sha, fetch.payload)
        )
    row = connection.execute(
        "insert into landing.fetch (source, url, requested_at, received_at, status, headers, payload_sha256, fault)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) returning fetch_id",
        (
            fetch.source,
            fetch.url,
            fetch.requested_at,
            fetch.received_at,
            fetch.status,
            Jsonb(fetch.headers),
            sha,
            fetch.fault,
        ),
    ).fetchone()
    assert row is not None
    return int(row[0])


_LANDING_LOCK = 0x1A4D
_LAND_ITEMS = """
with incoming as (
    select distinct on (item_id, content_hash) *
    from unnest(%s::text[], %s::bytea[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::text[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::timestamptz[],
                %s::bytea[], %s::jsonb[])
         with ordinality as t (item_id, content_hash, source, account, guid, title, summary, url, author, published_at,
                               updated_at, event_at, date_status, first_seen_at, text_hash, problems, place)
    order by item_id, content_hash, place
), known as (
    -- a correction may carry another date: the first revision fixes the window, so that it is never counted twice
    select distinct on (item_id) i.item_id, i.event_at, i.date_status, i.first_seen_at
    from landing.item i where i.item_id in (select item_id from incoming)
    order by i.item_id, i.seq
), added as (
    insert into landing.item (item_id, content_hash, source, account, guid, title, summary, url, author, published_at,
                              updated_at, event_at, date_status, first_seen_at, text_hash, problems, fetch_id)
    select n.item_id, content_hash, source, account, guid, title, summary, url, author, published_at, updated_at,
           case when k.item_id is null then n.event_at else k.event_at end,
           coalesce(k.date_status, n.date_status), coalesce(k.first_seen_at, n.first_seen_at), text_hash,
           array(select jsonb_array_elements_text(problems)), %s
    from incoming n left join known k using (item_id)
    order by place
    on conflict do nothing
    returning item_id
)
select count(distinct item_id) filter (where item_id not in (select item_id from known)), count(*) from added
"""


def land_items(connection: psycopg.Connection, items: Sequence[Item], fetch_id: int | None) -> Landed:
    """Store the revisions that are new, in one statement. Sending the same items again changes nothing."""
    if not items:
        return Landed()
    # One lander at a time: numbers of ``seq`` then become visible in order, and no reader's cursor can pass one by.
    connection.execute("select pg_advisory_xact_lock(%s)", (_LANDING_LOCK,))
    columns = zip(
        *(
            (
                i.item_id,
                i.content_hash,
                i.source,
                i.account,
                i.guid,
                i.title,
                i.summary,
                i.url,
                i.author,
                i.published_at,
                i.updated_at,
                i.event_at,
                i.date_status.value,
                i.first_seen_at,
                i.text_hash,
                json.dumps(i.problems),
            )
            for i in items
        ),
        strict=True,
    )
    row = connection.execute(_LAND_ITEMS, [*map(list, columns), fetch_id]).fetchone()
    assert row is not None
    new, added = int(row[0]), int(row[1])
    return Landed(new=new, duplicate=len(items) - added, revised=added - new)


def land_attention(
    connection: psycopg.Connection, counts: Sequence[AttentionCount], fetch_id: int | None, received_at: datetime
) -> int:
    """Store counts of minutes not seen before; return how many there were."""
    if not counts:
        return 0
    cursor = connection.execute(
        "insert into landing.attention (platform, term, observed_at, count, received_at, fetch_id)"
        " select *, %s, %s from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::int[]) on conflict do nothing",
        (
            received_at,
            fetch_id,
            [c.platform for c in counts],
            [c.term for c in counts],
            [c.observed_at for c in counts],
            [c.count for c in counts],
        ),
    )
    return cursor.rowcount


def land_events(connection: psycopg.Connection, events: Sequence[CalendarEvent], fetch_id: int | None) -> int:
    """Store calendar entries not seen before; return how many there were."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into landing.calendar_event (event_id, calendar_id, title, description, occurred_at, time_known,"
            " category, impact, url, first_seen_at, fetch_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [
                (
                    e.event_id,
                    e.calendar_id,
                    e.title,
                    e.description,
                    e.occurred_at,
                    e.time_known,
                    e.category,
                    e.impact,
                    e.url,
                    e.first_seen_at,
                    fetch_id,
                )
                for e in events
            ],
        )
        return max(cursor.rowcount, 0)


def read_items(connection: psycopg.Connection, start: datetime, end: datetime) -> pl.DataFrame:
    """Every landed revision that belongs to ``[start, end)`` (event time, else first seen), in a fixed order.

    Without those that are withdrawn (``ops.withdrawal``).
    """
    rows = connection.execute(
        sql.SQL(
            "select {} from landing.standing_item where window_at >= %s and window_at < %s"
            " order by window_at, item_id, seq"
        ).format(_columns(LANDED)),
        (start, end),
    ).fetchall()
    return to_frame(rows, LANDED)


def read_events(connection: psycopg.Connection, start: datetime, end: datetime) -> pl.DataFrame:
    """Calendar events with ``occurred_at`` in ``[start, end)``, oldest first."""
    rows = connection.execute(
        sql.SQL(
            "select {} from landing.calendar_event where occurred_at >= %s and occurred_at < %s"
            " order by occurred_at, event_id"
        ).format(_columns(EVENT_COLUMNS)),
        (start, end),
    ).fetchall()
    return to_frame(rows, EVENT_COLUMNS)


def _columns(schema: Schema) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, schema))


@dataclass(frozen=True, slots=True)
class Arrival:
    """A landed revision as the radar first meets it. ``first`` is False for a correction of a known item."""

    seq: int
    text_hash: bytes
    title: str
    window_at: datetime
    counted: bool
    first_seen_at: datetime
    first: bool


def arrivals(connection: psycopg.Connection, after_seq: int, limit: int) -> list[Arrival]:
    """Landed revisions after ``after_seq``, in the order of landing, ``limit`` at most."""
    rows = connection.execute(
        "select i.seq, i.text_hash, i.title, i.window_at, i.event_at is not null, i.first_seen_at, not exists"
        " (select from landing.item o where o.item_id = i.item_id and o.seq < i.seq)"
        " from landing.item i where i.seq > %s order by i.seq limit %s",
        (after_seq, limit),
    ).fetchall()
    return [Arrival(*row) for row in rows]


def first_counted(connection: psycopg.Connection, since: datetime) -> datetime | None:
    """Event time of the oldest counted item not older than ``since``."""
    row = connection.execute("select min(event_at) from landing.item where event_at >= %s", (since,)).fetchone()
    return row[0] if row else None
