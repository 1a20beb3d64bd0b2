"""A daily rhythm that two series share looks like a lead of either; it must go first.

Here: counts spread over their resolution and stabilised, and the season taken out of mean and spread, holes left as
holes. Not here: the memory of a series (the estimators condition on it), the season of a series without holes
(``signals.whiten.deseasoned``, the same harmonics).

Counts are spread first (``ties``): a season taken out of whole numbers leaves the hour in their last digits, and a
nearest-neighbour estimate reads it there.
"""

from __future__ import annotations

import numpy as np

from latticeforge.information.estimate import Floats
from latticeforge.information.ties import dithered
from latticeforge.signals.whiten import harmonics

_LEAST_SPREAD = 0.25  # of the mean spread: hours in which nothing ever happens are not blown up


def without_season(table: Floats, season_rows: float, seed: int = 0) -> Floats:
    """Each column (n, m) less four harmonics of its season, over those of its spread.

    Counts (whole numbers, none below 0, some repeated) first become ``2 sqrt(x + u + 1/2)``, u uniform on [-1/2, 1/2)
    and seeded: of variance about 1 + 1/(12 x) at any mean x (Anscombe, Biometrika 35, 246, 1948).

    Raises:
        ValueError: the rows do not reach over two seasons, or a season has fewer than two rows.

    >>> rows = np.arange(480.0)
    >>> x = 5.5 + np.cos(2 * np.pi * rows / 48 + 0.1)[:, None] + rows[:, None] * 1e-12
    >>> x[7] = np.nan
    >>> left = without_season(x, 48.0)
    >>> int(np.isnan(left).sum()), float(np.nanmax(np.abs(left))) < 1e-6
    (1, True)
    """
    if not 2.0 <= season_rows <= len(table) / 2.0:
        raise ValueError(f"{len(table)} rows do not reach over two seasons of {season_rows} rows of 2 or more")
    basis, spread = harmonics(len(table), season_rows), dithered(table, seed)
    out = np.full_like(table, np.nan)
    for column in range(table.shape[1]):
        known = ~np.isnan(table[:, column])
        level = spread[known, column]
        if _counts(table[known, column]):
            level = 2.0 * np.sqrt(level + 0.5)
        out[known, column] = _rest(level, basis[known])
    return out


def _counts(values: Floats) -> bool:
    whole = bool(((values >= 0.0) & (values == np.floor(values))).all())
    return whole and len(np.unique(values)) < len(values)


def _rest(values: Floats, basis: Floats) -> Floats:
    left = values - basis @ np.linalg.lstsq(basis, values)[0]
    spread = basis @ np.linalg.lstsq(basis, np.abs(left))[0]
    mean = float(np.abs(left).mean()) if len(left) else 0.0
    if mean <= 1e-12 * float(np.abs(values).max(initial=0.0)):
        return np.zeros_like(left)
    found: Floats = left * (mean / np.maximum(spread, _LEAST_SPREAD * mean))
    return found
