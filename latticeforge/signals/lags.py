"""Does one series follow another? A correlation over many lags with a p-value that bursts and rhythms do not fool.

Here: the test of two series. Not here: what is taken out of them first (``whiten``), intervals (``intervals``), many
pairs at once (their p-values go into a false-discovery procedure of the caller's).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled
from latticeforge.signals.robust import LIMIT_SIGMAS, MEAN_TO_SIGMA, TO_SIGMA
from latticeforge.signals.whiten import deseasoned, stabilised, whitened

Floats = NDArray[np.float64]

VERSION = "lag-test/1"
LEAST_ROWS = 8  # for each lag tried
LEAST_P = 1e-300


@dataclass(frozen=True, slots=True)
class LagTest:
    """Correlation of what two series hold beyond their rhythm and memory, at each lag."""

    lags: NDArray[np.int64]  # (2 L + 1,) rows; positive: the first series leads
    correlation: Floats  # (2 L + 1,) of the innovations, [-1, 1]
    best_lag: int  # of the largest absolute correlation
    best: float  # the correlation there
    p_value: float  # of so large a one at any of the lags, (0, 1]
    p_rank: float  # the same by rank among the shifts alone: (1 + as large) / (1 + shifts); coarse
    shifts: int  # circular shifts that stood for chance
    rows: int  # innovations compared
    clipped: float  # amount clipped beyond 5 robust standard deviations, both series together
    version: str = VERSION


def lag_test(a: Floats, b: Floats, *, max_lag: int = 24, season_rows: float | None = None) -> LagTest:
    """Whether ``a`` and ``b`` are related at any lag from -max_lag to max_lag, with one p-value over all of them.

    1. Counts become ``2 sqrt(x + 3/8)``; the season (four harmonics, in mean and spread) goes; each series is whitened
       by its own autoregression; what is left is clipped to 5 robust standard deviations.
    2. ``r(s) = sum over t of a_t b_(t+s) / n`` for *every* circular shift s, by one product of Fourier transforms.
    3. The shifts beyond the lags tried stand for chance: both series keep their bursts, only their timing against each
       other is lost. Their root mean square ``sigma`` scales r, and
       ``p = 1 - (1 - 2 Phi(-max |r| / sigma))^(2 L + 1)``. Whitened series make lags nearly independent.

    Plain shuffling of such counts calls 33.5 % of unrelated pairs related at 5 %; see docs/method/early-warning.md for
    the rates of this test.

    Args:
        a, b: (n,) on one grid, finite; at least 8 rows for each lag tried.
        max_lag: rows to either side, at least 0.
        season_rows: rows in one season (288 five-minute cells a day); None: there is none.

    Raises:
        ValueError: lengths differ, a value is missing, or the series is too short for so many lags.

    Sources: M. G. Haugh, JASA 71 (1976) 378 (whitening both); L. D. Haugh and G. E. P. Box, JASA 72 (1977) 121; Z.
    Sidak, JASA 62 (1967) 626.

    >>> rng = np.random.default_rng(3)
    >>> cause = rng.poisson(5.0, 1000).astype(float)
    >>> effect = np.roll(cause, 7) + rng.poisson(5.0, 1000)
    >>> found = lag_test(cause, effect)
    >>> found.best_lag, found.p_value < 1e-9
    (7, True)
    """
    a, b = _checked(a, b, max_lag)
    first, clipped_a = innovations(a, season_rows)
    second, clipped_b = innovations(b, season_rows)
    rows = min(first.size, second.size)
    every = _circular(first[-rows:], second[-rows:])
    lags = np.arange(-max_lag, max_lag + 1)
    correlation = every[lags]
    far = every[max_lag + 1 : rows - max_lag]
    place = int(np.argmax(np.abs(correlation)))
    best = float(correlation[place])
    return LagTest(
        lags,
        correlation,
        int(lags[place]),
        best,
        _p_value(abs(best), far, lags.size),
        _p_rank(abs(best), np.abs(far), lags.size),
        far.size,
        rows,
        clipped_a + clipped_b,
    )


def innovations(values: Floats, season_rows: float | None) -> tuple[Floats, float]:
    """What a series holds beyond season and memory, mean 0 and variance 1, and the amount that was clipped."""
    level = stabilised(values)
    left = whitened(deseasoned(level, season_rows) if season_rows else level).values
    clipped = _standardised(left)
    return left, clipped


def _checked(a: Floats, b: Floats, max_lag: int) -> tuple[Floats, Floats]:
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"the series must be of one length, not {a.shape} and {b.shape}")
    if max_lag < 0 or a.size < LEAST_ROWS * (2 * max_lag + 1):
        raise ValueError(f"{a.size} rows are too few for lags to {max_lag}: {LEAST_ROWS * (2 * max_lag + 1)} at least")
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("a value is missing; cut both series to a part without gaps")
    return a, b


def _circular(a: Floats, b: Floats) -> Floats:
    """(n,) correlation of ``a`` with ``b`` shifted back by each s."""
    spectrum = np.conj(np.fft.rfft(a)) * np.fft.rfft(b)
    return np.asarray(np.fft.irfft(spectrum, n=a.size) / a.size)


def _p_value(largest: float, far: Floats, tried: int) -> float:
    scale = math.sqrt(float(far @ far) / far.size)
    if scale <= 0:
        return 1.0
    one = math.erfc(largest / scale / math.sqrt(2))
    return max(-math.expm1(tried * math.log1p(-one)), LEAST_P) if one < 1 else 1.0


def _p_rank(largest: float, far: Floats, width: int) -> float:
    """The rank of the largest among the maxima of all runs of as many neighbouring shifts."""
    maxima = _running_maximum(far, width)
    return (1 + int((maxima >= largest).sum())) / (1 + maxima.size)


@compiled
def _standardised(values: Floats) -> float:
    """In place what ``robust.normalise`` does, then mean 0 and variance 1; the amount clipped, in robust scales."""
    if values.size == 0:
        return 0.0
    centre = np.median(values)
    values -= centre
    scale = TO_SIGMA * np.median(np.abs(values))
    if scale == 0:
        scale = MEAN_TO_SIGMA * np.mean(np.abs(values))
    limit = LIMIT_SIGMAS * scale
    clipped = 0.0
    for i in range(values.size):
        kept = min(limit, max(-limit, values[i]))
        clipped += abs(values[i] - kept)
        values[i] = kept
    values -= values.mean()
    spread = np.sqrt((values * values).mean())
    if spread > 0:
        values /= spread
    return float(clipped / scale) if scale > 0 else 0.0


@compiled
def _running_maximum(values: Floats, width: int) -> Floats:
    """(n - width + 1,) maxima of each run, by blocks: three comparisons a value."""
    n = values.size
    left, right = values.copy(), values.copy()
    for i in range(1, n):
        if i % width:
            left[i] = max(left[i], left[i - 1])
    for i in range(n - 2, -1, -1):
        if (i + 1) % width:
            right[i] = max(right[i], right[i + 1])
    out = np.empty(max(0, n - width + 1))
    for i in range(out.size):
        out[i] = max(right[i], left[i + width - 1])
    return out
