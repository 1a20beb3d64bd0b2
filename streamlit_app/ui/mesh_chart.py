"""The drawing of the mesh: three columns of named dots with lines between.

Here: the Altair specification. Not here: which dots there are and where they stand (``mesh``).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import altair as alt
import polars as pl

from latticeforge.model import Schema
from streamlit_app.mesh import Mesh
from streamlit_app.ui import outside, text, theme
from streamlit_app.ui.text import graph as words

ROW_PX = 19
WIDTH_PX = 820
PICK = "node"
NOTHING = "–"
_NODE: Schema = {
    "key": pl.String,
    "kind": pl.String,
    "name": pl.String,
    "detail": pl.String,
    "items": pl.Float64,
    "x": pl.Float64,
    "y": pl.Float64,
    "chosen": pl.Boolean,
}
_EDGE: Schema = {
    "verdict": pl.String,
    "x": pl.Float64,
    "y": pl.Float64,
    "x2": pl.Float64,
    "y2": pl.Float64,
    "weight": pl.Float64,
}


def nodes(mesh: Mesh, chosen: str) -> pl.DataFrame:
    """The dots with their places; names are cleaned."""
    rows = []
    for node in mesh.nodes:
        x, y = mesh.places[node.key]
        name, detail = outside.plain(node.name, 44), outside.plain(node.detail, 140)
        rows.append((node.key, words.KINDS[node.kind], name, detail, node.weight, float(x), y, node.key == chosen))
    return pl.DataFrame(rows, schema=_NODE, orient="row")


def edges(mesh: Mesh, most: int | None = None) -> pl.DataFrame:
    """The lines with both ends; of the sources of a story, the ``most`` with most items."""
    rows = []
    drawn: Counter[str] = Counter()
    for edge in sorted(mesh.edges, key=lambda e: (-e.weight, e.left, e.right)):
        drawn[edge.left] += not edge.verdict
        if most is not None and not edge.verdict and drawn[edge.left] > most:
            continue
        (x, y), (x2, y2) = mesh.places[edge.left], mesh.places[edge.right]
        rows.append((text.VERDICTS.get(edge.verdict, NOTHING), float(x), y, float(x2), y2, edge.weight))
    return pl.DataFrame(rows, schema=_EDGE, orient="row")


def drawing(dots: pl.DataFrame, lines: pl.DataFrame, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """The chart; a click on a dot is the selection ``node`` with the dot's key."""
    tallest = max([4, *dots.group_by("x").len()["len"].to_list()])
    x: dict[str, Any] = {"scale": alt.Scale(domain=[-0.78, 2.42]), "axis": None}
    y: dict[str, Any] = {"scale": alt.Scale(domain=[tallest, -1.2]), "axis": None}
    place = {"x": alt.X("x:Q", **x), "y": alt.Y("y:Q", **y)}
    domain = [text.VERDICTS[v] for v in ("likely", "contested", "unlikely", "no evidence")]
    colours = alt.Scale(domain=[*domain, NOTHING], range=[*theme.VERDICT_COLOURS.values(), theme.GREY])
    dashes = alt.Scale(domain=[*domain, NOTHING], range=[[1, 0], [7, 3], [2, 3], [1, 4], [1, 0]])
    tests = alt.Legend(orient="top", values=domain, symbolType="stroke", symbolStrokeWidth=3)
    rule = (
        alt.Chart(lines)
        .mark_rule(strokeCap="round")
        .encode(
            **place,
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color("verdict:N", scale=colours, title=None, legend=tests),
            strokeDash=alt.StrokeDash("verdict:N", scale=dashes, legend=None),
            opacity=alt.condition(f"datum.verdict == '{NOTHING}'", alt.value(0.28), alt.value(0.9)),
            strokeWidth=alt.condition(f"datum.verdict == '{NOTHING}'", alt.value(1), alt.value(2)),
        )
    )
    picked = alt.selection_point(name=PICK, fields=["key"], on="click", empty=False)
    shapes = alt.Scale(domain=list(words.KINDS.values()), range=["diamond", "circle", "square"])
    base = alt.Chart(dots)
    point = (
        base.mark_point(filled=True, opacity=1, color=theme.EVENT)
        .encode(
            **place,
            shape=alt.Shape("kind:N", scale=shapes, legend=None),
            size=alt.Size("items:Q", scale=alt.Scale(type="sqrt", range=[50, 420]), legend=None),
            color=alt.condition("datum.chosen", alt.value(theme.STORY), alt.value(theme.EVENT)),
            tooltip=[
                alt.Tooltip("kind:N", title=" "),
                alt.Tooltip("name:N", title="  "),
                alt.Tooltip("detail:N", title="   "),
                alt.Tooltip("items:Q", title="Items"),
            ],
        )
        .add_params(picked)
    )
    layers = [rule, point, *(_names(base, column, place, dark) for column in range(3)), *_heads(place, dark)]
    chart: alt.LayerChart | alt.FacetChart = alt.layer(*layers)
    return chart.properties(height=ROW_PX * tallest + 90, width=WIDTH_PX, background="transparent")


def _names(base: alt.Chart, column: int, place: dict[str, Any], dark: bool) -> alt.LayerChart | alt.FacetChart:
    """The names of one column: outside of the lines on both sides, with a halo in the middle."""
    side = "right" if column == 0 else "left"
    halo, ink = (theme.DARK_PAGE, theme.DARK_INK) if dark else (theme.LIGHT_PAGE, theme.LIGHT_INK)
    shown = base.transform_filter(f"datum.x == {column}")
    limit = {0: 190, 1: 230, 2: 120}[column]
    mark: dict[str, Any] = {"align": side, "dx": -10 if column == 0 else 10, "fontSize": 11.5, "limit": limit}
    under = shown.mark_text(**mark, stroke=halo, strokeWidth=4, strokeOpacity=0.85, color=halo)
    return alt.layer(
        under.encode(**place, text="name:N"), shown.mark_text(**mark, color=ink).encode(**place, text="name:N")
    )


def _heads(place: dict[str, Any], dark: bool) -> list[alt.Chart]:
    ink = theme.DARK_INK if dark else theme.LIGHT_INK
    values = [{"x": i, "y": -0.8, "name": name} for i, name in enumerate(words.COLUMNS)]
    head = alt.Chart(alt.InlineData(values=values)).mark_text(fontWeight="bold", fontSize=13, color=ink)
    return [head.encode(**place, text="name:N")]
