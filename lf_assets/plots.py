"""Small pictures for the metadata of a materialisation.

Here: a bar for each window. Not here: the dashboard's charts.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import dagster as dg

from latticeforge.windows import Window


def bars(windows: Sequence[Window], counts: Sequence[int], unit: str) -> dg.MetadataValue:
    """A PNG, as Markdown, of ``counts`` (in ``unit``) by window."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 1.8), layout="constrained")
    axes = figure.subplots()
    axes.bar(range(len(windows)), counts, width=0.9, color="#3b6ea5")
    step = max(1, len(windows) // 12)
    places = range(0, len(windows), step)
    axes.set_xticks(places, [f"{windows[n].start:%H:%M}" for n in places], fontsize=7)
    axes.set_ylabel(f"{unit}\nper 5 min", fontsize=7)
    axes.set_xlabel(f"window start, {windows[0].start:%Y-%m-%d} UTC", fontsize=7)
    axes.tick_params(labelsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    picture = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![{unit} per 5-minute window](data:image/png;base64,{picture})")
