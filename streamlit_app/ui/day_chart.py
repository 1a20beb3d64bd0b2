"""The time line of a day: events, surges, links and gaps in lanes.

Here: rows into marks, and the Altair specification. Outside text is cleaned here, as it comes in as data.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import altair as alt
import polars as pl

from latticeforge.model import UTC_TIME, Schema
from streamlit_app.ui import outside, text, theme
from streamlit_app.ui.text import days as words
from streamlit_app.ui.text import figure as frame

PLAIN_SIZE = 6.0  # of marks that have no surprise of their own
SHAPE: Schema = {"lane": pl.String, "at": UTC_TIME, "until": UTC_TIME, "said": pl.String, "size": pl.Float64}


def marks(events: pl.DataFrame, surges: pl.DataFrame, links: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """One row a mark: lane, at, until (gaps), said, size (surprise of a surge, -log10 p)."""
    rows: list[tuple[str, datetime, datetime | None, str, float | None]] = []
    for row in events.iter_rows(named=True):
        rows.append((words.LANES["event"], row["occurred_at"], None, outside.plain(row["title"], 140), None))
    for row in surges.iter_rows(named=True):
        said = outside.plain(row["headline"] or row["label"], 140)
        rows.append((words.LANES["surge"], row["onset_at"], None, said, float(row["surprise"])))
    for row in links.iter_rows(named=True):
        said = f"{text.VERDICTS[row['verdict']]}: {outside.plain(row['label'], 80)}"
        rows.append((words.LANES["link"], row["onset_at"] or row["evaluated_at"], None, said, None))
    for row in gaps.iter_rows(named=True):
        said = f"{outside.plain(row['title'], 80)}: {outside.plain(row['reason'], 120)}"
        rows.append((words.LANES["gap"], row["from_at"], row["to_at"], said, None))
    return pl.DataFrame(rows, schema=SHAPE, orient="row")


def time_line(data: pl.DataFrame, day: date) -> alt.LayerChart | alt.FacetChart:
    """Four lanes over 24 hours."""
    lanes = list(words.LANES.values())
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    clipped = data.with_columns(
        pl.col("at").clip(start, end),
        pl.col("size").fill_null(PLAIN_SIZE),
        until=pl.col("until").fill_null(end).clip(start, end),
    )
    domain = [start.isoformat(), end.isoformat()]
    axis = alt.Axis(grid=True, format="%H:%M", labelOverlap=True, tickCount=8)
    x = alt.X("at:T", title=text.TIME_AXIS, scale=alt.Scale(type="utc", domain=domain), axis=axis)
    y = alt.Y("lane:N", title=None, sort=lanes, scale=alt.Scale(domain=lanes))
    colours = alt.Scale(domain=lanes, range=[theme.EVENT, theme.GREY, theme.STORY, theme.HOLE])
    tooltip = [
        alt.Tooltip("said:N", title=" "),
        alt.Tooltip("utchoursminutes(at):T", title="UTC"),
        alt.Tooltip("hoursminutes(at):T", title=frame.LOCAL),
    ]
    gap = pl.col("lane") == words.LANES["gap"]
    base = alt.Chart(clipped.filter(~gap))
    points = base.mark_point(filled=True, opacity=0.85).encode(
        x=x,
        y=y,
        color=alt.Color("lane:N", scale=colours, legend=None),
        shape=alt.Shape(
            "lane:N",
            scale=alt.Scale(domain=lanes, range=["diamond", "circle", "triangle-up", "square"]),
            legend=None,
        ),
        size=alt.Size("size:Q", scale=alt.Scale(type="sqrt", range=[30, 420]), legend=None),
        tooltip=tooltip,
    )
    bars = alt.Chart(clipped.filter(gap)).mark_bar(height=12, color=theme.HOLE, opacity=0.8)
    chart: alt.LayerChart | alt.FacetChart = alt.layer(points, bars.encode(x=x, x2="until:T", y=y, tooltip=tooltip))
    return chart.properties(height=230, background="transparent")
