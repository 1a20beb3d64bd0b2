"""B-cubed and the adjusted Rand index against their definitions."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from latticeforge.narratives import agreement as module
from latticeforge.narratives import copies
from latticeforge.narratives.agreement import agreement


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(copies).failed == 0


@pytest.mark.parametrize("seed", range(5))
def test_against_definitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, found = rng.integers(0, 6, 80).tolist(), rng.integers(0, 9, 80).tolist()
    together_truth = np.equal.outer(truth, truth)
    together_found = np.equal.outer(found, found)
    both = (together_truth & together_found).sum(axis=1)
    result = agreement(truth, found)
    assert result.precision == pytest.approx((both / together_found.sum(axis=1)).mean())
    assert result.recall == pytest.approx((both / together_truth.sum(axis=1)).mean())
    assert result.ari == pytest.approx(adjusted_rand_score(truth, found))


def test_all_alone_is_no_agreement() -> None:
    result = agreement([0] * 50 + [1] * 50, list(range(100)))
    assert (result.precision, result.recall, result.ari) == (1.0, pytest.approx(0.02), 0.0)


def test_the_same_grouping_under_other_names_is_perfect() -> None:
    result = agreement("aabbc", [3, 3, 1, 1, 0])
    assert (result.f1, result.ari) == (1.0, 1.0)
    assert agreement(["a"], ["b"]).ari == 1.0


def test_labels_must_pair_up() -> None:
    with pytest.raises(ValueError, match="not 2 and 1 labels"):
        agreement("ab", "a")
