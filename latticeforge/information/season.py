"""A daily rhythm that two series share looks like a lead of either; it must go first.

Here: counts stabilised and the season taken out of mean and spread, with holes left as holes. Not here: the memory of a
series (the estimators condition on it), the season of a series without holes (``signals.whiten.deseasoned``, the same).
"""

from __future__ import annotations

import numpy as np

from latticeforge.information.estimate import Floats
from latticeforge.signals.whiten import harmonics, stabilised

_LEAST_SPREAD = 0.25  # of the mean spread: hours in which nothing ever happens are not blown up


def without_season(table: Floats, season_rows: float) -> Floats:
    """Each column (n, m), counts as ``2 sqrt(x + 3/8)``, less four harmonics of its season, over those of its spread.

    Raises:
        ValueError: the rows do not reach over two seasons, or a season has fewer than two rows.

    >>> rows = np.arange(480.0)
    >>> x = 5.5 + np.cos(2 * np.pi * rows / 48)[:, None]
    >>> x[7] = np.nan
    >>> left = without_season(x, 48.0)
    >>> int(np.isnan(left).sum()), float(np.nanmax(np.abs(left))) < 1e-9
    (1, True)
    """
    if not 2.0 <= season_rows <= len(table) / 2.0:
        raise ValueError(f"{len(table)} rows do not reach over two seasons of {season_rows} rows of 2 or more")
    basis = harmonics(len(table), season_rows)
    out = np.full_like(table, np.nan)
    for column in range(table.shape[1]):
        known = ~np.isnan(table[:, column])
        out[known, column] = _rest(stabilised(table[known, column]), basis[known])
    return out


def _rest(values: Floats, basis: Floats) -> Floats:
    left = values - basis @ np.linalg.lstsq(basis, values)[0]
    spread = basis @ np.linalg.lstsq(basis, np.abs(left))[0]
    mean = float(np.abs(left).mean()) if len(left) else 0.0
    if mean <= 1e-12 * float(np.abs(values).max(initial=0.0)):
        return np.zeros_like(left)
    found: Floats = left * (mean / np.maximum(spread, _LEAST_SPREAD * mean))
    return found
