"""Least squares with robust errors, and the conditional logit: what both studies estimate with.

Here: thin, named calls of statsmodels. Not here: which columns go in (``timing``, ``diversion``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.discrete.conditional_models import ConditionalLogit
from statsmodels.regression.linear_model import OLS

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CONFIDENCE = 0.95
_DETERMINED = 1e-9


@dataclass(frozen=True, slots=True)
class Estimate:
    """One coefficient with its 95 % interval. ``statistic`` is coefficient / se, ``p`` two-sided, ``n`` rows used."""

    coefficient: float
    se: float
    low: float
    high: float
    statistic: float
    p: float
    n: int


def newey_west_lags(n: int) -> int:
    """Lags of autocorrelation that are allowed for: ``floor(4 (n / 100)^(2/9))`` (Newey and West 1994), at least 1.

    >>> newey_west_lags(365)
    5
    """
    return max(1, int(4.0 * (n / 100.0) ** (2.0 / 9.0)))


def newey_west(y: Floats, x: Floats, lags: int) -> list[Estimate]:
    """Least squares of y (n,) on the columns of x (n, k), a constant among them, one estimate a column.

    Errors allow for heteroskedasticity and for autocorrelation up to ``lags`` rows by the Bartlett kernel (Newey and
    West 1987), times n / (n - k). They are themselves uncertain: p and intervals are Student's with the kernel's
    equivalent degrees of freedom, 1.5 n / (lags + 1), at most n - k (Lazarus, Lewis, Stock and Watson 2018).

    Raises:
        ValueError: no more rows than columns.
    """
    if len(y) <= x.shape[1]:
        raise ValueError(f"{len(y)} days cannot carry {x.shape[1]} coefficients")
    options = {"maxlags": lags, "use_correction": True}
    fit = OLS(y, x).fit(cov_type="HAC", cov_kwds=options)
    return _estimates(fit, min(len(y) - x.shape[1], 1.5 * len(y) / (lags + 1)), len(y))


def within_groups(y: Floats, x: Floats, group: Integers) -> list[Estimate]:
    """Least squares of y (n,) on x (n, k) with a fixed effect for each group (n,), errors clustered by group.

    Group means are taken out of y and x (Frisch and Waugh 1933). The errors allow for heteroskedasticity and for any
    correlation inside a group (Liang and Zeger 1986), times G / (G - 1) x (n - 1) / (n - k); Student's t with G - 1
    degrees of freedom. A column that the ones before it determine inside the groups has an estimate of NaN.

    Raises:
        ValueError: fewer than two groups.
    """
    _, number = np.unique(group, return_inverse=True)
    if number.size == 0 or number.max() < 1:
        raise ValueError("fixed effects need at least two groups")
    options = {"groups": number, "use_correction": True}
    inside = _demeaned(x, number)
    kept = _independent(inside)
    fit = OLS(_demeaned(y[:, None], number)[:, 0], inside[:, kept]).fit(cov_type="cluster", cov_kwds=options)
    return _placed(_estimates(fit, float(number.max()), len(y)), kept)


def conditional_logit(y: Floats, x: Floats, group: Integers) -> list[Estimate]:
    """Log odds a unit of each column of x, given how many ones each group has (Chamberlain 1980).

    Groups of ones alone or zeros alone say nothing and are left out; ``n`` counts what is left. Errors are those of the
    likelihood; p and intervals are normal.

    Raises:
        ValueError: no group has both.
    """
    _, number, size = np.unique(group, return_inverse=True, return_counts=True)
    ones = np.bincount(number, weights=y)
    kept = ((ones > 0) & (ones < size))[number]
    if not kept.any():
        raise ValueError("no group has days with and without an event")
    _, telling = np.unique(number[kept], return_inverse=True)
    columns = _independent(_demeaned(x[kept], telling))
    fit = ConditionalLogit(y[kept], x[kept][:, columns], groups=telling).fit(disp=0)
    return _placed(_estimates(fit, np.inf, int(kept.sum())), columns)


def _independent(x: Floats) -> list[bool]:
    """Which columns are no combination of those before them."""
    size = np.linalg.norm(x, axis=0)
    rest = np.abs(np.diag(np.linalg.qr(x, mode="r")))
    return [bool(r > _DETERMINED * max(s, 1.0)) for r, s in zip(rest, size, strict=True)]


def _placed(found: list[Estimate], kept: list[bool]) -> list[Estimate]:
    """Estimates of the kept columns, NaN for the others."""
    rest = iter(found)
    nan = math.nan
    return [next(rest) if one else Estimate(nan, nan, nan, nan, nan, nan, found[0].n) for one in kept]


def _demeaned(columns: Floats, number: Integers) -> Floats:
    total = np.zeros((int(number.max()) + 1, columns.shape[1]))
    np.add.at(total, number, columns)
    demeaned: Floats = columns - (total / np.bincount(number)[:, None])[number]
    return demeaned


def _estimates(fit: Any, degrees: float, n: int) -> list[Estimate]:
    """Student's t with ``degrees`` of freedom; infinitely many are the normal distribution."""
    statistic, half = fit.params / fit.bse, student.ppf((1.0 + CONFIDENCE) / 2.0, degrees) * fit.bse
    p = 2.0 * student.sf(np.abs(statistic), degrees)
    rows = np.column_stack([fit.params, fit.bse, fit.params - half, fit.params + half, statistic, p])
    return [Estimate(b, se, low, high, t, p, n) for b, se, low, high, t, p in rows.tolist()]
