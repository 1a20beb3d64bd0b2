"""`lf study`: files into daily series, the study of them, and its files.

Here: reading, encoding, the order of work, what is written. Not here: the estimates and their words (``studies``).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import latticeforge
from latticeforge.embedding import Encoder
from latticeforge.embedding.cache import encode_cached
from latticeforge.model import ARTICLE, UTC_TIME, CalendarEvent, DateStatus
from latticeforge.narratives.codebook import fit_code_book
from latticeforge.narratives.placebo import benjamini_hochberg
from latticeforge.sources.calendar import parse_calendar
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import to_item
from latticeforge.sources.files import read_items
from latticeforge.studies import daily, reading
from latticeforge.studies.diversion import diversion
from latticeforge.studies.timing import Timing, TooFew, timing

PLACEBO_TOPICS = 40  # narratives of the record that stand in for the other topic
METHOD_VERSION = "2025.1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACEBO = "placebo"

Report = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """What is written: the daily series, every coefficient, and the report with the reading."""

    daily: pl.DataFrame
    coefficients: pl.DataFrame
    report: Report


def timing_of_items(items: Path, calendar: Path, encoder: Encoder, cache: Path) -> Study:
    """News pressure from a file of items, events from a calendar; each category is a calendar of its own.

    Items that mean what a title of the calendar means are left out of every day: coverage of the events is not the news
    they are compared with.

    Raises:
        UnreadableInput: a file or column is missing, or no calendar has enough days.
    """
    rows, problems = _articles(items)
    events, more = _events(calendar)
    vectors = encode_cached(rows["title"].to_list(), encoder, cache)
    titles = encode_cached(sorted({event.title for event in events}), encoder, cache)
    own = daily.about_events(vectors, titles)
    series = daily.news_pressure(rows.filter(~own), vectors[~own])
    notes = [*problems, *more, f"{int(own.sum())} of {rows.height} items are about such events and left out"]
    kinds = {name: [e.occurred_at.date() for e in events if _kind(e, calendar) == name] for name in _kinds(events)}
    return _timed(series, kinds, notes, {"items": items, "calendar": calendar}, encoder.name)


def timing_of_days(days: Path, calendar: Path | None) -> Study:
    """A ready series: date, pressure and, without a calendar, event (0 or 1).

    Raises:
        UnreadableInput: a file or column is missing, or no calendar has enough days.
    """
    series = _daily(days, ("date", "pressure") if calendar else ("date", "pressure", "event"))
    inputs = {"daily": days}
    if calendar is None:
        events = {"event": series.filter(pl.col("event") > 0)["date"].to_list()}
        return _timed(series.drop("event"), events, [], inputs, "")
    listed, notes = _events(calendar)
    kinds = {name: [e.occurred_at.date() for e in listed if _kind(e, calendar) == name] for name in _kinds(listed)}
    return _timed(series, kinds, notes, inputs | {"calendar": calendar}, "")


def diversion_of_items(
    items: Path, coverage: Sequence[str], other: Sequence[str], encoder: Encoder, cache: Path, seed: int
) -> Study:
    """Topics by the terms in titles; the placebo topics are a code book of the items that hold none of them.

    Raises:
        UnreadableInput: the file cannot be read, or there are too few days.
    """
    rows, notes = _articles(items)
    shares = daily.topic_shares(rows, {"coverage": coverage, "diversion": other})
    named = daily.mentions(rows["title"], [*coverage, *other]).to_numpy()
    vectors = encode_cached(rows["title"].to_list(), encoder, cache)
    topics, code = _placebo_topics(rows["title"].to_list(), vectors, named, seed)
    series = shares.join(daily.code_shares(rows, code, topics).drop("items"), on="date", how="left").sort("date")
    subject = f"{' / '.join(coverage)} and {' / '.join(other)}"
    return _diverted(series, topics, subject, notes, {"items": items}, encoder.name)


def diversion_of_days(days: Path) -> Study:
    """A ready series: date, coverage, diversion; columns that begin with "placebo" are placebo topics.

    Raises:
        UnreadableInput: the file or a column is missing, or there are too few days.
    """
    series = _daily(days, ("date", "coverage", "diversion"))
    topics = [name for name in series.columns if name.startswith(_PLACEBO)]
    return _diverted(series, topics, "coverage and diversion", [], {"daily": days}, "")


def write(study: Study, folder: Path) -> Report:
    """Write daily.parquet, coefficients.parquet and report.json into ``folder``; return the report with digests."""
    folder.mkdir(parents=True, exist_ok=True)
    digests = {}
    for name, frame in (("daily", study.daily), ("coefficients", study.coefficients)):
        path = folder / f"{name}.parquet"
        frame.write_parquet(path)
        digests[path.name] = _sha256(path)
    report = study.report | {"outputs": digests}
    text = json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    return report


def _timed(
    series: pl.DataFrame, kinds: Mapping[str, Sequence[Any]], notes: list[str], inputs: dict[str, Path], encoder: str
) -> Study:
    found: dict[str, Timing] = {}
    for name, days in sorted(kinds.items()):
        try:
            found[name] = timing(daily.with_events(series, days))
        except TooFew as error:
            notes.append(f"{name}: {error}; not tested")
        except ValueError as error:
            raise UnreadableInput(str(error)) from error
    if not found:
        raise UnreadableInput(f"no calendar can be tested: {'; '.join(notes)[:600]}")
    q_values = benjamini_hochberg([one.next_day.p for one in found.values()], len(found))
    told = {
        name: {
            "events": one.events,
            "weeks": one.weeks,
            "pressure_sd": one.pressure_sd,
            "p": one.next_day.p,
            "q": q,
            "week_p": one.week_p,
            "week_placebos": one.week_placebos,
            "reading": reading.timing_reading(name, one, q),
        }
        for (name, one), q in zip(found.items(), q_values, strict=True)
    }
    rows = [row for name, one in found.items() for row in reading.timing_rows(name, one)]
    marked = series.with_columns(pl.col("date").is_in(sorted(set(d))).alias(f"event: {k}") for k, d in kinds.items())
    return Study(marked, reading.coefficients(rows), _report("timing", told, notes, inputs, encoder))


def _diverted(
    series: pl.DataFrame, topics: Sequence[str], subject: str, notes: list[str], inputs: dict[str, Path], encoder: str
) -> Study:
    try:
        found = diversion(series, topics)
    except ValueError as error:
        raise UnreadableInput(str(error)) from error
    silent = len(topics) - len(found.placebos)
    if silent:
        notes.append(f"{silent} placebo topics do not vary or have too few days; left out")
    told = {
        subject: {
            "days": found.days,
            "newey_west_lags": found.lags,
            "response_p": found.pair.response.p,
            "suppression_p": found.pair.suppression.p,
            "placebo_topics": len(found.placebos),
            "response_placebo_p": found.response_p,
            "suppression_placebo_p": found.suppression_p,
            "reading": reading.diversion_reading(subject, found),
        }
    }
    rows = list(reading.diversion_rows(subject, found))
    return Study(series, reading.coefficients(rows), _report("diversion", told, notes, inputs, encoder))


def _report(study: str, found: Report, notes: Sequence[str], inputs: Mapping[str, Path], encoder: str) -> Report:
    return {
        "study": study,
        "found": found,
        "notes": list(notes),
        "inputs": {name: _sha256(path) for name, path in inputs.items()},
        "encoder": encoder,
        "versions": f"latticeforge {latticeforge.__version__}; studies {METHOD_VERSION}",
    }


def _placebo_topics(
    titles: Sequence[str], vectors: NDArray[np.float32], named: NDArray[np.bool_], seed: int
) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the placebo topics, and which each title belongs to (-1: it holds a term of the study)."""
    rest = [title for title, mark in zip(titles, named, strict=True) if not mark]
    if not rest:
        return [], np.full(len(titles), -1, dtype=np.int64)
    book = fit_code_book(rest, vectors[~named], PLACEBO_TOPICS, seed)
    code = np.where(named, -1, book.nearest(vectors)).astype(np.int64)
    return [f"{_PLACEBO} {k + 1:02d} {label}".strip() for k, label in enumerate(book.labels)], code


