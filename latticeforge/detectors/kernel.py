"""The arithmetic of the surge detector, compiled: rows in, rarity out, state carried on.

Here: one pass over rows. Not here: warm-up, choice of units, meaning of the score (``surges``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

Floats = NDArray[np.float64]

BINS = 48  # of a day
SCALES = 4
SHORT_STEPS = np.array([0.0, 3.0, 12.0, 48.0])  # memory of the mean that is judged; 0: the row alone
LONG_STEPS = np.array([24.0, 72.0, 144.0, 576.0])  # memory of the mean before it, which it must exceed
LEVEL_STEPS = 864.0
BIN_ROWS = 36.0
CLASS_ROWS = 24.0
SPREAD_STEPS = 576.0
CLIP = 3.0
BLOCK_STEPS = 48.0
KEPT_BLOCKS = 256
TOP = 12
PRIOR_PEAKS = 4.0
PRIOR_EXCESS = 0.8
HORIZON_BLOCKS = 366.0
CAP_RARITY = 1.0
HOLD_STEPS = 288.0
MARGIN = 1.0
ZERO_WEIGHT = 0.05
RARITY_FLOOR = -8.0

# places in State.clock
LAST, LEVEL, ROWS, SPREAD, BLOCK_AGE, BLOCKS, HELD, HELD_AGE = range(8)
# columns of State.tail: the TOP-th largest peak, sum of excess with prior, shape, log10 of blocks a horizon above it
BASE, EXCESS, SHAPE, RATE = range(4)


class State(NamedTuple):
    """What the past leaves behind."""

    clock: Floats  # (8,)
    profile: Floats  # (2, BINS) log level of the time of day, and rows behind it
    classes: Floats  # (4, BINS) the same for weekdays (2) and weekends (2), on top
    means: Floats  # (4, SCALES) short sum and weight, long sum and weight
    pending: Floats  # (SCALES,) largest of the running block
    peaks: Floats  # (SCALES, KEPT_BLOCKS) ring of block maxima
    tail: Floats  # (SCALES, 4)


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """The function as machine code, kept on disk."""
    machine_code: Callable[P, R] = njit(cache=True, error_model="numpy")(function)
    return machine_code


def fresh() -> State:
    """The state before the first row."""
    state = State(
        np.zeros(8), np.zeros((2, BINS)), np.zeros((4, BINS)), np.zeros((4, SCALES)),
        np.full(SCALES, -np.inf), np.zeros((SCALES, KEPT_BLOCKS)), np.zeros((SCALES, 4)),
    )
    state.clock[LAST] = np.nan
    return state


@compiled
def refit(state: State) -> None:
    """Fit the tail of every scale to its largest block maxima."""
    kept = int(min(state.clock[BLOCKS], KEPT_BLOCKS))
    top = min(TOP, kept)
    unit = state.clock[SPREAD]
    for k in range(SCALES):
        tail = state.tail[k]
        tail[SHAPE] = PRIOR_PEAKS + top
        tail[RATE] = np.log10(HORIZON_BLOCKS)
        tail[BASE] = 3 * unit
        tail[EXCESS] = PRIOR_PEAKS * PRIOR_EXCESS * unit
        if top > 0:
            largest = np.sort(state.peaks[k, :kept])[kept - top :]
            tail[BASE] = largest[0]
            tail[EXCESS] += np.sum(largest - largest[0])
            tail[RATE] = np.log10(HORIZON_BLOCKS * top / kept)


@compiled
def rarity(tail: Floats, value: float) -> float:
    """-log10 of how many times in a horizon the series' own past lets expect a value this large."""
    above = (value - tail[BASE]) / tail[EXCESS]
    if above > 0:
        return float(tail[SHAPE] * np.log10(1 + above) - tail[RATE])
    return float(max(RARITY_FLOOR, tail[SHAPE] * above - tail[RATE]))


@compiled
def close_block(state: State) -> None:
    """Keep the block's maxima, none of them beyond what is just rare: one surge does not blind the next day."""
    clock = state.clock
    place = int(clock[BLOCKS]) % KEPT_BLOCKS
    for k in range(SCALES):
        tail = state.tail[k]
        cap = np.inf
        if clock[BLOCKS] > 3:
            cap = tail[BASE] + tail[EXCESS] * (10 ** ((CAP_RARITY + tail[RATE]) / tail[SHAPE]) - 1)
        state.peaks[k, place] = min(state.pending[k], cap)
        state.pending[k] = -np.inf
    clock[BLOCKS] += 1
    clock[BLOCK_AGE] = 0
    refit(state)


