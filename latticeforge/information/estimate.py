"""An estimate with its uncertainty, as every estimator of this package returns it.

Here: the record, its interval, standard errors from blocks of local values. Not here: any estimator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BITS = 1.0 / math.log(2.0)  # bits in a nat
STRETCHES = 10
_FEWEST_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """One information in bits.

    ``std_error_bits`` is the sampling error of the estimate, not its bias; NaN where n is too small to tell. ``n``
    joint samples; ``algorithm``: estimator, options and version.
    """

    bits: float
    std_error_bits: float
    n: int
    algorithm: str

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Student-t interval in bits at this level in (0, 1), as many degrees of freedom as stretches less one."""
        from scipy.special import stdtrit

        if not 0.0 < level < 1.0:
            raise ValueError(f"a level lies between 0 and 1, not at {level}")
        half = float(stdtrit(STRETCHES - 1, 0.5 + level / 2.0)) * self.std_error_bits
        return self.bits - half, self.bits + half


def stretches(n: int) -> list[slice]:
    """Ten equal stretches of time, or none where a stretch would hold fewer than 20 samples.

    >>> len(stretches(1000)), len(stretches(199))
    (10, 0)
    """
    size = n // STRETCHES
    return [slice(i * size, (i + 1) * size) for i in range(STRETCHES)] if size >= _FEWEST_SAMPLES else []


def errors_of_parts(parts: Floats) -> Floats:
    """Standard errors (lanes,) of a whole from estimates (stretches, lanes) on its stretches; NaN without stretches.

    se = sd(parts) / sqrt(number). The variance of an information estimate falls as 1/n, and a stretch keeps the memory
    of the series whole (Holmes & Nemenman, Phys. Rev. E 100, 022404, 2019, section II). The spread of local values will
    not do: neighbouring local values share their neighbours, and the error comes out up to 30 % too small.
    """
    if len(parts) < 2:
        return np.full(parts.shape[1], np.nan)
    found: Floats = parts.std(axis=0, ddof=1) / math.sqrt(len(parts))
    return found


def jackknife(whole: Floats, without: Floats) -> tuple[Floats, Floats]:
    """Estimates (m,) less their bias, and standard errors, from those (stretches, m) without each stretch.

    whole - (b - 1) (mean - whole);   se^2 = (b - 1) / b * sum (without - mean)^2       for b stretches

    Künsch, Ann. Statist. 17, 1217 (1989). A stretch keeps the memory of the series; a bias goes with 1/n.

    >>> import numpy as np
    >>> corrected, error = jackknife(np.array([2.0]), np.array([[1.9], [2.2], [1.9]]))
    >>> corrected.round(3).tolist(), error.round(3).tolist()
    ([2.0], [0.2])
    """
    count = len(without)
    mean = without.mean(axis=0)
    error: Floats = np.sqrt((count - 1) / count * ((without - mean) ** 2).sum(axis=0))
    corrected: Floats = count * whole - (count - 1) * mean
    return corrected, error


def columns(values: ArrayLike, name: str) -> Floats:
    """As (n, dimensions) float64.

    Raises:
        ValueError: more than two axes, fewer than two rows, or an infinite value.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) < 2:
        raise ValueError(f"{name} must be (n,) or (n, dimensions) with n >= 2, not {np.shape(values)}")
    if np.isinf(table).any():
        raise ValueError(f"{name} holds an infinite value")
    return table


def complete(*tables: Floats) -> tuple[Floats, ...]:
    """The rows where nothing is missing (NaN) in any table.

    Raises:
        ValueError: the tables differ in length, or fewer than two rows are complete.
    """
    if len({len(t) for t in tables}) != 1:
        raise ValueError(f"series must have one length, not {[len(t) for t in tables]}")
    keep = np.logical_and.reduce([~np.isnan(t).any(axis=1) for t in tables])
    if keep.sum() < 2:
        raise ValueError("fewer than two samples are complete")
    return tables if keep.all() else tuple(t[keep] for t in tables)
