"""Mean, variance, skewness and lag-1 autocorrelation of a sliding window, at a constant cost a row.

Here: the window and its compiled arithmetic. Not here: trends and whole indicators (``indicators``).

Taking values out of a running sum (``E[x^2] - E[x]^2``, or Welford backwards) loses digits that never come back: after
a value of 1e9 has passed, the variance of what follows is noise. So nothing is ever taken out. Values come in blocks of
the window's length. Within a block Welford's update adds one value; when a block is full, the moments of each of its
ends are laid down; a window is the end of one block and the beginning of the next, merged by Chan's formulas. Two
updates and one merge a row, whatever the length, and an error that does not grow with the length of the stream.

Sources: B. P. Welford, Technometrics 4 (1962) 419; T. F. Chan, G. H. Golub, R. J. LeVeque, COMPSTAT (1982) 30; P.
Pebay, SAND2008-6212 (third moments and co-moments); M. van Herk, Pattern Recognition Letters 13 (1992) 517 (blocks).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

VERSION = "moments/1"

# places in one aggregate: of the values, then of the pairs (x before, y now)
N, MEAN, M2, M3, PAIRS, MEAN_X, MEAN_Y, XX, YY, XY = range(10)
FIELDS = 10
# columns of figures
ROWS, AVERAGE, VARIANCE, SKEWNESS, LAG1, SLOPE = range(6)
FIGURES = 6


class Window(NamedTuple):
    """What the last ``ring.size`` rows leave behind."""

    ring: Floats  # (w,) raw values by place in the block
    ends: Floats  # (w, FIELDS) of the block before: moments from this place to its end
    running: Floats  # (FIELDS,) of this block
    place: NDArray[np.int64]  # (1,) where the next value goes


def fresh(rows: int) -> Window:
    """An empty window."""
    return Window(np.full(rows, np.nan), np.zeros((rows, FIELDS)), np.zeros(FIELDS), np.zeros(1, dtype=np.int64))


@compiled
def add_value(a: Floats, x: float) -> None:
    """Welford's update with the third moment."""
    before = a[N]
    a[N] = before + 1
    step = (x - a[MEAN]) / a[N]
    grown = (x - a[MEAN]) * step * before
    a[MEAN] += step
    a[M3] += grown * step * (a[N] - 2) - 3 * step * a[M2]
    a[M2] += grown


@compiled
def add_pair(a: Floats, x: float, y: float) -> None:
    """The same for two values and their co-moment."""
    a[PAIRS] += 1
    dx, dy = x - a[MEAN_X], y - a[MEAN_Y]
    a[MEAN_X] += dx / a[PAIRS]
    a[MEAN_Y] += dy / a[PAIRS]
    a[XX] += dx * (x - a[MEAN_X])
    a[YY] += dy * (y - a[MEAN_Y])
    a[XY] += dx * (y - a[MEAN_Y])


@compiled
def figures(a: Floats, b: Floats, out: Floats) -> None:
    """Rows, mean, variance, skewness, lag-1 autocorrelation and slope of ``a`` and ``b`` together, into ``out``.

    Chan's merge. Variance has n - 1 below it; skewness is the adjusted Fisher-Pearson coefficient; lag-1 is Pearson's
    correlation of the pairs; the slope is the regression of a value on the one before. NaN where too few or all equal.
    """
    n = a[N] + b[N]
    away = b[MEAN] - a[MEAN]
    share = b[N] / max(n, 1.0)
    mean = a[MEAN] + away * share
    cross = away * share * a[N]
    m2 = a[M2] + b[M2] + away * cross
    m3 = a[M3] + b[M3] + away * cross * away * (a[N] - b[N]) / max(n, 1.0)
    m3 += 3 * away * (a[N] * b[M2] - b[N] * a[M2]) / max(n, 1.0)
    out[ROWS] = n
    out[AVERAGE] = mean if n > 0 else np.nan
    out[VARIANCE] = m2 / (n - 1) if n > 1 else np.nan
    out[SKEWNESS] = np.nan
    if n > 2 and m2 > 0:
        out[SKEWNESS] = np.sqrt(n * (n - 1)) / (n - 2) * np.sqrt(n) * m3 / (m2 * np.sqrt(m2))
    pairs = a[PAIRS] + b[PAIRS]
    both = a[PAIRS] * b[PAIRS] / max(pairs, 1.0)
    dx, dy = b[MEAN_X] - a[MEAN_X], b[MEAN_Y] - a[MEAN_Y]
    xx = a[XX] + b[XX] + dx * dx * both
    yy = a[YY] + b[YY] + dy * dy * both
    xy = a[XY] + b[XY] + dx * dy * both
    usable = pairs > 1 and xx > 0 and yy > 0
    out[LAG1] = min(1.0, max(-1.0, xy / np.sqrt(xx * yy))) if usable else np.nan
    out[SLOPE] = xy / xx if usable else np.nan


@compiled
def lay_ends(w: Window) -> None:
    """The moments from each place of the full block to its end."""
    last = w.ring.size - 1
    w.running[:] = 0
    for i in range(last, -1, -1):
        x = w.ring[i]
        if not np.isnan(x):
            add_value(w.running, x)
            if i < last and not np.isnan(w.ring[i + 1]):
                add_pair(w.running, x, w.ring[i + 1])
        w.ends[i] = w.running
    w.running[:] = 0


@compiled
def push(w: Window, x: float, out: Floats) -> None:
    """Take one row in (NaN: missing; the window moves on) and put the window's figures into ``out`` (FIGURES,)."""
    place, size = w.place[0], w.ring.size
    before = w.ring[place - 1]  # at place 0 the last of the block before
    w.ring[place] = x
    if place == size - 1:
        lay_ends(w)
        w.place[0] = 0
        figures(w.ends[0], w.running, out)
        return
    if not np.isnan(x):
        add_value(w.running, x)
        if not np.isnan(before):
            add_pair(w.running, before, x)
    w.place[0] = place + 1
    figures(w.ends[place + 1], w.running, out)


@compiled
def push_all(w: Window, values: Floats, out: Floats) -> None:
    """``push`` for each of the (n,) values; ``out`` (n, FIGURES)."""
    for i in range(values.size):
        push(w, values[i], out[i])


class SlidingMoments:
    """Mean, variance, skewness and lag-1 autocorrelation of the last ``rows`` rows, however long the stream.

    Memory: 12 ``rows`` numbers. Cost: constant a row on average; every ``rows`` rows one pass over the window.

    >>> window = SlidingMoments(3)
    >>> window.push(np.array([1.0, 2.0, 4.0, 8.0]))[:, [1, 2]].round(3)
    array([[1.   ,   nan],
           [1.5  , 0.5  ],
           [2.333, 2.333],
           [4.667, 9.333]])

    Raises:
        ValueError: a window of fewer than 2 rows.
    """

    version = VERSION

    def __init__(self, rows: int) -> None:
        if rows < 2:
            raise ValueError(f"a window needs 2 rows or more, not {rows}")
        self._window = fresh(rows)

    def push(self, values: Floats) -> Floats:
        """Take in (n,) values, NaN where missing. (n, 6): rows, mean, variance, skewness, lag-1, slope after each."""
        values = np.asarray(values, dtype=np.float64)
        out = np.empty((values.size, FIGURES))
        push_all(self._window, np.where(np.isfinite(values), values, np.nan), out)
        return out
