"""Average linkage without a matrix of pairs says what plain average linkage says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from latticeforge.narratives.linkage import DENSE, average_linkage


def stories(n: int, topics: int, spread: float, seed: int) -> NDArray[np.float32]:
    """Unit vectors around ``topics`` directions; the mean cosine inside a topic is about 1 / (1 + spread^2)."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(topics, 384))[rng.integers(0, topics, n)] / np.sqrt(384)
    rows += rng.normal(size=(n, 384)) * spread / np.sqrt(384)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def plain(unit: NDArray[np.float32], threshold: float) -> NDArray[np.int64]:
    wide = unit.astype(np.float64)
    distance = np.maximum(1 - wide @ wide.T, 0)[np.triu_indices(len(unit), 1)]
    return np.asarray(fcluster(linkage(distance, "average"), 1 - threshold, "distance"), dtype=np.int64)


def same_partition(a: NDArray[np.int64], b: NDArray[np.int64]) -> bool:
    return len(set(zip(a.tolist(), b.tolist(), strict=True))) == a.max() + 1 == b.max()


@pytest.mark.parametrize("seed", range(5))
def test_a_small_window_is_grouped_as_by_scipy(seed: int) -> None:
    unit = stories(300, 40, 1.2, seed)
    found = average_linkage(unit, 0.4)
    assert 5 < found.max() < 299
    assert same_partition(found, plain(unit, 0.4))


def test_rounds_of_mutual_pairs_change_nothing() -> None:
    unit = stories(DENSE + 400, 300, 1.1, 11)
    found = average_linkage(unit, 0.4)
    assert found.max() > 100
    assert same_partition(found, plain(unit, 0.4))


def test_equal_vectors_end_in_one_group_however_many_they_are() -> None:
    unit = np.repeat(np.eye(3, 384, dtype=np.float32), DENSE // 2, axis=0)
    assert np.bincount(average_linkage(unit, 0.4)).tolist() == [DENSE // 2] * 3


def test_vectors_like_no_other_stay_alone_and_in_their_order() -> None:
    assert average_linkage(np.eye(DENSE + 1, dtype=np.float32), 0.4).tolist() == list(range(DENSE + 1))
    assert average_linkage(np.eye(1, 384, dtype=np.float32), 0.4).tolist() == [0]
