"""Average-linkage grouping of unit vectors, cut at a similarity: exact, and without a matrix of all pairs.

Here: the arithmetic. Not here: what is grouped and why (``clusters``).

The mean cosine of two groups is the product of their vector sums over the product of their sizes, so groups need no
pairs kept. Average linkage is reducible (a union is never nearer to a third group than the nearer of its parts):
groups that are each other's nearest may join in any order, all at once (Murtagh 1983), and a group with nothing within
the threshold is finished. Rounds of that shrink a large window until the matrix of what is left is small; the rest
follows nearest-neighbour chains on that matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

DENSE = 3072  # groups whose matrix is kept: 38 MB of float32
SHRINKING = 0.9  # a round that leaves more is worth less than the matrix: thousands of equal vectors, one pair a round
BLOCK_ROWS = 512

Rows = NDArray[np.float32]
Places = NDArray[np.int64]


def average_linkage(unit: Rows, threshold: float) -> Places:
    """Groups of unit vectors (UPGMA, Sokal and Michener 1958), joined while two have a mean cosine of ``threshold``.

    Args:
        unit: float32 (n, d) of unit length, n >= 1, in an order of their own: equal similarities go by position.

    Returns:
        int64 (n,): group numbers 0 .. k-1, in the order of their first members.
    """
    first = np.arange(len(unit))  # of the group of each row, its first row: the name of the group
    alive, total, size = first, unit, np.ones(len(unit), dtype=np.float32)  # one entry a group that may still grow
    before = np.inf
    while DENSE < len(alive) < SHRINKING * before:
        before = len(alive)
        into, near = _reciprocal(total, size, threshold)
        first = _renamed(first, alive, into)
        alive, total, size = _joined(alive, total, size, into, near)
    if len(alive):
        first = _renamed(first, alive, _chained(total @ total.T, size, np.float32(threshold)))
    return np.unique(first, return_inverse=True)[1].astype(np.int64)


def _reciprocal(total: Rows, size: NDArray[np.float32], threshold: float) -> tuple[Places, NDArray[np.bool_]]:
    """The group each group joins (itself, or the earlier of a mutual pair), and whether it is near any other."""
    nearest, cosine = np.empty(len(size), dtype=np.int64), np.empty(len(size), dtype=np.float32)
    for start in range(0, len(size), BLOCK_ROWS):
        rows = slice(start, start + BLOCK_ROWS)
        mean = total[rows] @ total.T
        mean /= size
        own = np.arange(len(mean))
        mean[own, own + start] = -np.inf
        nearest[rows] = mean.argmax(axis=1)
        cosine[rows] = mean[own, nearest[rows]] / size[rows]
    near = cosine >= threshold
    places = np.arange(len(size))
    mutual = near & (nearest[nearest] == places)
    if near.any() and not mutual.any():  # equal similarities that differ in the last bit from one side to the other
        best = int(cosine.argmax())
        nearest[nearest[best]] = best
        mutual[[best, nearest[best]]] = True
    return np.where(mutual, np.minimum(places, nearest), places), near


def _joined(
    alive: Places, total: Rows, size: NDArray[np.float32], into: Places, near: NDArray[np.bool_]
) -> tuple[Places, Rows, NDArray[np.float32]]:
    """What may still grow: pairs as one, without the groups that nothing is near to."""
    leaving = np.flatnonzero(into != np.arange(len(into)))
    total, size = total.copy(), size.copy()
    total[into[leaving]] += total[leaving]
    size[into[leaving]] += size[leaving]
    near[leaving] = False
    return alive[near], total[near], size[near]


def _renamed(first: Places, alive: Places, into: Places) -> Places:
    name = np.arange(len(first))
    name[alive] = alive[into]
    return name[first]


@compiled
def _chained(sums: Rows, size: NDArray[np.float32], threshold: np.float32) -> Places:
    """The group each of n groups ends in, by nearest-neighbour chains; ``sums`` (n, n) is used up.

    Args:
        sums: Similarities summed over the pairs of members, so that a union is an addition.
    """
    n = len(size)
    into = np.arange(n)
    share = np.float32(1.0) / size  # 0: no longer there
    chain = np.empty(n + 1, dtype=np.int64)
    for start in range(n):
        length = 0
        while share[start] > 0.0:
            if length == 0:
                chain[0] = start
                length = 1
            top = chain[length - 1]
            own = share[top]
            share[top] = 0.0
            nearest, highest = _highest(sums[top], share)
            share[top] = own
            before = chain[length - 2] if length > 1 else -1
            if before >= 0 and sums[top, before] * share[before] >= highest:
                nearest = before
            if highest * own < threshold:
                share[top] = 0.0
                length = 0
            elif nearest != before:
                chain[length] = nearest
                length += 1
            else:
                kept, gone = min(top, before), max(top, before)
                sums[kept] += sums[gone]
                sums[:, kept] = sums[kept]
                share[kept] = 1.0 / (1.0 / share[kept] + 1.0 / share[gone])
                share[gone] = 0.0
                into[gone] = kept
                length -= 2
    for place in range(n):  # a group joins an earlier one, so one pass reaches the last of each
        into[place] = into[into[place]]
    return into


@compiled
def _highest(sums: NDArray[np.float32], share: NDArray[np.float32]) -> tuple[int, np.float32]:
    """The place of the highest mean similarity among groups that are there, the first of equals."""
    place, highest = -1, np.float32(-np.inf)
    for k in range(len(share)):
        if share[k] > 0.0 and sums[k] * share[k] > highest:
            place, highest = k, np.float32(sums[k] * share[k])
    return place, highest
