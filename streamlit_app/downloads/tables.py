"""The tables that programs may read, each from one mart.

Here: which columns, which instant a span filters on, how many rows. Not here: forms and headers (``answers``). The
SQL is made of the constants below; what a client sends goes in as parameters only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from streamlit_app.database import Row, ask, where
from streamlit_app.downloads.answers import Answer
from streamlit_app.ui.text import data as words

MAX_ROWS = 50_000


@dataclass(frozen=True)
class Table:
    """One table: the rows of a mart whose ``at`` lies in a span, in a fixed order."""

    mart: str
    columns: str
    at: str | None
    order: str
    counts: str


TABLES = {
    "links": Table("link_board", "*", "window_start", "window_start, statement_id", words.LINKS),
    "tests": Table("link_tests", "*", "window_start", "window_start, link_id", words.TESTS),
    "narratives": Table(
        "narrative_timeline",
        "window_start, narrative_id, label, headline, items, voices, sources, accounts, copy_share, share, "
        "counted_items,"
        " first_at, last_at",
        "window_start",
        "window_start, narrative_id",
        words.NARRATIVES,
    ),
    "surges": Table("surges", "*", "window_start", "window_start, spike_id", words.SURGES),
    "events": Table(
        "events",
        "event_id, calendar_id, title, occurred_at, time_known, category, impact",
        "occurred_at",
        "occurred_at, event_id",
        words.EVENTS,
    ),
    "gaps": Table("gaps", "*", "from_at", "from_at, gap_id", words.GAPS),
    "sources": Table(
        "source_health",
        "source, title, kind, country, language, state, interval_s, last_item_at, items_24h, undated_24h, flagged_24h,"
        " clock_offset_s, open_gap_since, open_gap_reason",
        None,
        "source",
        words.SOURCES,
    ),
    "signals": Table("signals", "*", "window_start", "window_start, stream_id", words.SIGNALS),
    "warnings": Table("early_warnings", "*", "window_start", "window_start, stream_id", words.WARNINGS),
    "regimes": Table("regimes", "*", "window_start", "window_start, kind", words.REGIMES),
    "leads": Table("causal_links", "*", "window_start", "window_start, source_stream, target_stream", words.LEADS),
    "beliefs": Table("beliefs", "*", "window_start", "window_start, statement_id, detector", words.BELIEFS),
    "days": Table("day_summary", "*", None, "date", words.DAYS),
    "changes": Table(
        "changes",
        "change_id, changed_at, window_start, link_id, event_id, narrative_id, label, kind, verdict_before, "
        "verdict_after,"
        " likelihood_before, likelihood_after, generation_before, generation_after, why",
        "changed_at",
        "change_id",
        words.CHANGES,
    ),
}


def read(name: str, start: datetime | None, end: datetime | None, as_of: datetime | None) -> Answer:
    """The rows of a table between two instants; without them, the 24 hours before the newest data."""
    table, url = TABLES[name], where()
    until = _until(url, as_of)
    parameters: Row = {"limit": MAX_ROWS + 1, "start": start, "end": end, "until": until}
    span = ""
    if table.at:
        span = (
            f" where {table.at} >= coalesce(%(start)s, coalesce(%(end)s, %(until)s, now()) - interval '24 hours')"
            f" and {table.at} < coalesce(%(end)s, 'infinity')"
        )
    query = f"select {table.columns} from marts.{table.mart}{span} order by {table.order} limit %(limit)s"  # noqa: S608
    rows = ask(url, query, parameters, as_of=as_of)
    frame = pl.DataFrame(rows[:MAX_ROWS], infer_schema_length=None)
    return Answer(name, frame, table.counts, until, as_of, cut=len(rows) > MAX_ROWS)


def _until(url: str, as_of: datetime | None) -> datetime | None:
    rows = ask(url, "select data_now from marts.system_status", as_of=as_of)
    until: datetime | None = rows[0]["data_now"] if rows else None
    return until
