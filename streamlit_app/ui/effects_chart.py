"""Effects of tests with their placebo intervals, one row a test.

Here: the Altair specification. Not here: which tests. Outside text comes in as data, cleaned.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from latticeforge.narratives.scores import MAX_Q
from streamlit_app.ui import theme
from streamlit_app.ui.text import confirmed as words


def forest(tests: pl.DataFrame) -> alt.LayerChart | alt.FacetChart:
    """Bar from ``effect_low`` to ``effect_high``, mark at ``effect_items``, a rule at zero."""
    said = pl.when(pl.col("q_value") <= MAX_Q).then(pl.lit(words.CLEAR)).otherwise(pl.lit(words.UNCLEAR))
    data = tests.with_columns(
        said.alias("said"),
        (pl.col("label").str.slice(0, 34) + " · " + pl.col("event_at").dt.strftime("%d %b %H:%M")).alias("row"),
    ).with_row_index("place")
    names = [words.CLEAR, words.UNCLEAR]
    colour = alt.Color(
        "said:N",
        sort=names,
        title=None,
        scale=alt.Scale(domain=names, range=[theme.STORY, theme.GREY]),
        legend=alt.Legend(orient="top"),
    )
    y = alt.Y("row:N", title=None, sort=alt.EncodingSortField("place", op="min"), axis=alt.Axis(labelLimit=240))
    x = alt.X("effect_low:Q", title=words.EFFECT_AXIS)
    tooltip = [
        alt.Tooltip("label:N", title="Story"),
        alt.Tooltip("event_title:N", title="Event"),
        alt.Tooltip("effect_items:Q", format=".1f", title=words.EFFECT_AXIS),
        alt.Tooltip("p_value:Q", format=".3g", title="p"),
        alt.Tooltip("q_value:Q", format=".3g", title="q"),
        alt.Tooltip("tests:Q", title="tests"),
    ]
    base = alt.Chart(data)
    bar = base.mark_bar(height=7, opacity=0.45, cornerRadius=3).encode(x=x, x2="effect_high:Q", y=y, color=colour)
    mark = base.mark_point(filled=True, opacity=1, size=70).encode(
        x="effect_items:Q",
        y=y,
        color=colour,
        shape=alt.Shape("said:N", scale=alt.Scale(domain=names, range=["diamond", "circle"]), legend=None),
        tooltip=tooltip,
    )
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=theme.GREY, strokeDash=[3, 3]).encode(x="at:Q")
    chart: alt.LayerChart | alt.FacetChart = alt.layer(zero, bar, mark)
    return chart.properties(height=alt.Step(22), background="transparent")
