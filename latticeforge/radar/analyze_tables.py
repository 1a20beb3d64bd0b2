"""The tables of `lf analyze`: their columns, and rows from tests.

Here: the ledger of every test, the assessments, verdicts. Not here: the tests (``analyze_calendars``,
``analyze_events``). Columns in words: docs/method/confirmed-links.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import polars as pl

from latticeforge.model import UTC_TIME, CalendarEvent, Grade, Verdict
from latticeforge.narratives import scores
from latticeforge.narratives.calendar_counts import HOUR_SLOTS
from latticeforge.narratives.calendar_fan import COLUMNS as FAN_COLUMNS
from latticeforge.narratives.calendar_fan import FANS as FANS_A_CALENDAR
from latticeforge.narratives.calendar_fan import calendar_fan
from latticeforge.narratives.calendar_test import LEVEL, MIN_EVENTS
from latticeforge.narratives.placebo import benjamini_hochberg
from latticeforge.radar.analyze_calendars import Tested
from latticeforge.radar.analyze_events import Alarms
from latticeforge.radar.analyze_groups import Grouped

NARRATIVES = {
    "kind": pl.String,  # items: an entry of the code book; attention: a platform and term
    "narrative_id": pl.String,
    "label": pl.String,
    "headline": pl.String,  # the most central title of the development part
    "items": pl.Int64,  # items (or mentions) in the whole record
    "share": pl.Float64,
}
LINKS = {
    "test": pl.String,  # e.g. "items in 2 h"; for a single event "event" (live alarm) or "group in 2 h"
    "calendar_id": pl.String,
    "event_id": pl.String,
    "narrative_id": pl.String,
    "narrative": pl.String,
    "events": pl.Int64,
    "score": pl.Float64,
    "p": pl.Float64,  # corrected for the choice among the narratives of its calendar
    "calendar_p": pl.Float64,
    "q": pl.Float64,  # Benjamini-Hochberg over calendars (single events: over the tests of the window)
    "tests": pl.Int64,  # tests made in the family that q and p correct for
    "effect": pl.Float64,  # items per event above chance
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "effect_share": pl.Float64,  # the same over all items of those windows
    "likelihood": pl.Float64,
    "lag_s": pl.Float64,
}
ASSESSMENTS = {
    "calendar_id": pl.String,
    "event_id": pl.String,
    "grade": pl.String,
    "narrative": pl.String,
    "onset": UTC_TIME,
    "lag_s": pl.Float64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "p": pl.Float64,
    "q": pl.Float64,
    "tests": pl.Int64,
    "likelihood": pl.Float64,
    "likelihood_low": pl.Float64,
    "likelihood_high": pl.Float64,
    "conflict_k": pl.Float64,
    "verdict": pl.String,
    "evidence": pl.List(pl.String),
    "versions": pl.String,
}
FANS = {
    "test": pl.String,
    "calendar_id": pl.String,
    "narrative_id": pl.String,
    "minute": pl.Int64,  # start of the step, from the event
    "real": pl.Float64,  # items per event in the step
    "low": pl.Float64,  # quantiles of the same over placebo calendars
    "quarter": pl.Float64,
    "middle": pl.Float64,
    "three_quarters": pl.Float64,
    "high": pl.Float64,
}
_EMPTY = {"event_id": "", "narrative": "", "evidence": [], "verdict": str(Verdict.NO_EVIDENCE)}

Row = dict[str, Any]


def calendar_rows(
    tested: Sequence[Tested], events: Sequence[CalendarEvent], items: pl.DataFrame
) -> tuple[list[Row], list[Row]]:
    """The ledger of every calendar and narrative, and the assessments: links, or one line that there is none."""
    q_values = benjamini_hochberg([t.test.p for t in tested], len(tested)) if tested else []
    tests = sum(int(t.test.centre.tested.sum()) for t in tested)
    ledger: list[Row] = []
    rows: list[Row] = []
    for one, q in zip(tested, q_values, strict=True):
        order = [int(k) for k in np.flatnonzero(one.test.centre.tested)]
        ledger += [_ledger_row(one, k, q, tests) for k in order]
        found = [k for k in order if one.test.narrative_p[k] <= LEVEL and q <= LEVEL]
        rows += [_link_row(one, k, q, tests) | _evidence(one, k, items["item_id"], items["event_at"]) for k in found]
        if not found:
            rows.append(_nothing_row(one, q, tests))
    silent = {e.calendar_id for e in events} - {t.calendar_id for t in tested}
    rows += [_EMPTY | {"calendar_id": c, "grade": str(Grade.EXPLORATORY), "tests": tests} for c in sorted(silent)]
    return ledger, rows


def fan_rows(tested: Sequence[Tested]) -> list[Row]:
    """What the highest-scoring narratives of each calendar did around its events, and around placebo calendars."""
    rows: list[Row] = []
    for one in tested:
        drawn = one.field.slots[one.test.placebo_rows]
        order = np.lexsort((np.arange(one.test.score.size), -one.test.score))[:FANS_A_CALENDAR].tolist()
        for k in (k for k in order if one.test.centre.tested[k]):
            fan = calendar_fan(
                one.subject.panel.cumulative[:, k], one.where.slots, drawn, one.unrelated[:, k], one.span
            )
            key = {"test": one.name, "calendar_id": one.calendar_id, "narrative_id": one.subject.names[k]}
            rows += [key | dict(zip(FAN_COLUMNS, values, strict=True)) for values in fan.iter_rows()]
    return rows


def _measured(one: Tested, k: int, q: float, tests: int) -> Row:
    test = one.test
    return {
        "calendar_id": one.calendar_id,
        "event_id": "",
        "narrative": one.subject.names[k],
        "p": float(test.narrative_p[k]),
        "q": q,
        "tests": tests,
        "effect": float(test.effect[k]),
        "effect_low": float(test.effect_low[k]),
        "effect_high": float(test.effect_high[k]),
    }


def _ledger_row(one: Tested, k: int, q: float, tests: int) -> Row:
    test = one.test
    return _measured(one, k, q, tests) | {
        "test": one.name,
        "narrative_id": one.subject.names[k],
        "events": int(test.events[k]),
        "score": float(test.score[k]),
        "calendar_p": test.p,
        "effect_share": float(test.share[k]),
        "likelihood": one.calibration.likelihood(float(test.margin[k]))[0] if k == test.best else None,
    }


def _link_row(one: Tested, k: int, q: float, tests: int) -> Row:
    likelihood, low, high = one.calibration.likelihood(float(one.test.margin[k]))
    conflict = one.conflict(k)
    enough = len(one.events) >= MIN_EVENTS
    return _measured(one, k, q, tests) | {
        "grade": str(Grade.CONFIRMED if enough else Grade.EXPLORATORY),
        "likelihood": likelihood,
        "likelihood_low": low,
        "likelihood_high": high,
        "conflict_k": conflict,
        "verdict": str(_verdict(likelihood, low, conflict)),
        "hours": one.span / HOUR_SLOTS,  # no column: what a pre-registration is held against
    }


def _nothing_row(one: Tested, q: float, tests: int) -> Row:
    """Nothing rarer than chance: what came nearest is named, without a likelihood."""
    return _EMPTY | _measured(one, one.test.best, q, tests) | {"grade": str(Grade.EXPLORATORY)}


def _verdict(likelihood: float, low: float, conflict: float) -> Verdict:
    if conflict > scores.MAX_CONFLICT:
        return Verdict.CONTESTED
    if likelihood >= scores.LIKELY and low >= scores.LIKELY_LOW:
        return Verdict.LIKELY
    return Verdict.UNLIKELY if likelihood < scores.UNLIKELY else Verdict.CONTESTED


def _evidence(one: Tested, k: int, item_ids: pl.Series, at: pl.Series) -> Row:
    """The unrelated items of the narrative in the events' windows, in order of time, and their median lag."""
    found: dict[int, float] = {}
    for e, event in enumerate(one.events):
        if one.unrelated[e, k]:
            rows = one.subject.inside(int(one.where.slots[e]), one.span)
            rows = rows[(one.subject.item_narrative[rows] == k) & ~one.subject.related(rows, one.event_vectors[e])]
            found |= {int(row): (at[int(row)] - event.occurred_at).total_seconds() for row in rows}
    chosen = sorted(found)
    return {
        "onset": at[chosen[0]] if chosen else None,
        "lag_s": float(np.median(list(found.values()))) if found else None,
        "evidence": [item_ids[row] for row in chosen],
    }


