"""Irregular rows onto a regular grid, with what is missing left missing.

Here: the grid and one series on it. Not here: rows of many keys (``series``), live streams (``streams``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Within = Literal["sum", "mean", "last"]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Grid:
    """``cells`` half-open cells [start + i step, start + (i+1) step); times in seconds since 1970 UTC.

    Raises:
        ValueError: the step is not a positive number, or there are fewer than 0 cells.

    >>> Grid(0.0, 60.0, 3).times_s
    array([  0.,  60., 120.])
    """

    start_s: float
    step_s: float
    cells: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.step_s) and self.step_s > 0 and self.cells >= 0):
            raise ValueError(f"a grid needs a start, a step above 0 and a number of cells, not {self}")

    @classmethod
    def covering(cls, times_s: Floats, step_s: float) -> Grid:
        """The grid aligned to 1970 that holds every finite time; no cell where there is none.

        >>> Grid.covering(np.array([61.0, 185.0]), 60.0)
        Grid(start_s=60.0, step_s=60.0, cells=3)
        """
        finite = np.asarray(times_s, dtype=np.float64)
        finite = finite[np.isfinite(finite)]
        if not finite.size:
            return cls(0.0, step_s, 0)
        first, last = math.floor(finite.min() / step_s), math.floor(finite.max() / step_s)
        return cls(first * step_s, step_s, last - first + 1)

    @property
    def times_s(self) -> Floats:
        """(cells,) where each cell begins."""
        return self.start_s + self.step_s * np.arange(self.cells, dtype=np.float64)

    def cell_of(self, times_s: Floats) -> NDArray[np.int64]:
        """(n,) the cell of each time; -1 for one outside the grid or not finite."""
        with np.errstate(invalid="ignore"):
            cell = np.floor((np.asarray(times_s, dtype=np.float64) - self.start_s) / self.step_s)
            inside = (cell >= 0) & (cell < self.cells)
        return np.where(inside, np.nan_to_num(cell), -1).astype(np.int64)

    def touched(self, spans: Sequence[Span]) -> NDArray[np.bool_]:
        """(cells,) whether any of the half-open spans (from_s, to_s) reaches into the cell.

        >>> Grid(0.0, 60.0, 3).touched([(59.0, 60.0)])
        array([ True, False, False])
        """
        hit = np.zeros(self.cells, dtype=bool)
        for begin, end in spans:
            if end > begin:
                low = max(0, math.floor((begin - self.start_s) / self.step_s))
                hit[low : max(low, math.ceil((end - self.start_s) / self.step_s))] = True
        return hit


@dataclass(frozen=True, slots=True)
class Resampled:
    """A series on a grid: NaN is missing, 0 is nothing there."""

    grid: Grid
    values: Floats  # (cells,)
    rows: NDArray[np.int64]  # (cells,) usable rows behind each value
    outside: int  # rows outside the grid
    unusable: int  # rows without a finite time or value

    @property
    def missing(self) -> NDArray[np.bool_]:
        """(cells,) where nothing is known."""
        return np.isnan(self.values)


def resample(
    times_s: Floats, values: Floats, grid: Grid, *, within: Within = "mean", gaps: Sequence[Span] = ()
) -> Resampled:
    """One series of measurements or counts, put onto a grid.

    Args:
        times_s: (n,) seconds since 1970 UTC, in any order.
        values: (n,) NaN and infinities are missing.
        grid: where to.
        within: what becomes of several rows in a cell. ``sum`` is for counts of single happenings: a cell without rows
            is then 0, as nothing happened. ``mean`` and ``last`` (in time, then in row order) are for readings: a cell
            without rows is missing. Nothing is interpolated.
        gaps: (from_s, to_s) spans in which nothing was collected. A cell that one of them touches is missing, whatever
            its rows say.

    >>> resample(np.array([0.0, 10.0, 130.0]), np.array([1.0, 2.0, 4.0]), Grid(0.0, 60.0, 3)).values
    array([1.5, nan, 4. ])
    >>> resample(np.array([0.0, 10.0, 130.0]), np.ones(3), Grid(0.0, 60.0, 3), within="sum", gaps=[(130, 140)]).values
    array([ 2.,  0., nan])
    """
    times_s, values = np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if times_s.shape != values.shape or times_s.ndim != 1:
        raise ValueError(f"times {times_s.shape} and values {values.shape} must be two rows of one length")
    usable = np.isfinite(times_s) & np.isfinite(values)
    cell = np.where(usable, grid.cell_of(times_s), -1)
    inside = cell >= 0
    rows = np.bincount(cell[inside], minlength=grid.cells)
    if within == "last":
        made = _last(times_s[inside], values[inside], cell[inside], grid.cells)
    else:
        made = np.bincount(cell[inside], values[inside], minlength=grid.cells).astype(np.float64)
        if within == "mean":
            made = np.where(rows > 0, made / np.maximum(rows, 1), np.nan)
    made[grid.touched(gaps)] = np.nan
    return Resampled(grid, made, rows, int((usable & ~inside).sum()), int((~usable).sum()))


def _last(times_s: Floats, values: Floats, cell: NDArray[np.int64], cells: int) -> Floats:
    made = np.full(cells, np.nan)
    order = np.argsort(times_s, kind="stable")
    made[cell[order]] = values[order]  # the last write to a cell stays
    return made
