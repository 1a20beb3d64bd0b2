"""Chains: the same narrative in one window after another, so that people can follow it.

Here: which narratives of the last hour a narrative may follow, and which it does. Not here: anything the statistics
use. A chain depends on the windows before it, so a baseline that used it could not be computed for one window alone.
Keeping them is the store's (``store.chains``).
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.narratives.history import cosines, unit_rows
from latticeforge.windows import HOUR

MIN_SIMILARITY = 0.6
REACH = HOUR  # a story that pauses longer begins a new chain

_SCHEMA = {"narrative_id": pl.String, "chain_id": pl.String, "similarity": pl.Float64}


def open_chains(chained: pl.DataFrame, start: datetime) -> pl.DataFrame:
    """The chains that a window may go on with: the newest narrative of each in the hour before ``start``.

    Args:
        chained: window_start, narrative_id, chain_id, centroid; rows of other times are left out, in any order.
    """
    recent = chained.filter(pl.col("window_start").is_between(start - REACH, start, closed="left"))
    return recent.sort("window_start", "narrative_id").unique("chain_id", keep="last", maintain_order=True)


def chain(previous: pl.DataFrame, current: pl.DataFrame) -> pl.DataFrame:
    """Give each narrative of ``current`` the chain of its closest forerunner, or a chain of its own.

    One to one and greedy, the most similar pair first; only pairs with cosine >= ``MIN_SIMILARITY`` join. A new chain
    is named after the narrative that begins it.

    Args:
        previous: narrative_id, chain_id, centroid (unit length), e.g. what ``open_chains`` gives.
        current: narrative_id, centroid, e.g. NARRATIVE rows.

    Returns:
        narrative_id, chain_id, similarity (null where the chain begins), in the order of narrative_id.
    """
    previous, current = previous.sort("narrative_id"), current.sort("narrative_id")
    ids = current["narrative_id"].to_list()
    chains: list[str] = list(ids)
    similarities: list[float | None] = [None] * len(ids)
    if previous.height and ids:
        known = previous["chain_id"].to_list()
        for old, new, similarity in _matches(unit_rows(previous["centroid"]), unit_rows(current["centroid"])):
            chains[new], similarities[new] = known[old], round(similarity, 9)
    return pl.DataFrame({"narrative_id": ids, "chain_id": chains, "similarity": similarities}, schema=_SCHEMA)


def _matches(old: NDArray[np.float32], new: NDArray[np.float32]) -> list[tuple[int, int, float]]:
    """Pairs (old, new, cosine), each row at most once, by falling cosine."""
    cosine = cosines(old, new)
    rows, columns = np.nonzero(cosine >= MIN_SIMILARITY)
    order = np.lexsort((columns, rows, -cosine[rows, columns]))
    taken_old, taken_new, pairs = set[int](), set[int](), []
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if row not in taken_old and column not in taken_new:
            taken_old.add(row)
            taken_new.add(column)
            pairs.append((row, column, float(cosine[row, column])))
    return pairs