def event_ledger(alarms: Alarms, events: Sequence[CalendarEvent]) -> list[Row]:
    """A row for each pair of event and alarm that was tested."""
    calendar = {e.event_id: e.calendar_id for e in events}
    labels = _labels(alarms)
    return [
        {
            "test": "event",
            "calendar_id": calendar[link["event_id"]],
            "event_id": link["event_id"],
            "narrative_id": link["spike_id"],
            "narrative": labels[link["spike_id"]],
            "events": 1,
            "p": link["p_value"],
            "q": link["q_value"],
            "tests": link["tests"],
            "effect": link["effect_items"],
            "effect_low": link["effect_low"],
            "effect_high": link["effect_high"],
            "lag_s": link["lag_s"],
        }
        for link in alarms.correlations.iter_rows(named=True)
    ]


def group_ledger(groups: Sequence[Grouped], items: pl.DataFrame) -> list[Row]:
    """A row for each event whose largest group was ranked among placebo slots."""
    return [
        _grouped(one, q, len(groups), items)
        | {
            "test": "group in 2 h",
            "narrative_id": one.event.event_id,
            "events": 1,
            "calendar_p": one.test.p,
            "likelihood": one.test.likelihood,
        }
        for one, q in zip(groups, _group_q(groups), strict=True)
    ]


