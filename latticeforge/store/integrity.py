"""Does what is stored hold together? Each function lists problems, one line each, naming the exact place.

Here: checks of active rows against landing, vectors and the ledger, and of a recomputed hour against what was said
live. Not here: who runs them (Dagster's asset checks, the command line) and what happens then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
import psycopg

from latticeforge import __version__
from latticeforge.model import ASSETS, item_id_of, text_hash
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.narratives.history import history_windows
from latticeforge.state_model import EVERY_ASSET
from latticeforge.store.digest import asset_digest
from latticeforge.store.generations import Frames, Write, computed_windows, read_active, read_generations
from latticeforge.store.vectors import load_vectors
from latticeforge.windows import WINDOW, Window, windows_between

NORM_TOLERANCE = 1e-3
# An item is known to a generation only if it was committed before the windows of one commit (an hour of them at most,
# close_s each) were read; the slack covers a transaction that commits a moment after the landing time it wrote.
_WINDOWS_A_COMMIT = 12
_COMMIT_SLACK = timedelta(seconds=2)
_FROM_CALENDAR = ("correlations", "distraction_scores")
_FROM_GAPS = ("spike_baselines", "spikes", *_FROM_CALENDAR)


@dataclass(frozen=True, slots=True)
class LiveComparison:
    """What the radar said of some windows against what they recompute to.

    ``equal + explained + len(problems)`` is the number of windows that the radar had computed.
    """

    equal: int
    explained: dict[str, str]  # window -> which late data explains the difference
    problems: list[str]


def repeated_items(connection: psycopg.Connection, start: datetime, end: datetime) -> list[str]:
    """Items that stand in more than one window of ``[start, end)``."""
    rows = connection.execute(
        "select t.item_id, count(*), min(t.window_start) from core.active a join core.article t using (generation_id)"
        " where a.asset = 'articles' and a.window_start >= %s and a.window_start < %s"
        " group by 1 having count(*) > 1 order by 1",
        (start, end),
    ).fetchall()
    return [f"item {item} is counted {n} times, first in {Window(at)}" for item, n, at in rows]


def misplaced_items(connection: psycopg.Connection, start: datetime, end: datetime) -> list[str]:
    """Articles whose time (event time, else first seen) is not in their window, or that never landed."""
    rows = connection.execute(
        "select t.window_start, t.item_id, coalesce(t.event_at, i.first_seen_at)"
        " from core.active a join core.article t using (generation_id)"
        " left join lateral (select first_seen_at from landing.item i where i.item_id = t.item_id"
        " order by seq limit 1) i on true"
        " where a.asset = 'articles' and a.window_start >= %s and a.window_start < %s and (i.first_seen_at is null"
        " or coalesce(t.event_at, i.first_seen_at) < t.window_start"
        " or coalesce(t.event_at, i.first_seen_at) >= t.window_start + %s) order by 1, 2",
        (start, end, WINDOW),
    ).fetchall()
    return [f"window {Window(at)} holds item {item} of {found or 'nowhere'}" for at, item, found in rows]


def vector_problems(connection: psycopg.Connection, start: datetime, end: datetime) -> list[str]:
    """Articles whose vector is missing, not of unit length (within 0.001), or not the one named by hash."""
    rows = read_active(connection, "embeddings", start, end)
    problems: list[str] = []
    for (model,), part in rows.group_by(["model"], maintain_order=True):
        vectors, found = load_vectors(connection, part["text_hash"].to_list(), str(model))
        norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
        for n, (at, item, expected) in enumerate(part.select("window_start", "item_id", "vector_sha256").iter_rows()):
            where = f"window {Window(at)} item {item}"
            if not found[n]:
                problems.append(f"{where}: no vector of {model} is stored")
            elif abs(norms[n] - 1) > NORM_TOLERANCE:
                problems.append(f"{where}: its vector has length {norms[n]:.4f}, expected 1")
            elif (sha := sha256(vectors[n].astype("<f4").tobytes()).digest()) != expected:
                problems.append(f"{where}: vector SHA-256 is {sha.hex()[:16]}, stored with it {expected.hex()[:16]}")
    return problems


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A generation whose rows are not those that the ledger recorded. ``frames`` is what is there, table by table."""

    asset: str
    window: Window
    generation_id: int
    active: bool
    digest: bytes
    frames: Frames
    told: str


