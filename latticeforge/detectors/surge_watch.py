"""The surge detector behind the protocol of all detectors.

Here: the adapter. Not here: how a row is scored (``surges``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.detectors.surges import DECADES, LABEL, WARM_UP_ROWS, SurgeDetector

Floats = NDArray[np.float64]


class SurgeWatch(Watch):
    """Warns of a surge: a row as high as the series' own past lets expect less than once in ten days.

    Score: that of ``SurgeDetector``, [0, 1]; the first 288 usable rows and missing ones have none. Figures:
    ``times_expected`` in ten days, ``10 ** (16 (0.5 - score))``. Method: docs/method/detect.md.

    >>> from latticeforge.detectors.protocol import Batch
    >>> counts = np.random.default_rng(1).poisson(5.0, 400).astype(float)
    >>> counts[390] = 500
    >>> watch = SurgeWatch()
    >>> state = watch.ingest(Batch(300.0 * np.arange(400), counts))
    >>> watch.query(86_400.0).raised_at_s / 300
    390.0
    """

    version: ClassVar[str] = "surge/1"
    names: ClassVar[tuple[str, ...]] = (SCORE, "times_expected")

    def __init__(self, threshold: float = LABEL) -> None:
        super().__init__(threshold, 1)
        self._detector, self._warm = SurgeDetector(), WARM_UP_ROWS

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        known = ~np.isnan(values)
        scored = known & (np.cumsum(known) > self._warm)
        self._warm = max(0, self._warm - int(known.sum()))
        out[:, 0] = np.where(scored, self._detector.score(times_s, values), np.nan)
        out[:, 1] = 10 ** (DECADES * (0.5 - out[:, 0]))

    def _reason(self, figures: Mapping[str, float]) -> str:
        return f"so high a row is expected {figures['times_expected']:.2g} times in ten days"
