"""The parts of the page Link, each an answer to one question of a reader.

Here: layout of one statement's story. Not here: SQL (``asking.link``), computing (``course``), words (``text.link``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl
import streamlit as st

from latticeforge.narratives.history import History
from streamlit_app import course, queries
from streamlit_app.asking import link as asking
from streamlit_app.database import Row
from streamlit_app.ui import card, components, figure, interval, link_charts, outside, text
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import figure as frame
from streamlit_app.ui.text import link as words

View = Mapping[str, str]


def story(row: Row, view: View, as_of: datetime | None) -> None:
    """Everything there is about one statement."""
    status = components.answered(queries.status)
    until = status["data_now"] if status else None
    _happened(row, view, as_of, until)
    drawn = components.answered(lambda: _course(row, as_of)) if row["stage"] == "committed" else None
    if row["stage"] != "committed":
        st.info(words.LIVE_LIMITS, icon=":material/sensors:")
    if drawn is not None:
        _line(row, drawn, view, as_of, until)
    _unusual(row, drawn, view, as_of, until)
    _sure(row, view, as_of, until)
    _carried(row, view, as_of, until)
    _holes(row, drawn)
    st.subheader(words.CHANGE, anchor=False)
    open_window = row["stage"] == "live"
    st.markdown(components.bullets(words.changes(bool(row["partial"]), row["grade"], open_window)))
    _tests(row, as_of)
    _version(row, as_of)
    st.subheader(text.DISCLAIMER_HEADING, anchor=False)
    st.markdown(text.DISCLAIMER)


class Course:
    """The computed course of a statement."""

    def __init__(self, line: pl.DataFrame, fan: course.Fan, gaps: pl.DataFrame) -> None:
        self.line, self.fan, self.gaps = line, fan, gaps


def _course(row: Row, as_of: datetime | None) -> Course | None:
    window = row["window_start"]
    drawn, chance = course.course_windows(row["event_at"], window), course.placebo_windows(window)
    starts = sorted({w.start for w in drawn} | {w.start for w in chance})
    rows = asking.meanings(starts, as_of)
    own = rows.filter(pl.col("narrative_id") == row["narrative_id"])["centroid"]
    base = asking.baseline(window, row["narrative_id"], as_of)
    if own.is_empty() or base is None:
        return None
    computed = asking.computed(starts, as_of)
    gaps = asking.unfilled_gaps(starts[0], drawn[-1].end, as_of)
    shown = History.build(rows, drawn, computed, gaps.clear())  # holes are drawn, not left out
    event = asking.event_meaning(row["event_id"], as_of)
    line = course.time_line(shown, own.to_numpy(), event, base["alpha"], base["beta"])
    fan = course.placebo_fan(History.build(rows, chance, computed, gaps))
    near = gaps.filter(pl.col("to_at").is_null() | (pl.col("to_at") > drawn[0].start))
    return Course(line, fan, near.with_columns(components.cleaned("title"), components.cleaned("reason")))


def _happened(row: Row, view: View, as_of: datetime | None, until: datetime | None) -> None:
    st.subheader(words.HAPPENED, anchor=False)
    with st.container(key="sentence-link"):
        st.markdown(components.statement(row))
    st.markdown(words.summary(row["observed"], row["expected"], row["scale_minutes"], row["lag_s"]))
    if row["partial"]:
        reasons = [outside.markdown(reason, 160) for reason in row["partial"][:6]]
        st.warning(text.partial(reasons), icon=":material/data_alert:")
    with st.expander(frame.TAKE_ALONG, icon=":material/ios_share:", key="take-link"):
        figure.link("link", view, outside.plain(row["headline"] or row["label"]), until, as_of)


def _line(row: Row, drawn: Course, view: View, as_of: datetime | None, until: datetime | None) -> None:
    line = drawn.line
    peak = line.sort("story", descending=True).row(0, named=True) if line.height else None
    if peak is None:
        return
    name = outside.plain(row["label"], 60)
    figure.show(
        Figure(
            key="link-time-line",
            title=words.LINE_TITLE,
            counts=words.LINE_COUNTS,
            interval=words.LINE_INTERVAL,
            spoken=words.spoken_line(name, 100 * peak["story"], 100 * peak["usual"], peak["at"]),
            chart=link_charts.time_line(line, row["event_at"], row["onset_at"], drawn.gaps),
            data=line,
            page="link",
            view=view,
            until=until,
            method="links",
            as_of=as_of,
        )
    )


def _unusual(row: Row, drawn: Course | None, view: View, as_of: datetime | None, until: datetime | None) -> None:
    st.subheader(words.UNUSUAL, anchor=False)
    st.markdown(words.unusual(row["p_value"], row["placebos"], row["q_value"], row["tests"]))
    if drawn is None or not drawn.fan.slots:
        return
    own = course.around(drawn.line, row["window_start"])
    here = own.filter(pl.col("minute") == 0)["story"]
    high = drawn.fan.rows.filter(pl.col("minute") == 0)["high"]
    figure.show(
        Figure(
            key="link-placebo-fan",
            title=words.FAN_TITLE,
            counts=words.FAN_COUNTS.format(slots=drawn.fan.slots),
            interval=words.FAN_INTERVAL,
            spoken=words.spoken_fan(100 * (here[0] if here.len() else 0), 100 * (high[0] if high.len() else 0)),
            chart=link_charts.placebo_fan(drawn.fan.rows, own),
            data=drawn.fan.rows.join(own, on="minute", how="left"),
            page="link",
            view=view,
            until=until,
            method="links",
            as_of=as_of,
            heading=False,
        )
    )


def _sure(row: Row, view: View, as_of: datetime | None, until: datetime | None) -> None:
    st.subheader(words.SURE, anchor=False)
    verdict = text.VERDICTS[row["verdict"]].lower()
    st.markdown(
        words.sure(row["likelihood_low"], row["likelihood"], row["likelihood_high"], row["conflict_k"], verdict)
    )
    if row["likelihood"] is not None and row["likelihood_low"] is not None:
        low, at, high = row["likelihood_low"], row["likelihood"], row["likelihood_high"]
        interval.show(row["verdict"], at, low, high)
        st.caption(text.LIKELIHOOD_EXPLAINED)
    if row["belief_unknown"] is None:
        return
    pushed, organic, unknown = row["belief_distraction"], row["belief_organic"], row["belief_unknown"]
    data = pl.DataFrame({"belief": ["pushed", "ordinary", "open"], "share": [pushed, organic, unknown]})
    figure.show(
        Figure(
            key="link-beliefs",
            title=words.BELIEF_TITLE,
            counts=words.BELIEF_COUNTS,
            interval=words.BELIEF_INTERVAL,
            spoken=words.spoken_beliefs(pushed, organic, unknown),
            chart=link_charts.beliefs(pushed, organic, unknown),
            data=data,
            page="link",
            view=view,
            until=until,
            method="scores",
            as_of=as_of,
            heading=False,
        )
    )


def _carried(row: Row, view: View, as_of: datetime | None, until: datetime | None) -> None:
    st.subheader(words.CARRIED, anchor=False)
    window = row["window_start"]
    sources = None
    if row["narrative_id"]:
        sources = components.answered(lambda: asking.carriers(window, row["narrative_id"], as_of))
    if sources is not None and not sources.is_empty():
        items, copies = int(sources["items"].sum()), int(sources["copies"].sum())
        shares = sources["items"] / items
        st.markdown(words.carried(items, items - copies, sources.height, 1 / float((shares**2).sum())))
        tests = components.answered(lambda: asking.tests(window, as_of))
        link_id = row["statement_id"].removeprefix("committed:")
        own = tests.filter(pl.col("link_id") == link_id) if tests is not None and tests.height else None
        st.markdown(words.leadership(own["leadership_bits"][0] if own is not None and own.height else None))
        clean = sources.with_columns(components.cleaned("source_title"))
        figure.show(
            Figure(
                key="link-sources",
                title=words.CARRIED_TITLE,
                counts=words.CARRIED_COUNTS,
                interval=frame.NO_INTERVAL,
                spoken=words.CARRIED_COUNTS,
                chart=link_charts.carriers(clean),
                data=clean,
                page="link",
                view=view,
                until=until,
                method="links",
                as_of=as_of,
                heading=False,
            )
        )
    found = components.answered(lambda: asking.evidence(row["statement_id"], window, as_of))
    if found is not None:
        with st.container(key="evidence-link"):
            card.show_headlines("link", card.headlines(found))


def _holes(row: Row, drawn: Course | None) -> None:
    st.subheader(words.HOLES, anchor=False)
    gaps = drawn.gaps if drawn else None
    if gaps is not None:
        st.markdown(words.holes(gaps.height))
        lines = [
            text.gap_line(outside.markdown(g["title"], 80), g["from_at"], outside.markdown(g["reason"], 160))
            for g in gaps.head(20).iter_rows(named=True)
        ]
        if lines:
            st.markdown(components.bullets(lines))
    elif row["partial"]:
        st.markdown(components.bullets([outside.markdown(reason, 160) for reason in row["partial"][:6]]))
    else:
        st.markdown(words.holes(0))


def _tests(row: Row, as_of: datetime | None) -> None:
    st.subheader(words.TESTS, anchor=False)
    tests = components.answered(lambda: asking.tests(row["window_start"], as_of))
    if tests is None:
        return
    if tests.is_empty():
        st.caption(words.TESTS_NONE)
        return
    link_id = row["statement_id"].removeprefix("committed:")
    verdicts = {**text.VERDICTS, "": words.NOT_SCORED}
    table = tests.with_columns(
        pl.when(pl.col("link_id") == link_id).then(pl.lit("▶")).otherwise(pl.lit("")).alias("this"),
        components.cleaned("label"),
        components.cleaned("event_title"),
        (pl.col("lag_s") / 60).round(1).alias("lag"),
        pl.col("verdict").fill_null("").replace(verdicts),
        *(pl.col(c).round(1) for c in ("effect_items", "effect_low", "effect_high")),
        *(pl.col(c).round(4) for c in ("p_value", "q_value")),
    )
    st.dataframe(
        table.select(list(words.TEST_COLUMNS)),
        hide_index=True,
        placeholder="–",
        column_config=components.columns_of(words.TEST_COLUMNS),
        alt=words.TESTS,
    )


def _version(row: Row, as_of: datetime | None) -> None:
    st.subheader(words.VERSION, anchor=False)
    found = components.answered(lambda: asking.publications(row["window_start"])) or []
    own = next((p for p in found if p["generation_id"] == row["generation_id"]), None)
    st.markdown(
        words.version(
            row["generation_id"],
            row["published_at"],
            row["method_version"],
            own["origin"] if own else "",
            own["code_version"] if own else "",
            outside.markdown(own["reason"], 80) if own else "",
        )
    )
