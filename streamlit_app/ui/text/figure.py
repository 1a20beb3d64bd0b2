"""What stands beside every chart."""

from __future__ import annotations

from datetime import datetime

from streamlit_app.ui.text import clock, day, moment, span

TAKE_ALONG = "Link, cite, data"
LINK = "Link to exactly this view"
CITE = "Cite"
CSV = "Data, CSV"
METADATA = "Metadata, JSON"
METHOD = "How it is measured"
NO_INTERVAL = "These are counts of what came in, so they have no interval."
LOCAL = "Your time"


def reach(until: datetime, age_s: float, here: datetime | None, zone: str) -> str:
    """Time zone and data lag in one line."""
    said = "Times are UTC"
    if here is not None and here.utcoffset():
        said += f"; {clock(until)} UTC is {clock(here)} where you are ({zone.replace('_', ' ')})"
    return f"{said}. Data up to {moment(until)}, {span(age_s)} ago."


def citation(title: str, address: str, until: datetime | None, as_of: datetime | None, now: datetime) -> str:
    """A reference that another reader can follow to the same numbers."""
    said = f"LatticeForge, “{title}”"
    said += f", data up to {moment(until)}" if until else ""
    said += f", as published at {moment(as_of)}" if as_of else ""
    return f"{said}. {address} (read {day(now)}, {clock(now)} UTC)."
