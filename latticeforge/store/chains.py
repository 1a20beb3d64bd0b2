"""Chains of narratives over windows, kept up to date as windows are written.

Here: ``core.narrative_chain``. Not here: which narrative follows which (``narratives.chains``).

The chains are a function of the narratives that count, whatever order their windows were computed in: when a window
changes, the hour after it is followed again, and on from there as long as something changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars as pl
import psycopg

from latticeforge.model import UTC_TIME, VECTOR, Schema
from latticeforge.narratives.chains import REACH, chain, open_chains
from latticeforge.store.vectors import vector_blobs
from latticeforge.windows import WINDOW

_ROWS: Schema = {
    "window_start": UTC_TIME,
    "generation_id": pl.Int64,
    "narrative_id": pl.String,
    "chain_id": pl.String,
    "centroid": VECTOR,
}


def follow_chains(connection: psycopg.Connection, starts: Iterable[datetime]) -> int:
    """Chain the narratives of the windows that begin at ``starts``, and of later ones that change with them.

    Call it in the transaction that wrote them. A window from before there were chains counts as the beginning of its
    narratives'.

    Returns:
        How many windows were given other chains than they had.
    """
    asked = sorted(set(starts))
    if not asked:
        return 0
    until, changed = asked[-1] + REACH, 0
    windows = _read(connection, asked[0] - REACH, until + WINDOW)
    waiting = [at for at in windows if at >= asked[0]]
    while waiting:
        at = waiting.pop(0)
        before = [rows for start, rows in windows.items() if at - REACH <= start < at]
        found = _followed(before, windows[at])
        if found is None:
            continue
        _write(connection, found)
        windows[at] = found.drop("similarity")
        changed += 1
        if at + REACH > until:
            more = _read(connection, until + WINDOW, at + REACH + WINDOW)
            until, windows, waiting = at + REACH, windows | more, [*waiting, *more]
    return changed


def _followed(before: Sequence[pl.DataFrame], current: pl.DataFrame) -> pl.DataFrame | None:
    """The window's rows with their chains and similarity, or None where they have those already."""
    earlier = pl.concat(before).with_columns(pl.coalesce("chain_id", "narrative_id")) if before else current.clear()
    found = chain(open_chains(earlier, current["window_start"][0]), current)
    if found["chain_id"].equals(current["chain_id"]):
        return None
    return current.with_columns(found["chain_id"], found["similarity"])


def _read(connection: psycopg.Connection, start: datetime, end: datetime) -> dict[datetime, pl.DataFrame]:
    """Narratives that count, of each window in ``[start, end)`` that has any, in order, with the chains they have."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "select n.window_start, n.generation_id, n.narrative_id, c.chain_id, vector_send(n.centroid)"
            " from core.active a join core.narrative n using (generation_id)"
            " left join core.narrative_chain c using (generation_id, narrative_id)"
            " where a.asset = 'narratives' and a.window_start >= %s and a.window_start < %s",
            (start, end),
        ).fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(_ROWS)
    frame = pl.DataFrame(
        {
            name: pl.Series(name, vector_blobs(values) if kind == VECTOR else values, dtype=kind)
            for (name, kind), values in zip(_ROWS.items(), columns, strict=True)
        }
    )
    parts = frame.sort("window_start", "narrative_id").partition_by("window_start", maintain_order=True)
    return {part["window_start"][0]: part for part in parts}


def _write(connection: psycopg.Connection, rows: pl.DataFrame) -> None:
    ordered = rows.sort("generation_id", "narrative_id")  # two writers lock rows in one order
    connection.execute(
        "insert into core.narrative_chain (generation_id, narrative_id, chain_id, similarity)"
        " select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[])"
        " on conflict (generation_id, narrative_id) do update"
        " set chain_id = excluded.chain_id, similarity = excluded.similarity",
        [ordered[name].to_list() for name in ("generation_id", "narrative_id", "chain_id", "similarity")],
    )
