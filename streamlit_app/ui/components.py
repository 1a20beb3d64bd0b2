"""Parts that several pages share: masthead, state of the data, faults in words, what a statement says.

Here: layout of rows that queries return. Not here: SQL, the words themselves (``text``), or cards (``card``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from latticeforge.narratives.decisions import due_at
from streamlit_app.database import DashboardFault, DatabaseAway, MartsMissing, Row
from streamlit_app.ui import outside, text, theme

Answer = TypeVar("Answer")

STALE_AFTER_S = 60.0  # a radar beats every few seconds; the promise is to notice within a minute
REPLAY_AFTER = timedelta(minutes=10)


def masthead() -> None:
    """The name of the house, on every page."""
    with st.container(key="masthead"):
        st.title(text.TITLE, anchor=False)
        st.caption(text.TAGLINE)


def answered(ask: Callable[[], Answer]) -> Answer | None:
    """The answer, or None after saying on the page that there is none. Readers learn what it means, not what broke."""
    try:
        return ask()
    except DatabaseAway:
        st.error(text.AWAY, icon=":material/cloud_off:")
    except MartsMissing:
        st.info(text.PREPARING, icon=":material/hourglass_top:")
    except DashboardFault:
        st.warning(text.FAILED, icon=":material/error:")
    return None


def data_now(status: Row) -> datetime | None:
    """The newest moment in the data, or None where none has come in; then the page says so."""
    at: datetime | None = status["data_now"]
    if at is None:
        st.info(text.NO_DATA, icon=":material/hourglass_empty:")
    return at


def state_of_the_data(status: Row) -> None:
    """How far the data reaches, whether the radar lives, and what is missing."""
    at, age, gaps = status["data_now"], status["radar_beat_age_s"], status["open_gaps"]
    parts = [f":material/schedule: {text.data_until(at)}"] if at else []
    alive = age is not None and age <= STALE_AFTER_S
    if alive:
        parts.append(f":material/sensors: {text.radar_running(age)}")
    elif age is None:
        parts.append(f":material/sensors_off: {text.NO_RADAR}")
    parts.append(f":material/{'check_circle' if gaps == 0 else 'data_alert'}: {text.gaps_open(gaps)}")
    st.markdown(" &ensp; ".join(parts))
    if age is not None and not alive:
        st.warning(text.stale(age), icon=":material/sensors_off:")
    if at and datetime.now(UTC) - at > REPLAY_AFTER:
        st.caption(f":material/replay: {text.replay(at)}")


def badges(row: Row) -> str:
    """Markdown for verdict, grade and stage, each an icon and a word."""
    shown = " ".join(f":{colour}-badge[{icon} {word}]" for colour, icon, word in said(row))
    decided = to_be_decided(row)
    shown += f" :small[{text.moment(row['evaluated_at'])}]"
    return f"{shown}\n\n:small[{decided}]" if decided else shown


def said(row: Row) -> tuple[tuple[str, str, str], ...]:
    """Colour, icon and word of a statement's verdict, grade and stage."""
    verdict, grade, stage = row["verdict"], row["grade"], row["stage"]
    return (
        (theme.VERDICT_BADGES[verdict], theme.VERDICT_ICONS[verdict], text.VERDICTS[verdict]),
        ("gray", ":material/flag:", text.GRADES[grade]),
        ("gray", theme.STAGE_ICONS[stage], text.STAGES[stage]),
    )


def to_be_decided(row: Row) -> str:
    """When an alarm is confirmed or withdrawn; empty for what is no alarm."""
    alarm = row["grade"] == "provisional" and row["verdict"] in ("likely", "contested")
    return text.to_be_decided(due_at(row["event_at"])) if alarm and row["event_at"] is not None else ""


def statement(row: Row) -> str:
    """The one plain sentence."""
    label = outside.markdown(row["label"], 80)
    event = outside.markdown(row["event_title"], 140)
    said = text.sentence(label, row["ratio"], row["lag_s"], event, row["event_at"], row["p_value"])
    return f"{said} {text.certainty(row['likelihood'], row['likelihood_low'], row['likelihood_high'])}"


def bullets(lines: list[str]) -> str:
    """Markdown for a list."""
    return "\n".join(f"- {line}" for line in lines)


def cleaned(column: str) -> pl.Expr:
    """A column of outside text, fit for a table or a chart."""
    return pl.col(column).map_elements(outside.plain, return_dtype=pl.String)


def columns_of(names: dict[str, str], **special: Any) -> dict[str, Any]:
    """Column titles for a table, with other settings for some columns."""
    return {key: special.get(key, title) for key, title in names.items()}
