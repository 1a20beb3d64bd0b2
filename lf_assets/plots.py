"""Small pictures for the metadata of a materialisation.

Here: counts by window. Not here: the dashboard's charts.
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

    # One patch and fixed margins: a bar each and a layout engine cost as much as computing the hour.
    figure = Figure(figsize=(7, 1.8))
    axes = figure.add_axes((0.1, 0.28, 0.88, 0.66))
    axes.stairs(counts, fill=True, color="#3b6ea5")
    step = max(1, len(windows) // 8)
    places = range(0, len(windows), step)
    axes.set_xticks(places, [f"{windows[n].start:%H:%M}" for n in places])
    axes.tick_params(labelsize=7)
    axes.set_ylabel(f"{unit}\nper 5 min", fontsize=7)
    axes.set_xlabel(f"window start, {windows[0].start:%Y-%m-%d} UTC", fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=80)
    picture = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![{unit} per 5-minute window](data:image/png;base64,{picture})")