def mismatches(
    connection: psycopg.Connection, asset: str, start: datetime, end: datetime, *, active_only: bool = False
) -> tuple[int, list[Mismatch]]:
    """(generations read, those whose rows are not the recorded ones) of windows in ``[start, end)``."""
    listed = connection.execute(
        "select g.generation_id, g.window_start, g.row_count, g.digest, a.generation_id is not null"
        " from core.generation g left join core.counting a"
        " on a.asset = g.asset and a.window_start = g.window_start and a.generation_id = g.generation_id"
        " where g.asset = %s and g.window_start >= %s and g.window_start < %s"
        " and (a.generation_id is not null or not %s)"
        " and not exists (select from core.removed r where r.generation_id = g.generation_id) order by 2, 1",
        (asset, start, end, active_only),
    ).fetchall()
    kind = EVERY_ASSET[asset]
    parts = [_by_generation(read_generations(connection, t, [row[0] for row in listed])) for t in kind.tables]
    found = []
    for generation, at, rows, digest, active in listed:
        frames = tuple(p.get(generation, t.empty()) for p, t in zip(parts, kind.tables, strict=True))
        count = sum(f.height for f in frames)
        told = ""
        if count != rows:
            told = f"{count} rows, the ledger says {rows}"
        elif (is_there := asset_digest(kind, frames)) != bytes(digest):
            told = f"rows have digest {is_there.hex()[:16]}, the ledger says {bytes(digest).hex()[:16]}"
        if told:
            found.append(Mismatch(asset, Window(at), generation, active, bytes(digest), frames, told))
    return len(listed), found


def _by_generation(rows: pl.DataFrame) -> dict[int, pl.DataFrame]:
    parts = rows.partition_by("generation_id", maintain_order=True)
    return {part["generation_id"][0]: part.drop("generation_id") for part in parts}


def ledger_problems(connection: psycopg.Connection, asset: str, start: datetime, end: datetime) -> list[str]:
    """Windows of ``[start, end)`` whose rows are not those the ledger recorded, or that have no generation."""
    computed = computed_windows(connection, asset, [w.start for w in windows_between(start, end)])
    problems = [
        f"{asset} {window}: never computed" for window in windows_between(start, end) if window.start not in computed
    ]
    _, found = mismatches(connection, asset, start, end, active_only=True)
    return problems + [f"{m.asset} {m.window}: {m.told} (generation {m.generation_id})" for m in found]


def differing_rows(found: Mismatch, right: Frames) -> list[str]:
    """Each row in which a mismatch differs from the rows that were recorded: table, window, generation, key, column."""
    problems = []
    for table, there, was in zip(EVERY_ASSET[found.asset].tables, found.frames, right, strict=True):
        where = f"{table.name} {found.window} generation {found.generation_id}"
        keys = list(table.key)
        now = {tuple(row[k] for k in keys): row for row in there.iter_rows(named=True)}
        then = {tuple(row[k] for k in keys): row for row in was.iter_rows(named=True)}
        for key in sorted(now.keys() | then.keys(), key=str):
            named = f"{where} {', '.join(f'{k} {v}' for k, v in zip(keys, key, strict=True))}"
            if key not in then:
                problems.append(f"{named}: was not there")
            elif key not in now:
                problems.append(f"{named}: missing")
            else:
                changed = [n for n in table.columns if not _same(now[key][n], then[key][n])]
                problems += [f"{named}: {n} is {_short(now[key][n])}, it was {_short(then[key][n])}" for n in changed]
    return problems


