"""How unusual each row of a series of attention is, judged by the rows before it.

Here: warm-up, units, the score and the label. Not here: the arithmetic of a row (``kernel``), files (``lf detect``).

Method and figures: docs/method/detect.md.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.kernel import State, Units, advance, fit_tail, forget_peaks, fresh

Floats = NDArray[np.float64]

WARM_UP_ROWS = 288  # a day of five-minute rows
LABEL = 0.5  # scores from here on are labelled: expected once in ten days of five-minute rows
DECADES = 16.0  # powers of ten between a score of 0 and one of 1
LARGEST = 1e300  # larger values count as this


class SurgeDetector:
    """Scores the rows of one series as they come. However they are cut into batches, the scores are the same.

    Until it has seen 288 usable rows it says 0.
    """

    def __init__(self) -> None:
        self._warm_up: list[tuple[float, float]] = []
        self._state: State | None = None
        self._units = Units(1.0, 1.0, 1.0)

    def score(self, times_s: Floats, values: Floats) -> Floats:
        """The anomaly score in [0, 1] of each row (n,).

        It is 0.5 - log10(times such a height is expected in ten days) / 16, and 0.25 in the rest of a burst.

        Args:
            times_s: (n,) seconds since 1970 UTC, not falling; a time before an earlier one counts as that one.
            values: (n,) any numbers. NaN and infinities are missing: scored 0, learnt from by nothing.
        """
        rarity = np.full(values.size, np.nan)
        start = 0 if self._state else self._warm(times_s, values)
        if self._state:
            advance(self._state, times_s[start:], values[start:], self._units, rarity[start:])
        return np.nan_to_num(np.clip(0.5 + rarity / DECADES, 0.0, 1.0), nan=0.0)

    def _warm(self, times_s: Floats, values: Floats) -> int:
        """Take in rows until there are enough to begin; returns how many rows that used up."""
        usable = np.flatnonzero(np.isfinite(values) & np.isfinite(times_s))[: WARM_UP_ROWS - len(self._warm_up)]
        self._warm_up += zip(times_s[usable].tolist(), values[usable].tolist(), strict=True)
        if len(self._warm_up) < WARM_UP_ROWS:
            return int(values.size)
        self._state, self._units = _begin(*np.array(self._warm_up).T.copy())
        self._warm_up = []
        return int(usable[-1]) + 1


def detect(times_s: Floats, values: Floats) -> Floats:
    """The anomaly score in [0, 1] of each row of a whole series (n,); that of a row depends on no later row."""
    return SurgeDetector().score(np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64))


def _begin(times_s: Floats, values: Floats) -> tuple[State, Units]:
    """Units and state from the warm-up: once through to learn the rhythm, once more to see what stands out of it."""
    units = _units(times_s, values)
    with np.errstate(over="ignore"):
        y = np.arcsinh(np.clip(values / units.typical, -LARGEST, LARGEST))
    middle = float(np.median(y))
    state = fresh(middle, max(1.4826 * float(np.median(np.abs(y - middle))), units.noise))
    for _ in range(2):
        forget_peaks(state)
        fit_tail(state, units.noise)
        advance(state, times_s, values, units, np.empty(values.size))
    return state, units


def _units(times_s: Floats, values: Floats) -> Units:
    """The usual step, the typical value and the least noise: half a count for counts, a thousandth for measurements."""
    gaps = np.diff(np.maximum.accumulate(times_s))
    gaps = gaps[gaps > 0]
    sizes = np.minimum(np.abs(values), LARGEST)
    typical = float(np.median(sizes)) or float(sizes.mean()) or 1.0
    noise = 1e-3
    if np.all(values == np.floor(values)):
        typical = max(typical, 1.0)
        noise = max(noise, 0.5 * float(np.arcsinh(1 / typical)))
    return Units(float(np.median(gaps)) if gaps.size else 300.0, typical, noise)
