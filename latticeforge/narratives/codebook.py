"""The code book: narratives fixed before the time that is tested, so that no result can shape what was counted.

Here: fitting it, its digest, which entry an item belongs to, and which entries are an event's own subject. Not here:
the micro-clusters of one window (``clusters``) and the counts (``calendar_counts``).

Method: docs/method/confirmed-links.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.labels import labels

ITEMS_A_CELL = 0.05  # fewer items per window and narrative, and no count can be told from chance
WIDE = 64  # narratives of a small record; a front page of 60-100 items a day
WIDEST = 200
ITEMS_TO_WIDEN = 2.5  # items per window and narrative from which more than WIDE narratives pay
NARROWEST = 4
TITLES_A_NARRATIVE = 10
# An event's own subject: the nearest narratives, always; more of them only where they have something in common with it.
# Of reports of one front-page story that a title's own cosine misses, 95 % lie in narratives that this closes.
NEAREST_SHARE = 0.1
RELATED_SHARE = 0.3
RELATED_COSINE = 0.2

_MAX_TITLES = 20_000
_ROUNDS = 40
_BLOCK = 8192

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CodeBook:
    """K narratives, the largest first."""

    centroids: Vectors  # (K, d) unit rows
    labels: tuple[str, ...]
    headlines: tuple[str, ...]  # the most central title of each

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the centroids: what "the same code book" means."""
        return hashlib.sha256(np.ascontiguousarray(self.centroids, dtype="<f4").tobytes()).hexdigest()

    def nearest(self, vectors: Vectors) -> NDArray[np.int64]:
        """The narrative of each vector, (n,)."""
        return _nearest(vectors, self.centroids)

    def unrelated(self, event_vectors: Vectors) -> NDArray[np.bool_]:
        """(E, K) False for narratives that an event's own coverage would fall into.

        They are the nearest 10 %, and those of the nearest 30 % whose cosine with the event is at least 0.2.
        """
        k = len(self.centroids)
        cosine = np.round((event_vectors @ self.centroids.T).astype(np.float64), 6)
        rank = np.empty(cosine.shape, dtype=np.int64)
        np.put_along_axis(rank, np.argsort(-cosine, axis=1, kind="stable"), np.arange(k)[None, :], axis=1)
        alike = (rank < np.ceil(RELATED_SHARE * k)) & (cosine >= RELATED_COSINE)
        related: NDArray[np.bool_] = (rank < np.ceil(NEAREST_SHARE * k)) | alike
        return ~related


def narratives_for(items_a_window: float, titles: int) -> int:
    """How many narratives a record can carry, 4 to 200.

    At least 0.05 items per window and narrative, up to 64 of them; more only where each still gets 2.5 items a window;
    and at least ten different titles to fit each on.
    """
    carried = min(items_a_window / ITEMS_A_CELL, max(WIDE, items_a_window / ITEMS_TO_WIDEN), WIDEST)
    return max(NARROWEST, int(min(carried, titles / TITLES_A_NARRATIVE)))


def fit_code_book(titles: Sequence[str], vectors: Vectors, k: int, seed: int) -> CodeBook:
    """Spherical k-means (Dhillon & Modha 2001) from k-means++ starts, over distinct titles in order of the alphabet.

    The order of the rows and repeated titles change nothing. Above 20,000 distinct titles every n-th is taken.

    Args:
        titles: n >= 1 titles.
        vectors: (n, d) unit rows.

    Raises:
        ValueError: there are no titles.
    """
    if not titles:
        raise ValueError("a code book needs titles from before the tested time")
    distinct, first = np.unique(np.array(titles, dtype=np.str_), return_index=True)
    taken = slice(None, None, -(-distinct.size // _MAX_TITLES))
    names, unit = distinct[taken].tolist(), np.ascontiguousarray(vectors[first[taken]], dtype=np.float32)
    centroids, group = _spherical(unit, min(k, len(unit)), np.random.default_rng(seed))
    return CodeBook(centroids, tuple(labels(names, group)), tuple(_central(names, unit, centroids, group)))


def _spherical(unit: Vectors, k: int, rng: np.random.Generator) -> tuple[Vectors, NDArray[np.int64]]:
    centroids = unit[_starts(unit, k, rng)]
    group = np.full(len(unit), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        found = _nearest(unit, centroids)
        if np.array_equal(found, group):
            break
        group = found
        centroids = _means(unit, group, centroids)
    held, group = np.unique(group, return_inverse=True)  # a centroid that lost all its titles is no narrative
    rank = np.argsort(-np.bincount(group), kind="stable")
    place = np.argsort(rank, kind="stable")
    return centroids[held[rank]], place[group].astype(np.int64)


def _starts(unit: Vectors, k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """k-means++ (Arthur & Vassilvitskii 2007) with 1 - cosine as the squared distance."""
    chosen = np.zeros(k, dtype=np.int64)
    chosen[0] = rng.integers(len(unit))
    distance = np.ones(len(unit))
    for i in range(1, k):
        distance = np.minimum(distance, np.maximum(1.0 - (unit @ unit[chosen[i - 1]]).astype(np.float64), 0.0))
        reach = np.cumsum(distance)
        chosen[i] = min(int(np.searchsorted(reach, rng.random() * reach[-1], side="right")), len(unit) - 1)
    return chosen


def _means(unit: Vectors, group: NDArray[np.int64], before: Vectors) -> Vectors:
    """Mean direction of each group; an empty one stays where it was."""
    order = np.argsort(group, kind="stable")
    held, first = np.unique(group[order], return_index=True)
    total = before.astype(np.float64)
    total[held] = np.add.reduceat(unit[order].astype(np.float64), first, axis=0)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    means: Vectors = (total / np.maximum(length, 1e-12)).astype(np.float32)
    return means


def _nearest(vectors: Vectors, centroids: Vectors) -> NDArray[np.int64]:
    parts = [
        np.argmax(vectors[low : low + _BLOCK] @ centroids.T, axis=1) for low in range(0, max(len(vectors), 1), _BLOCK)
    ]
    return np.concatenate(parts).astype(np.int64)


def _central(names: Sequence[str], unit: Vectors, centroids: Vectors, group: NDArray[np.int64]) -> list[str]:
    cosine = np.round(np.einsum("ij,ij->i", unit, centroids[group]), 6)
    order = np.lexsort((np.arange(len(unit)), -cosine, group))
    _, first = np.unique(group[order], return_index=True)
    return [names[i] for i in order[first]]
