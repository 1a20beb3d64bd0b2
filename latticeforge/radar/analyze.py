"""`lf analyze`: the whole chain on files, without a database.

Here: the order of work, the tables it writes and their columns, the report. Not here: reading (``analyze_inputs``), the
calendars (``analyze_calendars``), single events (``analyze_events``). The same files and seed give the same bytes.

Columns: docs/method/confirmed-links.md.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

import latticeforge
from latticeforge.embedding import Encoder
from latticeforge.embedding.cache import encode_cached
from latticeforge.model import SPIKE
from latticeforge.narratives import scores
from latticeforge.narratives.calendar_counts import WINDOW_SLOTS, Panel
from latticeforge.narratives.calendar_test import LEVEL
from latticeforge.narratives.calibration import BASE_RATE, EFFECT_SD, EFFECT_SHARE
from latticeforge.narratives.codebook import CodeBook, fit_code_book, narratives_for
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.links import MIN_UNRELATED
from latticeforge.radar.analyze_calendars import Subject, Tested, Tester, grid_of
from latticeforge.radar.analyze_events import Alarms, Archive, event_alarms
from latticeforge.radar.analyze_groups import Grouped, Groups, event_groups
from latticeforge.radar.analyze_inputs import Inputs
from latticeforge.radar.analyze_tables import (
    ASSESSMENTS,
    FANS,
    LINKS,
    NARRATIVES,
    Row,
    calendar_rows,
    event_ledger,
    event_rows,
    fan_rows,
    group_ledger,
    group_rows,
    table,
)
from latticeforge.radar.prereg import Registration, graded
from latticeforge.windows import HOUR, WINDOW, microseconds

METHOD_VERSION = "2025.1"

_EVENT_HOURS = LINK_SPAN / HOUR  # looked at after a single event
_GAP_AT_LEAST = timedelta(hours=2)
_GAP_TIMES = 5.0  # a silence this many times as long as 95 % of silences is a hole in collection


@dataclass(frozen=True)
class Analysis:
    """The tables, and what the report says beside them."""

    tables: dict[str, pl.DataFrame]
    report: Row


def analyze(
    inputs: Inputs, encoder: Encoder, cache: Path, seed: int, registration: Registration | None = None
) -> Analysis:
    """The whole chain. ``cache`` is the folder where encodings are kept; what is not registered is exploratory."""
    vectors = encode_cached(inputs.items["title"].to_list(), encoder, cache)
    event_vectors = encode_cached([e.title for e in inputs.events], encoder, cache)
    gaps = gaps_of(inputs.items["event_at"])
    notes = list(inputs.problems)
    subject, book, narrative = _items_subject(inputs, vectors, gaps, seed)
    tested = _test_calendars(inputs, Tester(subject, seed), book.unrelated(event_vectors), event_vectors, notes)
    if inputs.attention is not None and inputs.attention["term"].n_unique() > 1:
        counts, terms, more = _attention_subject(inputs.attention, encoder, cache)
        apart = event_vectors @ terms.T <= 1.0 - MIN_UNRELATED
        tested += _test_calendars(inputs, Tester(counts, seed), apart, event_vectors, notes)
        narrative = pl.concat([narrative, more])
    elif inputs.attention is not None:
        notes.append("attention: fewer than two terms; a share needs others to compare with; not tested")
    timed = [i for i, e in enumerate(inputs.events) if e.time_known]
    archive = Archive(inputs.items, vectors, gaps)
    known = [inputs.events[i] for i in timed]
    alarms = event_alarms(archive, known, event_vectors[timed], encoder.name)
    groups = event_groups(
        Groups(inputs.items, subject.item_slot, vectors, subject.grid), known, event_vectors[timed], seed, notes
    )
    versions = f"latticeforge {latticeforge.__version__}; confirmed {METHOD_VERSION}; single {scores.METHOD_VERSION};"
    versions += f" encoder {encoder.name}; code book {book.digest[:12]}"
    tables = _tables(inputs, narrative, tested, alarms, groups, versions, registration)
    found = {
        "calendar_tests": len(tested),
        "tests": tables["links"].height,
        "event_tests": len(groups),
        "windows_after_events": alarms.windows,
        "narratives": len(book.labels),
        "code_book": book.digest,
        "tested_from": (subject.grid.origin + subject.grid.tested_from * WINDOW).isoformat(),
        "notes": notes,
        "seed": seed,
        "versions": versions,
    }
    return Analysis(tables, _stated(inputs, gaps) | found | _registered(inputs, registration))


def _tables(
    inputs: Inputs,
    narrative: pl.DataFrame,
    tested: Sequence[Tested],
    alarms: Alarms,
    groups: Sequence[Grouped],
    versions: str,
    registration: Registration | None,
) -> dict[str, pl.DataFrame]:
    ledger, rows = calendar_rows(tested, inputs.events, inputs.items)
    ledger += event_ledger(alarms, inputs.events) + group_ledger(groups, inputs.items)
    of_groups = group_rows(groups, inputs.items, inputs.attention is not None)
    seen = {row["event_id"] for row in of_groups}
    of_events = event_rows(alarms, inputs.events, inputs.attention is not None, seen)
    if registration is not None:
        hours = [float(row.pop("hours", 0.0)) for row in rows]
        rows = graded(rows, registration.plan, "calendar", hours)
        of_groups = graded(of_groups, registration.plan, "group", [_EVENT_HOURS] * len(of_groups))
        of_events = graded(of_events, registration.plan, "event", [_EVENT_HOURS] * len(of_events))
    rows += of_groups + of_events
    stamped = [row | {"versions": versions} for row in rows]
    return {
        "narratives": table(narrative.to_dicts(), NARRATIVES, ["kind", "narrative_id"]),
        "spikes": SPIKE.shape(alarms.spikes.unique("spike_id")),
        "links": table(ledger, LINKS, ["test", "calendar_id", "event_id", "narrative_id"]),
        "assessments": table(stamped, ASSESSMENTS, ["calendar_id", "event_id", "p", "narrative"]),
        "fans": table(fan_rows(tested), FANS, ["test", "calendar_id", "narrative_id", "minute"]),
    }


def _stated(inputs: Inputs, gaps: pl.DataFrame) -> Row:
    """What the report says of the inputs, and what it takes for granted."""
    return {
        "items": inputs.items.height,
        "items_without_time": inputs.uncounted,
        "events": len(inputs.events),
        "events_without_time": sum(not e.time_known for e in inputs.events),
        "calendars": len({e.calendar_id for e in inputs.events}),
        "level": LEVEL,
        "base_rate": BASE_RATE,
        "effect_prior": {"sd": EFFECT_SD, "share_of_events": EFFECT_SHARE},
        "gaps": [{"from": a.isoformat(), "to": b.isoformat()} for a, b in gaps.select("from_at", "to_at").iter_rows()],
        "inputs": inputs.digests,
    }


def _registered(inputs: Inputs, registration: Registration | None) -> Row:
    """What the report says of the plan; events from before it was registered are counted, so that nobody is misled."""
    if registration is None:
        return {"preregistration": None}
    before = sum(e.occurred_at < registration.registered_at for e in inputs.events)
    return {
        "preregistration": {
            "sha256": registration.sha256,
            "registered_at": registration.registered_at.isoformat(),
            "events_before_registration": before,
        }
    }


def write(analysis: Analysis, folder: Path, began: float) -> Row:
    """Write the tables and report.json into ``folder``; return the report."""
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, frame in analysis.tables.items():
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    report = analysis.report | {"outputs": digests, "runtime_s": round(time.perf_counter() - began, 2)}
    text = json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    return report


def gaps_of(times: pl.Series) -> pl.DataFrame:
    """Holes in collection, seen from the items alone: silences of two hours and five times what 95 % of them last.

    Columns source ("all"), from_at, to_at, reason. The file says nothing of single sources' holes.
    """
    at = times.dt.epoch("us").unique().sort().to_numpy()
    silence = np.diff(at)
    usual = float(np.quantile(silence, 0.95)) if silence.size else 0.0
    least = max(_GAP_AT_LEAST / timedelta(microseconds=1), _GAP_TIMES * usual)
    where = np.flatnonzero(silence > least)
    stamps = {"from_at": at[where], "to_at": at[where + 1]}
    frame = pl.DataFrame({"source": ["all"] * where.size, **stamps}, schema_overrides={"source": pl.String})
    reason = pl.lit("no item of any source between ") + pl.col("from_at").dt.to_string("iso")
    return frame.with_columns(pl.from_epoch(c, "us").dt.replace_time_zone("UTC") for c in stamps).with_columns(
        reason=reason + " and " + pl.col("to_at").dt.to_string("iso")
    )


def _items_subject(
    inputs: Inputs, vectors: NDArray[np.float32], gaps: pl.DataFrame, seed: int
) -> tuple[Subject, CodeBook, pl.DataFrame]:
    times = inputs.items["event_at"].dt.epoch("us").to_numpy()
    grid = grid_of(times, gaps)
    slot = -((microseconds(grid.origin) - times) // (WINDOW // timedelta(microseconds=1)))
    developed = slot <= grid.tested_from
    titles = inputs.items["title"].to_list()
    windows = (grid.length - grid.first) / WINDOW_SLOTS
    k = narratives_for(len(titles) / max(windows, 1.0), len(set(inputs.items["title"].filter(developed))))
    known = inputs.items["title"].filter(developed).to_list()
    book = fit_code_book(known, vectors[developed], k, seed)
    narrative = book.nearest(vectors)
    panel = Panel.build(slot, narrative, grid.length, len(book.labels))
    names = [f"n{i + 1:03d} {label}".strip() for i, label in enumerate(book.labels)]
    subject = Subject("items", grid, panel, names, slot, narrative, vectors)
    return subject, book, _narrative_rows("items", names, book.labels, book.headlines, panel)


def _attention_subject(
    attention: pl.DataFrame, encoder: Encoder, cache: Path
) -> tuple[Subject, NDArray[np.float32], pl.DataFrame]:
    """Terms of platforms in place of narratives; a count belongs to the five minutes that begin at its time."""
    series = attention.select("platform", "term").unique().sort("platform", "term").with_row_index("series")
    rows = attention.join(series, on=["platform", "term"]).sort("observed_at", "series")
    times = rows["observed_at"].dt.epoch("us").to_numpy()
    grid = grid_of(times, gaps_of(rows["observed_at"]))
    slot = (times - microseconds(grid.origin)) // (WINDOW // timedelta(microseconds=1)) + 1
    terms = encode_cached(series["term"].to_list(), encoder, cache)
    number = rows["series"].cast(pl.Int64).to_numpy()
    panel = Panel.build(slot, number, int(slot.max()), series.height, rows["count"].to_numpy())
    names = [f"{platform}: {term}" for platform, term in series.select("platform", "term").iter_rows()]
    none = np.zeros(0, dtype=np.int64)
    subject = Subject("attention", grid, panel, names, none, none, terms[:0])
    return subject, terms, _narrative_rows("attention", names, names, [""] * len(names), panel)


def _narrative_rows(
    kind: str, names: Sequence[str], labels: Sequence[str], headlines: Sequence[str], panel: Panel
) -> pl.DataFrame:
    items = panel.cumulative[-1]
    return pl.DataFrame(
        {
            "kind": [kind] * len(names),
            "narrative_id": names,
            "label": list(labels),
            "headline": list(headlines),
            "items": items,
            "share": np.round(items / max(int(items.sum()), 1), 9),
        }
    )


def _test_calendars(
    inputs: Inputs,
    tester: Tester,
    unrelated: NDArray[np.bool_],
    vectors: NDArray[np.float32],
    notes: list[str],
) -> list[Tested]:
    tested: list[Tested] = []
    for calendar in sorted({e.calendar_id for e in inputs.events}):
        rows = [i for i, e in enumerate(inputs.events) if e.calendar_id == calendar]
        tested += tester.test(calendar, [inputs.events[i] for i in rows], vectors[rows], unrelated[rows], notes)
    return tested
