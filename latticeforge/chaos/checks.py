"""Does what a storm left hold together, and is it what a calm day would have left?

Here: counting, half-committed states, the undisturbed run. Not here: making storms (``storm``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from latticeforge.chaos.world import World
from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS
from latticeforge.radar.core import READER, RadarCore
from latticeforge.sources.catalogue import FeedSource
from latticeforge.store import Store
from latticeforge.store.generations import digests
from latticeforge.store.integrity import ledger_problems
from latticeforge.store.landing import land_events, land_items
from latticeforge.store.ledger import save_source
from latticeforge.windows import WINDOW, ceil_to

_HALF = """
select (select count(*) from landing.item i where i.seq <= (select seq from ops.cursor where reader = %(reader)s)
            and not exists (select from core.embedding e where e.text_hash = i.text_hash)),
       (select count(*) from core.embedding where abs(vector_norm(vector) - 1) > 0.001),
       (select count(*) from ops.window w where (select count(*) from core.active a
            where a.window_start = w.window_start) <> %(assets)s),
       (select count(*) from core.generation g where g.asset = 'embeddings' and g.row_count <>
            (select count(*) from core.article_embedding t where t.generation_id = g.generation_id)),
       (select count(*) from core.generation g where g.asset = 'articles' and g.row_count <>
            (select count(*) from core.article t where t.generation_id = g.generation_id))
"""
_HALF_NAMES = (
    "items passed without a vector",
    "vectors not of length 1",
    "windows without all their assets",
    "vector commits in part",
    "article commits in part",
)


def half_states(connection: psycopg.Connection) -> list[str]:
    """What only a commit in part could have left, as one instant sees it; empty where all is whole."""
    row = connection.execute(_HALF, {"reader": READER, "assets": len(ASSETS)}).fetchone()
    assert row is not None
    return [f"{count} {name}" for name, count in zip(_HALF_NAMES, row, strict=True) if count]


@dataclass(frozen=True)
class Counts:
    """What of a world is in the database."""

    items_in: int
    items_stored: int
    duplicates: int
    missing: int
    seen: int  # entries that the radar's cursor has passed


def count(connection: psycopg.Connection, world: World, wanted: Iterable[str]) -> Counts:
    """Compare the items of ``world`` (``wanted``: their ids) with what landed."""
    ids = [row[0] for row in connection.execute("select item_id from landing.item").fetchall()]
    row = connection.execute(
        "select count(*) from landing.item where seq <= (select seq from ops.cursor where reader = %s)", (READER,)
    ).fetchone()
    assert row is not None
    return Counts(world.items, len(ids), len(ids) - len(set(ids)), len(set(wanted) - set(ids)), int(row[0]))


def holes(connection: psycopg.Connection, first: datetime, last: datetime) -> int:
    """Windows of ``[first, last)`` that were never closed."""
    row = connection.execute(
        "select count(*) from ops.window where window_start >= %s and window_start < %s", (first, last)
    ).fetchone()
    assert row is not None
    return (last - first) // WINDOW - int(row[0])


def undisturbed(store: Store, world: World, feeds: Iterable[FeedSource], encoder: Encoder, end: datetime) -> None:
    """Compute the windows of ``world`` up to ``end`` as if nothing had ever happened to it."""
    with store.connection() as c:
        for feed in feeds:
            save_source(c, feed.name, title=feed.title, kind=feed.kind, url=feed.url, political=feed.political)
        land_events(c, world.events, None)
        land_items(c, world.landed(), None)
    close_all(store, encoder, end)


def close_all(store: Store, encoder: Encoder, end: datetime) -> None:
    """Close every window up to ``end``, waiting for nothing."""
    core = RadarCore(store, encoder, lateness=timedelta(0))
    core.resume(end)
    core.tick(end)


def differing(one: Store, other: Store, world: World, end: datetime) -> list[str]:
    """Assets whose digest over the world is not the same in both stores."""
    found = []
    for store in (one, other):
        with store.connection() as c:
            found.append(digests(c, world.begin, end))
    return sorted(asset for asset in ASSETS if found[0][asset] != found[1][asset])


def broken_digests(store: Store, world: World, end: datetime) -> list[str]:
    """Generations in force whose rows are not what was recorded of them."""
    with store.connection() as c:
        return [p for asset in ASSETS for p in ledger_problems(c, asset, world.begin, end)]


def last_window(world: World) -> datetime:
    """The end of the last window that holds an item."""
    return ceil_to(world.posted[-1].at + timedelta(microseconds=1), WINDOW)
