"""Counts and share of voice per narrative, term, source or platform, out of rows with a time and a name.

Here: tables of rows to series on one grid. Not here: single series (``grid``), live counting (``streams``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from latticeforge.signals.grid import Grid, Span

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]

VERSION = "series/1"


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """One series a name, on one grid. NaN is missing (a recorded gap), 0 is silence."""

    names: tuple[str, ...]  # sorted
    grid: Grid
    values: Floats  # (names, cells)
    kind: Literal["count", "share"]
    partial: NDArray[np.bool_]  # (cells,) whether any name is missing there
    left_out: int  # rows without a usable time, weight or name, or outside the grid
    version: str = VERSION

    def of(self, name: str) -> Floats:
        """(cells,) of one name; KeyError where there is none."""
        if name not in self.names:
            raise KeyError(f"no series {name!r}; there are {', '.join(self.names[:10])}")
        return np.asarray(self.values[self.names.index(name)])


def count_series(
    rows: pl.DataFrame,
    by: str,
    grid: Grid,
    *,
    time: str = "event_at",
    weight: str | None = None,
    gaps: pl.DataFrame | None = None,
) -> SeriesSet:
    """How many rows (or how much weight) each name has in each cell.

    ``by`` is the column that names the series: ``source`` of articles, ``narrative_id`` or a label of their items,
    ``term`` or ``platform`` of attention counts (there ``weight="count"``, ``time="observed_at"``).

    Args:
        rows: any order; ``time`` is Datetime with a zone.
        by: column of names; null names are left out and counted.
        grid: cells of the series.
        time: column of times.
        weight: column added up instead of rows; finite and at least 0, other rows are left out and counted.
        gaps: ``from_at``, ``to_at`` (null: still open) and, where it has one, the column ``by``: spans in which
            nothing was collected for that name (null: for none of them). Those cells are missing, not 0.

    Raises:
        ValueError: a column is missing.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> at = [datetime(1970, 1, 1, 0, minute, tzinfo=UTC) for minute in (0, 0, 1)]
    >>> made = count_series(pl.DataFrame({"event_at": at, "source": ["a", "b", "a"]}), "source", Grid(0.0, 60.0, 2))
    >>> made.names, made.values.tolist()
    (('a', 'b'), [[1.0, 1.0], [1.0, 0.0]])
    """
    import polars as pl

    wanted = [by, time, *([weight] if weight else [])]
    if absent := [name for name in wanted if name not in rows.columns]:
        raise ValueError(f"rows lack the column(s) {', '.join(absent)}; they have {', '.join(rows.columns)}")
    amount = pl.col(weight).cast(pl.Float64) if weight else pl.lit(1.0)
    table = rows.select(pl.col(by).cast(pl.String).alias("name"), _seconds(time).alias("at"), amount.alias("amount"))
    cell = grid.cell_of(table["at"].fill_null(np.nan).to_numpy())
    weights = table["amount"].fill_null(np.nan).to_numpy()
    usable = (cell >= 0) & np.isfinite(weights) & (weights >= 0) & table["name"].is_not_null().to_numpy()
    names = sorted(set(table["name"].drop_nulls().to_list()))
    place = {name: i for i, name in enumerate(names)}
    index = np.array([place.get(name, -1) for name in table["name"].to_list()], dtype=np.int64)
    flat = index[usable] * grid.cells + cell[usable]
    counted = np.bincount(flat, weights[usable], minlength=len(names) * grid.cells)
    values: Floats = counted.astype(np.float64).reshape(len(names), grid.cells)
    _mark_gaps(values, names, grid, gaps, by)
    partial = np.asarray(np.isnan(values).any(axis=0))
    return SeriesSet(tuple(names), grid, values, "count", partial, int((~usable).sum()))


def share_of_voice(counts: SeriesSet) -> SeriesSet:
    """Each name's share of the cell, [0, 1]; missing where nothing was counted at all.

    ``share = count / sum of the counts that are known``. Where a name is missing the others' shares are of what is
    left, too large; ``partial`` says in which cells.

    >>> made = SeriesSet(("a", "b"), Grid(0.0, 60.0, 2), np.array([[3.0, 0.0], [1.0, 0.0]]), "count", np.zeros(2), 0)
    >>> share_of_voice(made).values.tolist()
    [[0.75, nan], [0.25, nan]]
    """
    total = np.nansum(counts.values, axis=0)
    shares = np.where(total > 0, counts.values / np.where(total > 0, total, 1.0), np.nan)
    return SeriesSet(counts.names, counts.grid, shares, "share", counts.partial, counts.left_out)


def _seconds(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).dt.epoch("us") / 1e6


def _mark_gaps(values: Floats, names: list[str], grid: Grid, gaps: pl.DataFrame | None, by: str) -> None:
    """NaN where a name was not collected."""
    import polars as pl

    if gaps is None or not gaps.height:
        return
    end = grid.start_s + grid.step_s * grid.cells
    named = pl.col(by).cast(pl.String) if by in gaps.columns else pl.lit(None, dtype=pl.String)
    spans: dict[str | None, list[Span]] = {}
    for name, begin, until in gaps.select(named, _seconds("from_at"), _seconds("to_at").fill_null(end)).iter_rows():
        spans.setdefault(name, []).append((begin, until))
    for i, name in enumerate(names):
        values[i, grid.touched(spans.get(name, []) + spans.get(None, []))] = np.nan
