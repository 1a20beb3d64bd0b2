"""Parts that several pages share: masthead, state of the data, faults in words, and the card of one statement.

Here: layout of rows that queries return. Not here: SQL, or the words themselves (``text``).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import polars as pl
import streamlit as st

from latticeforge.narratives.decisions import due_at
from streamlit_app.database import DashboardFault, DatabaseAway, MartsMissing, Row
from streamlit_app.ui import interval, outside, text, theme

Answer = TypeVar("Answer")

STALE_AFTER_S = 60.0  # a radar beats every few seconds; the promise is to notice within a minute
REPLAY_AFTER = timedelta(minutes=10)
HEADLINES_SHOWN = 3


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


def card(row: Row, evidence: list[Row]) -> None:
    """One statement: verdict and grade in words, the sentence, the interval, what is missing, the headlines."""
    key = row["story_key"]
    with st.container(border=True, key=f"card-{key}"):
        badges(row)
        st.subheader(outside.markdown(row["headline"] or row["label"]), anchor=False)
        st.markdown(f"{statement(row)}\n\n:small[{_figures(row)}]")
        if row["likelihood"] is not None:
            _interval(row)
        if row["partial"]:
            reasons = [outside.markdown(reason, 160) for reason in row["partial"][:6]]
            st.warning(text.partial(reasons), icon=":material/data_alert:")
        headlines(key, evidence)
        st.page_link(
            "app_pages/link.py",
            label=text.WHOLE_STORY,
            icon=":material/arrow_forward:",
            query_params={"link": row["statement_id"], "story": key},
        )


def badges(row: Row) -> None:
    """Verdict, grade and stage, each an icon and a word."""
    verdict, grade, stage = row["verdict"], row["grade"], row["stage"]
    said = (
        (theme.VERDICT_BADGES[verdict], theme.VERDICT_ICONS[verdict], text.VERDICTS[verdict]),
        ("gray", ":material/flag:", text.GRADES[grade]),
        ("gray", theme.STAGE_ICONS[stage], text.STAGES[stage]),
    )
    shown = " ".join(f":{colour}-badge[{icon} {word}]" for colour, icon, word in said)
    shown += f" :small[{text.moment(row['evaluated_at'])}]"
    if grade == "provisional" and verdict in ("likely", "contested") and row["event_at"] is not None:
        shown += f"\n\n:small[{text.to_be_decided(due_at(row['event_at']))}]"
    st.markdown(shown, help=text.GRADE_HELP[grade])


def _figures(row: Row) -> str:
    effect = (row["effect_items"], row["effect_low"], row["effect_high"])
    return text.figures(*effect, row["q_value"], row["tests"], row["conflict_k"])


def statement(row: Row) -> str:
    """The one plain sentence."""
    label = outside.markdown(row["label"], 80)
    event = outside.markdown(row["event_title"], 140)
    said = text.sentence(label, row["ratio"], row["lag_s"], event, row["event_at"], row["p_value"])
    return f"{said} {text.certainty(row['likelihood'], row['likelihood_low'], row['likelihood_high'])}"


def _interval(row: Row) -> None:
    likelihood, low, high = row["likelihood"], row["likelihood_low"], row["likelihood_high"]
    if low is None or high is None:
        return
    interval.show(row["verdict"], likelihood, low, high)


def headlines(key: str, rows: list[Row]) -> None:
    """The headlines in order of time, copies folded, the rest behind a fold."""
    lines = [_headline(group) for group in folded(rows)]
    if not lines:
        st.caption(text.EVIDENCE_NONE)
        return
    st.markdown(f"**{text.EVIDENCE_HEADING}**\n\n{bullets(lines[:HEADLINES_SHOWN])}")
    if rest := lines[HEADLINES_SHOWN:]:
        with st.expander(text.more_headlines(len(rest)), key=f"more-{key}"):
            st.markdown(bullets(rest))


def folded(rows: list[Row]) -> list[list[Row]]:
    """Rows in groups of the same wording, each group and the groups in order of time."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        # Before its window has closed an item has no voice yet; its own words stand in.
        groups.setdefault(row["voice_id"] or outside.plain(row["title"]).casefold(), []).append(row)
    return list(groups.values())


def _headline(group: list[Row]) -> str:
    first = group[0]
    source = outside.markdown(first["source_title"] or first["source"], 60)
    line = f"{text.clock(first['event_at'])} &ensp; **{source}** &ensp; {outside.link(first['title'], first['url'])}"
    if len(group) > 1:
        accounts = len({(row["source"], row["account"]) for row in group})
        line += f" &ensp; :gray[+ {text.copies(len(group) - 1, accounts)}]"
    return line


def bullets(lines: list[str]) -> str:
    """Markdown for a list."""
    return "\n".join(f"- {line}" for line in lines)


def cleaned(column: str) -> pl.Expr:
    """A column of outside text, fit for a table or a chart."""
    return pl.col(column).map_elements(outside.plain, return_dtype=pl.String)


def columns_of(names: dict[str, str], **special: Any) -> dict[str, Any]:
    """Column titles for a table, with other settings for some columns."""
    return {key: special.get(key, title) for key, title in names.items()}
