"""Chains of narratives over windows, kept up to date as windows are written.

Here: ``core.narrative_chain``. Not here: which narrative follows which (``narratives.chains``).

The chains are a function of the narratives that count, whatever order their windows were computed in: when a window
changes, the hour after it is followed again, and on from there as long as something changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import psycopg

from latticeforge.narratives.chains import REACH, Links, chain, open_chains
from latticeforge.store.vectors import vector_blobs
from latticeforge.windows import WINDOW


@dataclass(frozen=True, slots=True)
class _Chained:
    """The narratives that count of one window, in the order of narrative_id."""

    generation_id: int
    links: Links


@dataclass(frozen=True, slots=True)
class _Followed:
    """Narratives of one window with new chains, and their similarity to the narratives they follow."""

    now: _Chained
    similarities: list[float | None]


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
    until = asked[-1] + REACH
    windows = _read(connection, asked[0] - REACH, until + WINDOW)
    waiting = [at for at in windows if at >= asked[0]]
    changed: list[_Followed] = []
    while waiting:
        at = waiting.pop(0)
        found = _followed(at, windows)
        if found is None:
            continue
        changed.append(found)
        windows[at] = found.now
        if at + REACH > until:
            more = _read(connection, until + WINDOW, at + REACH + WINDOW)
            until, windows, waiting = at + REACH, windows | more, [*waiting, *more]
    _write(connection, changed)
    return len(changed)


def _followed(at: datetime, windows: Mapping[datetime, _Chained]) -> _Followed | None:
    """The window's narratives with their chains, or None where they have those already."""
    current = windows[at]
    hour = (at - REACH + step * WINDOW for step in range(REACH // WINDOW))
    found = chain(open_chains(windows[before].links for before in hour if before in windows), current.links)
    chains = [chain_id for chain_id, _ in found]
    if chains == list(current.links.chain_ids):
        return None
    links = Links(current.links.narrative_ids, chains, current.links.centroids)
    return _Followed(_Chained(current.generation_id, links), [similarity for _, similarity in found])


def _read(connection: psycopg.Connection, start: datetime, end: datetime) -> dict[datetime, _Chained]:
    """Narratives that count, of each window in ``[start, end)`` that has any, in order, with the chains they have."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(
            "select n.window_start, n.generation_id, n.narrative_id, c.chain_id, vector_send(n.centroid)"
            " from core.active a join core.narrative n using (generation_id)"
            " left join core.narrative_chain c using (generation_id, narrative_id)"
            " where a.asset = 'narratives' and a.window_start >= %s and a.window_start < %s"
            ' order by n.window_start, n.narrative_id collate "C"',
            (start, end),
        ).fetchall()
    found = {}
    for at, group in groupby(rows, itemgetter(0)):
        _, generations, narratives, chains, blobs = zip(*group, strict=True)
        found[at] = _Chained(generations[0], Links(narratives, chains, vector_blobs(blobs)))
    return found


def _write(connection: psycopg.Connection, changed: Iterable[_Followed]) -> None:
    # in the order of the primary key, so that two writers lock rows in one order
    rows = [
        (f.now.generation_id, narrative, chain_id, similarity)
        for f in sorted(changed, key=lambda f: f.now.generation_id)
        for narrative, chain_id, similarity in zip(
            f.now.links.narrative_ids, f.now.links.chain_ids, f.similarities, strict=True
        )
    ]
    if not rows:
        return
    connection.execute(
        "insert into core.narrative_chain (generation_id, narrative_id, chain_id, similarity)"
        " select * from unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[])"
        " on conflict (generation_id, narrative_id) do update"
        " set chain_id = excluded.chain_id, similarity = excluded.similarity",
        [list(column) for column in zip(*rows, strict=True)],
    )
