"""Variance that narrows before it explodes.

Here: the streaming detector. Not here: variance that only grows (``critical_slowing``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.detectors.trailing import Delay, fresh_delay, push_delay
from latticeforge.machine_code import compiled
from latticeforge.signals.moments import AVERAGE, FIGURES, ROWS, VARIANCE, Window, fresh, push
from latticeforge.signals.robust import LIMIT_SIGMAS, clip_running

Floats = NDArray[np.float64]


class Squeeze(NamedTuple):
    """What the rows so far leave behind."""

    trend: Window
    residual: Window
    later: Delay
    usual: Window  # of the residual before the short window
    narrowness: Delay  # log2 of variance over usual variance of the last rows
    logs: Delay  # log2 of the variance of the last rows
    scale: Floats  # (4,) of clip_running
    times_s: Delay  # of the last rows
    figures: Floats  # (FIGURES,) working space


class Compression(Watch):
    """Warns when variance first fell below the usual and then rose again from there.

    ``v`` is the variance of the residual (value less the mean of the last ``short_rows * 4``) over ``short_rows``,
    ``u`` that over the ``long_rows`` before. Of the last ``memory_rows`` the narrowest row is the one of least v / u:
    ``depth = log2(u / v)`` there, ``rebound = log2(v now / v there)``.

    Score: ``min(depth, rebound)`` in bits, at least 0: 1 says that variance halved and then doubled. Figures: ``depth``
    and ``rebound`` (bits), ``narrowest_s`` (its time), ``variance`` (unit squared), ``clipped`` (amount so far).
    The alert's ``since_s`` is the time of the narrowest row: from there on there was a sign.

    Source: the squeeze of J. Bollinger, Bollinger on Bollinger Bands (2001), chapter 15, on variances.

    >>> from latticeforge.detectors.protocol import Batch
    >>> noise = np.random.default_rng(1).normal(size=700) * np.repeat([1.0, 0.3, 2.0], [500, 100, 100])
    >>> watch = Compression(1.0, short_rows=30, long_rows=200, memory_rows=150)
    >>> state = watch.ingest(Batch(np.arange(700.0), noise))
    >>> watch.query(200.0).score >= 1, 500 <= watch.query(200.0).since_s < watch.query(200.0).raised_at_s
    (True, True)
    """

    version: ClassVar[str] = "compression/1"
    names: ClassVar[tuple[str, ...]] = (SCORE, "depth", "rebound", "narrowest_s", "variance", "clipped")

    def __init__(
        self, threshold: float = 2.0, *, short_rows: int = 100, long_rows: int = 400, memory_rows: int = 400
    ) -> None:
        super().__init__(threshold, short_rows)
        if short_rows < 5 or long_rows < 2 * short_rows or memory_rows < short_rows:
            raise ValueError(
                f"5 short rows at least, twice as many long ones, as many to remember: {short_rows}, {long_rows}, "
                f"{memory_rows}"
            )
        self._state = Squeeze(
            fresh(4 * short_rows),
            fresh(short_rows),
            fresh_delay(short_rows),
            fresh(long_rows),
            fresh_delay(memory_rows),
            fresh_delay(memory_rows),
            np.zeros(4),
            fresh_delay(memory_rows),
            np.zeros(FIGURES),
        )

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        advance(self._state, times_s, values, out)

    def _since_s(self, at_s: float, figures: Mapping[str, float]) -> float:
        return figures["narrowest_s"]

    def _reason(self, figures: Mapping[str, float]) -> str:
        return (
            f"variance fell {figures['depth']:.1f} bits below the usual and has risen {figures['rebound']:.1f} bits "
            "from there"
        )


@compiled
def advance(state: Squeeze, times_s: Floats, values: Floats, out: Floats) -> None:
    """Rows in, figures (n, 6) out, in the order of ``Compression.names``."""
    work = state.figures
    for i in range(values.size):
        push(state.trend, values[i], work)
        residual = np.nan
        if work[ROWS] * 2 >= state.trend.ring.size and not np.isnan(values[i]):
            residual = clip_running(state.scale, values[i] - work[AVERAGE], float(state.usual.ring.size), LIMIT_SIGMAS)
        push(state.usual, push_delay(state.later, residual), work)
        usual = work[VARIANCE] if work[ROWS] * 2 >= state.usual.ring.size else np.nan
        push(state.residual, residual, work)
        variance = work[VARIANCE] if work[ROWS] * 2 >= state.residual.ring.size else np.nan
        known = variance > 0 and usual > 0
        push_delay(state.narrowness, np.log2(variance / usual) if known else np.nan)
        push_delay(state.times_s, times_s[i])
        push_delay(state.logs, np.log2(variance) if known else np.nan)
        if not known or np.isnan(residual):
            continue
        least, place = narrowest(state.narrowness)
        out[i, 1] = max(0.0, -least)
        out[i, 2] = np.log2(variance) - state.logs.ring[place]
        out[i, 0] = max(0.0, min(out[i, 1], out[i, 2]))
        out[i, 3] = state.times_s.ring[place]
        out[i, 4], out[i, 5] = variance, state.scale[3]


@compiled
def narrowest(delay: Delay) -> tuple[float, int]:
    """The least of the values held, and its place."""
    least, found = np.inf, 0
    for i in range(delay.ring.size):
        if delay.ring[i] < least:
            least, found = delay.ring[i], i
    return least, found
