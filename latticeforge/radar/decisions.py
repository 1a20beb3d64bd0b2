"""Deciding alarms that are due: reading their slots on both sides, ranking them, writing what is decided.

Here: which alarms are due, which slots were fully collected, the row of ``live.decision``. Not here: the rule
(``narratives.decisions``) and the rank (``narratives.groups``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import psycopg
from numpy.typing import NDArray

from latticeforge.embedding import Encoder
from latticeforge.model import CalendarEvent, DateStatus, text_hash
from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, WINDOW_SLOTS
from latticeforge.narratives.calendar_test import placebos
from latticeforge.narratives.decisions import METHOD_VERSION, WAIT, Decision, Seen, decide, due_at
from latticeforge.radar.analyze_calendars import Grid
from latticeforge.radar.analyze_groups import Groups
from latticeforge.radar.stages import encode_missing
from latticeforge.store.generations import computed_windows
from latticeforge.store.landing import read_items
from latticeforge.store.ledger import gaps_between, record_event
from latticeforge.windows import DAY, EPOCH, HOUR, WINDOW, floor_to, windows_between

MOST_AT_ONCE = 50  # alarms of one run; the others wait for the next
_SPAN = WINDOW * WINDOW_SLOTS
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Alarm:
    """The last statement of a live alarm."""

    alert_id: str
    event_id: str
    event_title: str
    event_at: datetime
    p_then: float
    likelihood_then: float | None
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Decided:
    """An alarm with its decision."""

    alarm: Alarm
    decision: Decision
    seen: Seen | None


def due_alarms(connection: psycopg.Connection, now: datetime) -> list[Alarm]:
    """Alarms (last said to be likely or contested) that are due at ``now`` and not decided, oldest event first."""
    rows = connection.execute(
        "select alert_id, event_id, event_title, event_at, p_value, likelihood, evidence from ("
        " select distinct on (alert_id) * from live.alert where event_at <= %s order by alert_id, seq desc) newest"
        " where verdict in ('likely', 'contested')"
        " and not exists (select from live.decision d where d.alert_id = newest.alert_id)"
        " order by event_at, alert_id",
        (now - WAIT,),
    ).fetchall()
    return [alarm for alarm in (Alarm(*row) for row in rows) if due_at(alarm.event_at) <= now][:MOST_AT_ONCE]


def decide_due(connection: psycopg.Connection, now: datetime, encoder: Encoder) -> list[Decided]:
    """Decide every alarm that is due, once, and write it down; the same stored data gives the same decision."""
    decided = []
    for alarm in due_alarms(connection, now):
        seen = look(connection, alarm, encoder)
        decided.append(Decided(alarm, decide(seen), seen))
    _write(connection, decided, now)
    return decided


def look(connection: psycopg.Connection, alarm: Alarm, encoder: Encoder) -> Seen | None:
    """The alarm's slot among those of 30 days on both sides; None where its own two hours were not fully collected."""
    first = floor_to(alarm.event_at - WAIT, DAY)
    origin = first - (first - EPOCH) % _WEEK
    at = -((origin - alarm.event_at) // WINDOW)
    items = _items(connection, alarm.event_at)
    usable = _usable(connection, alarm.event_at, origin, at, items)
    if not usable[at]:
        return None
    vectors = encode_missing(connection, items["text_hash"].to_list(), items["title"].to_list(), encoder)
    slot = _slots(items["event_at"], origin)
    groups = Groups(items, slot, vectors, Grid(origin, 0, 0, usable.size + WINDOW_SLOTS, ()))
    title = encode_missing(connection, [text_hash(alarm.event_title)], [alarm.event_title], encoder)[0]
    event = CalendarEvent(alarm.event_id, "", alarm.event_title, alarm.event_at, "", None, alarm.event_at)
    one = groups.test(event, title, usable, 0)
    days = np.unique((placebos(np.array([at]), usable, HOUR_SLOTS).clusters[0].moves + HOUR_SLOTS) // DAY_SLOTS)
    before, after = int((days < 0).sum()), int((days > 0).sum())
    if one is None:
        return Seen(1.0, 0, before, after, 0, False)
    own = set(items["item_id"].gather(one.rows).to_list())
    return Seen(one.test.p, one.test.placebos, before, after, one.size, not own.isdisjoint(alarm.evidence))


def _stretches(event_at: datetime) -> list[tuple[datetime, datetime]]:
    """What is read of each day within 30 days: from an hour before the event's time of day to three hours after."""
    days = range(-WAIT.days, WAIT.days + 1)
    return [(event_at + DAY * d - HOUR, event_at + DAY * d + HOUR + _SPAN + WINDOW) for d in days]


def _items(connection: psycopg.Connection, event_at: datetime) -> pl.DataFrame:
    """The first revision of every item with a trusted date in the stretches, in order of time."""
    landed = pl.concat([read_items(connection, start, end) for start, end in _stretches(event_at)])
    counted = landed.filter(pl.col("date_status") == str(DateStatus.OK)).sort("seq").unique("item_id", keep="first")
    return counted.sort("event_at", "item_id")


def _usable(
    connection: psycopg.Connection, event_at: datetime, origin: datetime, at: int, items: pl.DataFrame
) -> NDArray[np.bool_]:
    """(T,) slots of the stretches whose windows were all computed, and all of whose sources were heard.

    A source counts that published in the two hours after the event: without it, groups elsewhere would seem smaller.
    """
    stretches = _stretches(event_at)
    starts = [w.start for a, b in stretches for w in windows_between(floor_to(a, WINDOW), b)]
    known = computed_windows(connection, "narratives", starts)
    holes = gaps_between(connection, stretches[0][0], stretches[-1][1], of_items=True)
    heard = set(items.filter(pl.col("event_at").is_between(event_at, event_at + _SPAN))["source"])
    gaps = [(a, b) for source, a, b in holes.select("source", "from_at", "to_at").iter_rows() if source in heard]
    length = at + (WAIT.days + 1) * DAY_SLOTS
    usable = np.zeros(length, dtype=np.bool_)
    for start, _ in stretches:
        first = -((origin - start) // WINDOW)
        for slot in range(first, first + 2 * HOUR_SLOTS + 1):
            low = origin + slot * WINDOW
            held = all(origin + (slot + i) * WINDOW in known for i in range(WINDOW_SLOTS))
            usable[slot] = held and not any(a < low + _SPAN and (b is None or b > low) for a, b in gaps)
    return usable


def _slots(times: pl.Series, origin: datetime) -> NDArray[np.int64]:
    """The first slot at or after each time."""
    us = WINDOW // timedelta(microseconds=1)
    since = times.dt.epoch("us").to_numpy() - (origin - EPOCH) // timedelta(microseconds=1)
    found: NDArray[np.int64] = -(-since // us)
    return found


def _write(connection: psycopg.Connection, decided: Sequence[Decided], now: datetime) -> None:
    for one in decided:
        seen = one.seen or Seen(1.0, 0, 0, 0, 0, False)
        connection.execute(
            "insert into live.decision (alert_id, event_id, due_at, decided_at, decision, reason, p_then,"
            " likelihood_then, p_value, slots, days_before, days_after, group_items, method_version)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                one.alarm.alert_id,
                one.alarm.event_id,
                due_at(one.alarm.event_at),
                now,
                str(one.decision.outcome),
                one.decision.reason,
                one.alarm.p_then,
                one.alarm.likelihood_then,
                round(seen.p, 9) if seen.slots else None,
                seen.slots,
                seen.days_before,
                seen.days_after,
                seen.group_items,
                METHOD_VERSION,
            ),
        )
        record_event(
            connection,
            f"alarm.{one.decision.outcome}",
            f"{one.alarm.event_title[:100]}: {one.decision.reason}",
            at=now,
            detail={"alert_id": one.alarm.alert_id},
        )