def group_rows(groups: Sequence[Grouped], items: pl.DataFrame, with_attention: bool) -> list[Row]:
    """The groups that are rarer than chance after correction for every event."""
    return [
        _grouped(one, q, len(groups), items)
        | {
            "grade": str(_single_grade(with_attention)),
            "onset": items["event_at"][int(one.rows[0])],
            "likelihood": one.test.likelihood,
            "likelihood_low": one.test.likelihood_low,
            "likelihood_high": one.test.likelihood_high,
            "conflict_k": 0.0,
            "verdict": str(_verdict(one.test.likelihood, one.test.likelihood_low, 0.0)),
            "evidence": items["item_id"].gather(one.rows).to_list(),
        }
        for one, q in zip(groups, _group_q(groups), strict=True)
        if q <= LEVEL and one.found
    ]


def _group_q(groups: Sequence[Grouped]) -> list[float]:
    return benjamini_hochberg([one.test.p for one in groups], len(groups)) if groups else []


def _grouped(one: Grouped, q: float, tests: int, items: pl.DataFrame) -> Row:
    first = int(one.rows[0]) if one.rows.size else None
    return {
        "calendar_id": one.event.calendar_id,
        "event_id": one.event.event_id,
        "narrative": "" if first is None else items["title"][first],
        "p": one.test.p,
        "q": q,
        "tests": tests,
        "effect": one.test.effect,
        "effect_low": one.test.effect_low,
        "effect_high": one.test.effect_high,
        "lag_s": None if first is None else (items["event_at"][first] - one.event.occurred_at).total_seconds(),
    }


def _single_grade(with_attention: bool) -> Grade:
    return Grade.PROVISIONAL if with_attention else Grade.EXPLORATORY


def event_rows(
    alarms: Alarms, events: Sequence[CalendarEvent], with_attention: bool, seen: Collection[str]
) -> list[Row]:
    """The alarms of each event that have evidence; "no evidence" for an event that has none, or no time.

    ``seen`` are the events that another test found something after.
    """
    grade = _single_grade(with_attention)
    onset = dict(alarms.spikes.select("spike_id", "onset_at").iter_rows())
    links = {link["link_id"]: link for link in alarms.correlations.iter_rows(named=True)}
    rows: list[Row] = []
    for event in events:
        own = alarms.scores.filter(
            (pl.col("event_id") == event.event_id) & (pl.col("verdict") != str(Verdict.NO_EVIDENCE))
        )
        common = {"calendar_id": event.calendar_id, "event_id": event.event_id, "grade": str(grade)}
        rows += [
            common
            | {name: score[name] for name in ("lag_s", "likelihood", "likelihood_low", "likelihood_high")}
            | {
                "narrative": score["label"],
                "onset": onset[links[score["link_id"]]["spike_id"]],
                "effect": score["effect_items"],
                "effect_low": links[score["link_id"]]["effect_low"],
                "effect_high": links[score["link_id"]]["effect_high"],
                "p": score["p_value"],
                "q": score["q_value"],
                "tests": links[score["link_id"]]["tests"],
                "conflict_k": score["conflict_k"],
                "verdict": score["verdict"],
                "evidence": score["evidence"],
            }
            for score in own.iter_rows(named=True)
        ]
        if own.is_empty() and event.event_id not in seen:
            rows.append(_EMPTY | common)
    return rows


def table(rows: Sequence[Row], columns: dict[str, Any], key: Sequence[str]) -> pl.DataFrame:
    """The rows with exactly these columns, sorted by ``key``, floats rounded: the bytes depend on nothing else."""
    filled = [{name: row.get(name) for name in columns} for row in rows]
    frame = pl.DataFrame(filled, schema=columns, infer_schema_length=None)
    return frame.with_columns(pl.col(pl.Float64).round(9)).sort(key, nulls_last=True)


def _labels(alarms: Alarms) -> dict[str, str]:
    return dict(alarms.spikes.select("spike_id", "label").iter_rows())
