"""The one frame that every chart stands in: what it counts, until when, how sure, and how to take it along.

Here: title, words, chart, and the fold with link, citation, data and method. Not here: the charts (``charts`` and its
neighbours) and the words (``text``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import altair as alt
import polars as pl
import streamlit as st

from latticeforge import __version__
from latticeforge.narratives.scores import METHOD_VERSION
from streamlit_app.ui import text
from streamlit_app.ui.text import figure as words

AnyChart = alt.Chart | alt.LayerChart | alt.FacetChart | alt.VConcatChart


@dataclass(frozen=True)
class Figure:
    """One chart with everything that must stand beside it. Text from outside in it is cleaned already."""

    key: str  # unique on its page; also the name of its file
    title: str
    counts: str  # what it counts, and in which unit
    interval: str  # what its interval says; or that it has none, and why
    spoken: str  # what a reader who cannot see it is told
    chart: AnyChart
    data: pl.DataFrame
    page: str  # the page's path, without a slash
    view: Mapping[str, str] = field(default_factory=dict)  # the query parameters that restore this view
    until: datetime | None = None  # how far its data reaches
    method: str = "charts"  # the part of the page Method
    as_of: datetime | None = None
    heading: bool = True


def show(figure: Figure, *, on_select: Callable[[], None] | None = None) -> None:
    """Put the figure on the page; ``on_select`` is called when a reader picks a mark of a chart that can be picked "
    "from."""
    if figure.heading:
        st.subheader(figure.title, anchor=False)
    st.altair_chart(
        figure.chart,
        height=_height(figure.chart),
        key=f"chart-{figure.key}",
        alt=figure.spoken,
        on_select=on_select if on_select else "ignore",
    )
    st.caption(" ".join(part for part in (figure.counts, figure.interval, reach(figure.until)) if part))
    with st.expander(words.TAKE_ALONG, icon=":material/ios_share:", key=f"take-{figure.key}"):
        link(figure.page, figure.view, figure.title, figure.until, figure.as_of)
        name = f"latticeforge-{figure.key}"
        with st.container(horizontal=True):
            st.download_button(
                words.CSV,
                lambda: csv(figure.data),
                f"{name}.csv",
                "text/csv",
                key=f"csv-{figure.key}",
                on_click="ignore",
            )
            st.download_button(
                words.METADATA,
                lambda: json.dumps(metadata(figure), indent=2, default=str, ensure_ascii=False).encode(),
                f"{name}.json",
                "application/json",
                key=f"meta-{figure.key}",
                on_click="ignore",
            )
        st.markdown(f"[{words.METHOD}](method?part={figure.method})")


def _height(chart: AnyChart) -> int | Literal["content"]:
    """Its height in pixels where that is known before it is drawn: the page keeps the room, and nothing jumps."""
    height = getattr(chart, "height", None)
    return height if isinstance(height, int) else "content"


def link(page: str, view: Mapping[str, str], title: str, until: datetime | None, as_of: datetime | None) -> None:
    """The address of this view and how to cite it, each with a button that copies it."""
    address = permalink(page, view)
    st.markdown(f"**{words.LINK}**")
    st.code(address, language=None, wrap_lines=True)
    st.markdown(f"**{words.CITE}**")
    st.code(words.citation(title, address, until, as_of, datetime.now(UTC)), language=None, wrap_lines=True)


def permalink(page: str, view: Mapping[str, str]) -> str:
    """The address that restores a view."""
    return permalink_at(origin(), page, view)


def permalink_at(origin: str, page: str, view: Mapping[str, str]) -> str:
    """The same at a known host."""
    query = urlencode({k: v for k, v in view.items() if v})
    return f"{origin}/{page}{'?' + query if query else ''}"


def origin() -> str:
    """Scheme and host under which the reader came, without a slash; empty where it is not known."""
    parts = urlsplit(str(st.context.url or ""))
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else ""


def reach(until: datetime | None) -> str:
    """How far the data reaches, how old it is, and what the reader's own clock says then."""
    if until is None:
        return ""
    return words.reach(until, (datetime.now(UTC) - until).total_seconds(), local(until), str(st.context.timezone or ""))


def local(at: datetime) -> datetime | None:
    """The same instant on the reader's clock, where the browser says which it is."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return at.astimezone(ZoneInfo(st.context.timezone)) if st.context.timezone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def csv(data: pl.DataFrame) -> bytes:
    """Comma-separated, UTF-8, times in ISO 8601 UTC; a cell that a spreadsheet would run as a formula is quoted."""
    lists = [c for c, kind in data.schema.items() if isinstance(kind, pl.List)]
    flat = data.with_columns(pl.col(c).cast(pl.List(pl.String)).list.join("; ") for c in lists)
    strings = [c for c, kind in flat.schema.items() if kind == pl.String]
    safe = flat.with_columns(
        pl.when(pl.col(c).str.contains(r"^[=+\-@\t\r]")).then("'" + pl.col(c)).otherwise(pl.col(c)).alias(c)
        for c in strings
    )
    return safe.write_csv(datetime_format="%Y-%m-%dT%H:%M:%SZ").encode()


def metadata(figure: Figure) -> dict[str, Any]:
    """What a program must know of the file."""
    return {
        "title": figure.title,
        "counts": figure.counts,
        "interval": figure.interval,
        "description": figure.spoken,
        "columns": {name: str(kind) for name, kind in figure.data.schema.items()},
        "rows": figure.data.height,
        "times": "UTC",
        "data_until": figure.until,
        "as_published_at": figure.as_of,
        "address": permalink(figure.page, figure.view),
        "code_version": __version__,
        "method_version": METHOD_VERSION,
        "does_not_say": text.DISCLAIMER,
    }
