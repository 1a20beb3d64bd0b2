"""What must hold after the demo day, whichever topics and times it was played with.

Here: comparing what the database says with what was planted. Not here: playing it (``play``). Everything is read from
the tables the dashboard reads; nothing is known here but the truth of the generator.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

import psycopg

from latticeforge.demo.day import DemoDay, Planted
from latticeforge.demo.play import Played
from latticeforge.demo.variant import DAY_START
from latticeforge.model import item_id_of
from latticeforge.store import Store

FLAGGED_WITHIN = timedelta(minutes=3)
SCORED_WITHIN = timedelta(minutes=4)
SHOWN_WITHIN = timedelta(minutes=5)
LIKELIHOOD = 0.82  # the interval of the planted distraction must hold it
LOW = 0.5  # the organic story must stay under it


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and what was found."""

    name: str
    held: bool
    found: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One row of ``live.alert`` about a planted story."""

    alert_id: str
    at: datetime
    verdict: str
    likelihood: float | None
    low: float | None
    high: float | None
    partial: list[str]


def check_day(store: Store, day: DemoDay, played: Played) -> list[Check]:
    """Every expectation of the day, held or not."""
    with store.connection() as c:
        return [
            *_items(c, day, played),
            *_distraction(c, day, played),
            *_organic(c, day),
            *_attention(c, day),
            *_windows(c),
        ]


def _items(c: psycopg.Connection, day: DemoDay, played: Played) -> Iterator[Check]:
    assert played.landing is not None
    stored = _one(c, "select count(*) from landing.item")
    distinct = _one(c, "select count(distinct item_id) from landing.item")
    want = day.truth.expected
    # a poller sees the last wording of what was corrected before its first poll, or twice between two polls
    revisions = want["items"] + want["revisions_on_the_day"] - want["items_on_the_day"]
    yield Check(
        "no item lost, none twice",
        distinct == want["items"] and stored == played.items.new + played.items.revised <= revisions,
        f"{distinct:,} items of {want['items']:,}; {stored:,} revisions seen and stored of {revisions:,} published",
    )
    undated = _one(c, "select count(distinct item_id) from landing.item where date_status in ('missing', 'ancient')")
    yield Check(
        "items without a date are kept and not counted",
        undated == want["undated"] + want["epoch"],
        f"{undated} flagged of {want['undated'] + want['epoch']}",
    )
    clocks = c.execute("select source from ops.source where abs(clock_offset_s) > 300 order by 1").fetchall()
    found = [row[0] for row in clocks]
    yield Check("wrong clocks are noticed", found == sorted(day.truth.clock_s), ", ".join(found) or "none")


def _distraction(c: psycopg.Connection, day: DemoDay, played: Played) -> Iterator[Check]:
    planted = day.truth.distraction
    said = statements(c, planted, day)
    likely = [s for s in said if s.verdict == "likely"]
    first, scored = said[0] if said else None, likely[0] if likely else None
    yield Check(
        f"flagged within {FLAGGED_WITHIN.seconds // 60} min",
        first is not None and first.at <= planted.onset_at + FLAGGED_WITHIN,
        f"{first.at:%H:%M:%S}" if first else "never flagged",
    )
    yield Check(
        f"scored as a likely distraction within {SCORED_WITHIN.seconds // 60} min, interval holds {LIKELIHOOD}",
        scored is not None
        and scored.at <= planted.onset_at + SCORED_WITHIN
        and any(s.low is not None and s.high is not None and s.low <= LIKELIHOOD <= s.high for s in likely),
        "; ".join(f"{s.at:%H:%M:%S} {s.likelihood:.2f} ({s.low:.2f}-{s.high:.2f})" for s in likely[:3])
        or "never likely",
    )
    shown = [played.seen_on_board[s.alert_id] for s in said if s.alert_id in played.seen_on_board]
    yield Check(
        f"on the dashboard within {SHOWN_WITHIN.seconds // 60} min",
        bool(shown) and min(shown) <= planted.onset_at + SHOWN_WITHIN,
        f"{min(shown):%H:%M:%S}" if shown else "not on the board",
    )


def _organic(c: psycopg.Connection, day: DemoDay) -> Iterator[Check]:
    said = statements(c, day.truth.organic, day)
    high = [s for s in said if s.verdict == "likely" or (s.likelihood or 0.0) >= LOW]
    alarms = _one(
        c,
        "select count(*) from core.spike s join core.active a using (generation_id) where s.is_onset and exists"
        " (select from core.narrative_item i join core.active n using (generation_id) where n.asset = 'narratives'"
        " and i.window_start = s.window_start and i.narrative_id = s.narrative_id and i.item_id = any(%s))",
        _item_ids(day.truth.organic, day),
    )
    highest = max((s.likelihood or 0.0 for s in said), default=0.0)
    yield Check(
        "the organic story surges and is not called a distraction",
        alarms > 0 and not high,
        f"{alarms} alarms, {len(said)} statements about its event, highest likelihood {highest:.2f}",
    )


def _attention(c: psycopg.Connection, day: DemoDay) -> Iterator[Check]:
    start, end = day.truth.outage
    retries = _one(
        c,
        "select count(*) from ops.event where kind = 'collect.retry' and source = 'attention' and at between %s and %s",
        start,
        end + timedelta(minutes=10),
    )
    yield Check("the attention collector backs off", retries > 0, f"{retries} retries")
    gaps = c.execute(
        "select from_at, to_at, state from ops.gap where source = 'attention' and from_at between %s and %s",
        (start - timedelta(minutes=2), end),
    ).fetchall()
    yield Check(
        "its gap is recorded and filled",
        bool(gaps) and all(state == "filled" for _, _, state in gaps),
        "; ".join(f"{a:%H:%M}-{b:%H:%M} {state}" if b else f"{a:%H:%M} {state}" for a, b, state in gaps) or "no gap",
    )
    partial = _one(
        c,
        "select count(*) from live.alert where evaluated_at between %s and %s and cardinality(partial) > 0",
        start,
        end + timedelta(minutes=10),
    )
    yield Check("partial mode is said on affected numbers", partial > 0, f"{partial} statements say so")
    counts = _one(c, "select count(*) from landing.attention where observed_at >= %s", DAY_START)
    want = day.truth.expected["attention_counts"]
    yield Check("no minute of attention is lost", counts == want, f"{counts:,} of {want:,} counts")


def _windows(c: psycopg.Connection) -> Iterator[Check]:
    row = c.execute(
        "select count(*), (extract(epoch from max(window_start) - min(window_start)) / 300)::int + 1 from ops.window"
    ).fetchone()
    assert row is not None
    yield Check("windows are continuous", row[0] == row[1], f"{row[0]:,} closed of {row[1]:,}")


def statements(c: psycopg.Connection, planted: Planted, day: DemoDay) -> list[Statement]:
    """What the radar said live about a planted event and story, oldest first."""
    rows = c.execute(
        "select alert_id, evaluated_at, verdict, likelihood, likelihood_low, likelihood_high, partial from live.alert"
        " where event_id = %s and evidence && %s order by seq",
        (planted.event_id, _item_ids(planted, day)),
    ).fetchall()
    return [Statement(*row) for row in rows]


def _item_ids(planted: Planted, day: DemoDay) -> list[str]:
    source_of = {item.guid: item.source.name for item in day.items}
    return [item_id_of(source_of[guid], guid) for guid in planted.guids]


def _one(c: psycopg.Connection, query: LiteralString, *values: object) -> int:
    row = c.execute(query, values).fetchone()
    assert row is not None
    return int(row[0])
