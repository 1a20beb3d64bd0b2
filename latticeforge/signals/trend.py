"""Trends: a Gaussian smoother by its few cosine modes, and Kendall's tau of a series against time.

Here: whole series. Not here: the rolling window (``moments``), the streaming tau (``detectors.critical_slowing``).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

VERSION = "trend/1"
_SMALLEST_GAIN = 1e-13
_FEW_MODES = 96


def gaussian_trend(values: Floats, sigma_rows: float) -> Floats:
    """The series smoothed by a Gaussian of ``sigma_rows`` rows, mirrored at its ends (half-sample symmetric).

    Mirrored at its ends a series is a sum of cosines ``cos(pi k (i + 1/2) / n)``, and the Gaussian multiplies mode k by
    ``exp(-(pi k sigma / n)^2 / 2)``. A wide Gaussian leaves a dozen modes above 1e-13, so a dozen dot products do what
    a kernel of 8 sigma does; a narrow one goes through the cosine transform. The same as
    ``scipy.ndimage.gaussian_filter1d(mode="reflect")`` with an untruncated kernel, to 1e-10 of the range.

    Args:
        values: (n,) finite.
        sigma_rows: at least 1 row.

    Raises:
        ValueError: a value is missing (fill or cut it first), or the bandwidth is below one row.

    >>> gaussian_trend(np.array([0.0, 0.0, 6.0, 0.0, 0.0]), 50.0).round(6)
    array([1.2, 1.2, 1.2, 1.2, 1.2])
    """
    values = np.asarray(values, dtype=np.float64)
    if not (math.isfinite(sigma_rows) and sigma_rows >= 1):
        raise ValueError(f"the bandwidth must be at least one row, not {sigma_rows}")
    if not np.isfinite(values).all():
        raise ValueError("the trend needs a value in every row; fill or cut what is missing first")
    n = values.size
    if n == 0:
        return values.copy()
    modes = min(n, 1 + math.floor(n / (math.pi * sigma_rows) * math.sqrt(-2 * math.log(_SMALLEST_GAIN))))
    gain = np.exp(-0.5 * (np.pi * sigma_rows / n * np.arange(modes)) ** 2)
    if modes > _FEW_MODES:
        return _by_transform(values, gain)
    centre = float(values.mean())  # mode 0 apart: a large level costs no digits
    basis = _cosines(n, modes)
    weight = gain[1:] * (basis @ (values - centre)) * (2 / n)
    return np.asarray(weight @ basis + centre, dtype=np.float64)


def _cosines(n: int, modes: int) -> Floats:
    """(modes - 1, n) rows cos(pi k (i + 1/2) / n), k from 1, by Chebyshev's recurrence."""
    rows = np.empty((modes, n))
    rows[0] = 1.0
    if modes > 1:
        np.cos(np.pi / n * (np.arange(n) + 0.5), out=rows[1])
    for k in range(2, modes):
        np.multiply(rows[1], rows[k - 1], out=rows[k])
        rows[k] *= 2
        rows[k] -= rows[k - 2]
    return rows[1:]


def _by_transform(values: Floats, gain: Floats) -> Floats:
    from scipy.fft import dct, idct

    spectrum = dct(values, type=2)
    spectrum[: gain.size] *= gain
    spectrum[gain.size :] = 0
    return np.asarray(idct(spectrum, type=2), dtype=np.float64)


def kendall_tau(values: Floats) -> float:
    """Kendall's tau-b of a series against time, in [-1, 1]; NaN rows are left out.

    ``tau = (concordant - discordant) / sqrt(n0 (n0 - ties))`` with n0 = n (n - 1) / 2 and ties the pairs of equal
    values. NaN where fewer than two rows are left or all are equal. O(n log n): one sort, then a Fenwick tree over
    words of 64 places counts the smaller values before each.

    Source: M. G. Kendall, Biometrika 30 (1938) 81; tau-b: Biometrika 33 (1945) 239.

    >>> kendall_tau(np.array([1.0, 2.0, 4.0, 3.0]))
    0.6666666666666666
    """
    values = np.asarray(values, dtype=np.float64)
    values = values[~np.isnan(values)]
    if values.size < 2:
        return float("nan")
    order = np.argsort(values)
    concordance, tied = _pairs(order, values[order])
    pairs = values.size * (values.size - 1) // 2
    return concordance / math.sqrt(pairs * (pairs - tied)) if tied < pairs else float("nan")


@compiled
def _pairs(order: NDArray[np.int64], ranked: Floats) -> tuple[int, int]:
    """Concordant minus discordant pairs, and tied ones, of a series given by its sort order and sorted values."""
    n = order.size
    words = np.zeros(n // 64 + 1, dtype=np.uint64)
    tree = np.zeros(words.size + 1, dtype=np.int64)
    concordance, tied, begin = 0, 0, 0
    for i in range(n):
        if ranked[i] != ranked[begin]:
            for j in range(begin, i):
                _insert(words, tree, order[j])
            tied += (i - begin) * (i - begin - 1) // 2
            begin = i
        smaller_before = _count_before(words, tree, order[i])
        concordance += 2 * smaller_before - begin
    return concordance, tied + (n - begin) * (n - begin - 1) // 2


@compiled
def _insert(words: NDArray[np.uint64], tree: NDArray[np.int64], place: int) -> None:
    words[place >> 6] |= np.uint64(1) << np.uint64(place & 63)
    i = (place >> 6) + 1
    while i < tree.size:
        tree[i] += 1
        i += i & -i


@compiled
def _count_before(words: NDArray[np.uint64], tree: NDArray[np.int64], place: int) -> int:
    """How many inserted places lie before this one."""
    below = words[place >> 6] & ((np.uint64(1) << np.uint64(place & 63)) - np.uint64(1))
    below -= (below >> np.uint64(1)) & np.uint64(0x5555555555555555)
    below = (below & np.uint64(0x3333333333333333)) + ((below >> np.uint64(2)) & np.uint64(0x3333333333333333))
    below = (below + (below >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    found = np.int64((below * np.uint64(0x0101010101010101)) >> np.uint64(56))
    i = place >> 6
    while i > 0:
        found += tree[i]
        i -= i & -i
    return int(found)