def _same(a: Any, b: Any) -> bool:
    return bool(np.array_equal(a, b)) if isinstance(a, (list, np.ndarray)) else bool(a == b)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def landing_problems(connection: psycopg.Connection, start: datetime, end: datetime) -> tuple[int, list[str]]:
    """(rows read, problems): items of ``[start, end)`` against their own hashes, payloads against theirs."""
    rows = connection.execute(
        "select seq, item_id, source, guid, title, summary, url, author, content_hash, text_hash from landing.item"
        " where window_at >= %s and window_at < %s order by seq",
        (start, end),
    ).fetchall()
    problems = []
    for seq, item_id, source, guid, title, summary, url, author, content_hash, text in rows:
        where = f"landing.item {seq}, item {item_id}"
        if sha256("\x1f".join((title, summary, url, author)).encode()).digest() != bytes(content_hash):
            problems.append(f"{where}: title, summary, url or author are not those of its content hash")
        if text_hash(title) != bytes(text):
            problems.append(f"{where}: its title is not the one of its text hash")
        if item_id_of(source, guid) != item_id:
            problems.append(f"{where}: source and guid are not those of its id")
    broken = connection.execute(
        "select encode(p.sha256, 'hex'), min(f.fetch_id) from landing.payload p"
        " join landing.fetch f on f.payload_sha256 = p.sha256"
        " where f.received_at >= %s and f.received_at < %s and sha256(p.body) <> p.sha256 group by 1 order by 2",
        (start, end),
    ).fetchall()
    problems += [f"landing.payload {sha[:16]} of fetch {fetch}: its bytes are others" for sha, fetch in broken]
    return len(rows), problems


def uncounted_windows(connection: psycopg.Connection, start: datetime, end: datetime) -> list[str]:
    """Closed windows of ``[start, end)`` that lack an asset."""
    rows = connection.execute(
        "select w.window_start, n.asset from ops.window w cross join unnest(%s::text[]) as n (asset)"
        " where w.window_start >= %s and w.window_start < %s and not exists"
        " (select from core.active a where a.asset = n.asset and a.window_start = w.window_start) order by 1, 2",
        (list(ASSETS), start, end),
    ).fetchall()
    return [f"{asset} {Window(at)}: closed, and nothing of it counts" for at, asset in rows]


def compare_live(connection: psycopg.Connection, writes: Sequence[Write]) -> LiveComparison:
    """Recomputed windows of one asset against the newest generation that the radar (or a replay) made of each.

    A difference is explained by late data only: items, calendar entries or the end of a gap that came after the radar's
    generation, in the window itself or, through an input whose rows have changed since, in one that it rests on. A
    generation of another code version says nothing about this one and is not compared.
    """
    live = _live_generations(connection, writes)
    equal, explained, problems = 0, {}, []
    for write in writes:
        if write.window.start not in live:
            continue
        generation, digest, created_at = live[write.window.start]
        if digest == asset_digest(EVERY_ASSET[write.asset], write.frames):
            equal += 1
        elif why := _late(connection, write.asset, write.window, generation, created_at):
            explained[str(write.window)] = why
        else:
            now = asset_digest(EVERY_ASSET[write.asset], write.frames).hex()[:16]
            problems.append(
                f"{write.asset} {write.window}: recomputed digest {now}, generation {generation} said live"
                f" {digest.hex()[:16]}, and nothing it rests on came late"
            )
    return LiveComparison(equal, explained, problems)


def _live_generations(
    connection: psycopg.Connection, writes: Sequence[Write]
) -> dict[datetime, tuple[int, bytes, datetime]]:
    rows = connection.execute(
        "select distinct on (window_start) window_start, generation_id, digest, created_at from core.generation"
        " where asset = any(%s) and window_start = any(%s) and origin in ('radar', 'replay') and code_version = %s"
        " order by window_start, generation_id desc",
        (sorted({w.asset for w in writes}), [w.window.start for w in writes], __version__),
    ).fetchall()
    return {at: (int(generation), bytes(digest), created) for at, generation, digest, created in rows}


