"""What is left of a series when its rhythm and its memory are taken out.

Here: stabilising counts, the season, the autoregression. Not here: tests on what is left (``lags``, ``intervals``).

Sources: F. J. Anscombe, Biometrika 35 (1948) 246 (counts); J. Durbin, Review of the ISI 28 (1960) 233 (recursion); H.
Akaike, IEEE Trans. Automatic Control 19 (1974) 716 (order); P. Bloomfield, Fourier Analysis of Time Series (1976).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

VERSION = "whiten/1"
HARMONICS = 4
_LEAST_SPREAD = 0.25  # of the mean spread: hours in which nothing ever happens are not blown up


@dataclass(frozen=True, slots=True)
class Whitened:
    """Residuals, one row for each of the series after the first ``order``."""

    values: Floats  # (n - order,)
    coefficients: Floats  # (order,) of the autoregression
    order: int


def stabilised(values: Floats) -> Floats:
    """Counts (whole numbers, none below 0) as ``2 sqrt(x + 3/8)``: variance about 1 at any mean. Others unchanged.

    >>> stabilised(np.array([0.0, 1.0, 4.0])).round(3)
    array([1.225, 2.345, 4.183])
    """
    return _stabilised(np.asarray(values, dtype=np.float64))


def harmonics(rows: int, season_rows: float, count: int = HARMONICS) -> Floats:
    """(rows, 1 + 2 count) constant, cosines and sines of the season and its multiples below half a turn a row."""
    usable = min(count, max(0, math.ceil(season_rows / 2) - 1))
    turn = 2 * np.pi / season_rows * np.arange(rows)[:, None] * np.arange(1, usable + 1)
    return np.hstack([np.ones((rows, 1)), np.cos(turn), np.sin(turn)])


def deseasoned(values: Floats, season_rows: float) -> Floats:
    """The series less its season, over the season of its spread: mean and size both follow four harmonics.

    Two series with one daily rhythm are alike at lag 0 in mean *and* in how much they vary; both must go before a shift
    of one against the other can stand for chance.

    >>> rows = np.arange(480)
    >>> float(np.abs(deseasoned(5 + np.cos(2 * np.pi * rows / 48), 48.0)).max()) < 1e-9
    True
    """
    values = np.asarray(values, dtype=np.float64)
    basis = harmonics(values.size, season_rows)
    gram = basis.T @ basis
    left = values - basis @ np.linalg.solve(gram, basis.T @ values)
    spread = basis @ np.linalg.solve(gram, basis.T @ np.abs(left))
    mean = float(np.abs(left).mean())
    if mean <= 1e-12 * float(np.abs(values).max(initial=0.0)):
        return np.zeros_like(left)
    return np.asarray(left * (mean / np.maximum(spread, _LEAST_SPREAD * mean)))


def whitened(values: Floats, most_order: int | None = None) -> Whitened:
    """The residuals of an autoregression whose order AIC chooses, up to ``min(n / 10, 10 log10 n)``.

    ``e_t = x_t - sum over k of phi_k x_(t-k)``, phi from the Yule-Walker equations by Durbin's recursion (always
    stationary), x less its mean.

    >>> x = np.zeros(4000)
    >>> noise = np.random.default_rng(1).normal(size=4000)
    >>> for t in range(1, 4000): x[t] = 0.8 * x[t - 1] + noise[t]
    >>> bool(abs(whitened(x).coefficients[0] - 0.8) < 0.05)
    True
    """
    values = np.asarray(values, dtype=np.float64)
    most = int(min(values.size // 10, 10 * math.log10(max(values.size, 2)))) if most_order is None else most_order
    left, phi = _whitened(values, max(0, min(most, values.size - 2)))
    return Whitened(left, phi, phi.size)


@compiled
def _stabilised(values: Floats) -> Floats:
    for x in values:
        if not (x >= 0 and x == np.floor(x)):
            return values
    return 2 * np.sqrt(values + 0.375)


@compiled
def _whitened(values: Floats, most: int) -> tuple[Floats, Floats]:
    centred = values - values.mean() if values.size else values.copy()
    phi = _autoregression(centred, most)
    return _filtered(centred, phi), phi


@compiled
def _autoregression(x: Floats, most: int) -> Floats:
    n = x.size
    covariance = np.zeros(most + 1)
    for lag in range(most + 1):
        covariance[lag] = np.dot(x[: n - lag], x[lag:]) / n
    best = np.zeros(0)
    if covariance[0] <= 0:
        return best
    phi = np.zeros(0)
    error = covariance[0]
    least = n * np.log(error)
    for order in range(1, most + 1):
        reflection = covariance[order]
        for k in range(order - 1):
            reflection -= phi[k] * covariance[order - 1 - k]
        reflection /= error
        longer = np.empty(order)
        for k in range(order - 1):
            longer[k] = phi[k] - reflection * phi[order - 2 - k]
        longer[order - 1] = reflection
        phi = longer
        error *= 1 - reflection * reflection
        if error <= 0:
            break
        cost = n * np.log(error) + 2 * order
        if cost < least:
            least = cost
            best = phi.copy()
    return best


@compiled
def _filtered(x: Floats, phi: Floats) -> Floats:
    out = x[phi.size :].copy()
    for k in range(phi.size):
        begin = phi.size - 1 - k
        for i in range(out.size):
            out[i] -= phi[k] * x[begin + i]
    return out
