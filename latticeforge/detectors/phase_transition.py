"""A phase transition in the picture of Landau and Ginzburg: the derivative grows noisy where the state turns.

Here: the streaming detector. Not here: the trend of the indicators alone (``critical_slowing``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.detectors.trailing import Delay, Tau, fresh_delay, fresh_tau, push_delay, push_tau
from latticeforge.machine_code import compiled
from latticeforge.signals.moments import (
    AVERAGE,
    FIGURES,
    LAG1,
    ROWS,
    SKEWNESS,
    SLOPE,
    VARIANCE,
    Window,
    fresh,
    push,
)
from latticeforge.signals.robust import LIMIT_SIGMAS, clip_running

Floats = NDArray[np.float64]


class Landau(NamedTuple):
    """What the rows so far leave behind."""

    steps: Window  # of the derivative, short
    later: Delay
    usual_steps: Window  # of the derivative before the short window
    level: Window  # of the series, short
    later_level: Delay
    usual_level: Window  # of the series before the short window
    tau: Tau  # of the variance of the level
    scale: Floats  # (4,) of clip_running
    memory: Floats  # (4,) value before, sign of the derivative, rows since it crossed zero, restoring rate before
    short: Floats  # (FIGURES,) working space
    usual: Floats  # (FIGURES,) working space


class PhaseTransition(Watch):
    """Warns when the derivative varies more than before while its mean crosses zero.

    Free energy ``F(m) = r m^2 / 2 + u m^4 / 4`` and ``dm/dt = -dF/dm + noise``: while r > 0 the state m = 0 holds and
    returns at the rate r; at r = 0 it returns no more, fluctuations grow, and for r < 0 it has left for one of two
    others. What is reported:

    - score: variance of the derivative over the last ``short_rows`` over that of the ``long_rows`` before them, where
      its mean crossed zero within the last ``short_rows``; 0 where it did not. Without a unit, 0 and up.
    - ``variance_ratio``: the same whether or not the mean crossed; ``derivative``: that mean, unit a row.
    - ``order_parameter`` m: mean of the last ``short_rows`` less that of the ``long_rows`` before, over their
      standard deviation.
    - ``restoring_rate`` r a row: 1 less the regression of a row on the one before, corrected for its bias in short
      windows (Kendall 1954). ``sign_change`` is 1 at the row where r falls to 0 or below.
    - critical slowing down: ``lag1``, ``variance``, ``skewness`` of the last ``short_rows``, ``tau``: Kendall's of
      the last ``long_rows`` variances.

    Steps are clipped to 5 running robust standard deviations (``clipped``, unit of the series).

    Sources: L. D. Landau, E. M. Lifshitz, Statistical Physics (1980), chapter 14; M. Scheffer et al., Nature 461 (2009)
    53; M. G. Kendall, Biometrika 41 (1954) 403.

    >>> from latticeforge.detectors.protocol import Batch
    >>> noise = np.random.default_rng(1).normal(size=500) * np.repeat([1.0, 3.0], [450, 50])
    >>> watch = PhaseTransition(short_rows=20, long_rows=200)
    >>> state = watch.ingest(Batch(np.arange(500.0), noise))
    >>> 4 < state.figures["variance_ratio"] < 20, watch.query(50.0) is not None
    (True, True)
    """

    version: ClassVar[str] = "phase-transition/1"
    names: ClassVar[tuple[str, ...]] = (
        SCORE,
        "variance_ratio",
        "derivative",
        "order_parameter",
        "restoring_rate",
        "sign_change",
        "lag1",
        "variance",
        "skewness",
        "tau",
        "clipped",
    )

    def __init__(self, threshold: float = 2.5, *, short_rows: int = 50, long_rows: int = 400) -> None:
        super().__init__(threshold, short_rows)
        if short_rows < 5 or long_rows < 2 * short_rows:
            raise ValueError(f"5 short rows at least and twice as many long ones: {short_rows}, {long_rows}")
        self._short_rows = short_rows
        self._state = Landau(
            fresh(short_rows),
            fresh_delay(short_rows),
            fresh(long_rows),
            fresh(short_rows),
            fresh_delay(short_rows),
            fresh(long_rows),
            fresh_tau(long_rows),
            np.zeros(4),
            np.array([np.nan, 0.0, np.inf, np.nan]),
            np.zeros(FIGURES),
            np.zeros(FIGURES),
        )

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        advance(self._state, values, out)

    def _reason(self, figures: Mapping[str, float]) -> str:
        return (
            f"the derivative varies {figures[SCORE]:.1f} times as much as before and crossed zero within "
            f"{self._short_rows} rows; order parameter {figures['order_parameter']:.1f} standard deviations, "
            f"restoring rate {figures['restoring_rate']:.3f} a row"
        )


@compiled
def advance(state: Landau, values: Floats, out: Floats) -> None:
    """Rows in, figures (n, 11) out, in the order of ``PhaseTransition.names``."""
    for i in range(values.size):
        x, memory = values[i], state.memory
        step = x - memory[0]  # NaN after a missing row
        memory[0] = x
        if not np.isnan(step):
            step = clip_running(state.scale, step, float(state.usual_steps.ring.size), LIMIT_SIGMAS)
        push(state.usual_steps, push_delay(state.later, step), state.usual)
        push(state.steps, step, state.short)
        crossing(memory, state.short[AVERAGE])
        usual_rows, usual_variance = state.usual[ROWS], state.usual[VARIANCE]
        ratio = state.short[VARIANCE] / usual_variance if usual_variance > 0 else np.nan
        out[i, 2] = state.short[AVERAGE]
        about_level(state, x, out[i])
        out[i, 10] = state.scale[3]
        if np.isnan(step) or 2 * usual_rows < state.usual_steps.ring.size:
            out[i, :] = np.nan
            continue
        out[i, 0] = ratio if memory[2] <= state.steps.ring.size else 0.0
        out[i, 1] = ratio


@compiled
def crossing(memory: Floats, derivative: float) -> None:
    """Rows since the mean derivative changed its sign."""
    memory[2] += 1
    sign = np.sign(derivative)
    if sign != 0 and not np.isnan(sign):
        if memory[1] != 0 and sign != memory[1]:
            memory[2] = 0
        memory[1] = sign


@compiled
def about_level(state: Landau, x: float, out: Floats) -> None:
    """Order parameter, restoring rate and the signs of slowing down."""
    short, usual = state.short, state.usual
    push(state.usual_level, push_delay(state.later_level, x), usual)
    push(state.level, x, short)
    if usual[VARIANCE] > 0:
        out[3] = (short[AVERAGE] - usual[AVERAGE]) / np.sqrt(usual[VARIANCE])
    if short[ROWS] > 4:
        out[4] = 1 - (short[SLOPE] + (1 + 3 * short[SLOPE]) / (short[ROWS] - 1))
    out[5] = 1.0 if state.memory[3] > 0 and out[4] <= 0 else 0.0
    if not np.isnan(out[4]):
        state.memory[3] = out[4]
    out[6], out[7], out[8] = short[LAG1], short[VARIANCE], short[SKEWNESS]
    out[9] = push_tau(state.tau, short[VARIANCE] if short[ROWS] * 2 >= state.level.ring.size else np.nan)
