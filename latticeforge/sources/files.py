"""Item files for replay: CSV, JSON lines and Parquet, plain or gzipped.

Here: rows into parsed entries with their source. Not here: pushing them through the radar.

Columns: ``source, published_at, title`` and, if known, ``id, summary, url, author``; others are ignored. Without an id
the url identifies a row where no other row of its source in the file has it, else source, date and title do.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import polars as pl

from latticeforge.sources.charset import settle
from latticeforge.sources.date_text import ReadDate, read_date
from latticeforge.sources.dates import DateProblem
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import MAX_SUMMARY, MAX_TITLE, ParsedItem

REQUIRED = ("source", "published_at", "title")
MAX_FIELD = 10_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class FileItem:
    """One row: who published it, and what."""

    source: str
    item: ParsedItem


@dataclass(frozen=True, slots=True)
class ItemFile:
    """The rows of a file by date (rows without one first), and rows left out, each with its number."""

    items: tuple[FileItem, ...]
    problems: tuple[str, ...] = ()


def read_items(path: Path) -> ItemFile:
    """Read a file of items.

    Raises:
        UnreadableInput: no such file, a format we do not read, or a column that is missing; the message names it.
    """
    try:
        with _rows(path) as rows:
            return _collect(path, rows)
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror or error}); check the path") from error
    except (EOFError, zlib.error) as error:
        raise UnreadableInput(f"{path} is cut off or no gzip file ({error}); fetch it again") from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{path} is not UTF-8 (byte {error.start}); save it as UTF-8") from error
    except (csv.Error, pl.exceptions.PolarsError) as error:
        raise UnreadableInput(f"{path} cannot be read: {settle(str(error))[:200]}") from error


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[tuple[int, Row | str]]]:
    """Numbered rows of a file; a string in place of a row says why it cannot be read."""
    name = path.name.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        yield _parquet_rows(path)
        return
    if not name.endswith((".csv", ".jsonl", ".ndjson")):
        raise UnreadableInput(f"{path}: the format is not known; use .csv, .jsonl (both also .gz) or .parquet")
    with _text(path) as lines:
        yield _csv_rows(path, lines) if name.endswith(".csv") else _json_rows(lines)


def _text(path: Path) -> IO[str]:
    if path.name.lower().endswith(".gz"):
        return io.TextIOWrapper(gzip.open(path, "rb"), encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _csv_rows(path: Path, lines: IO[str]) -> Iterator[tuple[int, Row | str]]:
    csv.field_size_limit(MAX_FIELD)
    reader = csv.reader(lines)
    columns = [name.strip().lower() for name in next(reader, [])]
    _require(path, columns)
    for number, cells in enumerate(reader, 2):
        if len(cells) == len(columns):
            yield number, dict(zip(columns, cells, strict=True))
        elif cells:
            yield number, f"{len(cells)} cells where the header has {len(columns)}"


def _json_rows(lines: IO[str]) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"not JSON ({str(error)[:80]})"
            continue
        lacking = [name for name in REQUIRED if name not in row] if isinstance(row, dict) else ["{...}"]
        yield number, row if not lacking else f"no {lacking[0]!r}"


def _parquet_rows(path: Path) -> Iterator[tuple[int, Row | str]]:
    frame = pl.read_parquet(path)
    _require(path, frame.columns)
    yield from enumerate(frame.iter_rows(named=True), 1)


def _require(path: Path, columns: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise UnreadableInput(
            f"{path} has no column {missing[0]!r} (it has: {', '.join(columns)[:200] or 'none'});"
            f" needed are {', '.join(REQUIRED)}"
        )


def _collect(path: Path, rows: Iterator[tuple[int, Row | str]]) -> ItemFile:
    items: list[FileItem] = []
    problems: list[str] = []
    for number, row in rows:
        read = row if isinstance(row, str) else _item(row)
        if isinstance(read, str):
            problems.append(f"row {number}: {read}; left out")
        else:
            items.append(read)
    if problems and not items:
        raise UnreadableInput(f"{path}: not one of its {len(problems):,} rows can be used; the first: {problems[0]}")
    items.sort(key=lambda one: (one.item.published_at or _EPOCH, one.source, one.item.title, one.item.guid))
    return ItemFile(tuple(_identified(items)), tuple(problems))


def _cell(row: Row, name: str, most: int = MAX_SUMMARY) -> str:
    value = row.get(name)
    return "" if value is None else settle(str(value))[:most].rstrip()


def _item(row: Row) -> FileItem | str:
    """One row, or why it cannot be used."""
    source, title = _cell(row, "source", 200), _cell(row, "title", MAX_TITLE)
    if not source or not title:
        return f"no {'title' if source else 'source'}"
    read, problem = _date(row.get("published_at"))
    url = _cell(row, "url", 4000)
    notes = [read.problem] if read is not None and read.problem else []
    if problem is not None and read is None:
        notes.append(f"{problem.value} date: {str(row.get('published_at'))[:60]!r}")
    return FileItem(
        source,
        ParsedItem(
            guid=_cell(row, "id", 2000),
            title=title,
            url=url if url.startswith(("http://", "https://")) else "",
            published_at=read.at if read else None,
            date_problem=problem,
            updated_at=None,
            author=_cell(row, "author", 500),
            summary=_cell(row, "summary"),
            problems=tuple(notes),
        ),
    )


def _date(value: object) -> tuple[ReadDate | None, DateProblem | None]:
    """The date in a cell; a Parquet time without a zone is UTC, as everywhere in our own files."""
    if isinstance(value, datetime):
        return ReadDate(value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)), None
    text = value.isoformat() if isinstance(value, date) else str(value or "").strip()
    if not text:
        return None, DateProblem.MISSING
    read = read_date(text)
    if read is None:
        return None, DateProblem.UNREADABLE
    return read, DateProblem.NO_TIME if read.day_only else None


def _identified(items: list[FileItem]) -> Iterator[FileItem]:
    shared = Counter((one.source, one.item.url) for one in items)
    for one in items:
        if one.item.guid:
            yield one
        elif one.item.url and shared[one.source, one.item.url] == 1:
            yield replace(one, item=replace(one.item, guid=one.item.url))
        else:
            when = one.item.published_at.isoformat() if one.item.published_at else ""
            digest = hashlib.sha256("\x1f".join((one.source, when, one.item.title)).encode()).hexdigest()
            yield replace(one, item=replace(one.item, guid=f"sha256:{digest[:32]}"))
