"""A text's vector has the same bits in every batch and in every order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latticeforge.embedding import Encoder, load_encoder
from latticeforge.embedding.headlines import invented_headlines

POOL = [*invented_headlines(120, seed=9), "", "a", "flood " * 60, "flood " * 400, "東京で地震", "🛩️ drones"]


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """The fast form on two streams."""
    return load_encoder("minilm-int8", tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def alone(fast: Encoder) -> NDArray[np.float32]:
    """Each text of the pool encoded by itself."""
    return np.concatenate([fast.encode([text]) for text in POOL])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.integers(0, len(POOL) - 1), min_size=1, max_size=80))
def test_company_and_order_do_not_matter(fast: Encoder, alone: NDArray[np.float32], rows: list[int]) -> None:
    assert np.array_equal(fast.encode([POOL[row] for row in rows]), alone[rows])


def test_one_thread_gives_the_bits_of_two(
    fast: Encoder, alone: NDArray[np.float32], tmp_path_factory: pytest.TempPathFactory
) -> None:
    single = load_encoder("minilm-int8", tmp_path_factory.mktemp("single"), threads=1)
    assert np.array_equal(single.encode(POOL), alone)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=300))
def test_any_text_has_a_unit_vector(fast: Encoder, text: str) -> None:
    assert np.linalg.norm(fast.encode([text])[0]) == pytest.approx(1, abs=1e-5)
