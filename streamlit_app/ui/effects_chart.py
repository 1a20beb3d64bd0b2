"""Effects of tests with their placebo intervals, one row a test.

Here: the Altair specification. Not here: which tests. Outside text comes in as data, cleaned.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from streamlit_app.ui import theme
from streamlit_app.ui.text import confirmed as words


def forest(tests: pl.DataFrame, axis: str, names: tuple[str, str]) -> alt.LayerChart | alt.FacetChart:
    """Bar from ``effect_low`` to ``effect_high``, mark at ``effect_items``, a rule at zero.

    Args:
        tests: row (its name on the axis), story, about, effect_items, effect_low, effect_high, p_value, q_value, tests,
            clear (bool).
        axis: What an effect counts.
        names: What a clear test is called, and another.
    """
    said = pl.when("clear").then(pl.lit(names[0])).otherwise(pl.lit(names[1]))
    data = tests.with_columns(said.alias("said")).drop("clear").with_row_index("place")
    colour = alt.Color(
        "said:N",
        sort=list(names),
        title=None,
        scale=alt.Scale(domain=list(names), range=[theme.STORY, theme.GREY]),
        legend=alt.Legend(orient="top", columns=1, labelLimit=320),
    )
    y = alt.Y("row:N", title=None, sort=alt.EncodingSortField("place", op="min"), axis=alt.Axis(labelLimit=240))
    x = alt.X("effect_low:Q", title=axis)
    tooltip = [
        alt.Tooltip("story:N", title=words.STORY),
        alt.Tooltip("about:N", title=words.ABOUT),
        alt.Tooltip("effect_items:Q", format=".2~f", title=axis),
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
        shape=alt.Shape("said:N", scale=alt.Scale(domain=list(names), range=["diamond", "circle"]), legend=None),
        tooltip=tooltip,
    )
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=theme.GREY, strokeDash=[3, 3]).encode(x="at:Q")
    chart: alt.LayerChart | alt.FacetChart = alt.layer(zero, bar, mark)
    return chart.properties(height=alt.Step(22), background="transparent")
