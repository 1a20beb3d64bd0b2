"""Signals that fall into step: an attractor forms where many sources begin to move as one.

Here: the streaming detector over several series. Not here: phases and the order parameter (``signals.phases``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.machine_code import compiled
from latticeforge.signals.phases import chance_order, kuramoto_order, mean_field_coupling, phases
from latticeforge.signals.robust import LIMIT_SIGMAS, MEAN_TO_SIGMA, TO_SIGMA

Floats = NDArray[np.float64]

LEAST_KNOWN = 0.5  # of a series' rows in the window, else it is left out
LEAST_SERIES = 3
EDGE = 16  # one row in so many at the end of a window is not read: the Hilbert transform leans on what is not there


class SynchronyWatch(Watch):
    """Warns when the Kuramoto order parameter of several series is high.

    Every ``every_rows`` rows the last ``window_rows`` of each series are made robust (median, MAD, clipped to 5
    standard deviations; missing rows become the median, a series with less than half of its rows is left out), their
    phases taken by the Hilbert transform, and ``R(t) = |mean of exp(i theta_j)|`` averaged over the last quarter but
    the last sixteenth of the window.

    Score: that mean R, [0, 1]; independent series lie near ``chance_order = sqrt(pi / (4 m))``. Figures: ``growth`` of
    R a row (least squares over the last half), ``coupling`` (mean-field K, radians a row, see
    ``signals.mean_field_coupling``), ``series`` (m, those that were usable). Rows in between repeat the score.

    Source: Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), chapter 5.

    >>> from latticeforge.detectors.protocol import Batch
    >>> rows, rng = np.arange(400.0), np.random.default_rng(1)
    >>> apart, together = rng.normal(size=(400, 8)), np.sin(rows / 5)[:, None] + 0.3 * rng.normal(size=(400, 8))
    >>> watch = SynchronyWatch(window_rows=128)
    >>> state = watch.ingest(Batch(rows, np.where(rows[:, None] < 200, apart, together)))
    >>> state.figures["score"] > 0.8, 200 < watch.query(400.0).raised_at_s < 300
    (True, True)
    """

    version: ClassVar[str] = "synchrony/1"
    names: ClassVar[tuple[str, ...]] = (SCORE, "growth", "coupling", "chance_order", "series")
    series: ClassVar[str] = "several"

    def __init__(self, threshold: float = 0.7, *, window_rows: int = 256, every_rows: int = 8) -> None:
        super().__init__(threshold, window_rows // 4)
        if window_rows < 32 or not 1 <= every_rows <= window_rows:
            raise ValueError(f"32 rows at least, looked at every 1 to window_rows rows: {window_rows}, {every_rows}")
        self._window_rows, self._every_rows = window_rows, every_rows
        self._ring = np.empty((0, 0))
        self._seen = 0
        self._found = np.full(len(self.names), np.nan)

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        if not self._ring.size and values.size:
            self._ring = np.full((values.shape[1], self._window_rows), np.nan)
        if values.size and values.shape[1] != self._ring.shape[0]:
            raise ValueError(f"{values.shape[1]} series follow {self._ring.shape[0]}; their number must stay")
        for row, figures in zip(values, out, strict=True):
            self._ring[:, self._seen % self._window_rows] = row
            self._seen += 1
            if self._seen >= self._window_rows and self._seen % self._every_rows == 0:
                self._found = self._look()
            figures[:] = self._found if not np.isnan(row).all() else np.nan

    def _look(self) -> Floats:
        ordered = np.roll(self._ring, -(self._seen % self._window_rows), axis=1)
        usable = ordered[np.isfinite(ordered).mean(axis=1) >= LEAST_KNOWN]
        made = np.empty_like(usable)
        moving = usable.shape[0] >= LEAST_SERIES and robust_rows(usable, made)
        found = np.full(len(self.names), np.nan)
        found[4] = usable.shape[0]
        if not moving:
            return found
        end = self._window_rows - self._window_rows // EDGE
        order = kuramoto_order(made)
        late = order[self._window_rows // 2 : end]
        at = np.arange(late.size) - (late.size - 1) / 2
        found[0] = order[3 * self._window_rows // 4 : end].mean()
        found[1] = float(at @ late) / float(at @ at)
        found[2] = mean_field_coupling(phases(made)[:, self._window_rows // 2 : end])
        found[3] = chance_order(usable.shape[0])
        return found

    def _reason(self, figures: Mapping[str, float]) -> str:
        return (
            f"{figures['series']:.0f} series move together: order parameter {figures[SCORE]:.2f} where independent "
            f"ones have {figures['chance_order']:.2f}, growing {figures['growth']:+.4f} a row"
        )


@compiled
def robust_rows(series: Floats, out: Floats) -> bool:
    """Each row of (m, n) less its median, over its robust scale, clipped; missing is 0. Whether any of them varies."""
    moving = False
    for j in range(series.shape[0]):
        row = series[j]
        known = row[~np.isnan(row)]
        out[j] = 0
        if known.size == 0:
            continue
        centre = np.median(known)
        scale = TO_SIGMA * np.median(np.abs(known - centre))
        if scale == 0:
            scale = MEAN_TO_SIGMA * np.mean(np.abs(known - centre))
        if scale == 0:
            continue
        moving = True
        for i in range(row.size):
            if not np.isnan(row[i]):
                out[j, i] = min(LIMIT_SIGMAS, max(-LIMIT_SIGMAS, (row[i] - centre) / scale))
    return moving
