"""Counts for the second KSG variant: each marginal space has the extent of its own k nearest neighbours.

Here: one search over all pairs, compiled. Not here: the estimate (``ksg``), the faster search of variant 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]


@compiled
def rectangle_counts(x: Floats, y: Floats, z: Floats, k: int, counts: NDArray[np.int64]) -> None:
    """Fill ``counts`` (3, n) with n_z, n_yz, n_xz of samples x (p, n), y (r, n), z (q, n), q = 0 allowed.

    Of the k joint neighbours the largest distance in x, in y and in z is taken; points at most that far count, without
    the point itself. An empty z has n_z = n - 1 and is then read as n, as I(X;Y) asks for psi(n).
    """
    n = x.shape[1]
    dx, dy, dz = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        _apart(x, i, dx)
        _apart(y, i, dy)
        _apart(z, i, dz)
        ex, ey, ez = _extents(dx, dy, dz, i, k)
        n_z = n_yz = n_xz = 0
        for j in range(n):
            inside = dz[j] <= ez
            n_z += inside
            n_yz += inside and dy[j] <= ey
            n_xz += inside and dx[j] <= ex
        counts[0, i] = n_z - 1 if z.shape[0] else n
        counts[1, i], counts[2, i] = n_yz - 1, n_xz - 1


@compiled
def _apart(points: Floats, i: int, out: Floats) -> None:
    out[:] = 0.0
    for a in range(points.shape[0]):
        here = points[a, i]
        for j in range(out.shape[0]):
            d = abs(points[a, j] - here)
            out[j] = d if d > out[j] else out[j]


@compiled
def _extents(dx: Floats, dy: Floats, dz: Floats, i: int, k: int) -> tuple[float, float, float]:
    """The largest dx, dy, dz among the k joint neighbours of point i."""
    best, who = np.full(k, np.inf), np.full(k, -1)
    for j in range(dx.shape[0]):
        d = max(dx[j], dy[j], dz[j])
        if j == i or d >= best[k - 1]:
            continue
        place = k - 1
        while place > 0 and best[place - 1] > d:
            best[place], who[place] = best[place - 1], who[place - 1]
            place -= 1
        best[place], who[place] = d, j
    ex = ey = ez = 0.0
    for j in who:
        ex, ey, ez = max(ex, dx[j]), max(ey, dy[j]), max(ez, dz[j])
    return ex, ey, ez
