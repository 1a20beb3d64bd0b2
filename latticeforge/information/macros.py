"""Candidates for a whole: one series computed from many.

Here: share of voice, the first principal component, the linear combination with the largest Psi. Not here: whether a
candidate is emergent (``emergence``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Floats, columns, complete
from latticeforge.information.lagged import lagged_pairs

VERSION = "macros/1"
_STARTS = 4  # random ones for each part
_CLOSE_TO_ONE = 1.0 - 1e-9


@dataclass(frozen=True, slots=True)
class LinearMacro:
    """V = (X - mean) @ weights, the weights (d,) of unit length with the largest one positive."""

    weights: Floats
    mean: Floats
    algorithm: str

    def of(self, micro: ArrayLike) -> Floats:
        """The macro series (n,) of micro (n, d)."""
        values: Floats = (columns(micro, "micro") - self.mean) @ self.weights
        return values


def share_of_voice(counts: ArrayLike, members: Sequence[int]) -> Floats:
    """(n,) in [0, 1]: what the ``members`` among the columns of counts (n, d) have of all; NaN where nobody speaks.

    Raises:
        ValueError: a count is negative.

    >>> share_of_voice([[1, 3], [0, 0]], [0]).tolist()
    [0.25, nan]
    """
    table = columns(counts, "counts")
    if np.nanmin(table, initial=0.0) < 0.0:
        raise ValueError("counts are not negative")
    total, own = table.sum(axis=1), table[:, list(members)].sum(axis=1)
    share: Floats = np.divide(own, total, out=np.full(len(table), np.nan), where=total > 0.0)
    return share


def principal_component(micro: ArrayLike) -> LinearMacro:
    """The direction of the largest variance of micro (n, d), each column brought to unit spread first.

    Pearson, Phil. Mag. 2, 559 (1901).

    >>> import numpy as np
    >>> common = np.random.default_rng(0).standard_normal((300, 1))
    >>> x = common + 0.1 * np.random.default_rng(1).standard_normal((300, 4))
    >>> bool(np.allclose(principal_component(x).weights, 0.5, atol=0.02))
    True
    """
    (table,) = complete(columns(micro, "micro"))
    mean, spread = table.mean(axis=0), _spread(table)
    direction = np.linalg.svd((table - mean) / spread, full_matrices=False)[2][0]
    return LinearMacro(_oriented(direction / spread), mean, f"{VERSION} principal component")


def learned_linear(micro: ArrayLike, *, lag: int = 1, seed: int = 0) -> LinearMacro:
    """The linear macro variable with the largest Gaussian Psi of order 1 on these samples (n, d).

    Climbs Psi(w) from every slow direction and from 4 d random ones (L-BFGS) and takes the highest top: Psi has many.
    It needs only the covariance C0 and the lagged covariance C1: r(V,V') = w C1 w / w C0 w, and r(X_j,V')^2 =
    (C1 w)_j^2 / (C0_jj w C0 w). Judge it on samples that it has not seen: its Psi on those it learned from is too high.

    Raises:
        ValueError: a lag that leaves no samples.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((5000, 3))
    >>> for t in range(1, 5000): x[t] += 0.6 * x[t - 1]
    >>> bool(np.allclose(np.abs(learned_linear(x).weights), 3**-0.5, atol=0.1))    # three equal parts: equal shares
    True
    """
    from scipy.optimize import minimize

    before, after = lagged_pairs(columns(micro, "micro"), lag)
    mean, spread = before.mean(axis=0), _spread(before)
    before, after = (before - mean) / spread, (after - mean) / spread
    now, later = before.T @ before / len(before), before.T @ after / len(before)
    chance = np.random.default_rng(seed)
    starts = [*np.linalg.eigh(later + later.T)[1].T, *chance.standard_normal((_STARTS * len(now), len(now)))]
    ends = [minimize(_negative_psi, start, args=(now, later), jac=True, method="L-BFGS-B") for start in starts]
    best = min(ends, key=lambda end: float(end.fun))
    return LinearMacro(_oriented(np.asarray(best.x) / spread), mean, f"{VERSION} learned linear lag={lag}")


def _negative_psi(weights: Floats, now: Floats, later: Floats) -> tuple[float, Floats]:
    """-2 Psi in nats and its gradient."""
    still = now @ weights
    power = float(weights @ still)
    if not power > 0.0:
        return 0.0, np.zeros_like(weights)
    ahead, scale = later @ weights, np.diag(now) * power
    scale = np.where(scale > 0.0, scale, np.inf)  # a constant part tells nothing
    own = float(np.clip(weights @ ahead / power, -_CLOSE_TO_ONE, _CLOSE_TO_ONE))
    parts = np.minimum(ahead**2 / scale, _CLOSE_TO_ONE)
    own_slope = (ahead + later.T @ weights - 2.0 * own * still) / power
    pull = 1.0 / (1.0 - parts)
    parts_slope = 2.0 * later.T @ (pull * ahead / scale) - 2.0 * still / power * float(pull @ parts)
    value = float(np.log1p(-(own**2)) - np.log1p(-parts).sum())
    return value, parts_slope - 2.0 * own / (1.0 - own**2) * own_slope


def _spread(table: Floats) -> Floats:
    spread = table.std(axis=0)
    return np.where(spread > 0.0, spread, 1.0)


def _oriented(weights: Floats) -> Floats:
    unit = weights / np.linalg.norm(weights)
    return unit if unit[np.argmax(np.abs(unit))] > 0 else -unit
