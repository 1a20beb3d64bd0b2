"""How well one grouping of items agrees with another: B-cubed and the adjusted Rand index.

Here: measures over labels. Not here: V-measure; it gives 0.64 to a grouping where every item stands alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of a predicted grouping with the true one. Precision, recall and F1 in [0, 1], ARI in [-1, 1]."""

    precision: float
    recall: float
    f1: float
    ari: float


def agreement(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> Agreement:
    """B-cubed precision, recall and F1 (Bagga and Baldwin 1998) and the adjusted Rand index (Hubert and Arabie 1985).

    B-cubed precision is the mean over items of the share of the item's predicted group that belongs to its true one;
    recall exchanges the two.

    >>> agreement("aabb", "xxxy")  # doctest: +ELLIPSIS
    Agreement(precision=0.666..., recall=0.75, f1=0.705..., ari=0.0)

    Raises:
        ValueError: the sequences differ in length, or are empty.
    """
    if len(truth) != len(predicted) or not truth:
        raise ValueError(f"two groupings of the same items are needed, not {len(truth)} and {len(predicted)} labels")
    table = sparse.coo_matrix((np.ones(len(truth)), (_codes(truth), _codes(predicted)))).tocsr().tocoo()
    rows = np.bincount(table.row, table.data).astype(np.float64)
    columns = np.bincount(table.col, table.data).astype(np.float64)
    precision = float((table.data**2 / columns[table.col]).sum() / len(truth))
    recall = float((table.data**2 / rows[table.row]).sum() / len(truth))
    f1 = 2 * precision * recall / (precision + recall)
    return Agreement(precision, recall, f1, _adjusted_rand(table.data, rows, columns))


def _codes(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    seen: dict[Hashable, int] = {}
    return np.array([seen.setdefault(label, len(seen)) for label in labels])


def _adjusted_rand(cells: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    """Pairs grouped together in both, less what chance gives, over the most that is left; 1 where nothing is."""

    def pairs(counts: NDArray[np.float64]) -> float:
        return float((counts * (counts - 1)).sum() / 2)

    both, left, right = pairs(cells), pairs(rows), pairs(columns)
    everything = pairs(np.array([rows.sum()]))
    chance = left * right / everything if everything else 0.0
    most = (left + right) / 2
    return 1.0 if most == chance else (both - chance) / (most - chance)
