"""Chains in the database: one story keeps its identity, whatever order its windows were computed in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import polars as pl
import psycopg
import pytest

from latticeforge.model import NARRATIVE, NARRATIVE_ITEM, VECTOR
from latticeforge.store import Store
from latticeforge.store.chains import follow_chains
from latticeforge.store.generations import Write, write_generations
from latticeforge.windows import WINDOW, Window

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)


def write(window: Window, angles: Sequence[float]) -> Write:
    """A window with one narrative an angle (degrees on one circle of the embedding space)."""
    unit = np.zeros((len(angles), 384), np.float32)
    unit[:, 0], unit[:, 1] = np.cos(np.radians(angles)), np.sin(np.radians(angles))
    ids = [f"{window.start:%Y%m%dT%H%MZ}-{rank:03d}" for rank in range(1, len(angles) + 1)]
    rows = pl.DataFrame({"narrative_id": ids, "centroid": pl.Series(unit, dtype=VECTOR)}).with_columns(
        window_start=pl.lit(window.start), label=pl.lit("l"), headline=pl.lit("h"), items=pl.lit(3), voices=pl.lit(3),
        sources=pl.lit(1), accounts=pl.lit(1), copy_share=pl.lit(0.0), source_hhi=pl.lit(1.0),
        first_at=pl.lit(window.start), last_at=pl.lit(window.start),
    )  # fmt: skip
    return Write("narratives", window, (NARRATIVE.shape(rows), NARRATIVE_ITEM.empty()))


def at(step: int) -> Window:
    return Window(NOON + step * WINDOW)


def store_and_follow(store: Store, writes: Sequence[Write]) -> int:
    with store.connection() as c:
        write_generations(c, writes, origin="replay", reason="test")
        return follow_chains(c, [w.window.start for w in writes])


def chains(c: psycopg.Connection) -> dict[str, str]:
    rows = c.execute(
        "select narrative_id, chain_id from core.narrative_chain"
        " join core.active a using (generation_id) where a.asset = 'narratives'"
    ).fetchall()
    return dict(rows)


def stored(store: Store) -> dict[str, str]:
    with store.connection() as c:
        return chains(c)


DAY = {step: [0.0 + step, 90.0] if step % 3 else [91.0] for step in range(0, 40)}


def test_a_story_keeps_its_name_over_windows_it_is_silent_in(store: Store) -> None:
    store_and_follow(store, [write(at(step), angles) for step, angles in DAY.items()])
    found = stored(store)
    assert found["20250128T1200Z-001"] == found["20250128T1205Z-002"] == found["20250128T1515Z-001"]
    assert found["20250128T1205Z-001"] == found["20250128T1225Z-001"] == "20250128T1205Z-001"
    assert len(set(found.values())) == 2


def test_an_hour_of_silence_ends_a_chain(store: Store) -> None:
    store_and_follow(store, [write(at(0), [10]), write(at(12), [10]), write(at(25), [10])])
    assert list(stored(store).values()) == ["20250128T1200Z-001"] * 2 + ["20250128T1405Z-001"]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_and_the_batches_of_windows_change_nothing(store: Store, seed: int) -> None:
    rng = np.random.default_rng(1)
    writes = [
        write(at(s), (np.cumsum(rng.normal(0, 25, 4)) + np.arange(0, 360, 90))[: s % 4 + 1].tolist()) for s in range(30)
    ]
    store_and_follow(store, writes)
    straight = stored(store)
    with store.connection() as c:
        c.execute("truncate core.narrative_chain")
    follow = [w.window.start for w in writes]
    Random(seed).shuffle(follow)
    while follow:
        batch, follow = follow[: seed + 1], follow[seed + 1 :]
        with store.connection() as c:
            follow_chains(c, batch)
    assert stored(store) == straight
    with store.connection() as c:
        assert follow_chains(c, [w.window.start for w in writes]) == 0, "following again changes nothing"


def test_a_late_window_renames_what_it_begins(store: Store) -> None:
    store_and_follow(store, [write(at(step), [5]) for step in range(1, 30)])
    assert set(stored(store).values()) == {"20250128T1205Z-001"}
    assert store_and_follow(store, [write(at(0), [5])]) in (0, 30), "0 where writing has followed already"
    assert set(stored(store).values()) == {"20250128T1200Z-001"}


def test_a_recomputed_window_has_chains_of_its_own_generation(store: Store) -> None:
    store_and_follow(store, [write(at(0), [5]), write(at(1), [5])])
    store_and_follow(store, [write(at(1), [5, 120])])
    found = stored(store)
    assert found == {
        "20250128T1200Z-001": "20250128T1200Z-001",
        "20250128T1205Z-001": "20250128T1200Z-001",
        "20250128T1205Z-002": "20250128T1205Z-002",
    }
    with store.connection() as c:
        row = c.execute("select count(*) from core.narrative_chain").fetchone()
    assert row == (4,), "the generation before keeps its own"


def test_nothing_to_follow_is_nothing(store: Store) -> None:
    with store.connection() as c:
        assert follow_chains(c, []) == 0
        assert follow_chains(c, [NOON, NOON + timedelta(days=1)]) == 0