@compiled
def judge(state: State, error: float, steps: float) -> float:
    """The rarity of this row over all scales; the means take it in."""
    best = RARITY_FLOOR
    limit = CLIP * state.clock[SPREAD]
    held_in = min(max(error, -limit), limit)
    for k in range(SCALES):
        means = state.means[:, k]
        now = error
        if SHORT_STEPS[k] > 0:
            keep = np.exp(-steps / SHORT_STEPS[k])
            means[0] = means[0] * keep + held_in
            means[1] = means[1] * keep + 1
            now = means[0] / (means[1] + 0.5)
        before = means[2] / (means[3] + 1)
        now -= max(0.0, before)
        keep = np.exp(-steps / LONG_STEPS[k])
        means[2] = means[2] * keep + held_in
        means[3] = means[3] * keep + 1
        best = max(best, rarity(state.tail[k], now))
        state.pending[k] = max(state.pending[k], now)
    return best


@compiled
def learn(state: State, error: float, bin_: int, weekend: int, weight: float) -> None:
    """Move level, rhythm and spread a little towards the row."""
    clock = state.clock
    limit = CLIP * clock[SPREAD]
    step = weight * min(max(error, -limit), limit)
    clock[ROWS] += weight
    clock[LEVEL] += step / min(clock[ROWS] + 1, LEVEL_STEPS)
    state.profile[1, bin_] += weight
    state.profile[0, bin_] += step / min(state.profile[1, bin_] + 3, BIN_ROWS)
    state.classes[2 * weekend + 1, bin_] += weight
    state.classes[2 * weekend, bin_] += step / (CLASS_ROWS + min(state.classes[2 * weekend + 1, bin_], CLASS_ROWS))
    size = min(abs(error), 2 * limit)
    clock[SPREAD] += weight * (1.2533 * size - clock[SPREAD]) / SPREAD_STEPS


@compiled
def first_of_its_burst(state: State, rare: float, steps: float) -> bool:
    """Whether a row is clearly rarer than what was said in the last day, a claim that fades with time."""
    clock = state.clock
    clock[HELD_AGE] += steps
    held = clock[HELD] * max(0.0, 1 - clock[HELD_AGE] / HOLD_STEPS)
    if rare <= 0:
        return True
    if held > 0 and rare < held + MARGIN:
        return False
    clock[HELD] = rare
    clock[HELD_AGE] = 0
    return True


@compiled
def advance(state: State, times_s: Floats, values: Floats, step_s: float, unit: float, floor: float, out: Floats) -> None:
    """Rarity of each row into ``out``; NaN where a value is missing."""
    clock = state.clock
    for i in range(values.size):
        if not (np.isfinite(values[i]) and np.isfinite(times_s[i])):
            out[i] = np.nan
            continue
        steps = 1.0
        if np.isfinite(clock[LAST]):
            steps = max(0.0, times_s[i] - clock[LAST]) / step_s
        clock[LAST] = times_s[i]
        bin_ = int(times_s[i] % 86400.0 * BINS / 86400.0) % BINS
        weekend = 1 if (int(times_s[i] // 86400.0) + 3) % 7 >= 5 else 0
        usual = clock[LEVEL] + state.profile[0, bin_] + state.classes[2 * weekend, bin_]
        scaled = min(max(values[i] / unit, -1e300), 1e300)
        error = np.arcsinh(scaled) - usual
        rare = judge(state, error, steps)
        out[i] = rare if first_of_its_burst(state, rare, steps) else RARITY_FLOOR / 2
        learn(state, error, bin_, weekend, ZERO_WEIGHT if values[i] == 0 and usual > np.arcsinh(5 / unit) else 1.0)
        clock[SPREAD] = max(clock[SPREAD], floor)
        clock[BLOCK_AGE] += min(steps, 2.0)
        if clock[BLOCK_AGE] >= BLOCK_STEPS:
            close_block(state)
