"""The charts of the page Signals.

Here: Altair specifications, each with its unit. Not here: queries and words. Outside text comes in as data, cleaned.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import altair as alt
import polars as pl

from streamlit_app.ui import text, theme
from streamlit_app.ui.text import figure as frame
from streamlit_app.ui.text import signals as words

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart
ROW_PX = 19
LIMIT = 5
_WHEN = [
    alt.Tooltip("utchoursminutes(window_start):T", title="UTC"),
    alt.Tooltip("hoursminutes(window_start):T", title=frame.LOCAL),
]


def _time(field: str) -> alt.X:
    axis = alt.Axis(grid=False, format="%H:%M", labelOverlap=True, tickCount=8)
    return alt.X(field, title=text.TIME_AXIS, scale=alt.Scale(type="utc"), axis=axis)


def heat(data: pl.DataFrame) -> AnyChart:
    """One row a stream, one cell a window, coloured by its score; a missing cell is left empty."""
    known = data.filter(pl.col("score").is_not_null()).with_columns(until=pl.col("window_start") + timedelta(minutes=5))
    names = known.group_by("label").agg(pl.col("value").sum()).sort("value", "label", descending=[True, False])
    colours = alt.Scale(domain=[-LIMIT, 0, LIMIT], range=[theme.EVENT, "#9A9A9A40", theme.STORY])
    chart: alt.Chart = (
        alt.Chart(known)
        .mark_rect()
        .encode(
            x=_time("window_start:T"),
            x2="until:T",
            y=alt.Y("label:N", title=None, sort=names["label"].to_list(), axis=_labels()),
            color=alt.Color(
                "score:Q",
                title=words.SCORE_AXIS,
                scale=colours,
                legend=alt.Legend(orient="top", titleLimit=300, gradientLength=180, values=[-LIMIT, 0, LIMIT]),
            ),
            tooltip=[
                alt.Tooltip("label:N", title=words.STANDING_COLUMNS["label"]),
                *_WHEN,
                alt.Tooltip("value:Q", format=".0f", title=words.STANDING_COLUMNS["value"]),
                alt.Tooltip("usual:Q", format=".1f", title=words.STANDING_COLUMNS["usual"]),
                alt.Tooltip("score:Q", format="+.1f", title=words.STANDING_COLUMNS["score"]),
                alt.Tooltip("clipped:Q", format=".1f", title=words.STANDING_COLUMNS["clipped"]),
            ],
        )
        .properties(height=alt.Step(ROW_PX), background="transparent")
    )
    return chart


def leads_in_time(data: pl.DataFrame) -> AnyChart:
    """One bar a warning from its first sign to itself, and a diamond at the jump that followed."""
    y = alt.Y("label:N", title=None, sort=data["label"].unique(maintain_order=True).to_list(), axis=_labels())
    tooltip = [
        alt.Tooltip("label:N", title=words.STANDING_COLUMNS["label"]),
        alt.Tooltip("utchoursminutes(since_at):T", title="signs since, UTC"),
        alt.Tooltip("utchoursminutes(raised_at):T", title="warned, UTC"),
        alt.Tooltip("lead_minutes:Q", title="minutes to the jump"),
    ]
    marks = list(words.WARNING_MARKS.values())
    colour = alt.Color(
        "mark:N",
        title=None,
        scale=alt.Scale(domain=marks, range=[theme.EVENT, theme.STORY]),
        legend=alt.Legend(orient="top"),
    )
    base = alt.Chart(data)
    bars = base.transform_calculate(mark=f"'{marks[0]}'").mark_bar(height=10, cornerRadius=3)
    jumps = (
        base.transform_filter("isValid(datum.jump_at)")
        .transform_calculate(mark=f"'{marks[1]}'")
        .mark_point(shape="diamond", filled=True, size=110, opacity=1)
    )
    chart: AnyChart = alt.layer(
        bars.encode(x=_time("since_at:T"), x2="raised_at:T", y=y, color=colour, tooltip=tooltip),
        jumps.encode(x=_time("jump_at:T"), y=y, color=colour, tooltip=tooltip),
    )
    return chart.properties(height=alt.Step(30), background="transparent")


def order(data: pl.DataFrame) -> AnyChart:
    """The order parameter of each kind, and what chance gives (dotted)."""
    names = data["name"].unique(maintain_order=True).to_list()
    colour = alt.Color(
        "name:N",
        title=None,
        scale=alt.Scale(domain=names, range=[theme.EVENT, theme.STORY][: len(names)]),
        legend=alt.Legend(orient="top"),
    )
    base, x = alt.Chart(data), _time("window_start:T")
    y = alt.Y("order_r:Q", title=words.ORDER_AXIS, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=4))
    tooltip = [
        alt.Tooltip("name:N", title=words.KIND),
        *_WHEN,
        alt.Tooltip("order_r:Q", format=".2f", title="R"),
        alt.Tooltip("chance_r:Q", format=".2f", title="R by chance"),
        alt.Tooltip("psi_bits:Q", format=".2f", title="Ψ, bits"),
    ]
    chart: AnyChart = alt.layer(
        base.mark_line(strokeDash=[2, 3], strokeWidth=1.6).encode(x=x, y="chance_r:Q", color=colour),
        base.mark_line(strokeWidth=2.2).encode(x=x, y=y, color=colour, tooltip=tooltip),
    )
    return chart.properties(height=220, background="transparent")


def graph(data: pl.DataFrame, *, dark: bool) -> AnyChart:
    """Streams that foretell on the left, those that are foretold on the right, a line for each link."""
    left = (
        data.group_by("source_label").agg(pl.col("bits").sum()).sort("bits", "source_label", descending=[True, False])
    )
    right = (
        data.group_by("target_label").agg(pl.col("bits").sum()).sort("bits", "target_label", descending=[True, False])
    )
    rows = max(left.height, right.height)
    left = left.with_columns(y=pl.int_range(pl.len()) + (rows - left.height) / 2)
    right = right.with_columns(y2=pl.int_range(pl.len()) + (rows - right.height) / 2)
    lines = (
        data.join(left.select("source_label", "y"), on="source_label")
        .join(right.select("target_label", "y2"), on="target_label")
        .with_columns(x=pl.lit(0.0), x2=pl.lit(1.0), tests=pl.col("q_value"))
    )
    x: Any = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-0.8, 1.8]))
    y: Any = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[rows - 0.4, -1.2]))
    ink = theme.DARK_INK if dark else theme.LIGHT_INK
    width = alt.StrokeWidth("bits:Q", title=None, scale=alt.Scale(rangeMin=1.2, rangeMax=5), legend=None)
    tooltip = [
        alt.Tooltip("source_label:N", title=words.LEADS),
        alt.Tooltip("target_label:N", title=words.FOLLOWS),
        alt.Tooltip("lag_minutes:Q", title="minutes ahead"),
        alt.Tooltip("bits:Q", format=".3f", title="bits"),
        alt.Tooltip("bits_low:Q", format=".3f", title="from"),
        alt.Tooltip("bits_high:Q", format=".3f", title="to"),
        alt.Tooltip("q_value:Q", format=".3f", title="q"),
    ]
    rule = alt.Chart(lines).mark_rule(color=theme.STORY, opacity=0.8)
    layers: list[Any] = [rule.encode(x=x, x2="x2:Q", y=y, y2="y2:Q", strokeWidth=width, tooltip=tooltip)]
    heads = pl.DataFrame({"x": [0.0, 1.0], "y": [-0.8, -0.8], "name": [words.LEADS, words.FOLLOWS]})
    layers.append(_names(heads, "center", 0, ink, x, y, weight="bold"))
    for side, dots, column in (("right", left, 0.0), ("left", right.rename({"y2": "y"}), 1.0)):
        named = dots.rename({dots.columns[0]: "name"}).with_columns(x=pl.lit(column))
        point = alt.Chart(named).mark_point(filled=True, size=90, opacity=1, color=theme.EVENT)
        layers += [point.encode(x=x, y=y), _names(named, side, -12 if column == 0 else 12, ink, x, y)]
    chart: AnyChart = alt.layer(*layers)
    return chart.properties(height=ROW_PX * 2 * (rows + 1), background="transparent")


def _by_bits(data: pl.DataFrame, column: str) -> pl.DataFrame:
    return data.group_by(column).agg(pl.col("bits").sum()).sort("bits", column, descending=[True, False])


def _names(data: pl.DataFrame, align: Any, dx: int, ink: str, x: Any, y: Any, weight: Any = "normal") -> alt.Chart:
    mark = alt.Chart(data).mark_text(align=align, dx=dx, color=ink, fontSize=11.5, limit=150, fontWeight=weight)
    chart: alt.Chart = mark.encode(x=x, y=y, text="name:N")
    return chart


def masses(data: pl.DataFrame) -> AnyChart:
    """One bar a detector, cut into what it commits to each answer and what it leaves open."""
    answers = list(words.ANSWERS.values())
    places = {mass: place for place, mass in enumerate(words.ANSWERS)}
    rows = data.unpivot(list(words.ANSWERS), index="name", variable_name="mass", value_name="belief").with_columns(
        pl.col("mass").replace(words.ANSWERS), place=pl.col("mass").replace_strict(places)
    )
    chart: alt.Chart = (
        alt.Chart(rows)
        .mark_bar(height=16)
        .encode(
            x=alt.X("belief:Q", title=words.MASS_AXIS, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5)),
            y=alt.Y("name:N", title=None, sort=list(words.DETECTORS.values()), axis=_labels()),
            color=alt.Color(
                "mass:N",
                title=None,
                scale=alt.Scale(domain=answers, range=[theme.STORY, "#B9B9B9", theme.EVENT]),
                legend=alt.Legend(orient="top", columns=2),
            ),
            order=alt.Order("place:Q"),
            tooltip=["name:N", "mass:N", alt.Tooltip("belief:Q", format=".2f")],
        )
        .properties(height=alt.Step(28), background="transparent")
    )
    return chart


def _labels() -> alt.Axis:
    return alt.Axis(labelLimit=150, labelOverlap=False)
