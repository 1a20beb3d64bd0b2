"""Neighbours of every point, counted for many sources at once: what the KSG estimators stand on.

Here: the search for the k-th neighbour and the counts of the marginal spaces. Not here: digamma functions, means and
units (``ksg``), and the vector steps (``lanes``; numba's cache cannot see a change there: raise ``CACHE`` with one).

The points are sorted by the first coordinate of the condition z, once for all sources. A point then meets others
outwards from itself, and stops where z alone is farther away than the k-th neighbour found in every lane.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.information.lanes import (
    LANES,
    count_below,
    count_near,
    count_pairs,
    largest_below,
    nearest_four,
    spread_out,
)
from latticeforge.machine_code import compiled

Singles = NDArray[np.float32]
Counts = NDArray[np.int32]

CACHE = 1  # of the vector steps
MOST_KEPT = 4  # neighbours that the running minima hold; beyond that a bisection finds the k-th
_BLOCK = 16
_HALVINGS = 48
_ABOVE = np.float32(1.0 + 2.0**-20)  # a radius times this takes in what lies on it, and rounding
_TINY = np.float32(1e-30)
_GROWTH = np.float32(1.5)


@compiled
def conditional_counts(x: Singles, y: Singles, z: Singles, sizes: NDArray[np.int64], counts: Counts) -> None:
    """Fill ``counts`` (4, points, lanes) with k, n_z, n_yz, n_xz of every point and lane.

    x is flat (dimension, point, lane); y (r, points) may have no row; z (q, points) is sorted by its first row.
    ``sizes`` holds dimensions of x, lanes, k, and whether what lies on the radius counts (then the first count is the
    number of joint neighbours within it; else k). A point is not its own neighbour.
    """
    dimensions, row, k, inclusive = sizes[0], sizes[1], sizes[2], sizes[3] != 0
    points = z.shape[1]
    shape = (dimensions, points * row, row)
    which = np.empty(points + _BLOCK, np.int64)
    apart = np.empty(points + _BLOCK, np.float32)
    dz = np.empty(points, np.float32)
    dyz = np.empty(points, np.float32)
    radius = np.empty(row, np.float32)
    joint = np.empty(row, np.int32)
    near = np.empty(row, np.int32)
    pairs = np.empty(2 * row, np.int32)
    top = np.empty(4 * row, np.float32)
    table = np.empty((points + _BLOCK) * LANES if (k > MOST_KEPT or inclusive) else 1, np.float32)
    guess = np.float32(0.5)
    for i in range(points):
        if k <= MOST_KEPT and not inclusive:
            low, high, found = _by_minima(x, y, z, i, k, shape, which, apart, dz, dyz, top, radius)
            joint[:] = k
        else:
            low, high, found, guess = _by_bisection(
                x, y, z, i, k, inclusive, guess, shape, which, apart, dz, dyz, table, radius, joint
            )
        for group in range(0, row, LANES):
            count_near(apart, radius, near, group, found)
            count_pairs(x, dz, radius, pairs, shape, (group, i, low, high))
        for lane in range(row):
            counts[0, i, lane] = joint[lane]
            counts[1, i, lane] = pairs[lane]
            counts[2, i, lane] = near[lane]
            counts[3, i, lane] = pairs[row + lane]


@compiled
def local_values(
    counts: Counts, order: NDArray[np.int64], psi: NDArray[np.float64], shift: int, local: NDArray[np.float64]
) -> None:
    """Fill ``local`` (points, lanes) with psi(k) + psi(n_z + shift) - psi(n_yz + shift) - psi(n_xz + shift), unsorted.

    psi: a table of the digamma function at whole numbers. Point i of the counts is point order[i] in time.
    """
    for i in range(local.shape[0]):
        for lane in range(local.shape[1]):
            own = psi[counts[0, i, lane]] + psi[counts[1, i, lane] + shift]
            local[order[i], lane] = own - psi[counts[2, i, lane] + shift] - psi[counts[3, i, lane] + shift]


@compiled
def _measure(y: Singles, z: Singles, i: int, first: int, end: int, dz: Singles, dyz: Singles) -> None:
    """Chebyshev distances of points first:end from point i, in z and in (y, z)."""
    here = z[0, i]
    for j in range(first, end):
        dz[j] = abs(z[0, j] - here)
    for a in range(1, z.shape[0]):
        here = z[a, i]
        for j in range(first, end):
            d = abs(z[a, j] - here)
            dz[j] = d if d > dz[j] else dz[j]
    for j in range(first, end):
        dyz[j] = dz[j]
    for a in range(y.shape[0]):
        here = y[a, i]
        for j in range(first, end):
            d = abs(y[a, j] - here)
            dyz[j] = d if d > dyz[j] else dyz[j]


@compiled
def _by_minima(
    x: Singles,
    y: Singles,
    z: Singles,
    i: int,
    k: int,
    shape: tuple[int, int, int],
    which: NDArray[np.int64],
    apart: Singles,
    dz: Singles,
    dyz: Singles,
    top: Singles,
    radius: Singles,
) -> tuple[int, int, int]:
    """Walk outwards from point i, keeping the four least distances a lane; radius = the k-th of them."""
    points, row = z.shape[1], shape[2]
    for s in range(4 * row):
        top[s] = np.inf
    dz[i] = np.inf
    low, high, found = i, i + 1, 0
    bound = np.float32(np.inf)
    left, right, rightwards = low > 0, high < points, True
    while left or right:
        if right and (rightwards or not left):
            first, end = high, min(points, high + _BLOCK)
            high = end
        else:
            first, end = max(0, low - _BLOCK), low
            low = first
        rightwards = not rightwards
        _measure(y, z, i, first, end, dz, dyz)
        before = found
        for j in range(first, end):
            which[found] = j
            apart[found] = dyz[j]
            found += 1 if dyz[j] < bound else 0
        if found > before:
            bound = np.float32(0.0)
            for group in range(0, row, LANES):
                nearest_four(x, which, apart, top, shape, (group, i, before, found))
                for s in range(4 * group + (k - 1) * LANES, 4 * group + k * LANES):
                    bound = top[s] if top[s] > bound else bound
        left = low > 0 and z[0, i] - z[0, low - 1] < bound
        right = high < points and z[0, high] - z[0, i] < bound
    for group in range(0, row, LANES):
        for lane in range(LANES):
            radius[group + lane] = top[4 * group + (k - 1) * LANES + lane]
    return low, high, found


@compiled
def _by_bisection(
    x: Singles,
    y: Singles,
    z: Singles,
    i: int,
    k: int,
    inclusive: bool,
    guess: np.float32,
    shape: tuple[int, int, int],
    which: NDArray[np.int64],
    apart: Singles,
    dz: Singles,
    dyz: Singles,
    table: Singles,
    radius: Singles,
    joint: Counts,
) -> tuple[int, int, int, np.float32]:
    """The k-th neighbour within a guessed distance; the guess grows until every lane has k neighbours in it."""
    points, row = z.shape[1], shape[2]
    bound = np.float32(guess)
    dz[i] = np.inf
    dyz[i] = np.inf
    low, high, found = i, i + 1, 0
    while True:
        old_low, old_high = low, high
        while low > 0 and z[0, i] - z[0, low - 1] <= bound:
            low -= 1
        while high < points and z[0, high] - z[0, i] <= bound:
            high += 1
        _measure(y, z, i, low, old_low, dz, dyz)
        _measure(y, z, i, old_high, high, dz, dyz)
        found = 0
        for j in range(low, high):
            which[found] = j
            apart[found] = dyz[j]
            found += 1 if dyz[j] <= bound else 0
        if found >= k and _kth_within(x, i, k, inclusive, bound, found, shape, which, apart, table, radius, joint):
            break
        bound = bound * _GROWTH
    widest = np.float32(0.0)
    for lane in range(row):
        widest = radius[lane] if radius[lane] > widest else widest
    return low, high, found, widest * np.float32(1.15) + np.float32(1e-6)


@compiled
def _kth_within(
    x: Singles,
    i: int,
    k: int,
    inclusive: bool,
    bound: np.float32,
    found: int,
    shape: tuple[int, int, int],
    which: NDArray[np.int64],
    apart: Singles,
    table: Singles,
    radius: Singles,
    joint: Counts,
) -> bool:
    """Set each lane's radius to its k-th distance; False where a lane has fewer than k within the bound."""
    below = np.empty(LANES, np.float32)
    above = np.empty(LANES, np.float32)
    middle = np.empty(LANES, np.float32)
    number = np.empty(LANES, np.int32)
    reached = np.empty(LANES, np.int32)
    for group in range(0, shape[2], LANES):
        spread_out(x, which, apart, table, shape, (group, i, 0, found))
        for lane in range(LANES):
            below[lane] = 0.0
            above[lane] = bound
        count_below(table, above, reached, found)
        for lane in range(LANES):
            if reached[lane] < k:
                return False
        for _ in range(_HALVINGS):
            settled = True
            for lane in range(LANES):
                settled = settled and reached[lane] == k
                middle[lane] = np.float32(0.5) * (below[lane] + above[lane])
            if settled:
                break
            count_below(table, middle, number, found)
            for lane in range(LANES):
                if number[lane] >= k:
                    above[lane] = middle[lane]
                    reached[lane] = number[lane]
                else:
                    below[lane] = middle[lane]
        largest_below(table, above, middle, found)
        for lane in range(LANES):
            radius[group + lane] = middle[lane] * _ABOVE + _TINY if inclusive else middle[lane]
            above[lane] = radius[group + lane]
        if inclusive:
            count_below(table, above, reached, found)
        for lane in range(LANES):
            joint[group + lane] = reached[lane] if inclusive else k
    return True
