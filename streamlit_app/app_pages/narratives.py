"""Narratives: what was talked about, how much of it, and in whose words. The selection lives in the address."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from streamlit_app import meaning, queries
from streamlit_app.ui import charts, components, figure, link_charts, outside, text
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import figure as frame

IN_TABLE = 60
IN_CHART = 6


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
    by = st.segmented_control(
        text.SEARCH_BY, [text.WORD, text.MEANING], default=text.WORD, required=True, key="by", bind="query-params"
    )
    word = st.text_input(
        text.SEARCH_LABEL, placeholder=text.SEARCH_PLACEHOLDER, max_chars=60, key="word", bind="query-params"
    )
    since = queries.rounded(now) - timedelta(hours=text.PERIODS[str(period)])
    searched = (word or "").strip()
    top = components.answered(lambda: _found(since, searched, by == text.MEANING))
    if top is None:
        return
    if top.is_empty():
        st.info(text.NO_MATCH, icon=":material/search_off:")
        return
    view = {"period": str(period), "by": str(by), "word": searched}
    _chart(since, top, view, now)
    _table(top)


def _found(since: datetime, searched: str, by_meaning: bool) -> pl.DataFrame:
    if not (searched and by_meaning):
        return queries.top_narratives(since, searched, IN_TABLE)
    wanted = meaning.meaning_of(searched)
    if wanted is None:
        st.caption(f":material/info: {text.NO_MEANING}")
        return queries.top_narratives(since, searched, IN_TABLE)
    return queries.top_narratives(since, "", IN_TABLE, queries.near(since, wanted, IN_TABLE))


def _chart(since: datetime, top: pl.DataFrame, view: dict[str, str], now: datetime) -> None:
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
    clean = shares.with_columns(pl.col("label").replace(names))
    alone = len(shown) == 1
    figure.show(
        Figure(
            key="shares",
            title=text.SHARES_TITLE,
            counts=text.NARRATIVES_UNIT,
            interval=text.USUAL_SAID if alone else text.SHARES_INTERVAL,
            spoken=f"{text.SHARE_AXIS}: {', '.join(names.values())}",
            chart=charts.share_and_usual(clean) if alone else charts.shares_over_time(clean, list(names.values())),
            data=clean,
            page="narratives",
            view=view | ({"pick": ",".join(shown)} if picked else {}),
            until=now,
            method="narratives",
            heading=False,
        )
    )
    if alone:
        _carriers(since, shown[0], view, now)


def _carriers(since: datetime, label: str, view: dict[str, str], now: datetime) -> None:
    found = components.answered(lambda: queries.carriers(since, label))
    if found is None or found.is_empty():
        return
    clean = found.with_columns(components.cleaned("source_title"))
    first = clean.sort("first_at").row(0, named=True)
    said = text.FIRST_SEEN.format(at=text.moment(first["first_at"]), source=outside.markdown(first["source_title"], 60))
    st.markdown(f":material/flag: {said}")
    figure.show(
        Figure(
            key="carriers",
            title=text.CARRIED_TITLE,
            counts=text.CARRIED_COUNTS,
            interval=frame.NO_INTERVAL,
            spoken=text.CARRIED_COUNTS,
            chart=link_charts.carriers(clean),
            data=clean,
            page="narratives",
            view=view | {"pick": label},
            until=now,
            method="narratives",
        )
    )


def _table(top: pl.DataFrame) -> None:
    percent = [(pl.col(c) * 100).round(1) for c in ("share", "peak", "copies")]
    clean = [components.cleaned(c) for c in ("label", "headline")]
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
