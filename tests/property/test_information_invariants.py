"""What must hold of any system: the order and the units of its parts do not matter."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeforge.information import conditional_forms, emergence, transfer_entropies

seeds = st.integers(0, 10_000)


def system(seed: int, parts: int, n: int = 260) -> np.ndarray:
    """(n, parts) with memory and couplings drawn at random."""
    chance = np.random.default_rng(seed)
    step = chance.uniform(-0.3, 0.3, (parts, parts))
    x = chance.standard_normal((n, parts))
    for t in range(1, n):
        x[t] += step @ x[t - 1]
    return x


def figures(x: np.ndarray, v: np.ndarray, **how: object) -> list[float]:
    found = emergence(x, v, **how)
    forms = conditional_forms(x, v)
    return [
        found.psi_bits,
        found.delta_bits,
        found.gamma_bits,
        found.psi_std_error_bits,
        *found.delta_interval_bits,
        forms.macro_over_micro_bits,
        forms.macro_beyond_micro_bits,
        forms.macro_self_beyond_micro_bits,
    ]


@settings(max_examples=25, deadline=None)
@given(seed=seeds, parts=st.integers(2, 6), order=st.integers(1, 2), lattice=st.integers(0, 1))
def test_the_order_of_the_parts_does_not_matter(seed: int, parts: int, order: int, lattice: int) -> None:
    x = system(seed, parts)
    lattice = lattice if parts > order else 0
    v = x.mean(axis=1) + np.random.default_rng(seed + 1).standard_normal(len(x))
    turned = x[:, np.random.default_rng(seed).permutation(parts)]
    how = {"order": order, "lattice": lattice}
    assert np.allclose(figures(x, v, **how), figures(turned, v, **how), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    seed=seeds,
    parts=st.integers(2, 5),
    order=st.integers(1, 2),
    power=st.integers(-6, 6),
    sign=st.sampled_from([1, -1]),
)
def test_the_unit_of_a_part_does_not_matter(seed: int, parts: int, order: int, power: int, sign: int) -> None:
    x = system(seed, parts)
    v = x.mean(axis=1) + np.random.default_rng(seed + 1).standard_normal(len(x))
    scaled = x.copy()
    scaled[:, seed % parts] = sign * 10.0**power * x[:, seed % parts] + 3.0 * 10.0**power
    assert np.allclose(figures(x, v, order=order), figures(scaled, -2.0 * v + 1.0, order=order), atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, parts=st.integers(2, 4))
def test_renaming_symbols_does_not_matter_and_layers_only_add(seed: int, parts: int) -> None:
    x = (system(seed, parts) > 0).astype(np.int64)
    v = x.sum(axis=1) % 2
    names = np.array([17, -3])
    found, renamed = emergence(x, v, estimator="discrete"), emergence(names[x], 5 - v, estimator="discrete")
    assert np.isclose(found.psi_bits, renamed.psi_bits) and np.isclose(found.delta_bits, renamed.delta_bits)
    layers = [emergence(x, v, lattice=q, estimator="discrete", errors=False).psi_bits for q in range(parts)]
    assert np.all(np.diff(layers) >= -1e-12)
    assert layers[-1] <= found.macro_bits + 1e-12


@settings(max_examples=10, deadline=None)
@given(seed=seeds)
def test_transfer_entropy_knows_no_unit_and_no_order_of_sources(seed: int) -> None:
    x = system(seed, 3, n=120)
    turned = transfer_entropies(x[:, [2, 0, 1]] * [1e3, 0.5, 4.0]).bits
    assert np.allclose(transfer_entropies(x).bits[np.ix_([2, 0, 1], [2, 0, 1])], turned, atol=2e-3, equal_nan=True)
