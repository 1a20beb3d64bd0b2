"""Sources & gaps: how each source is doing, what is not counted and why, and where collection has holes."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from streamlit_app import queries
from streamlit_app.ui import charts, components, outside, text, theme

GAP_PERIOD = timedelta(days=7)


@st.fragment(run_every=queries.PAGE_TTL)
def live() -> None:
    """Open gaps first, then every source, dates and clocks, and the gaps of a week; updates by itself."""
    status = components.answered(queries.status)
    if status is None:
        return
    components.state_of_the_data(status)
    health = components.answered(queries.source_health)
    if health is None:
        return
    if health.is_empty():
        st.info(text.SOURCES_NONE, icon=":material/rss_feed:")
        return
    _open_gaps(health)
    _health(health)
    _dates(health)
    now = status["data_now"]
    if now is not None:
        _gaps(now)


def _open_gaps(health: pl.DataFrame) -> None:
    missing = health.filter(pl.col("open_gap_since").is_not_null())
    for row in missing.iter_rows(named=True):
        source, reason = outside.markdown(row["title"], 80), outside.markdown(row["open_gap_reason"], 160)
        st.warning(text.gap_line(source, row["open_gap_since"], reason), icon=":material/data_alert:")


def _health(health: pl.DataFrame) -> None:
    words = {state: f"{theme.SOURCE_ICONS[state]} {word}" for state, word in text.SOURCE_STATES.items()}
    table = health.with_columns(_cleaned("title"), pl.col("state").replace(words))
    times = {
        name: st.column_config.DatetimeColumn(text.SOURCE_COLUMNS[name], format="YYYY-MM-DD HH:mm", timezone="UTC")
        for name in ("last_item_at", "open_gap_since")
    }
    st.dataframe(
        table.select(list(text.SOURCE_COLUMNS)),
        hide_index=True,
        placeholder="–",
        column_config=components.columns_of(
            text.SOURCE_COLUMNS, title=st.column_config.TextColumn(text.SOURCE_COLUMNS["title"], pinned=True), **times
        ),
        alt=text.SOURCES_HEADING,
    )


def _dates(health: pl.DataFrame) -> None:
    st.subheader(text.FLAGGED_HEADING, anchor=False)
    st.markdown(text.FLAGGED_EXPLAINED)
    flagged = health.filter(pl.col("flagged_24h") > 0).sort("flagged_24h", "title", descending=[True, False])
    if flagged.is_empty():
        st.caption(f":material/check_circle: {text.FLAGGED_NONE}")
    else:
        table = flagged.with_columns(_cleaned("title")).select(list(text.FLAGGED_COLUMNS))
        st.dataframe(table, hide_index=True, column_config=dict(text.FLAGGED_COLUMNS), alt=text.FLAGGED_HEADING)
    off = health.filter(pl.col("clock_offset_s").is_not_null() & (pl.col("clock_offset_s") != 0))
    for row in off.iter_rows(named=True):
        said = text.clock_off(outside.markdown(row["title"], 80), row["clock_offset_s"])
        st.markdown(f":material/alarm: {said}")
    if off.is_empty():
        st.caption(f":material/check_circle: {text.CLOCKS_NONE}")


def _gaps(now: datetime) -> None:
    st.subheader(text.GAPS_HEADING, anchor=False)
    st.markdown(text.GAPS_EXPLAINED)
    gaps = components.answered(lambda: queries.gaps(now.replace(second=0, microsecond=0) - GAP_PERIOD))
    if gaps is None:
        return
    if gaps.is_empty():
        st.caption(f":material/check_circle: {text.GAPS_NONE}")
        return
    shown = gaps.with_columns(
        _cleaned("title"),
        _cleaned("reason"),
        until=pl.coalesce(pl.col("to_at"), pl.lit(now)),
        word=pl.col("state").replace(text.GAP_STATES),
    )
    st.altair_chart(charts.gaps_over_time(shown), key="gaps", alt=text.GAPS_HEADING)


def _cleaned(column: str) -> pl.Expr:
    return pl.col(column).map_elements(outside.plain, return_dtype=pl.String)


st.header(text.SOURCES_HEADING, anchor=False)
live()
