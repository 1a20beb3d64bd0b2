"""Sources & gaps: how each source is doing, what is not counted and why, and where collection has holes."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from latticeforge.sources.cadence import Cadence
from streamlit_app import queries
from streamlit_app.ui import charts, components, figure, outside, text, theme
from streamlit_app.ui.figure import Figure

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
    rhythm = _with_rhythm(health, status["data_now"])
    _silent(rhythm)
    _health(rhythm)
    _dates(health)
    now = status["data_now"]
    if now is not None:
        _gaps(now)


def _open_gaps(health: pl.DataFrame) -> None:
    missing = health.filter(pl.col("open_gap_since").is_not_null())
    for row in missing.iter_rows(named=True):
        source, reason = outside.markdown(row["title"], 80), outside.markdown(row["open_gap_reason"], 160)
        st.warning(text.gap_line(source, row["open_gap_since"], reason), icon=":material/data_alert:")


def _with_rhythm(health: pl.DataFrame, now: datetime | None) -> pl.DataFrame:
    """The same rows with how long each source has had nothing new, what is usual for it, and whether it is silent."""
    known = components.answered(queries.rhythms) or {}
    rows: list[tuple[str | None, str | None, bool]] = []
    for source, interval in health.select("source", "interval_s").iter_rows():
        rhythm = Cadence.load(known.get(source))
        if now is None or rhythm.last is None:
            rows.append((None, None, False))
            continue
        usual = rhythm.usual_worst_s(now)
        silent = rhythm.is_silent(now, interval)
        rows.append((text.span(rhythm.silence_s(now)), text.span(usual) if usual else None, silent))
    learned = pl.DataFrame(rows, schema={"silence": pl.String, "usual": pl.String, "silent": pl.Boolean}, orient="row")
    every = pl.Series("every", [text.span(s) for s in health["interval_s"]], dtype=pl.String)
    return health.hstack(learned).with_columns(every)


def _silent(health: pl.DataFrame) -> None:
    silent = health.filter("silent")
    for row in silent.iter_rows(named=True):
        source = outside.markdown(row["title"], 80)
        said = text.SILENT.format(source=source, silence=row["silence"], usual=row["usual"] or "unknown")
        st.warning(said, icon=":material/volume_off:")
    if silent.is_empty():
        st.caption(f":material/check_circle: {text.SILENT_NONE}")


def _health(health: pl.DataFrame) -> None:
    st.caption(text.RHYTHM_EXPLAINED)
    words = {state: f"{theme.SOURCE_ICONS[state]} {word}" for state, word in text.SOURCE_STATES.items()}
    table = health.with_columns(components.cleaned("title"), pl.col("state").replace(words))
    times = {
        name: st.column_config.DatetimeColumn(text.SOURCE_COLUMNS[name], format="YYYY-MM-DD HH:mm", timezone="UTC")
        for name in ("last_item_at", "open_gap_since", "next_attempt_at")
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
        table = flagged.with_columns(components.cleaned("title")).select(list(text.FLAGGED_COLUMNS))
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
        components.cleaned("title"),
        components.cleaned("reason"),
        until=pl.coalesce(pl.col("to_at"), pl.lit(now)),
        word=pl.col("state").replace(text.GAP_STATES),
    )
    number = {state: gaps.filter(pl.col("state") == state).height for state in text.GAP_STATES}
    figure.show(
        Figure(
            key="gaps",
            title=text.GAPS_HEADING,
            counts=text.GAPS_COUNTS,
            interval=text.GAPS_INTERVAL,
            spoken=text.GAPS_SPOKEN.format(n=gaps.height, **number),
            chart=charts.gaps_over_time(shown),
            data=gaps,
            page="sources",
            until=now,
            method="gaps",
            heading=False,
        )
    )


st.header(text.SOURCES_HEADING, anchor=False)
live()