def _late(
    connection: psycopg.Connection, asset: str, window: Window, generation: int, created_at: datetime
) -> str | None:
    """What came after ``generation`` and may explain that its window differs now; None where nothing did."""
    closed_at, close_s = _closing(connection, window)
    read_at = created_at - timedelta(seconds=close_s * _WINDOWS_A_COMMIT) - _COMMIT_SLACK
    if asset == "articles":
        late = _late_items(connection, window, read_at)
        return f"{late} late item(s)" if late else _withdrawn(connection, window, read_at)
    if changed := _changed_input(connection, asset, window, generation):
        return f"{changed} has changed since"
    if asset in _FROM_CALENDAR and _late_events(connection, window, read_at):
        return "a late calendar entry"
    if asset in _FROM_GAPS and _ended_gaps(connection, window, closed_at):
        return "a gap in collection has ended since"
    return None


def _closing(connection: psycopg.Connection, window: Window) -> tuple[datetime, float]:
    row = connection.execute(
        "select closed_at, close_s from ops.window where window_start = %s", (window.start,)
    ).fetchone()
    return (row[0], float(row[1])) if row else (window.end, 0.0)


def _late_items(connection: psycopg.Connection, window: Window, read_at: datetime) -> int:
    row = connection.execute(
        "select count(*) from landing.item where window_at >= %s and window_at < %s and landed_at > %s",
        (window.start, window.end, read_at),
    ).fetchone()
    return int(row[0]) if row else 0


def _withdrawn(connection: psycopg.Connection, window: Window, read_at: datetime) -> str | None:
    """Withdrawals, or the undoing of one, after ``read_at`` that reach into the window."""
    row = connection.execute(
        "select max(r.rollback_id) from ops.rollback r where r.at > %s and r.from_at < %s and r.to_at > %s"
        " and (r.kind = 'withdraw' or r.undoes in (select rollback_id from ops.withdrawal))",
        (read_at, window.end, window.start),
    ).fetchone()
    return f"items withdrawn or given back by rollback {row[0]}" if row and row[0] else None


def _late_events(connection: psycopg.Connection, window: Window, read_at: datetime) -> bool:
    row = connection.execute(
        "select exists (select from landing.calendar_event where occurred_at > %s and occurred_at <= %s"
        " and landed_at > %s)",
        (window.end - LINK_SPAN, window.end, read_at),
    ).fetchone()
    return bool(row and row[0])


def _ended_gaps(connection: psycopg.Connection, window: Window, closed_at: datetime) -> bool:
    oldest = history_windows(window)[0].start
    row = connection.execute(
        "select exists (select from ops.gap where from_at < %s and coalesce(to_at, 'infinity') > %s"
        " and greatest(coalesce(to_at, 'infinity'), filled_at) > %s)",
        (window.end, oldest, closed_at),
    ).fetchone()
    return bool(row and row[0])


def _changed_input(connection: psycopg.Connection, asset: str, window: Window, generation: int) -> str | None:
    for upstream, starts in _inputs(asset, window).items():
        row = connection.execute(
            "select a.window_start from core.active a join core.generation now using (generation_id)"
            " left join lateral (select digest from core.generation g where g.asset = a.asset"
            " and g.window_start = a.window_start and g.generation_id < %s order by g.generation_id desc limit 1)"
            " before on true where a.asset = %s and a.window_start = any(%s)"
            " and before.digest is distinct from now.digest order by 1 limit 1",
            (generation, upstream, starts),
        ).fetchone()
        if row:
            return f"{upstream} of {Window(row[0])}"
    return None


def _inputs(asset: str, window: Window) -> dict[str, list[datetime]]:
    """The windows of other assets that a window of ``asset`` rests on."""
    own = [window.start]
    if asset in ("embeddings", "narratives"):
        return {name: own for name in ("articles", "embeddings") if name != asset}
    history = [w.start for w in history_windows(window)]
    inputs = {"articles": own, "narratives": [*history, window.start]}
    if asset != "spike_baselines":
        inputs["spike_baselines"] = own
    if asset in _FROM_CALENDAR:
        trailing = windows_between(window.start - LINK_SPAN, window.end)
        inputs["spikes"] = [w.start for w in trailing]
    if asset == "distraction_scores":
        inputs["correlations"] = own
    return inputs
