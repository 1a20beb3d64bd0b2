"""Causal emergence: does a whole foretell what its parts, each alone, do not?

Here: the practical criteria Psi, Delta, Gamma of Rosas, Mediano et al., their corrections and intervals. Not here: the
informations they are made of (``lagged``), candidate wholes (``macros``), the conditional forms that look alike and are
not (``conditional_emergence``).

V is the macro variable, X_1..X_d the micro variables, a prime the same ``lag`` steps later, alpha and beta sets of
``order`` micro variables:

    Psi   = I(V;V') - sum_beta I(X_beta;V')                           > 0: V is causally emergent
    Delta = max_alpha [ I(V;X'_alpha) - sum_beta I(X_beta;X'_alpha) ] > 0: V acts on parts (downward causation)
    Gamma = max_alpha I(V;X'_alpha)                                   = 0 beside Psi > 0: causal decoupling

In bits. Psi and Delta are sufficient and not necessary: what several parts share is subtracted once for each, so both
fall without bound as parts are added. ``lattice`` = q gives back what was subtracted too often of the information that
at least m - q + 1 of the m terms share, under the minimum redundancy. With I_(1) <= ... <= I_(m) and I_(0) = 0,

    + sum_{r=1..q} (m - r) (I_(r) - I_(r-1))

q = 1 adds (m - 1) min I; q = m - 1 leaves the largest term alone. Gamma has no sum and no correction.

References: Rosas, Mediano et al., PLoS Comput. Biol. 16, e1008289 (2020), arXiv:2004.08220, eqs. 9-11; minimum
redundancy: Barrett, Phys. Rev. E 91, 052802 (2015). The correction equals the lattice expansion of the authors' Python
code, which sums over all sets of terms.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import STRETCHES, Floats, columns, jackknife, stretches
from latticeforge.information.lagged import Estimator, Terms, lagged_pairs, lagged_terms

VERSION = "emergence/1"
_MOST_SETS = 1000
_LEVEL = 0.95
_UNKNOWN = (math.nan, math.nan)

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Emergence:
    """The criteria in bits, ``macro_bits`` = I(V;V'), and 95 % intervals (NaN unless asked for, or below 200 samples).

    The criteria are plain estimates, whose bias grows with the number of parts; ``psi_bias_bits`` is to be subtracted,
    and the intervals lie about the values without bias. ``algorithm``: version and estimator.
    """

    psi_bits: float
    delta_bits: float
    gamma_bits: float
    macro_bits: float
    psi_bias_bits: float
    psi_std_error_bits: float
    psi_interval_bits: Interval
    delta_interval_bits: Interval
    gamma_interval_bits: Interval
    n: int
    lag: int
    order: int
    lattice: int
    algorithm: str


def emergence(
    micro: ArrayLike,
    macro: ArrayLike,
    *,
    lag: int = 1,
    order: int = 1,
    lattice: int = 0,
    estimator: Estimator = "gaussian",
    errors: bool = True,
) -> Emergence:
    """Psi, Delta and Gamma of micro (n, d) and macro (n,) or (n, e), oldest first; V is to be computed from X alone.

    ``gaussian``: covariances, for continuous variables; ``discrete``: plug-in counts, each value a symbol. A time where
    anything is missing, or is missing ``lag`` steps later, is left out. Without ``errors`` there are no intervals.

    Raises:
        ValueError: lag, order or lattice out of range, too many sets of this order, or series of different length.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).integers(0, 2, (20000, 2))    # Fig. 1, right: X2 is a coin, V = X1 xor X2 sets X1
    >>> for t in range(1, 20000): x[t, 0] = x[t - 1, 0] ^ x[t - 1, 1]
    >>> found = emergence(x, x[:, 0] ^ x[:, 1], estimator="discrete")
    >>> [abs(round(bits, 2)) for bits in (found.psi_bits, found.delta_bits, found.gamma_bits)]
    [0.0, 1.0, 1.0]
    """
    parts, whole = columns(micro, "micro"), columns(macro, "macro")
    sets = _sets(parts.shape[1], order, lattice)
    if len(parts) != len(whole):
        raise ValueError(f"series must have one length, not {[len(parts), len(whole)]}")
    before, after = lagged_pairs(np.concatenate([parts, whole], axis=1), lag)
    cuts = stretches(len(before)) if errors else []
    terms = lagged_terms(before, after, parts.shape[1], order, estimator, cuts)
    psi, delta, gamma = _criteria(terms, lattice)
    intervals, bias, error = (_UNKNOWN, _UNKNOWN, _UNKNOWN), math.nan, math.nan
    if cuts:
        figures = np.concatenate([psi[:, None], delta, gamma], axis=1)
        corrected, spread = jackknife(figures[0], figures[1:])
        bias, error = float(psi[0] - corrected[0]), float(spread[0])
        intervals = _intervals(corrected, spread, sets)
    return Emergence(
        psi_bits=float(psi[0]),
        delta_bits=float(delta[0].max()),
        gamma_bits=float(gamma[0].max()),
        macro_bits=float(terms.macro[0]),
        psi_bias_bits=bias,
        psi_std_error_bits=error,
        psi_interval_bits=intervals[0],
        delta_interval_bits=intervals[1],
        gamma_interval_bits=intervals[2],
        n=len(before),
        lag=lag,
        order=order,
        lattice=lattice,
        algorithm=f"{VERSION} {estimator}",
    )


def _sets(parts: int, order: int, lattice: int) -> int:
    """How many sets of this order there are, once all three are known to be possible."""
    if not 1 <= order <= parts:
        raise ValueError(f"an order counts micro variables, 1 to {parts}, not {order}")
    sets = math.comb(parts, order)
    if sets > _MOST_SETS:
        raise ValueError(f"{sets} sets of {order} micro variables are more than {_MOST_SETS}")
    if not 0 <= lattice < sets:
        raise ValueError(f"{sets} terms have 0 to {sets - 1} layers of shared information, not {lattice}")
    return sets


def _criteria(terms: Terms, lattice: int) -> tuple[Floats, Floats, Floats]:
    """Psi (b,), and what Delta and Gamma are the largest of, each (b, m)."""
    lost = _overcounted(terms.micro_to_macro[:, :, None], lattice)[:, 0]
    psi = terms.macro - terms.micro_to_macro.sum(axis=1) + lost
    delta = terms.macro_to_micro - terms.micro_to_micro.sum(axis=1) + _overcounted(terms.micro_to_micro, lattice)
    return psi, delta, terms.macro_to_micro


def _overcounted(terms: Floats, layers: int) -> Floats:
    """(b, columns): what ``layers`` of shared information were subtracted too often with the terms (b, m, columns)."""
    if layers == 0:
        return np.zeros((len(terms), terms.shape[2]))
    m = terms.shape[1]
    steps = np.diff(np.sort(terms, axis=1), axis=1, prepend=0.0)[:, :layers]
    found: Floats = np.einsum("r,brc->bc", m - np.arange(1.0, layers + 1.0), steps)
    return found


def _intervals(corrected: Floats, error: Floats, sets: int) -> tuple[Interval, Interval, Interval]:
    """Student's interval of Psi; of a largest of m, one that the choice of the largest does not spoil.

    max_a(c_a - t' e_a) <= max <= max_a(c_a + t e_a): any part may be too high by chance, so t' is Bonferroni's over the
    m; only the one that truly is the largest may be too low.
    """
    from scipy.special import stdtrit

    tail = (1.0 - _LEVEL) / 2.0
    one, any_of = (float(stdtrit(STRETCHES - 1, 1.0 - tail / m)) for m in (1, sets))
    psi = float(corrected[0] - one * error[0]), float(corrected[0] + one * error[0])
    low, high = corrected[1:] - any_of * error[1:], corrected[1:] + one * error[1:]
    delta = float(low[:sets].max()), float(high[:sets].max())
    gamma = max(0.0, float(low[sets:].max())), max(0.0, float(high[sets:].max()))
    return psi, delta, gamma
