"""Day: one UTC day as a story, its figures, its seal, its downloads. The day is in the address."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import streamlit as st

from streamlit_app import queries, sealed
from streamlit_app.asking import day as asking
from streamlit_app.ui import components, day_chart, figure, outside, text
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import days as words

TOLD = 12  # surges in the story


def page() -> None:
    """Choose a day, then tell it."""
    st.header(words.HEADING, anchor=False)
    status = components.answered(queries.status)
    found = components.answered(asking.days)
    if status is None or found is None:
        return
    if not found:
        st.info(words.NONE, icon=":material/hourglass_empty:")
        return
    options = [day.isoformat() for day in found]
    chosen = st.selectbox(words.PICK, options, key="date", bind="query-params", required=True)
    day = date.fromisoformat(str(chosen))
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    _figures(day)
    told = components.answered(lambda: _told(start, start + timedelta(days=1)))
    if told is not None:
        until = min(status["data_now"], start + timedelta(days=1)) if status["data_now"] else None
        _chart(day, *told, until)
        _story(*told[:3])
    _seal(day)
    _downloads(day)


Told = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]


def _told(start: datetime, end: datetime) -> Told:
    links = asking.links(start, end)
    reported = links.filter(pl.col("verdict").is_in(["likely", "contested"])) if links.height else links
    return asking.events(start, end), asking.surges(start, end), reported, asking.gaps(start, end)


def _figures(day: date) -> None:
    rows = components.answered(lambda: asking.figures(day))
    if not rows:
        return
    with st.container(horizontal=True, key="day-figures"):
        for name, title in words.FIGURES.items():
            st.metric(title, f"{rows[0][name]:,}", width="content")
    st.caption(words.FIGURES_WHEN.format(at=text.moment(rows[0]["built_at"])))


def _chart(
    day: date,
    events: pl.DataFrame,
    surges: pl.DataFrame,
    links: pl.DataFrame,
    gaps: pl.DataFrame,
    until: datetime | None,
) -> None:
    marks = day_chart.marks(events, surges, links, gaps)
    if marks.is_empty():
        return
    said = words.SPOKEN.format(events=events.height, surges=surges.height, links=links.height, gaps=gaps.height)
    figure.show(
        Figure(
            key=f"day-{day}",
            title=words.CHART_TITLE,
            counts=words.CHART_COUNTS,
            interval=words.CHART_INTERVAL,
            spoken=said,
            chart=day_chart.time_line(marks, day),
            data=marks,
            page="day",
            view={"date": day.isoformat()},
            until=until,
            method="links",
        )
    )


def _story(events: pl.DataFrame, surges: pl.DataFrame, links: pl.DataFrame) -> None:
    st.subheader(words.STORY, anchor=False)
    lines: list[tuple[datetime, str]] = []
    for row in events.iter_rows(named=True):
        icon = ":material/gavel:" if row["calendar_id"] != "burst" else ":material/campaign:"
        lines.append((row["occurred_at"], f"{icon} {outside.markdown(row['title'], 140)}"))
    clearest = surges.sort("surprise", descending=True).head(TOLD) if surges.height else surges
    for row in clearest.iter_rows(named=True):
        said = f":material/trending_up: {outside.markdown(row['headline'] or row['label'], 140)} (× {row['ratio']:.1f})"
        lines.append((row["onset_at"], said))
    for row in links.iter_rows(named=True):
        event, label = outside.markdown(row["event_title"], 140), outside.markdown(row["label"], 80)
        said = text.sentence(label, row["ratio"], row["lag_s"], event, row["event_at"], row["p_value"])
        address = figure.permalink("link", {"link": row["statement_id"], "story": row["story_key"]})
        lines.append((row["evaluated_at"], f":material/link: {said} [{text.VERDICTS[row['verdict']]}](<{address}>)"))
    st.markdown(components.bullets([f"{text.clock(at)} &ensp; {said}" for at, said in sorted(lines)]))
    if surges.height > TOLD:
        st.caption(words.ONLY.format(n=TOLD))
    if links.is_empty():
        st.caption(words.QUIET)


def _seal(day: date) -> None:
    st.subheader(words.SEALED, anchor=False)
    roots = components.answered(lambda: asking.sealed(day))
    if roots is None:
        return
    if not roots:
        st.markdown(words.NOT_SEALED)
        return
    checked = sealed.check(day, tuple(row["root"] for row in roots))
    icon = {"agrees": ":material/verified:", "differs": ":material/gpp_bad:", "away": ":material/cloud_off:"}
    (st.error if checked.state == "differs" else st.markdown)(f"{icon[checked.state]} {words.STATES[checked.state]}")
    for row in roots[:3]:
        st.caption(words.ROOT.format(at=text.moment(row["sealed_at"])))
        st.code(row["root"], language=None, wrap_lines=True)
    st.caption(words.VERIFY)
    if checked.files:
        table = pl.DataFrame(checked.files, schema=list(words.FILES), orient="row")
        st.dataframe(table, hide_index=True, column_config=components.columns_of(words.FILES), alt=words.SEALED)


def _downloads(day: date) -> None:
    st.subheader(words.DOWNLOADS, anchor=False)
    lines = []
    for name, title in words.TABLES.items():
        base = f"{figure.origin()}/data/day/{day}/{name}"
        forms = " · ".join(f"[{form}](<{base}.{form}>)" for form in ("csv", "json", "parquet", "meta.json"))
        lines.append(f"**{title}**: {forms}")
    st.markdown(components.bullets(lines))
    st.caption(words.DOWNLOADS_SAID)


page()
