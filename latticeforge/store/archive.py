"""What belongs to one UTC day: which tables, which columns, which rows, in which order.

Here: reading the day. Not here: files and hashes (``snapshot``), writing it back (``restore``). Columns that only say
when or in which order this machine wrote (seq, fetch_id, landed_at, generation ids, wall-clock durations) stay out: the
same day must give the same rows elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import polars as pl
import psycopg

from latticeforge.model import ASSETS, UTC_TIME, VECTOR, Table
from latticeforge.store.generations import read_table
from latticeforge.store.vectors import vector_blobs
from latticeforge.windows import DAY

ITEM = Table(
    "landing.item",
    {
        "item_id": pl.String,
        "revision": pl.Int32,  # 1 is what landed first; it fixes the window and is the one that counts
        "content_hash": pl.Binary,
        "source": pl.String,
        "account": pl.String,
        "guid": pl.String,
        "title": pl.String,
        "summary": pl.String,
        "url": pl.String,
        "author": pl.String,
        "published_at": UTC_TIME,
        "updated_at": UTC_TIME,
        "event_at": UTC_TIME,
        "date_status": pl.String,
        "first_seen_at": UTC_TIME,
        "text_hash": pl.Binary,
        "problems": pl.List(pl.String),
        "withdrawn": pl.Boolean,  # a rollback has taken it out of what counts; it came in all the same
    },
    ("item_id", "revision"),
)
ATTENTION = Table(
    "landing.attention",
    {"platform": pl.String, "term": pl.String, "observed_at": UTC_TIME, "count": pl.Int32},
    ("platform", "term", "observed_at"),
)
CALENDAR_EVENT = Table(
    "landing.calendar_event",
    {
        "event_id": pl.String,
        "calendar_id": pl.String,
        "title": pl.String,
        "description": pl.String,
        "occurred_at": UTC_TIME,
        "time_known": pl.Boolean,
        "category": pl.String,
        "impact": pl.Float64,
        "url": pl.String,
        "first_seen_at": UTC_TIME,
    },
    ("event_id",),
)
EMBEDDING = Table(
    "core.embedding",
    {"text_hash": pl.Binary, "model": pl.String, "vector": VECTOR},
    ("text_hash", "model"),
)
WINDOW = Table(
    "ops.window",
    {
        "window_start": UTC_TIME,
        "closed_at": UTC_TIME,
        "watermark": UTC_TIME,
        "origin": pl.String,
        "items": pl.Int32,
        "narratives": pl.Int32,
        "spikes": pl.Int32,
        "links": pl.Int32,
        "reported": pl.Int32,
        "partial": pl.List(pl.String),
    },
    ("window_start",),
)
GAP = Table(
    "ops.gap",
    {
        "source": pl.String,
        "from_at": UTC_TIME,
        "to_at": UTC_TIME,
        "reason": pl.String,
        "state": pl.String,
        "filled_at": UTC_TIME,
    },
    ("source", "from_at", "reason"),
)

SOURCE = Table(
    "ops.source",  # of the sources that the day's items and gaps name: what a number may depend on, not how they fare
    {
        "source": pl.String,
        "title": pl.String,
        "kind": pl.String,
        "country": pl.String,
        "language": pl.String,
        "political": pl.Boolean,
    },
    ("source",),
)
ALERT = Table(
    "live.alert",
    {
        "alert_id": pl.String,
        "number": pl.Int32,  # 1 is what was said first; the last is what stands
        "evaluated_at": UTC_TIME,
        "event_id": pl.String,
        "event_title": pl.String,
        "event_at": UTC_TIME,
        "label": pl.String,
        "headline": pl.String,
        "onset_at": UTC_TIME,
        "ratio": pl.Float64,
        "surprise": pl.Float64,
        "verdict": pl.String,
        "likelihood": pl.Float64,
        "likelihood_low": pl.Float64,
        "likelihood_high": pl.Float64,
        "conflict_k": pl.Float64,
        "lag_s": pl.Float64,
        "effect_items": pl.Float64,
        "p_value": pl.Float64,
        "evidence": pl.List(pl.String),
        "partial": pl.List(pl.String),
        "newest_received_at": UTC_TIME,
    },
    ("alert_id", "number"),
)
GENERATION = Table(
    "core.generation",  # the active ones: which windows were computed, by which code; a window may have no rows at all
    {
        "asset": pl.String,
        "window_start": UTC_TIME,
        "code_version": pl.String,
        "row_count": pl.Int32,
        "digest": pl.Binary,
        "held": pl.Boolean,  # by a rollback: computing the window again publishes nothing until it is undone
    },
    ("asset", "window_start"),
)

_QUERIES: dict[str, str] = {
    ITEM.name: "with day as (select %s::timestamptz as start, %s::timestamptz as finish), standing as"
    " (select seq from landing.standing_item, day where window_at >= start and window_at < finish)"
    " select item_id, (row_number() over (partition by item_id order by seq))::int as revision, content_hash,"
    " source, account, guid, title, summary, url, author, published_at, updated_at, event_at, date_status,"
    " first_seen_at, text_hash, problems, seq not in (select seq from standing)"
    " from landing.item, day where window_at >= start and window_at < finish",
    ATTENTION.name: "select platform, term, observed_at, count from landing.attention"
    " where observed_at >= %s and observed_at < %s",
    CALENDAR_EVENT.name: "select event_id, calendar_id, title, description, occurred_at, time_known, category, impact,"
    " url, first_seen_at from landing.calendar_event where occurred_at >= %s and occurred_at < %s",
    EMBEDDING.name: "select text_hash, model, vector_send(vector) from core.embedding where (text_hash, model) in"
    " (select t.text_hash, t.model from core.active a join core.article_embedding t using (generation_id)"
    " where a.asset = 'embeddings' and a.window_start >= %s and a.window_start < %s)",
    WINDOW.name: "select window_start, closed_at, watermark, origin, items, narratives, spikes, links, reported,"
    " partial from ops.window where window_start >= %s and window_start < %s",
    # a gap that outlasts the day is open in it, whenever the day is read: what became of it is the next day's to say
    GAP.name: "with day as (select %s::timestamptz as start, %s::timestamptz as finish)"
    " select source, from_at, case when to_at <= finish then to_at end, reason,"
    " case when to_at <= finish then state else 'open' end, case when to_at <= finish then filled_at end"
    " from ops.gap, day where coalesce(to_at, 'infinity') > start and from_at < finish",
    SOURCE.name: "with day as (select %s::timestamptz as start, %s::timestamptz as finish)"
    " select source, title, kind, country, language, political from ops.source where source in"
    " (select i.source from landing.item i, day where i.window_at >= day.start and i.window_at < day.finish"
    " union select g.source from ops.gap g, day"
    " where coalesce(g.to_at, 'infinity') > day.start and g.from_at < day.finish)",
    ALERT.name: "select alert_id, (row_number() over (partition by alert_id order by seq))::int as number,"
    " evaluated_at, event_id, event_title, event_at, label, headline, onset_at, ratio, surprise, verdict, likelihood,"
    " likelihood_low, likelihood_high, conflict_k, lag_s, effect_items, p_value, evidence, partial, newest_received_at"
    " from live.alert where evaluated_at >= %s and evaluated_at < %s",
    GENERATION.name: "select asset, window_start, code_version, row_count, digest, held_by is not null"
    " from core.active join core.generation using (generation_id, asset, window_start)"
    " where window_start >= %s and window_start < %s",
}
INPUT = (ITEM, ATTENTION, CALENDAR_EVENT, EMBEDDING, WINDOW, GAP, SOURCE, ALERT, GENERATION)


@dataclass(frozen=True)
class Day:
    """Every row of one day, table by table, in canonical order."""

    day: date
    frames: list[tuple[Table, pl.DataFrame]]
    windows: list[datetime]  # starts of the windows with an active generation
    encoders: list[str]

    def frame(self, table: Table) -> pl.DataFrame:
        """The rows of one table."""
        return next(rows for known, rows in self.frames if known.name == table.name)


def tables() -> list[Table]:
    """Every table of a day: what came in, what was derived (key: window, then the table's own), what was said of it."""
    derived = [
        Table(t.name, t.columns, ("window_start", *(k for k in t.key if k != "window_start")))
        for asset in ASSETS.values()
        for t in asset.tables
    ]
    return [*INPUT, *derived]


def read_day(connection: psycopg.Connection, day: date) -> Day:
    """All rows of ``day`` (UTC): items by event time (else first seen), the rest by their own time."""
    start = datetime.combine(day, time(), UTC)
    end = start + DAY
    frames = [(t, _read(connection, t, start, end)) for t in INPUT[:-1]]
    generations = _read(connection, GENERATION, start, end)
    frames.append((GENERATION, generations.filter(pl.col("asset").is_in(list(ASSETS)))))  # the others are not sealed
    shaped = iter(tables()[len(INPUT) :])
    for asset in ASSETS.values():
        for table in asset.tables:
            frames.append((keyed := next(shaped), keyed.shape(read_table(connection, asset.name, table, start, end))))
    windows = connection.execute(
        "select distinct window_start from core.active where window_start >= %s and window_start < %s order by 1",
        (start, end),
    ).fetchall()
    models = next(frame for table, frame in frames if table is EMBEDDING)["model"].unique().sort().to_list()
    return Day(day, frames, [row[0] for row in windows], models)


def _read(connection: psycopg.Connection, table: Table, start: datetime, end: datetime) -> pl.DataFrame:
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(_QUERIES[table.name].encode(), (start, end)).fetchall()
    columns = zip(*rows, strict=True) if rows else [()] * len(table.columns)
    return table.shape(
        pl.DataFrame(
            {
                name: pl.Series(name, vector_blobs(values) if kind == VECTOR else values, dtype=kind)
                for (name, kind), values in zip(table.columns.items(), columns, strict=True)
            }
        )
    )
