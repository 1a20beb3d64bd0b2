"""What the page Link asks: one statement, when it was published, every test of its window, and the meanings around it.

Here: SQL with its caches; each answer may be asked as of an earlier instant. Not here: what is computed from the
meanings (``course``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import polars as pl
import streamlit as st

from latticeforge.model import EMBEDDING_DIM, UTC_TIME, Schema
from streamlit_app.database import Row, ask, where
from streamlit_app.queries import EVIDENCE_LIMIT, PAGE_TTL

_GAPS: Schema = {
    "source": pl.String,
    "title": pl.String,
    "from_at": UTC_TIME,
    "to_at": UTC_TIME,
    "reason": pl.String,
    "state": pl.String,
}
MAX_MEANINGS = 60_000  # rows; a crowded feed has 300 narratives a window


def statement(statement_id: str, story: str, as_of: datetime | None) -> list[Row]:
    """The statement, or the newest one of the same story where that one has been replaced; none where there is none."""
    return _statement(where(), statement_id, story, as_of)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _statement(url: str, statement_id: str, story: str, as_of: datetime | None) -> list[Row]:
    return ask(
        url,
        """
        select * from marts.link_board
        where statement_id = %(id)s or story_key = %(story)s
        order by statement_id = %(id)s desc, stage = 'committed' desc, window_start desc
        limit 1
        """,
        {"id": statement_id, "story": story},
        as_of=as_of,
    )


def publications(window: datetime) -> list[Row]:
    """What was published for the window of a statement, newest first; only what is still kept."""
    return _publications(where(), window)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _publications(url: str, window: datetime) -> list[Row]:
    return ask(
        url,
        "select * from marts.publications where window_start = %(window)s and kept"
        " order by published_at desc limit 100",
        {"window": window},
    )


def evidence(statement_id: str, window: datetime, as_of: datetime | None) -> list[Row]:
    """The items behind the statement, in order of time."""
    return _evidence(where(), statement_id, window, as_of)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _evidence(url: str, statement_id: str, window: datetime, as_of: datetime | None) -> list[Row]:
    return ask(
        url,
        "select * from marts.link_evidence where window_start = %(window)s and statement_id = %(id)s"
        " and place <= %(limit)s order by event_at nulls last, place",
        {"id": statement_id, "window": window, "limit": EVIDENCE_LIMIT},
        as_of=as_of,
    )


def tests(window: datetime, as_of: datetime | None) -> pl.DataFrame:
    """Every test of the window, the rarest first."""
    return _tests(where(), window, as_of)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _tests(url: str, window: datetime, as_of: datetime | None) -> pl.DataFrame:
    rows = ask(
        url,
        "select * from marts.link_tests where window_start = %(window)s order by p_value, link_id limit 500",
        {"window": window},
        as_of=as_of,
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def carriers(window: datetime, narrative_id: str, as_of: datetime | None) -> pl.DataFrame:
    """Items and copies by source, most first."""
    return _carriers(where(), window, narrative_id, as_of)


@st.cache_data(ttl=PAGE_TTL, max_entries=64, show_spinner=False)
def _carriers(url: str, window: datetime, narrative_id: str, as_of: datetime | None) -> pl.DataFrame:
    rows = ask(
        url,
        "select source_title, items, copies, accounts, first_at from marts.narrative_sources"
        " where window_start = %(window)s and narrative_id = %(narrative)s order by items desc, source_title limit 200",
        {"window": window, "narrative": narrative_id},
        as_of=as_of,
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def baseline(window: datetime, narrative_id: str, as_of: datetime | None) -> Row | None:
    """The posterior of the narrative's share at five minutes."""
    rows = ask(
        where(),
        "select * from marts.narrative_baselines where window_start = %(window)s and narrative_id = %(narrative)s"
        " and scale_minutes = 5",
        {"window": window, "narrative": narrative_id},
        as_of=as_of,
    )
    return rows[0] if rows else None


def meanings(starts: Sequence[datetime], as_of: datetime | None) -> pl.DataFrame:
    """Narratives of some windows: window_start, narrative_id, items, voices, centroid (384 numbers)."""
    rows = ask(
        where(),
        "select window_start, narrative_id, items, voices, vector_send(centroid) as vector"
        " from marts.narrative_meanings where window_start = any(%(starts)s) order by window_start limit %(limit)s",
        {"starts": list(starts), "limit": MAX_MEANINGS},
        as_of=as_of,
    )
    return pl.DataFrame(
        {
            "window_start": pl.Series([r["window_start"] for r in rows], dtype=pl.Datetime("us", "UTC")),
            "narrative_id": pl.Series([r["narrative_id"] for r in rows], dtype=pl.String),
            "items": pl.Series([r["items"] for r in rows], dtype=pl.Int32),
            "voices": pl.Series([r["voices"] for r in rows], dtype=pl.Int32),
            "centroid": pl.Series(vectors(r["vector"] for r in rows), dtype=pl.Array(pl.Float32, EMBEDDING_DIM)),
        }
    )


def vectors(sent: Iterable[bytes]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """(n, 384) from what ``vector_send`` gives: two 16-bit integers, then big-endian floats."""
    whole = b"".join(bytes(s)[4:] for s in sent)
    return np.frombuffer(whole, dtype=">f4").astype(np.float32).reshape(-1, EMBEDDING_DIM)


def event_meaning(event_id: str, as_of: datetime | None) -> np.ndarray[tuple[int, int], np.dtype[np.float32]] | None:
    """The vector of the event's title, (1, 384), or None where none was computed."""
    rows = ask(
        where(),
        "select vector_send(meaning) as vector from marts.events"
        " where event_id = %(event)s and meaning is not null limit 1",
        {"event": event_id},
        as_of=as_of,
    )
    return vectors(r["vector"] for r in rows) if rows else None


def computed(starts: Sequence[datetime], as_of: datetime | None) -> set[datetime]:
    """Which of these windows were computed."""
    rows = ask(
        where(),
        "select window_start from marts.windows where window_start = any(%(starts)s)",
        {"starts": list(starts)},
        as_of=as_of,
    )
    return {r["window_start"] for r in rows}


def unfilled_gaps(since: datetime, until: datetime, as_of: datetime | None) -> pl.DataFrame:
    """Gaps between two instants that were not filled: source, title, from_at, to_at (null: open), reason, state."""
    rows = ask(
        where(),
        "select source, title, from_at, to_at, reason, state from marts.gaps where state <> 'filled'"
        " and from_at < %(until)s and coalesce(to_at, 'infinity') > %(since)s order by from_at limit 500",
        {"since": since, "until": until},
        as_of=as_of,
    )
    return pl.DataFrame(rows, schema=_GAPS)