def _articles(path: Path) -> tuple[pl.DataFrame, list[str]]:
    """ARTICLE rows of the items with a usable time, by time and item_id; what was left out."""
    read = read_items(path)
    records = [to_item(one.item, one.source, one.item.published_at or _EPOCH) for one in read.items]
    counted = [record for record in records if record.date_status == DateStatus.OK]
    if not counted:
        raise UnreadableInput(f"{path} has no item with a date and a time of day; look at published_at")
    names = ("item_id", "source", "account", "title", "summary", "url", "text_hash")
    frame = pl.DataFrame({name: [getattr(record, name) for record in counted] for name in names}).with_columns(
        pl.Series("event_at", [record.event_at for record in counted], dtype=UTC_TIME),
        date_status=pl.lit(str(DateStatus.OK)),
        counted=pl.lit(True),
    )
    frame = frame.with_columns(window_start=pl.col("event_at").dt.truncate("5m")).select(list(ARTICLE.columns))
    kept = frame.sort("event_at", "item_id", "text_hash").unique("item_id", keep="first", maintain_order=True)
    without = len(records) - len(counted)
    return kept, [f"items: {without} without a usable time; left out"] if without else []


def _events(path: Path) -> tuple[list[CalendarEvent], list[str]]:
    try:
        parsed = parse_calendar(_bytes(path), path.stem, _EPOCH)
    except UnreadableInput as error:
        raise UnreadableInput(f"{path}: {error}") from error
    return list(parsed.events), [f"calendar: {problem}" for problem in parsed.problems]


