"""The early-warning set of a whole series: how a system behaves before it loses its balance.

Here: the batch form, for a series that is all there. Not here: the streaming form with alarms
(``latticeforge.detectors``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.signals.moments import FIGURES, LAG1, SKEWNESS, VARIANCE, fresh, push_all
from latticeforge.signals.trend import gaussian_trend, kendall_tau

Floats = NDArray[np.float64]

VERSION = "early-warning/1"


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """Indicators of each row whose window is full; the rows before are NaN. ``tau_*`` is their trend, in [-1, 1]."""

    residuals: Floats  # (n,) series less its trend, unit of the series
    variance: Floats  # (n,) unit of the series squared
    lag1: Floats  # (n,) autocorrelation, [-1, 1]
    skewness: Floats  # (n,)
    tau_variance: float
    tau_lag1: float
    tau_skewness: float
    window_rows: int
    bandwidth_rows: float
    version: str = VERSION


def early_warning(values: Floats, *, window: float = 0.25, bandwidth: float = 0.2) -> EarlyWarning:
    """Detrended rolling variance, lag-1 autocorrelation and skewness, with Kendall's tau of each against time.

    Close to a fold a system returns more and more slowly from each push, so the residuals' variance ``s^2 / (1 -
    phi^2)`` and lag-1 autocorrelation ``phi`` rise towards the transition. A tau near 1 says that an indicator rose
    all along; it is no p-value, as neighbouring windows share rows.

    Args:
        values: (n,) finite, on a regular grid.
        window: of the indicators, as a share of n, (0, 1].
        bandwidth: standard deviation of the Gaussian trend, as a share of n, (0, 1].

    Raises:
        ValueError: a share outside (0, 1], a missing value, or a window of fewer than 3 rows.

    Source: V. Dakos et al., PLoS ONE 7 (2012) e41010; M. Scheffer et al., Nature 461 (2009) 53.

    >>> found = early_warning(np.random.default_rng(1).normal(size=500) * np.linspace(1, 3, 500))
    >>> found.window_rows, found.tau_variance > 0.8
    (125, True)
    """
    values = np.asarray(values, dtype=np.float64)
    if not (0 < window <= 1 and 0 < bandwidth <= 1):
        raise ValueError(f"window {window} and bandwidth {bandwidth} are shares of the series: above 0, at most 1")
    rows = int(window * values.size)
    if rows < 3:
        raise ValueError(f"a window of {rows} rows is too short; 3 at least")
    residuals = values - gaussian_trend(values, max(1.0, bandwidth * values.size))
    out = np.empty((values.size, FIGURES))
    push_all(fresh(rows), residuals, out)
    out[: rows - 1] = np.nan
    variance, lag1, skewness = (np.ascontiguousarray(out[:, i]) for i in (VARIANCE, LAG1, SKEWNESS))
    return EarlyWarning(
        residuals,
        variance,
        lag1,
        skewness,
        tau_variance=kendall_tau(variance[rows - 1 :]),
        tau_lag1=kendall_tau(lag1[rows - 1 :]),
        tau_skewness=kendall_tau(skewness[rows - 1 :]),
        window_rows=rows,
        bandwidth_rows=bandwidth * values.size,
    )
