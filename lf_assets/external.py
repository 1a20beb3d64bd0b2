"""Assets that others write: what lands, and what the radar says live.

Here: their place in the graph. Not here: their events, which the sensor ``closed_windows`` reports.
"""

from __future__ import annotations

import dagster as dg

from lf_assets.catalogue import EXTERNAL

_UPSTREAM = {"live/windows": ["landing/item"], "live/alert": ["landing/item", "landing/calendar_event"]}

_WRITERS = {"core/calendar_link": "analyst"}

EXTERNAL_SPECS = [
    dg.AssetSpec(
        key=name.split("/"),
        group_name=name.split("/")[0],
        deps=[key.split("/") for key in _UPSTREAM.get(name, [])],
        description=entry.description,
        owners=[entry.owner],
        kinds=set(entry.kinds),
        tags={"written_by": _WRITERS.get(name, "radar")},
    )
    for name, entry in EXTERNAL.items()
]
