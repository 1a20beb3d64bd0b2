"""Does everything that is stored hold together? One pass over landing, rows, vectors, texts, chain and archive.

Here: which checks there are, their order, and finding the very row that differs. Not here: the checks themselves
(``store.integrity``, ``store.ledger_chain``, ``store.snapshot``), which Dagster's asset checks call too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import psycopg

from latticeforge.embedding import Encoder
from latticeforge.model import text_hash
from latticeforge.radar.stages import compute
from latticeforge.state_model import EVERY_ASSET
from latticeforge.store import Store
from latticeforge.store.archive import tables
from latticeforge.store.digest import asset_digest
from latticeforge.store.generations import Frames
from latticeforge.store.integrity import (
    Mismatch,
    differing_rows,
    landing_problems,
    mismatches,
    misplaced_items,
    repeated_items,
    uncounted_windows,
    vector_problems,
)
from latticeforge.store.ledger_chain import chain_problems
from latticeforge.store.manifest import SnapshotFault
from latticeforge.store.places import Archive
from latticeforge.store.snapshot import read_rows, verify_archive
from latticeforge.store.vectors import load_vectors
from latticeforge.windows import DAY, Window, floor_to

SAMPLE = 2000  # texts encoded again where not all are asked for
SAME_TEXT = 0.99  # cosine: another processor rounds int8 sums differently, another text is far below
_ENCODED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: how much it looked at, and each problem with its exact place."""

    check: str
    checked: int
    problems: list[str]


def verify(
    store: Store,
    encoder: Callable[[], Encoder],
    archive: Archive,
    start: datetime,
    end: datetime,
    *,
    every_text: bool = False,
) -> Iterator[Finding]:
    """Each check in turn; ``start`` and ``end`` bound the windows, the chain and the archive are checked whole.

    Args:
        encoder: Gives the encoder; called where vectors are compared with their texts.
        every_text: Encode every text again and not a sample of them.
    """
    with store.connection() as c:
        c.execute("set transaction isolation level repeatable read")
        yield Finding("landing", *_by_day(c, start, end, landing_problems))
        yield _rows(c, encoder, archive, start, end)
        yield _counting(c, start, end)
        yield Finding("vectors", *_by_day(c, start, end, _vectors))
        yield _texts(c, encoder(), start, end, None if every_text else SAMPLE)
        yield Finding("chain", *chain_problems(c))
    with store.connection() as c:
        yield _archived(c, archive)


def span(store: Store) -> tuple[datetime, datetime] | None:
    """From the first window or item to the last; None where there is nothing."""
    with store.connection() as c:
        row = c.execute(
            "select least((select min(window_start) from core.generation), (select min(window_at) from landing.item)),"
            " greatest((select max(window_start) from core.generation), (select max(window_at) from landing.item))"
        ).fetchone()
    return (row[0], row[1] + timedelta(microseconds=1)) if row and row[0] else None


def _by_day(
    c: psycopg.Connection,
    start: datetime,
    end: datetime,
    check: Callable[[psycopg.Connection, datetime, datetime], tuple[int, list[str]]],
) -> tuple[int, list[str]]:
    checked = 0
    problems: list[str] = []
    for first, last in _days(start, end):
        n, found = check(c, first, last)
        checked, problems = checked + n, problems + found
    return checked, problems


