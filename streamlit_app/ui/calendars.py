"""Whole calendars on the page Confirmed: calendar by narrative, effects with intervals, and one placebo fan at a time.

Here: layout. Not here: the questions (``asking.confirmed``) and the words (``text.confirmed``).
"""

from __future__ import annotations

import polars as pl
import streamlit as st

from streamlit_app.asking import confirmed as asking
from streamlit_app.database import Row
from streamlit_app.ui import components, effects_chart, fan_chart, figure, outside, text, theme
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import confirmed as words

SHOWN = 12  # of each calendar, the clearest


def show(links: pl.DataFrame) -> None:
    """How much was tested, then the effects, then the fan of the narrative that the reader chooses."""
    found = links.filter(pl.col("verdict") != "no evidence")
    st.markdown(words.tested(links["calendar_id"].n_unique(), links.height, found.height))
    by_test = links.group_by("calendar_id", "test", maintain_order=True)
    st.markdown(components.bullets([_line(rows) for _, rows in by_test]))
    for row in found.iter_rows(named=True):
        _confirmed(row)
    _effects(links)
    _fan(links)


def _line(rows: pl.DataFrame) -> str:
    most = rows.sort("events", descending=True).row(0, named=True)
    calendar = outside.markdown(most["calendar_id"], 60)
    return words.calendar(calendar, most["test"], most["events"], rows.height, most["calendar_p"], most["published_at"])


def _confirmed(row: Row) -> None:
    with st.container(border=True, key=f"card-calendar-{row['narrative_id']}-{row['test']}"):
        with st.container(horizontal=True, gap="small"):
            verdict, grade = row["verdict"], row["grade"]
            st.badge(text.VERDICTS[verdict], icon=theme.VERDICT_ICONS[verdict], color=theme.VERDICT_BADGES[verdict])
            st.badge(text.GRADES[grade], icon=":material/flag:", color="gray", help=text.GRADE_HELP[grade])
        st.markdown(_sentence(row))


def _sentence(row: Row) -> str:
    said = words.effect(
        outside.markdown(row["calendar_id"], 60),
        outside.markdown(row["label"] or row["narrative_id"], 80),
        row["events"],
        (row["effect_items"], row["effect_low"], row["effect_high"]),
        row["p_value"],
        row["placebos"],
    )
    return f"{said} {text.certainty(row['likelihood'], row['likelihood_low'], row['likelihood_high'])}"


def _effects(links: pl.DataFrame) -> None:
    shown = (
        links.group_by("calendar_id", "test", maintain_order=True)
        .head(SHOWN)
        .with_columns(components.cleaned("calendar_id"), components.cleaned("label"))
    )
    named = shown.select(
        (pl.col("label").str.slice(0, 34) + " · " + pl.col("calendar_id").str.slice(0, 24)).alias("row"),
        pl.col("label").alias("story"),
        pl.col("calendar_id").alias("about"),
        *("effect_items", "effect_low", "effect_high", "p_value", "q_value", "tests"),
        (pl.col("verdict") != "no evidence").alias("clear"),
    )
    figure.show(
        Figure(
            key="calendars",
            title=words.CALENDAR_EFFECTS,
            counts=words.CALENDAR_EFFECTS_COUNTS.format(n=SHOWN),
            interval=words.CALENDAR_EFFECTS_INTERVAL,
            spoken=words.EFFECTS_SPOKEN.format(n=named.height, clear=named["clear"].sum()),
            chart=effects_chart.forest(named, words.CALENDAR_AXIS, (words.CALENDAR_CLEAR, words.CALENDAR_UNCLEAR)),
            data=links,
            page="confirmed",
            method="links",
        )
    )


def _fan(links: pl.DataFrame) -> None:
    fans = components.answered(lambda: asking.fans(tuple(links["analysis_id"].unique().sort())))
    if fans is None or fans.is_empty():
        return
    key = ["analysis_id", "test", "calendar_id", "narrative_id"]
    choice = links.join(fans.select(key).unique(), on=key, how="semi", maintain_order="left")
    names = {f"{r['calendar_id']} · {r['narrative_id']} · {r['test']}": r for r in choice.iter_rows(named=True)}
    picked = st.selectbox(
        words.FAN_PICK, list(names), format_func=outside.plain, key="calendar", bind="query-params", required=True
    )
    row = names[str(picked)]
    own = fans.filter(*(pl.col(name) == row[name] for name in key)).sort("minute")
    highest, band = (max(own[name].to_list()) for name in ("real", "high"))
    step = words.step(own["minute"][1] - own["minute"][0])
    hours = own.with_columns(at=pl.col("minute") / 60)
    figure.show(
        Figure(
            key="calendar-fan",
            title=words.FAN_TITLE,
            counts=words.FAN_COUNTS.format(events=row["events"], placebos=f"{row['placebos']:,}", step=step),
            interval=words.FAN_INTERVAL,
            spoken=words.spoken_fan(highest, band, outside.plain(row["label"], 60)),
            chart=fan_chart.fan(hours, hours.select("at", value="real"), across=words.FAN_ACROSS, up=words.FAN_UP),
            data=own,
            page="confirmed",
            view={"calendar": str(picked)},
            method="links",
        )
    )
    if row["verdict"] == "no evidence":
        st.markdown(_sentence(row))
