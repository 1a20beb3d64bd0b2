"""The charts of one link: its time line, the placebo fan, who carried it, and how belief is divided.

Here: Altair specifications. Not here: the numbers (``course``). Outside text comes in as data, cleaned.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import altair as alt
import polars as pl

from streamlit_app.ui import fan_chart, text, theme
from streamlit_app.ui.text import figure as frame
from streamlit_app.ui.text import link as words

AnyChart = alt.LayerChart | alt.FacetChart


def _percent(data: pl.DataFrame, *columns: str) -> pl.DataFrame:
    return data.with_columns(pl.col(c) * 100 for c in columns)


def _time(field: str = "at:T") -> alt.X:
    axis = alt.Axis(grid=False, format="%H:%M", labelOverlap=True, tickCount=8)
    return alt.X(field, title=text.TIME_AXIS, scale=alt.Scale(type="utc"), axis=axis)


def _moments(field: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(f"utchoursminutes({field}):T", title="UTC"),
        alt.Tooltip(f"hoursminutes({field}):T", title=frame.LOCAL),
    ]


def time_line(line: pl.DataFrame, event_at: datetime, onset_at: datetime | None, gaps: pl.DataFrame) -> AnyChart:
    """Share of the story and of the event's own coverage, the usual share with its band, holes in collection."""
    data = _percent(line, "story", "event", "usual", "low", "high")
    x = _time()
    share = alt.Y("low:Q", title=words.SHARE_AXIS, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=4))
    base = alt.Chart(data)
    band = base.mark_area(color=theme.GREY, opacity=0.25).encode(x=x, y=share, y2="high:Q")
    usual = base.mark_line(color=theme.GREY, strokeDash=[2, 3]).encode(x=x, y="usual:Q")
    shown = [("story", words.STORY_LINE, theme.STORY)]
    if data["event"].null_count() < data.height:
        shown.append(("event", words.EVENT_LINE, theme.EVENT))
    long = pl.concat(data.select("at", "items", share=pl.col(column), line=pl.lit(name)) for column, name, _ in shown)
    names = [name for _, name, _ in shown]
    colours = alt.Scale(domain=names, range=[colour for _, _, colour in shown])
    dashes = alt.Scale(domain=names, range=[[1, 0], [6, 3]][: len(names)])
    lines = (
        alt.Chart(long)
        .mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=26, filled=True))
        .encode(
            x=x,
            y="share:Q",
            color=alt.Color("line:N", scale=colours, sort=names, title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("line:N", scale=dashes, sort=names, legend=None),
            tooltip=[
                alt.Tooltip("line:N", title=" "),
                *_moments("at"),
                alt.Tooltip("share:Q", format=".1f", title=words.SHARE_AXIS),
                alt.Tooltip("items:Q", title=words.COUNTED),
            ],
        )
    )
    layers: list[Any] = [
        *_holes(gaps, line, x),
        band,
        usual,
        lines,
        _marker(event_at, words.EVENT_MARK, theme.EVENT, -6),
    ]
    if onset_at is not None:
        layers.append(_marker(onset_at, words.ONSET_MARK, theme.STORY, 8))
    chart: AnyChart = alt.layer(*layers).properties(height=320, background="transparent")
    return chart


def _marker(at: datetime, said: str, colour: str, dy: int) -> AnyChart:
    data = alt.InlineData(values=[{"at": at.isoformat(), "said": said}])
    rule = alt.Chart(data).mark_rule(color=colour, strokeWidth=1.6, strokeDash=[5, 4]).encode(x="at:T")
    side: Literal["right", "left"] = "right" if dy < 0 else "left"
    label = alt.Chart(data).mark_text(
        align=side, dx=-4 if dy < 0 else 4, dy=abs(dy), color=colour, fontSize=12, baseline="top"
    )
    return alt.layer(rule, label.encode(x="at:T", y=alt.value(2), text="said:N"))


def _holes(gaps: pl.DataFrame, line: pl.DataFrame, x: alt.X) -> Sequence[alt.Chart]:
    if gaps.is_empty() or line.is_empty():
        return []
    times = line["at"].sort()
    first, last = times[0], times[-1]
    data = gaps.select(
        "title",
        "reason",
        at=pl.col("from_at").clip(first, last),
        until=pl.col("to_at").fill_null(last).clip(first, last),
    )
    tooltip = [alt.Tooltip("title:N", title=words.GAP), alt.Tooltip("reason:N", title=words.GAP_REASON)]
    return [alt.Chart(data).mark_rect(color=theme.HOLE, opacity=0.22).encode(x=x, x2="until:T", tooltip=tooltip)]


def placebo_fan(fan: pl.DataFrame, story: pl.DataFrame) -> AnyChart:
    """What the fastest-growing story of each placebo slot did, and what this story did."""
    spread = _percent(fan, "low", "quarter", "middle", "three_quarters", "high").rename({"minute": "at"})
    own = _percent(story, "story").select(at="minute", value="story")
    return fan_chart.fan(spread, own, across=words.MINUTE_AXIS, up=words.SHARE_AXIS)


def carriers(sources: pl.DataFrame) -> alt.Chart:
    """Items by source, own wording and copies apart."""
    data = sources.head(12)
    long = pl.concat(
        [
            data.select("source_title", items=pl.col("items") - pl.col("copies"), kind=pl.lit(words.OWN_WORDING)),
            data.select("source_title", items=pl.col("copies"), kind=pl.lit(words.COPIED)),
        ]
    ).with_columns(pl.col("items").cast(pl.Int64))
    colours = alt.Scale(domain=[words.OWN_WORDING, words.COPIED], range=[theme.EVENT, theme.STORY])
    chart: alt.Chart = (
        alt.Chart(long)
        .mark_bar(height=15)
        .encode(
            x=alt.X("items:Q", title=words.ITEMS_AXIS, axis=alt.Axis(tickMinStep=1, grid=False)),
            y=alt.Y("source_title:N", title=None, sort=data["source_title"].to_list(), axis=alt.Axis(labelLimit=170)),
            color=alt.Color("kind:N", scale=colours, title=None, legend=alt.Legend(orient="top")),
            opacity=alt.Opacity("kind:N", scale=alt.Scale(domain=colours.domain, range=[1, 0.65]), legend=None),
            tooltip=["source_title:N", "kind:N", "items:Q"],
        )
        .properties(height=alt.Step(26), background="transparent")
    )
    return chart


def beliefs(pushed: float, organic: float, unknown: float) -> alt.Chart:
    """How the detectors' belief is divided: one bar of 100 percent."""
    names = [words.BELIEF_PUSHED, words.BELIEF_UNKNOWN, words.BELIEF_ORGANIC]
    shares = (pushed, unknown, organic)
    values = [{"part": n, "share": 100 * s, "place": i} for i, (n, s) in enumerate(zip(names, shares, strict=True))]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_bar(height=26)
        .encode(
            x=alt.X("share:Q", title=words.BELIEF_AXIS, stack="zero", scale=alt.Scale(domain=[0, 100])),
            color=alt.Color(
                "part:N",
                sort=names,
                title=None,
                scale=alt.Scale(domain=names, range=[theme.STORY, theme.GREY, theme.EVENT]),
                legend=alt.Legend(orient="top", columns=1, labelLimit=320),
            ),
            order="place:Q",
            tooltip=["part:N", alt.Tooltip("share:Q", format=".0f", title=words.BELIEF_AXIS)],
        )
        .properties(height=150, background="transparent")
    )
    return chart
