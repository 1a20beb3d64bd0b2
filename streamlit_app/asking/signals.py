"""What the page Signals asks: streams, warnings, regimes, the graph of leads and beliefs of a span.

Here: SQL with short caches. Not here: layout.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
import streamlit as st

from streamlit_app.database import Row, ask, where
from streamlit_app.queries import PAGE_TTL


def newest(start: datetime, end: datetime) -> datetime | None:
    """The newest window of the span whose signals are computed."""
    query = (
        "select max(window_start) as at from marts.signals where window_start >= %(start)s and window_start < %(end)s"
    )
    rows = _rows(where(), query, start=start, end=end)
    at: datetime | None = rows[0]["at"]
    return at


def streams(start: datetime, end: datetime, kind: str) -> pl.DataFrame:
    """Every stream of a kind, window by window."""
    query = (
        "select window_start, stream_id, label, value, share, usual, spread, score, clipped, known_windows"
        " from marts.signals where window_start >= %(start)s and window_start < %(end)s and kind = %(kind)s"
        " order by label, window_start"
    )
    return _frame(query, start, end, kind=kind)


def standing(at: datetime) -> pl.DataFrame:
    """The streams of one window that lie farthest from their usual."""
    query = (
        "select label, kind, value, usual, score, clipped from marts.signals where window_start = %(at)s"
        " and score is not null order by abs(score + clipped) desc, stream_id limit 8"
    )
    return pl.DataFrame(_rows(where(), query, at=at), infer_schema_length=None)


def warnings(start: datetime, end: datetime) -> pl.DataFrame:
    """Each warning of a span, as its last window tells it, newest first."""
    query = (
        "select * from (select distinct on (stream_id, raised_at) stream_id, kind, label, since_at, raised_at,"
        " lead_minutes, reason, window_start as told_at, method_version from marts.early_warnings"
        " where window_start >= %(start)s and window_start < %(end)s"
        " and state = 'warning' order by stream_id, raised_at, window_start desc) as told"
        " order by raised_at desc, stream_id limit 200"
    )
    return _frame(query, start, end)


def states(at: datetime) -> dict[str, int]:
    """How many streams are in each state in one window."""
    query = "select state, count(*) as streams from marts.early_warnings where window_start = %(at)s group by 1"
    return {row["state"]: row["streams"] for row in _rows(where(), query, at=at)}


def regimes(start: datetime, end: datetime) -> pl.DataFrame:
    """How the streams of each kind behave together, window by window."""
    query = (
        "select window_start, kind, streams, verdict, psi_bits, least_psi_bits, order_r, chance_r, growth_per_hour,"
        " order_parameter, variance_bits from marts.regimes"
        " where window_start >= %(start)s and window_start < %(end)s order by kind desc, window_start"
    )
    return _frame(query, start, end)


def tests(start: datetime, end: datetime) -> list[Row]:
    """What was tested for each graph of a span, newest first: at, streams, tests, screened."""
    query = (
        "select window_start as at, max(streams) as streams, sum(tests)::int as tests, sum(screened)::int as screened"
        " from marts.causal_tests where window_start >= %(start)s and window_start < %(end)s"
        " group by 1 order by 1 desc"
    )
    return _rows(where(), query, start=start, end=end)


def leads(at: datetime) -> pl.DataFrame:
    """The links of the graph of one window, with their 95 % intervals."""
    query = (
        "select source_label, target_label, source_stream, target_stream, lag_minutes, bits,"
        " greatest(0, bits - 1.96 * std_error_bits) as bits_low, bits + 1.96 * std_error_bits as bits_high, p_value,"
        " q_value from marts.causal_links where window_start = %(at)s order by bits desc, source_stream, target_stream"
    )
    return pl.DataFrame(_rows(where(), query, at=at), infer_schema_length=None)


def fragility(at: datetime) -> list[Row]:
    """The concentration of the graph of one window, by the Gini coefficient; none with fewer than two links."""
    query = "select * from marts.fragility where window_start = %(at)s and measure = 'gini'"
    return _rows(where(), query, at=at)


def turns(start: datetime, end: datetime) -> list[Row]:
    """Hub take-overs and reversals of a span, newest first."""
    query = (
        "select * from marts.turnover where window_start >= %(start)s and window_start < %(end)s"
        " order by window_start desc, kind, after limit 12"
    )
    return _rows(where(), query, start=start, end=end)


def beliefs(start: datetime, end: datetime) -> pl.DataFrame:
    """What is believed of each link of a span; those that were reported first, then the newest."""
    query = (
        "select statement_id, label, verdict, window_start, detector, mass_distraction, mass_organic, mass_unknown,"
        " plausibility, pignistic, conflict_k from marts.beliefs"
        " where window_start >= %(start)s and window_start < %(end)s"
        " order by array_position(array['likely', 'contested', 'unlikely'], verdict) nulls last, window_start desc,"
        " statement_id, detector = 'fused', detector limit 3000"
    )
    return _frame(query, start, end)


def _frame(query: str, start: datetime, end: datetime, **more: object) -> pl.DataFrame:
    return pl.DataFrame(_rows(where(), query, start=start, end=end, **more), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _rows(url: str, query: str, **parameters: object) -> list[Row]:
    return ask(url, query, parameters)
