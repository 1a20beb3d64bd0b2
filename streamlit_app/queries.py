"""What the pages Now, Narratives and Sources ask the database: marts only, parameters only.

Here: SQL and short bounded caches. Not here: the connection (``database``), and how an answer looks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
import streamlit as st

from streamlit_app.database import Row, ask, where

LIVE_TTL = timedelta(seconds=0.5)  # all viewers within it share one answer
PAGE_TTL = timedelta(seconds=15)
UNCHANGED_TTL = timedelta(minutes=1)  # of answers that are asked for by the version of what they rest on
BOARD_LIMIT = 30
EVIDENCE_LIMIT = 120
REACH = 0.6  # cosine distance: two random headlines are nearer in 1 of 100 pairs


def rounded(at: datetime) -> datetime:
    """The start of the minute: viewers within it share one cached answer."""
    return at.replace(second=0, microsecond=0)


def status() -> Row:
    """The one row of ``marts.system_status``."""
    return _status(where())


@st.cache_data(ttl=LIVE_TTL, max_entries=8, show_spinner=False)
def _status(url: str) -> Row:
    return ask(url, "select * from marts.system_status")[0]


@dataclass(frozen=True)
class Board:
    """All that Now shows of the links of a period; shared by all readers, so it is only read.

    ``stamp`` changes when anything of it reads differently: its statements, their headlines, how much was looked at.
    """

    stamp: str
    cards: list[Row]
    evidence: dict[str, list[Row]]  # by statement_id, in order of time
    activity: Row


def board(since: datetime, version: str) -> Board:
    """The board since ``since``.

    Args:
        version: Of ``status``; changes when a statement, a closed window or what counts does. While it stays, nothing
            larger is asked.
    """
    return _board(where(), since, version)


@st.cache_resource(ttl=UNCHANGED_TTL, max_entries=8, show_spinner=False)
def _board(url: str, since: datetime, version: str) -> Board:
    cards, tested = statements(since, version)
    found, looked_at = evidence(cards, version), counted(since) | tested
    shown = [[_as_shown(card) for card in cards], found, looked_at]
    return Board(hashlib.blake2b(repr(shown).encode(), digest_size=12).hexdigest(), cards, found, looked_at)


def statements(since: datetime, version: str) -> tuple[list[Row], Row]:
    """For each event and story since ``since``, the statement that holds: reported ones first, most surprising first.

    And how many links were tested for them: tests, reported, no_evidence. Statements without evidence are left out.
    """
    rows = _statements(where(), since, version)
    tested = {name: rows[0][f"all_{name}"] for name in ("tests", "reported", "no_evidence")}
    return [row for row in rows if row["statement_id"] is not None], tested


@st.cache_data(ttl=UNCHANGED_TTL, max_entries=16, show_spinner=False)
def _statements(url: str, since: datetime, version: str) -> list[Row]:
    """One row at least: the counts stand beside each statement, so that the board is read once for both."""
    return ask(
        url,
        """
        with board as materialized (select * from marts.link_board where window_start >= %(since)s),
        by_window as (
            select max(tests) as tests, count(*) filter (where verdict in ('likely', 'contested')) as reported,
                count(*) filter (where verdict <> 'no evidence' and stage = 'committed') as assessed
            from board group by window_start
        ),
        counts as (
            select coalesce(sum(tests), 0)::int as all_tests, coalesce(sum(reported), 0)::int as all_reported,
                greatest(coalesce(sum(tests) - sum(assessed), 0), 0)::int as all_no_evidence
            from by_window
        ),
        cards as (
            select * from (
                select distinct on (story_key) * from board
                order by story_key, (stage = 'committed') desc, window_start desc
            ) as newest
            where verdict <> 'no evidence'
            order by verdict = 'unlikely', surprise desc nulls last, p_value, statement_id
            limit %(limit)s
        )
        select cards.*, counts.* from counts left join cards on true
        order by verdict = 'unlikely', surprise desc nulls last, p_value, statement_id
        """,
        {"since": since, "limit": BOARD_LIMIT},
    )


def _as_shown(card: Row) -> list[object]:
    """A statement as precisely as the page says it: a live one is stated again every second and reads the same."""
    return [_blurred(value) for name, value in card.items() if name != "delay_s"]


def _blurred(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.3g}"
    return rounded(value) if isinstance(value, datetime) else value


def evidence(cards: Sequence[Row], version: str) -> dict[str, list[Row]]:
    """The items behind each statement, by statement_id, in order of time."""
    if not cards:
        return {}
    ids = sorted(c["statement_id"] for c in cards)
    starts = sorted({c["window_start"] for c in cards})
    found: dict[str, list[Row]] = {}
    for row in _evidence(where(), tuple(ids), tuple(starts), version):
        found.setdefault(row["statement_id"], []).append(row)
    return found


@st.cache_data(ttl=UNCHANGED_TTL, max_entries=16, show_spinner=False)
def _evidence(url: str, ids: tuple[str, ...], starts: tuple[datetime, ...], version: str) -> list[Row]:
    return ask(
        url,
        """
        select * from marts.link_evidence
        where window_start = any(%(starts)s) and statement_id = any(%(ids)s) and place <= %(limit)s
        order by statement_id, event_at nulls last, place
        """,
        {"ids": list(ids), "starts": list(starts), "limit": EVIDENCE_LIMIT},
    )


def counted(since: datetime) -> Row:
    """How much was looked at: items, windows."""
    return _counted(where(), since)


@st.cache_data(ttl=PAGE_TTL, max_entries=16, show_spinner=False)
def _counted(url: str, since: datetime) -> Row:
    return ask(
        url,
        "select coalesce(sum(items), 0)::int as items, count(distinct window_start) as windows"
        " from marts.narrative_timeline where window_start >= %(since)s",
        {"since": since},
    )[0]


def near(since: datetime, meaning: Sequence[float], limit: int) -> list[str]:
    """Labels of the narratives since ``since`` that are nearest to a meaning (384 numbers), nearest first."""
    return _near(where(), since, tuple(meaning), limit)


@st.cache_data(ttl=PAGE_TTL, max_entries=16, show_spinner=False)
def _near(url: str, since: datetime, meaning: tuple[float, ...], limit: int) -> list[str]:
    rows = ask(
        url,
        """
        select label from (
            select distinct on (label) label, centroid <=> %(meaning)s::vector as distance
            from marts.narrative_meanings where window_start >= %(since)s
            order by label, distance
        ) as nearest
        where distance <= %(reach)s order by distance, label limit %(limit)s
        """,
        {"since": since, "meaning": str(list(meaning)), "reach": REACH, "limit": limit},
    )
    return [row["label"] for row in rows]


def top_narratives(since: datetime, word: str, limit: int, among: Sequence[str] | None = None) -> pl.DataFrame:
    """The largest narratives since ``since`` whose label or headline holds ``word``, one row a label.

    Args:
        among: Only these labels, in this order.
    """
    return _top_narratives(where(), since, word, limit, None if among is None else tuple(among))


@st.cache_data(ttl=PAGE_TTL, max_entries=32, show_spinner=False)
def _top_narratives(url: str, since: datetime, word: str, limit: int, among: tuple[str, ...] | None) -> pl.DataFrame:
    rows = ask(
        url,
        """
        with timeline as materialized (
            select label, headline, window_start, items, voices, sources, share, surprise_5, first_at
            from marts.narrative_timeline where window_start >= %(since)s
        )
        select label, (array_agg(headline order by items desc, window_start desc))[1] as headline,
            sum(items)::int as items, sum(items)::float8 / (select sum(items) from timeline) as share,
            max(share) as peak, max(sources) as sources, 1 - sum(voices)::float8 / sum(items) as copies,
            max(surprise_5) as surprise, min(first_at) as first_at
        from timeline
        where (%(word)s = '' or position(lower(%(word)s) in lower(label || ' ' || headline)) > 0)
            and (%(among)s::text[] is null or label = any(%(among)s))
        group by label
        order by array_position(%(among)s::text[], label), sum(items) desc, label
        limit %(limit)s
        """,
        {"since": since, "word": word, "limit": limit, "among": None if among is None else list(among)},
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def carriers(since: datetime, label: str) -> pl.DataFrame:
    """Who carried a label since ``since``: source_title, items, copies, first_at, most items first."""
    return _carriers(where(), since, label)


@st.cache_data(ttl=PAGE_TTL, max_entries=32, show_spinner=False)
def _carriers(url: str, since: datetime, label: str) -> pl.DataFrame:
    named = ask(
        url,
        "select narrative_id from marts.narrative_meanings where window_start >= %(since)s and label = %(label)s "
        "limit 2000",
        {"since": since, "label": label},
    )
    rows = ask(
        url,
        """
        select s.source_title, sum(s.items)::int as items, sum(s.copies)::int as copies, min(s.first_at) as first_at
        from marts.narrative_sources as s
        where s.window_start >= %(since)s and s.narrative_id = any(%(narratives)s)
        group by s.source_title order by sum(s.items) desc, s.source_title limit 200
        """,
        {"since": since, "narratives": [row["narrative_id"] for row in named]},
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def rhythms() -> dict[str, Row]:
    """What was learned of each source's rhythm, by source."""
    return {row["source"]: row["cadence"] for row in _rhythms(where())}


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _rhythms(url: str) -> list[Row]:
    return ask(url, "select source, cadence from marts.source_rhythm")


