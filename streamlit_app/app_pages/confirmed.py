"""Confirmed: what became of alarms, and how far whole calendars have come."""

from __future__ import annotations

import polars as pl
import streamlit as st

from latticeforge.narratives.scores import MAX_Q
from streamlit_app import queries
from streamlit_app.asking import confirmed as asking
from streamlit_app.database import Row
from streamlit_app.ui import calendars, card, components, effects_chart, figure, outside, text
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import confirmed as words

SHOWN = 30


@st.fragment(run_every=queries.PAGE_TTL)
def live() -> None:
    """Alarms first, then calendars; updates by itself."""
    status = components.answered(queries.status)
    if status is None:
        return
    _alarms()
    _calendars(status)


def _alarms() -> None:
    st.subheader(words.ALARMS, anchor=False)
    found = components.answered(asking.decisions)
    if found is None:
        return
    if found.is_empty():
        st.info(words.ALARMS_NONE, icon=":material/notifications_off:")
        return
    count = {outcome: found.filter(pl.col("decision") == outcome).height for outcome in words.OUTCOMES}
    st.markdown(words.COUNT.format(**count))
    table = found.with_columns(
        *(components.cleaned(c) for c in ("headline", "event_title", "reason")),
        pl.col("decision").replace(words.OUTCOMES),
        (pl.col("likelihood").cast(pl.Float64) * 100).round(0),
        *(pl.col(c).cast(pl.Float64).round(4) for c in ("p_then", "p_value")),
    )
    times = {
        name: st.column_config.DatetimeColumn(words.ALARM_COLUMNS[name], format="YYYY-MM-DD HH:mm", timezone="UTC")
        for name in ("due_at", "event_at")
    }
    st.dataframe(
        table.select(list(words.ALARM_COLUMNS)),
        hide_index=True,
        placeholder="–",
        column_config=components.columns_of(words.ALARM_COLUMNS, **times),
        alt=words.ALARMS,
    )


def _calendars(status: Row) -> None:
    st.subheader(words.CALENDARS, anchor=False)
    confirmed = components.answered(asking.confirmed)
    links = components.answered(asking.links)
    found = components.answered(asking.effects)
    if confirmed is None or links is None or found is None:
        return
    for row in confirmed:
        card.show(card.written(row, []))
    if not confirmed and (links.is_empty() or links.filter(pl.col("grade") == "confirmed").is_empty()):
        st.markdown(words.CONFIRMED_NONE)
    st.markdown(words.CALENDARS_SAID)
    if links.is_empty():
        st.caption(words.LINKS_NONE)
    else:
        calendars.show(links)
    st.subheader(words.SINGLE, anchor=False)
    if found.is_empty():
        st.caption(text.EMPTY)
        return
    st.markdown(words.SINGLE_SAID)
    kinds = found.group_by("calendar_id").agg(pl.col("event_id").n_unique().alias("events"), pl.len().alias("tests"))
    lines = [
        words.CALENDAR_LINE.format(
            calendar=outside.markdown(r["calendar_id"], 60), events=r["events"], tests=r["tests"]
        )
        for r in kinds.sort("calendar_id").iter_rows(named=True)
    ]
    st.markdown(components.bullets(lines))
    _effects(found, status)


def _effects(found: pl.DataFrame, status: Row) -> None:
    shown = found.sort("q_value", "p_value", "link_id").head(SHOWN)
    clean = shown.with_columns(components.cleaned("label"), components.cleaned("event_title"))
    named = clean.select(
        (pl.col("label").str.slice(0, 34) + " · " + pl.col("event_at").dt.strftime("%d %b %H:%M")).alias("row"),
        pl.col("label").alias("story"),
        pl.col("event_title").alias("about"),
        *("effect_items", "effect_low", "effect_high", "p_value", "q_value", "tests"),
        (pl.col("q_value") <= MAX_Q).alias("clear"),
    )
    figure.show(
        Figure(
            key="effects",
            title=words.EFFECTS,
            counts=words.EFFECTS_COUNTS,
            interval=words.EFFECTS_INTERVAL,
            spoken=words.EFFECTS_SPOKEN.format(n=named.height, clear=named["clear"].sum()),
            chart=effects_chart.forest(named, words.EFFECT_AXIS, (words.CLEAR, words.UNCLEAR)),
            data=found,
            page="confirmed",
            until=status["data_now"],
            method="links",
        )
    )


st.header(words.HEADING, anchor=False)
st.markdown(words.LEAD)
live()
