"""Chains: the same narrative in one window after another, so that people can follow it.

Here: which narratives of the last hour a narrative may follow, and which it does. Not here: anything the statistics
use. A chain depends on the windows before it, so a baseline that used it could not be computed for one window alone.
Keeping them is the store's (``store.chains``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.model import EMBEDDING_DIM
from latticeforge.narratives.history import cosines
from latticeforge.windows import HOUR

MIN_SIMILARITY = 0.6
REACH = HOUR  # a story that pauses longer begins a new chain


@dataclass(frozen=True, slots=True)
class Links:
    """Some narratives, each with the chain it belongs to: n of each."""

    narrative_ids: Sequence[str]
    chain_ids: Sequence[str | None]  # None: not chained yet
    centroids: NDArray[np.float32]  # (n, 384) of unit length


def open_chains(before: Iterable[Links]) -> Links:
    """The chains that a window may go on with: the newest narrative of each, in the order of narrative_id.

    Args:
        before: The windows of the hour before it, oldest first, each in the order of narrative_id. A narrative without
            a chain begins one.
    """
    newest: dict[str, tuple[str, NDArray[np.float32]]] = {}
    for window in before:
        for narrative, chain_id, centroid in zip(window.narrative_ids, window.chain_ids, window.centroids, strict=True):
            newest[chain_id or narrative] = (narrative, centroid)
    if not newest:
        return Links((), (), np.zeros((0, EMBEDDING_DIM), np.float32))
    chains = sorted(newest, key=lambda chain_id: newest[chain_id][0])
    narratives, centroids = zip(*(newest[chain_id] for chain_id in chains), strict=True)
    return Links(narratives, chains, np.stack(centroids))


def chain(previous: Links, current: Links) -> list[tuple[str, float | None]]:
    """Give each narrative of ``current`` the chain of its closest forerunner, or a chain of its own.

    One to one and greedy, the most similar pair first; only pairs with cosine >= ``MIN_SIMILARITY`` join. A new chain
    is named after the narrative that begins it. Of equal pairs the first in the order of the rows joins.

    Args:
        previous: What ``open_chains`` gives.
        current: Narratives in the order of narrative_id; the chains they have do not matter.

    Returns:
        Chain and similarity (None where the chain begins) of each row of ``current``.
    """
    found: list[tuple[str, float | None]] = [(narrative, None) for narrative in current.narrative_ids]
    for old, new, similarity in _matches(previous.centroids, current.centroids):
        found[new] = (previous.chain_ids[old] or previous.narrative_ids[old], round(similarity, 9))
    return found


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
