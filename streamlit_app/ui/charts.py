"""The charts: shares over time, gaps over time.

Here: Altair specifications, each with its unit on the axis. Not here: queries. Outside text comes in as data, cleaned.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from streamlit_app.ui import text, theme
from streamlit_app.ui.text import figure as frame


def _time(field: str, shape: str) -> alt.X:
    axis = alt.Axis(grid=False, format=shape, labelOverlap=True, tickCount=8)
    return alt.X(field, title=text.TIME_AXIS, scale=alt.Scale(type="utc"), axis=axis)


def shares_over_time(shares: pl.DataFrame, labels: Sequence[str]) -> alt.Chart:
    """One line a narrative: share of all counted items in each window, in percent."""
    names = list(labels)
    legend = alt.Legend(orient="top", columns=2, labelLimit=260)
    chart: alt.Chart = (
        alt.Chart(shares.with_columns(share=100 * pl.col("share")))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=_time("window_start:T", "%H:%M"),
            y=alt.Y("share:Q", title=text.SHARE_AXIS, axis=alt.Axis(tickCount=4), scale=alt.Scale(domainMin=0)),
            color=alt.Color("label:N", sort=names, title=None, legend=legend),
            strokeDash=alt.StrokeDash("label:N", sort=names, legend=None),
            tooltip=[
                alt.Tooltip("label:N", title=text.NARRATIVE_COLUMNS["label"]),
                alt.Tooltip("utchoursminutes(window_start):T", title=text.TIME_AXIS),
                alt.Tooltip("share:Q", format=".1f", title=text.NARRATIVE_COLUMNS["share"]),
                alt.Tooltip("items:Q", title=text.NARRATIVE_COLUMNS["items"]),
            ],
        )
        .properties(height=340, background="transparent")
    )
    return chart


def share_and_usual(shares: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """One narrative: its share in each window, and the usual one where the window has it (dotted)."""
    data = shares.with_columns(pl.col("share") * 100, pl.col("usual").cast(pl.Float64) * 100)
    x = _time("window_start:T", "%H:%M")
    y = alt.Y("share:Q", title=text.SHARE_AXIS, axis=alt.Axis(tickCount=4), scale=alt.Scale(domainMin=0))
    base = alt.Chart(data)
    line = base.mark_line(strokeWidth=2.2, color=theme.STORY).encode(
        x=x,
        y=y,
        tooltip=[
            alt.Tooltip("utchoursminutes(window_start):T", title="UTC"),
            alt.Tooltip("hoursminutes(window_start):T", title=frame.LOCAL),
            alt.Tooltip("share:Q", format=".1f", title=text.NARRATIVE_COLUMNS["share"]),
            alt.Tooltip("usual:Q", format=".1f", title=text.USUAL),
        ],
    )
    usual = base.transform_filter("isValid(datum.usual)").mark_line(
        color=theme.GREY, strokeDash=[2, 3], strokeWidth=2, point=alt.OverlayMarkDef(size=14, color=theme.GREY)
    )
    return alt.layer(usual.encode(x=x, y="usual:Q"), line).properties(height=300, background="transparent")


def gaps_over_time(gaps: pl.DataFrame) -> alt.Chart:
    """One bar a gap, one row a source; ``until`` is the end, or now for an open one."""
    states = list(text.GAP_STATES.values())
    chart: alt.Chart = (
        alt.Chart(gaps)
        .mark_bar(height=12, cornerRadius=3)
        .encode(
            x=_time("from_at:T", "%d %b %H:%M"),
            x2="until:T",
            y=alt.Y("title:N", title=None, axis=alt.Axis(labelLimit=150)),
            color=alt.Color(
                "word:N",
                title=None,
                scale=alt.Scale(domain=states, range=list(theme.GAP_COLOURS.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["title:N", "word:N", "reason:N", "utchoursminutes(from_at):T", "utchoursminutes(until):T"],
        )
        .properties(height=alt.Step(30), background="transparent")
    )
    return chart
