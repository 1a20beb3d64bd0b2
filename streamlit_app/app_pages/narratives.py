"""Narratives: what was talked about, how much of it, and in whose words. The selection lives in the address."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from streamlit_app import queries
from streamlit_app.ui import charts, components, outside, text

IN_TABLE = 60
IN_CHART = 6
WINDOW_MINUTES = 5


def page() -> None:
    """Controls, chart, table."""
    st.header(text.NARRATIVES_HEADING, anchor=False)
    status = components.answered(queries.status)
    now = components.data_now(status) if status else None
    if status is None or now is None:
        return
    components.state_of_the_data(status)
    period = st.segmented_control(
        text.PERIOD_LABEL, list(text.PERIODS), default="3 h", required=True, key="period", bind="query-params"
    )
    word = st.text_input(
        text.SEARCH_LABEL, placeholder=text.SEARCH_PLACEHOLDER, max_chars=60, key="word", bind="query-params"
    )
    since = _since(now, text.PERIODS[str(period)])
    top = components.answered(lambda: queries.top_narratives(since, (word or "").strip(), IN_TABLE))
    if top is None:
        return
    if top.is_empty():
        st.info(text.NO_MATCH, icon=":material/search_off:")
        return
    _chart(since, top)
    _table(top)


def _since(now: datetime, hours: int) -> datetime:
    return now.replace(second=0, microsecond=0) - timedelta(hours=hours)


def _chart(since: datetime, top: pl.DataFrame) -> None:
    labels = top["label"].to_list()
    picked = st.multiselect(
        text.PICK_LABEL,
        labels,
        format_func=lambda label: outside.plain(label, 60),
        placeholder=text.PICK_PLACEHOLDER,
        max_selections=IN_CHART,
        key="pick",
        bind="query-params",
    )
    shown = picked or labels[:IN_CHART]
    shares = components.answered(lambda: queries.shares(since, shown))
    if shares is None or shares.is_empty():
        return
    names = {label: outside.plain(label, 60) for label in shown}
    chart = charts.shares_over_time(shares.with_columns(pl.col("label").replace(names)), list(names.values()))
    st.altair_chart(chart, key="shares", alt=f"{text.SHARE_AXIS}: {', '.join(names.values())}")
    st.caption(text.NARRATIVES_UNIT)


def _table(top: pl.DataFrame) -> None:
    percent = [(100 * pl.col(c)).round(1).alias(c) for c in ("share", "peak", "copies")]
    clean = [pl.col(c).map_elements(outside.plain, return_dtype=pl.String) for c in ("label", "headline")]
    table = top.with_columns(*percent, *clean, pl.col("surprise").cast(pl.Float64).round(1))
    st.dataframe(
        table.select(list(text.NARRATIVE_COLUMNS)),
        hide_index=True,
        placeholder="–",
        column_config=components.columns_of(
            text.NARRATIVE_COLUMNS,
            label=st.column_config.TextColumn(text.NARRATIVE_COLUMNS["label"], pinned=True, width="medium"),
            headline=st.column_config.TextColumn(text.NARRATIVE_COLUMNS["headline"], width="medium"),
            first_at=st.column_config.DatetimeColumn(
                text.NARRATIVE_COLUMNS["first_at"], format="YYYY-MM-DD HH:mm", timezone="UTC"
            ),
        ),
        alt=text.NARRATIVES_HEADING,
    )


page()
