"""What the page Confirmed asks: what became of alarms, and every test of a calendar's events.

Here: SQL with short caches. Not here: layout.
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from streamlit_app.database import Row, ask, where
from streamlit_app.queries import PAGE_TTL

MAX_ROWS = 1_000
MAX_FAN_ROWS = 5_000


def decisions() -> pl.DataFrame:
    """Alarms that are open, confirmed or withdrawn, the newest first."""
    return pl.DataFrame(_decisions(where()), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _decisions(url: str) -> list[Row]:
    return ask(url, "select * from marts.alarm_decisions order by event_at desc, alert_id limit %(n)s", {"n": MAX_ROWS})


def confirmed() -> list[Row]:
    """Statements that rest on a whole calendar."""
    return _confirmed(where())


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _confirmed(url: str) -> list[Row]:
    query = "select * from marts.link_board where grade = 'confirmed' order by window_start desc limit %(n)s"
    return ask(url, query, {"n": MAX_ROWS})


def links() -> pl.DataFrame:
    """Every test of a whole calendar in its newest published analysis, lowest p first."""
    return pl.DataFrame(_links(where()), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _links(url: str) -> list[Row]:
    query = (
        "select * from marts.calendar_links where newest"
        " order by calendar_p, calendar_id, test, p_value, effect_items desc, narrative_id limit %(n)s"
    )
    return ask(url, query, {"n": MAX_ROWS})


def fans(analyses: tuple[str, ...]) -> pl.DataFrame:
    """The placebo fans of some analyses."""
    return pl.DataFrame(_fans(where(), analyses), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _fans(url: str, analyses: tuple[str, ...]) -> list[Row]:
    query = "select * from marts.calendar_fans where analysis_id = any(%(analyses)s) limit %(n)s"
    return ask(url, query, {"analyses": list(analyses), "n": MAX_FAN_ROWS})


def effects() -> pl.DataFrame:
    """For each calendar and story, the clearest test of each event: effect with its placebo interval, p, q, tests."""
    return pl.DataFrame(_effects(where()), infer_schema_length=None)


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _effects(url: str) -> list[Row]:
    return ask(
        url,
        """
        select * from (
            select distinct on (t.event_id, t.label) coalesce(e.calendar_id, 'burst') as calendar_id, t.event_id,
                t.event_title, t.event_at, t.label, t.link_id, t.window_start, t.lag_s, t.effect_items, t.effect_low,
                t.effect_high, t.p_value, t.q_value, t.placebos, t.tests, t.verdict
            from marts.link_tests as t
            left join (select distinct event_id, calendar_id from marts.events) as e using (event_id)
            order by t.event_id, t.label, t.p_value
        ) as clearest
        order by event_at desc, p_value limit %(n)s
        """,
        {"n": MAX_ROWS},
    )
