"""Critical slowing down: the detrended series varies more and more, and remembers itself longer.

Here: the streaming detector. Not here: the same indicators of a whole series (``signals.indicators``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.detectors.trailing import Tau, fresh_tau, push_tau
from latticeforge.machine_code import compiled
from latticeforge.signals.moments import AVERAGE, FIGURES, LAG1, ROWS, SKEWNESS, VARIANCE, Window, fresh, push
from latticeforge.signals.robust import LIMIT_SIGMAS, clip_running

Floats = NDArray[np.float64]


class Slowing(NamedTuple):
    """What the rows so far leave behind."""

    trend: Window
    residual: Window
    tau_variance: Tau
    tau_lag1: Tau
    scale: Floats  # (4,) of clip_running
    figures: Floats  # (FIGURES,) working space


class CriticalSlowing(Watch):
    """Warns when the variance of the detrended series has been rising: Kendall's tau of it against time.

    Residual = value less the mean of the last ``trend_rows``, clipped to 5 running robust standard deviations; its
    variance, lag-1 autocorrelation and skewness over the last ``window_rows``; tau of the last ``tau_rows`` variances.
    Near a fold the return rate goes to 0 and ``var = s^2 / (1 - phi^2)`` grows: tau goes to 1. On series without any
    such change tau spreads around 0, and the wider the larger ``window_rows / tau_rows``.

    Score: tau of the variance, [-1, 1]. Figures: ``variance`` (unit squared), ``lag1`` and ``skewness`` of the
    residual, ``tau_lag1``, ``residual``, ``clipped`` (amount clipped so far, unit of the series).

    Source: V. Dakos et al., PLoS ONE 7 (2012) e41010.

    >>> rng = np.random.default_rng(1)
    >>> watch = CriticalSlowing(trend_rows=50, window_rows=50, tau_rows=200)
    >>> from latticeforge.detectors.protocol import Batch
    >>> rows = np.arange(600.0)
    >>> state = watch.ingest(Batch(rows, rng.normal(size=600) * (1 + rows / 200)))
    >>> state.figures["score"] > 0.5, watch.query(600.0) is not None
    (True, True)
    """

    version: ClassVar[str] = "critical-slowing/1"
    names: ClassVar[tuple[str, ...]] = (SCORE, "tau_lag1", "variance", "lag1", "skewness", "residual", "clipped")

    def __init__(
        self, threshold: float = 0.35, *, trend_rows: int = 400, window_rows: int = 100, tau_rows: int = 1500
    ) -> None:
        super().__init__(threshold, window_rows)
        if min(trend_rows, window_rows, tau_rows) < 3:
            raise ValueError("trend, window and tau need 3 rows or more each")
        self._tau_rows = tau_rows
        self._state = Slowing(
            fresh(trend_rows),
            fresh(window_rows),
            fresh_tau(tau_rows),
            fresh_tau(tau_rows),
            np.zeros(4),
            np.zeros(FIGURES),
        )

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        advance(self._state, values, out)

    def _reason(self, figures: Mapping[str, float]) -> str:
        return (
            f"variance around the trend has been rising for {self._tau_rows} rows: Kendall's tau {figures[SCORE]:.2f}, "
            f"of the lag-1 autocorrelation {figures['tau_lag1']:.2f}"
        )


@compiled
def advance(state: Slowing, values: Floats, out: Floats) -> None:
    """Rows in, figures (n, 7) out, in the order of ``CriticalSlowing.names``."""
    work = state.figures
    for i in range(values.size):
        push(state.trend, values[i], work)
        residual = np.nan
        if work[ROWS] * 2 >= state.trend.ring.size and not np.isnan(values[i]):
            residual = clip_running(state.scale, values[i] - work[AVERAGE], 4.0 * state.trend.ring.size, LIMIT_SIGMAS)
        push(state.residual, residual, work)
        if np.isnan(residual) or work[ROWS] * 2 < state.residual.ring.size:
            continue
        out[i, 0] = push_tau(state.tau_variance, work[VARIANCE])
        out[i, 1] = push_tau(state.tau_lag1, work[LAG1])
        out[i, 2], out[i, 3], out[i, 4] = work[VARIANCE], work[LAG1], work[SKEWNESS]
        out[i, 5], out[i, 6] = residual, state.scale[3]
