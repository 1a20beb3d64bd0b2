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


# Scalars in, scalars out: they stay in registers. The same arithmetic on rows of arrays took six times as long.


@compiled
def add_value(n: float, mean: float, m2: float, m3: float, x: float) -> tuple[float, float, float, float]:
    """Welford's update with the third moment."""
    step = (x - mean) / (n + 1)
    grown = (x - mean) * step * n
    return n + 1, mean + step, m2 + grown, m3 + grown * step * (n - 1) - 3 * step * m2


@compiled
def add_pair(
    n: float, mean_x: float, mean_y: float, xx: float, yy: float, xy: float, x: float, y: float
) -> tuple[float, float, float, float, float, float]:
    """The same for two values and their co-moment."""
    share = 1 / (n + 1)
    dx, dy = x - mean_x, y - mean_y
    mean_x += dx * share
    mean_y += dy * share
    return n + 1, mean_x, mean_y, xx + dx * (x - mean_x), yy + dy * (y - mean_y), xy + dx * (y - mean_y)


@compiled
def merged(
    n: float,
    mean: float,
    m2: float,
    m3: float,
    pairs: float,
    mean_x: float,
    mean_y: float,
    xx: float,
    yy: float,
    xy: float,
    ends: Floats,
    place: int,
) -> tuple[float, float, float, float, float, float]:
    """Rows, mean, variance, skewness, lag-1 autocorrelation and slope of a running part and of the end of the block
    before, from ``place`` on.

    Chan's merge. Variance has n - 1 below it; skewness is the adjusted Fisher-Pearson coefficient; lag-1 is Pearson's
    correlation of the pairs; the slope is the regression of a value on the one before. NaN where too few or all equal.
    """
    held, m2_before = ends[place, N], ends[place, M2]
    rows = n + held
    whole = 1 / max(rows, 1.0)
    away = ends[place, MEAN] - mean
    cross = away * held * whole * n
    power = m2 + m2_before + away * cross
    third = m3 + ends[place, M3] + away * cross * away * (n - held) * whole
    third += 3 * away * (n * m2_before - held * m2) * whole
    average = mean + away * held * whole if rows > 0 else np.nan
    variance = power / (rows - 1) if rows > 1 else np.nan
    skewness = np.nan
    if rows > 2 and power > 0:
        skewness = np.sqrt((rows - 1) / power) * rows * third / ((rows - 2) * power)
    held = ends[place, PAIRS]
    both = pairs * held / max(pairs + held, 1.0)
    dx, dy = ends[place, MEAN_X] - mean_x, ends[place, MEAN_Y] - mean_y
    xx += ends[place, XX] + dx * dx * both
    yy += ends[place, YY] + dy * dy * both
    xy += ends[place, XY] + dx * dy * both
    if pairs + held > 1 and xx > 0 and yy > 0:
        return rows, average, variance, skewness, min(1.0, max(-1.0, xy / np.sqrt(xx * yy))), xy / xx
    return rows, average, variance, skewness, np.nan, np.nan


@compiled
def lay_ends(ring: Floats, ends: Floats) -> None:
    """The moments from each place of the full block to its end."""
    n = mean = m2 = m3 = pairs = mean_x = mean_y = xx = yy = xy = 0.0
    after = np.nan
    for i in range(ring.size - 1, -1, -1):
        x = ring[i]
        if not np.isnan(x):
            n, mean, m2, m3 = add_value(n, mean, m2, m3, x)
            if not np.isnan(after):
                pairs, mean_x, mean_y, xx, yy, xy = add_pair(pairs, mean_x, mean_y, xx, yy, xy, x, after)
        after = x
        ends[i, N], ends[i, MEAN], ends[i, M2], ends[i, M3] = n, mean, m2, m3
        ends[i, PAIRS], ends[i, MEAN_X], ends[i, MEAN_Y] = pairs, mean_x, mean_y
        ends[i, XX], ends[i, YY], ends[i, XY] = xx, yy, xy


@compiled
def push(w: Window, x: float, out: Floats) -> None:
    """Take one row in (NaN: missing; the window moves on) and put the window's figures into ``out`` (FIGURES,)."""
    push_all(w, np.full(1, x), out.reshape(1, FIGURES))


@compiled
def push_all(w: Window, values: Floats, out: Floats) -> None:
    """``push`` for each of the (n,) values; ``out`` (n, FIGURES)."""
    ring, ends, run, place, last = w.ring, w.ends, w.running, w.place[0], w.ring.size - 1
    n, mean, m2, m3, pairs = run[N], run[MEAN], run[M2], run[M3], run[PAIRS]
    mean_x, mean_y, xx, yy, xy = run[MEAN_X], run[MEAN_Y], run[XX], run[YY], run[XY]
    before = ring[place - 1] if place > 0 else ring[last]  # at place 0 the last of the block before
    for i in range(values.size):
        x = values[i]
        ring[place] = x
        if place == last:
            lay_ends(ring, ends)
            n = mean = m2 = m3 = pairs = mean_x = mean_y = xx = yy = xy = 0.0
            place = 0
        else:
            place += 1
            if not np.isnan(x):
                n, mean, m2, m3 = add_value(n, mean, m2, m3, x)
                if not np.isnan(before):
                    pairs, mean_x, mean_y, xx, yy, xy = add_pair(pairs, mean_x, mean_y, xx, yy, xy, before, x)
        before = x
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4], out[i, 5] = merged(
            n, mean, m2, m3, pairs, mean_x, mean_y, xx, yy, xy, ends, place
        )
    w.place[0] = place
    run[N], run[MEAN], run[M2], run[M3], run[PAIRS] = n, mean, m2, m3, pairs
    run[MEAN_X], run[MEAN_Y], run[XX], run[YY], run[XY] = mean_x, mean_y, xx, yy, xy


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
