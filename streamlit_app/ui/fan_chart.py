"""A line among placebo lines: what one story did, and the band that chance alone keeps to.

Here: the Altair specification. Not here: quantiles, units, words.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from streamlit_app.ui import theme


def fan(
    spread: pl.DataFrame, own: pl.DataFrame, *, across: str, up: str, ticks: int = 7
) -> alt.LayerChart | alt.FacetChart:
    """Two bands and a dotted median of placebos, and the line of the real thing.

    Args:
        spread: at, low, quarter, middle, three_quarters, high.
        own: at, value.
        across: Title of the x axis, which carries ``at``.
        up: Title of the y axis.
    """
    x = alt.X("at:Q", title=across, axis=alt.Axis(grid=False, tickCount=ticks))
    y = alt.Y("low:Q", title=up, scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=4))
    base = alt.Chart(spread)
    outer = base.mark_area(color=theme.GREY, opacity=0.22).encode(x=x, y=y, y2="high:Q")
    inner = base.mark_area(color=theme.GREY, opacity=0.34).encode(x=x, y="quarter:Q", y2="three_quarters:Q")
    middle = base.mark_line(color=theme.GREY, strokeDash=[2, 3]).encode(x=x, y="middle:Q")
    dot = alt.OverlayMarkDef(size=30, filled=True, color=theme.STORY)
    line = (
        alt.Chart(own)
        .mark_line(strokeWidth=2.6, color=theme.STORY, point=dot)
        .encode(
            x=x,
            y="value:Q",
            tooltip=[alt.Tooltip("at:Q", title=across), alt.Tooltip("value:Q", format=".3~g", title=up)],
        )
    )
    return alt.layer(outer, inner, middle, line).properties(height=280, background="transparent")
