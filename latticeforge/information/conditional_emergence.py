"""Three conditional informations that are sometimes taken for causal emergence, under names of their own.

Here: the formulas, so that they can be compared. Not here: the criteria of Rosas, Mediano et al. (``emergence``), which
these are not: docs/method/information.md says where they differ. Where V is computed from X, I(V;X'|X) and I(V;V'|X)
are 0 by their definition, however emergent V is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.binned import binned_bits
from latticeforge.information.estimate import Floats, columns, jackknife, stretches
from latticeforge.information.gaussian import gaussian_bits
from latticeforge.information.lagged import Estimator, lagged_pairs

VERSION = "conditional-emergence/1"


@dataclass(frozen=True, slots=True)
class ConditionalForms:
    """In bits. ``macro_over_micro``: I(V;X') - I(X;X'|V), may be negative; ``macro_beyond_micro``: I(V;X'|X), and
    ``macro_self_beyond_micro``: I(V;V'|X), both at least 0. Standard errors in this order; NaN below 200 samples.
    """

    macro_over_micro_bits: float
    macro_beyond_micro_bits: float
    macro_self_beyond_micro_bits: float
    std_errors_bits: tuple[float, float, float]
    n: int
    lag: int
    algorithm: str


def conditional_forms(
    micro: ArrayLike, macro: ArrayLike, *, lag: int = 1, estimator: Estimator = "gaussian"
) -> ConditionalForms:
    """The three forms for micro (n, d) and macro (n,) or (n, e), oldest first; estimators as in ``emergence``.

    With ``gaussian`` "computed from" means linearly; a macro such as a square keeps something that no line tells.

    Raises:
        ValueError: series of different length, or a lag that leaves no samples.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((500, 3))
    >>> found = conditional_forms(x, x.sum(axis=1))
    >>> found.macro_beyond_micro_bits, found.macro_self_beyond_micro_bits
    (0.0, 0.0)
    """
    parts, whole = columns(micro, "micro"), columns(macro, "macro")
    if len(parts) != len(whole):
        raise ValueError(f"series must have one length, not {[len(parts), len(whole)]}")
    before, after = lagged_pairs(np.concatenate([parts, whole], axis=1), lag)
    found = _forms(before, after, parts.shape[1], estimator)
    errors = np.full(3, np.nan)
    if cuts := stretches(len(before)):
        without = [
            _forms(np.delete(before, cut, axis=0), np.delete(after, cut, axis=0), parts.shape[1], estimator)
            for cut in cuts
        ]
        errors = jackknife(found, np.array(without))[1]
    over, beyond, own = found.tolist()
    first, second, third = errors.tolist()
    name = f"{VERSION} {estimator}"
    return ConditionalForms(over, beyond, own, (first, second, third), len(before), lag, name)


def _forms(before: Floats, after: Floats, micro: int, estimator: Estimator) -> Floats:
    bits = gaussian_bits if estimator == "gaussian" else binned_bits
    (x, v), (later_x, later_v) = ((side[:, :micro], side[:, micro:]) for side in (before, after))
    nothing = np.zeros((len(x), 0))
    over = bits(v, later_x, nothing) - bits(x, later_x, v)
    return np.array([over, bits(v, later_x, x), bits(v, later_v, x)])
