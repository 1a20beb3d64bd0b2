"""What the pages Day and Graph ask: events, surges, links and windows of a span, and what is sealed.

Here: SQL with short caches. Not here: layout, and reading the archive (``sealed``).
"""

from __future__ import annotations

from datetime import date, datetime

import polars as pl
import streamlit as st

from streamlit_app.database import Row, ask, where
from streamlit_app.queries import PAGE_TTL

MAX_ROWS = 2_000


def days() -> list[date]:
    """The days there is anything of, newest first."""
    return [row["date"] for row in _rows(where(), "select date from marts.day_summary order by date desc limit 400")]


def figures(day: date) -> list[Row]:
    """The figures of one day; none where there is none."""
    return _rows(where(), "select * from marts.day_summary where date = %(day)s", day=day)


def sealed(day: date) -> list[Row]:
    """The published roots of one day, newest first."""
    query = "select * from marts.sealed_days where date = %(day)s order by sealed_at desc"
    return _rows(where(), query, day=day)


def events(start: datetime, end: datetime) -> pl.DataFrame:
    """Political events of a span, in order of time."""
    query = (
        "select event_id, calendar_id, title, occurred_at, category, impact from marts.events"
        " where occurred_at >= %(start)s and occurred_at < %(end)s order by occurred_at, event_id limit %(limit)s"
    )
    return _frame(query, start, end)


def surges(start: datetime, end: datetime) -> pl.DataFrame:
    """Surges of a span, one for each story and onset (the clearest time scale), in order of time."""
    query = (
        "select * from (select distinct on (narrative_id) narrative_id, window_start, label, headline, scale_minutes,"
        " observed, expected, ratio, surprise, onset_at from marts.surges"
        " where window_start >= %(start)s and window_start < %(end)s order by narrative_id, surprise desc) as clearest"
        " order by onset_at, narrative_id limit %(limit)s"
    )
    return _frame(query, start, end)


def links(start: datetime, end: datetime) -> pl.DataFrame:
    """Statements of a span, the one that holds for each story, in order of time."""
    query = (
        "select * from (select distinct on (story_key) statement_id, story_key, window_start, evaluated_at, event_id,"
        " event_title, event_at, narrative_id, label, headline, onset_at, lag_s, verdict, grade, stage, likelihood,"
        " likelihood_low, likelihood_high, p_value, q_value, tests, ratio, partial from marts.link_board"
        " where window_start >= %(start)s and window_start < %(end)s"
        " order by story_key, (verdict <> 'no evidence') desc, (stage = 'committed') desc, window_start desc) as held"
        " order by evaluated_at, statement_id limit %(limit)s"
    )
    return _frame(query, start, end)


def gaps(start: datetime, end: datetime) -> pl.DataFrame:
    """Gaps that touch a span."""
    query = (
        "select title, from_at, to_at, reason, state from marts.gaps"
        " where from_at < %(end)s and coalesce(to_at, 'infinity') > %(start)s order by from_at limit %(limit)s"
    )
    return _frame(query, start, end)


def largest(start: datetime, end: datetime, limit: int) -> pl.DataFrame:
    """The largest stories of a span (chains of narratives): chain_id, label, headline, items, last_at, narratives."""
    query = (
        "select chain_id, (array_agg(label order by items desc))[1] as label,"
        " (array_agg(headline order by items desc))[1] as headline, sum(items)::int as items, max(last_at) as last_at,"
        " array_agg(narrative_id) as narratives from marts.narrative_timeline"
        " where window_start >= %(start)s and window_start < %(end)s"
        " group by chain_id order by sum(items) desc, chain_id limit %(limit)s"
    )
    return _frame(query, start, end, limit)


def carriers(start: datetime, end: datetime, narratives: tuple[str, ...]) -> pl.DataFrame:
    """Items by narrative and source: narrative_id, source, source_title, items."""
    rows = _rows(
        where(),
        "select narrative_id, source, source_title, items from marts.narrative_sources"
        " where window_start >= %(start)s and window_start < %(end)s and narrative_id = any(%(narratives)s)",
        start=start,
        end=end,
        narratives=list(narratives),
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def _frame(query: str, start: datetime, end: datetime, limit: int = MAX_ROWS) -> pl.DataFrame:
    return pl.DataFrame(_rows(where(), query, start=start, end=end, limit=limit), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _rows(url: str, query: str, **parameters: object) -> list[Row]:
    return ask(url, query, parameters)