def _kinds(events: Sequence[CalendarEvent]) -> list[str]:
    return sorted({event.category or event.calendar_id for event in events})


def _kind(event: CalendarEvent, calendar: Path) -> str:
    return event.category or calendar.stem


def _daily(path: Path, needed: Sequence[str]) -> pl.DataFrame:
    """A daily CSV or Parquet file: date and numbers; an empty cell is missing."""
    try:
        if path.name.lower().endswith(".parquet"):
            frame = pl.read_parquet(path)
        else:
            frame = pl.read_csv(io.BytesIO(_bytes(path)), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise UnreadableInput(f"{path} cannot be read: {str(error).splitlines()[0][:200]}") from error
    frame = frame.rename({name: name.strip().lower().removeprefix("\ufeff") for name in frame.columns}, strict=False)
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise UnreadableInput(
            f"{path} has no column {missing[0]!r} (it has: {', '.join(frame.columns)[:200]});"
            f" needed are {', '.join(needed)}"
        )
    kept = [name for name in frame.columns if name in (*needed, "items") or name.startswith(_PLACEBO)]
    return _typed(frame.select(kept), path)


def _typed(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Dates and numbers; anything else is named."""
    text = frame.with_columns(pl.all().cast(pl.String).str.strip_chars().replace("", None))
    numbers = [name for name in frame.columns if name != "date"]
    typed = text.with_columns(
        pl.col("date").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        *(pl.col(name).cast(pl.Float64, strict=False) for name in numbers),
    )
    for name in frame.columns:
        bad = text[name].is_not_null() & typed[name].is_null()
        if bad.any():
            kind = "a date like 2025-01-28" if name == "date" else "a number"
            raise UnreadableInput(f"{path}: {name} {text.filter(bad)[name][0]!r} is not {kind}")
    if typed["date"].null_count():
        raise UnreadableInput(f"{path} has a row without a date")
    return typed.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in numbers)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror}); check the path") from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
