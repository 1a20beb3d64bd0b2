"""What `lf analyze` reads: items, a calendar and attention counts, as frames with every oddity named.

Here: files into frames. Not here: what is computed from them (``analyze``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from latticeforge.model import ARTICLE, UTC_TIME, CalendarEvent, DateStatus, item_id_of
from latticeforge.sources.calendar import parse_calendar
from latticeforge.sources.date_text import read_date
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import to_item
from latticeforge.sources.files import read_items

ATTENTION = {"platform": pl.String, "term": pl.String, "observed_at": UTC_TIME, "count": pl.Int64}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UID = re.compile(r"^UID(?:;[^:\r\n]*)?:([^\r\n]*)", re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Inputs:
    """Everything an analysis rests on."""

    items: pl.DataFrame  # ARTICLE columns, counted items only, by time and item_id
    events: Sequence[CalendarEvent]  # by time and event_id; a calendar for each category
    attention: pl.DataFrame | None  # ATTENTION columns, by all of them
    uncounted: int  # items without a usable time
    problems: Sequence[str]
    digests: dict[str, str]  # name of the input -> SHA-256 of the file


def read_inputs(items: Path, calendar: Path, attention: Path | None) -> Inputs:
    """Read the files.

    Raises:
        UnreadableInput: a file or a column is missing, or no item has a usable time; the message says which.
    """
    frame, uncounted, problems = _items(items)
    events, more = _events(calendar)
    problems += more
    counts = None
    if attention is not None:
        counts, more = _attention(attention)
        problems += more
    paths = {"items": items, "calendar": calendar} | ({"attention": attention} if attention else {})
    return Inputs(frame, events, counts, uncounted, problems, {name: _sha256(p) for name, p in paths.items()})


def _items(path: Path) -> tuple[pl.DataFrame, int, list[str]]:
    read = read_items(path)
    records = [to_item(one.item, one.source, one.item.published_at or _EPOCH) for one in read.items]
    counted = [r for r in records if r.date_status == DateStatus.OK]
    if not counted:
        raise UnreadableInput(f"{path} has no item with a date and a time of day; look at published_at")
    frame = pl.DataFrame(
        {
            "item_id": [r.item_id for r in counted],
            "source": [r.source for r in counted],
            "account": [r.account for r in counted],
            "event_at": pl.Series([r.event_at for r in counted], dtype=UTC_TIME),
            "title": [r.title for r in counted],
            "summary": [r.summary for r in counted],
            "url": [r.url for r in counted],
            "text_hash": [r.text_hash for r in counted],
        }
    ).with_columns(
        window_start=pl.col("event_at").dt.truncate("5m"), date_status=pl.lit(str(DateStatus.OK)), counted=pl.lit(True)
    )
    frame = frame.sort("event_at", "item_id", "text_hash").unique("item_id", keep="first", maintain_order=True)
    return frame.select(list(ARTICLE.columns)), len(records) - len(counted), [f"items: {p}" for p in read.problems]


def _events(path: Path) -> tuple[list[CalendarEvent], list[str]]:
    payload = _bytes(path)
    try:
        parsed = parse_calendar(payload, path.stem, _EPOCH)
    except UnreadableInput as error:
        raise UnreadableInput(f"{path}: {error}") from error
    named = {item_id_of(path.stem, own): own for own in _own_ids(payload.decode("utf-8-sig", "replace"))}
    events = {
        e.event_id: replace(e, event_id=named.get(e.event_id, e.event_id), calendar_id=e.category or path.stem)
        for e in parsed.events
    }
    problems = [f"calendar: {p}" for p in parsed.problems]
    if len(events) < len(parsed.events):
        problems.append(f"calendar: {len(parsed.events) - len(events)} entries repeat an id; the last of each counts")
    return sorted(events.values(), key=lambda e: (e.occurred_at, e.event_id)), problems


def _own_ids(text: str) -> list[str]:
    """The ids as the file writes them, for a reader to recognise."""
    if text.lstrip()[:15].upper().startswith("BEGIN:VCALENDAR"):
        return [uid.strip() for uid in _UID.findall(text)]
    rows = csv.DictReader(io.StringIO(text, newline=""))
    rows.fieldnames = [(name or "").strip().lower() for name in rows.fieldnames or ()]
    return [(row.get("id") or "").strip() for row in rows]


def _attention(path: Path) -> tuple[pl.DataFrame, list[str]]:
    name = path.name.lower()
    try:
        if name.endswith(".parquet"):
            frame = pl.read_parquet(path)
        elif name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
            frame = pl.read_ndjson(io.BytesIO(_bytes(path)), infer_schema_length=None)
        else:
            frame = pl.read_csv(path, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise UnreadableInput(f"{path} cannot be read: {str(error).splitlines()[0][:200]}") from error
    missing = [column for column in ATTENTION if column not in frame.columns]
    if missing:
        raise UnreadableInput(
            f"{path} has no column {missing[0]!r} (it has: {', '.join(frame.columns)[:200]});"
            f" needed are {', '.join(ATTENTION)}"
        )
    rows = frame.select("platform", "term", pl.col("observed_at").cast(pl.String), pl.col("count")).with_columns(
        pl.col("platform", "term").cast(pl.String).fill_null(""), pl.col("count").cast(pl.Int64, strict=False)
    )
    stamps = rows["observed_at"].unique().drop_nulls().to_list()
    times = pl.DataFrame({"observed_at": stamps, "at": pl.Series([_time(s) for s in stamps], dtype=UTC_TIME)})
    rows = rows.join(times, on="observed_at", how="left").drop("observed_at").rename({"at": "observed_at"})
    good = rows.filter(pl.col("observed_at").is_not_null() & (pl.col("count") >= 0) & (pl.col("term") != ""))
    left_out = rows.height - good.height
    problems = [f"attention: {left_out} rows without a term, time or count; left out"] if left_out else []
    keys = ["platform", "term", "observed_at"]
    return good.select(list(ATTENTION)).unique(keys, keep="last").sort(keys), problems


def _time(text: str) -> datetime | None:
    read = read_date(text)
    return read.at if read and not read.day_only else None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror}); check the path") from error


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