def _days(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """A day at a time: more would not fit into memory."""
    at = start
    while at < end:
        after = min(end, floor_to(at, DAY) + DAY)
        yield at, after
        at = after


def _rows(
    c: psycopg.Connection, encoder: Callable[[], Encoder], archive: Archive, start: datetime, end: datetime
) -> Finding:
    checked = 0
    problems: list[str] = []
    for first, last in _days(start, end):
        for asset in EVERY_ASSET:
            n, found = mismatches(c, asset, first, last)
            checked += n
            for mismatch in found:
                problems += _places(c, encoder, archive, mismatch)
    return Finding("rows", checked, problems)


def _places(c: psycopg.Connection, encoder: Callable[[], Encoder], archive: Archive, found: Mismatch) -> list[str]:
    """The rows that differ, where what was recorded can be had: computed again, or from the archive."""
    where = f"{found.asset} {found.window} generation {found.generation_id}"
    for right in _candidates(c, encoder, archive, found):
        if asset_digest(EVERY_ASSET[found.asset], right) == found.digest:
            return differing_rows(found, right)
    names = ", ".join(t.name for t in EVERY_ASSET[found.asset].tables)
    return [f"{where}: {found.told}; which row of {names} cannot be told, it computes to something else today"]


def _candidates(
    c: psycopg.Connection, encoder: Callable[[], Encoder], archive: Archive, found: Mismatch
) -> Iterator[Frames]:
    with c.transaction(force_rollback=True):  # a vector that is missing must not be put back on the way
        writes = compute(c, found.asset, [found.window], encoder=encoder())
    for write in writes:
        kinds = EVERY_ASSET[found.asset].tables
        yield tuple(t.shape(f) for t, f in zip(kinds, write.frames, strict=True))
    archived = _from_archive(archive, found)
    if archived is not None:
        yield archived


def _from_archive(archive: Archive, found: Mismatch) -> Frames | None:
    day = found.window.start.date()
    known = {t.name: t for t in tables()}
    if day not in archive.days() or EVERY_ASSET[found.asset].tables[0].name not in known:
        return None
    try:
        with archive.fetched(day) as folder:
            frames = [read_rows(folder, known[t.name]) for t in EVERY_ASSET[found.asset].tables]
    except SnapshotFault:
        return None  # the check of the archive names what is wrong with it
    mine = pl.col("window_start") == found.window.start
    return tuple(t.shape(f.filter(mine)) for t, f in zip(EVERY_ASSET[found.asset].tables, frames, strict=True))


def _counting(c: psycopg.Connection, start: datetime, end: datetime) -> Finding:
    row = c.execute(
        "select count(*) from ops.window where window_start >= %s and window_start < %s", (start, end)
    ).fetchone()
    problems = [*uncounted_windows(c, start, end), *repeated_items(c, start, end), *misplaced_items(c, start, end)]
    return Finding("counting", int(row[0]) if row else 0, problems)


def _vectors(c: psycopg.Connection, start: datetime, end: datetime) -> tuple[int, list[str]]:
    row = c.execute(
        "select count(*) from core.counting a join core.article_embedding e using (generation_id)"
        " where a.asset = 'embeddings' and a.window_start >= %s and a.window_start < %s",
        (start, end),
    ).fetchone()
    return int(row[0]) if row else 0, vector_problems(c, start, end)


def _texts(c: psycopg.Connection, encoder: Encoder, start: datetime, end: datetime, sample: int | None) -> Finding:
    """Vectors of this encoder against their texts, which are encoded again. The sample is spread by hash."""
    rows = c.execute(
        "select * from (select distinct on (e.text_hash) e.text_hash, t.title, t.item_id, t.window_start"
        " from core.counting a join core.article_embedding e using (generation_id)"
        " join core.counting b on b.asset = 'articles' and b.window_start = a.window_start"
        " join core.article t on t.generation_id = b.generation_id and t.item_id = e.item_id"
        " where a.asset = 'embeddings' and a.window_start >= %s and a.window_start < %s and e.model = %s"
        " order by e.text_hash, t.window_start, t.item_id) x order by sha256(text_hash) limit %s",
        (start, end, encoder.name, sample),
    ).fetchall()
    problems: list[str] = []
    for first in range(0, len(rows), _ENCODED_AT_ONCE):
        problems += _text_problems(c, encoder, rows[first : first + _ENCODED_AT_ONCE])
    return Finding("texts", len(rows), problems)


def _text_problems(
    c: psycopg.Connection, encoder: Encoder, rows: Sequence[tuple[bytes, str, str, datetime]]
) -> list[str]:
    stored, found = load_vectors(c, [row[0] for row in rows], encoder.name)
    fresh = encoder.encode([row[1] for row in rows])
    cosine = np.einsum("ij,ij->i", stored, fresh) / np.maximum(np.linalg.norm(stored, axis=1), 1e-12)
    problems = []
    for (key, title, item, at), there, near in zip(rows, found, cosine, strict=True):
        where = f"core.embedding {bytes(key).hex()[:16]}, window {Window(at)} item {item}"
        if text_hash(title) != bytes(key):
            problems.append(f"{where}: the text is not the one of its hash")
        elif there and near < SAME_TEXT:
            problems.append(f"{where}: the vector is not that of its text (cosine {near:.4f})")
    return problems


def _archived(c: psycopg.Connection, archive: Archive) -> Finding:
    found = verify_archive(archive, connection=c)
    days = len(found.keys() - {"chain"})
    return Finding("archive", days, [problem for problems in found.values() for problem in problems])