def corrections(limit: int) -> pl.DataFrame:
    """Published numbers that changed, the newest first."""
    return _corrections(where(), limit)


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _corrections(url: str, limit: int) -> pl.DataFrame:
    rows = ask(
        url,
        "select changed_at, window_start, label, kind, verdict_before, verdict_after, likelihood_before,"
        " likelihood_after, why from marts.changes order by changed_at desc, change_id desc limit %(limit)s",
        {"limit": limit},
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def shares(since: datetime, labels: Sequence[str]) -> pl.DataFrame:
    """Share of each label in every closed window since ``since``; zero where the label does not occur."""
    return _shares(where(), since, tuple(labels))


@st.cache_data(ttl=PAGE_TTL, max_entries=32, show_spinner=False)
def _shares(url: str, since: datetime, labels: tuple[str, ...]) -> pl.DataFrame:
    rows = ask(
        url,
        """
        with timeline as materialized (
            select window_start, label, share, items, counted_items,
                case when label = any(%(labels)s) then expected_5 end as expected
            from marts.narrative_timeline where window_start >= %(since)s
        )
        select w.window_start, l.label,
            coalesce(sum(t.share), 0)::float8 as share, coalesce(sum(t.items), 0)::int as items,
            (sum(t.expected) / max(t.counted_items))::float8 as usual
        from (select distinct window_start from timeline) as w
        cross join unnest(%(labels)s::text[]) as l (label)
        left join timeline as t on t.window_start = w.window_start and t.label = l.label
        group by w.window_start, l.label
        order by w.window_start, l.label
        """,
        {"since": since, "labels": list(labels)},
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def source_health() -> pl.DataFrame:
    """Every source, those in trouble first."""
    return _source_health(where())


@st.cache_data(ttl=PAGE_TTL, max_entries=8, show_spinner=False)
def _source_health(url: str) -> pl.DataFrame:
    rows = ask(
        url,
        """
        select source, title, kind, country, language, state, last_item_at, items_24h, undated_24h, flagged_24h,
            clock_offset_s, open_gap_since, open_gap_reason, interval_s, failures, next_attempt_at
        from marts.source_health
        order by open_gap_since is null, array_position(array['failing', 'backing off', 'new', 'ok'], state), title
        """,
    )
    return pl.DataFrame(rows, infer_schema_length=None)


def gaps(since: datetime) -> pl.DataFrame:
    """Gaps that reach past ``since``."""
    return _gaps(where(), since)


@st.cache_data(ttl=PAGE_TTL, max_entries=16, show_spinner=False)
def _gaps(url: str, since: datetime) -> pl.DataFrame:
    rows = ask(
        url,
        """
        select title, from_at, to_at, reason, state, filled_at, duration_s
        from marts.gaps where coalesce(to_at, 'infinity') > %(since)s order by from_at desc limit 500
        """,
        {"since": since},
    )
    return pl.DataFrame(rows, infer_schema_length=None)
