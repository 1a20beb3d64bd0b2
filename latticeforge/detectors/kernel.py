"""The arithmetic of the surge detector, compiled: rows in, rarity out, the state carried on.

Here: one pass over rows. Not here: warm-up, units and the meaning of a score (``surges``). Sizes are inverse hyperbolic
sines of values in typical values (``y``); times are counted in steps, the usual distance of two rows.

Method and figures: docs/method/detect.md.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

DAY_S, BINS = 86_400.0, 48  # half hours of the day

# What is judged is a mean over a short memory (0: the row alone) beyond the mean over a long one.
SHORT_STEPS = np.array([0.0, 2.0, 6.0, 24.0])
LONG_STEPS = np.array([24.0, 72.0, 144.0, 576.0])
SCALES = 4

LEVEL_STEPS, BIN_ROWS, WEEKEND_ROWS, SPREAD_STEPS = 864.0, 24.0, 24.0, 576.0  # how much of the past counts
CLIP = 3.0  # spreads: how far one row can pull what is usual
IMPLAUSIBLE_ZERO = 0.05  # weight of a zero where more than ZERO_BELOW is usual: rather an outage than attention
ZERO_BELOW = 5.0

BLOCK_STEPS, KEPT_BLOCKS, TOP = 144.0, 96, 12  # the tail is that of the 12 largest of 96 half-day maxima
PRIOR_PEAKS, PRIOR_EXCESS = 3.0, 0.7  # worth 3 peaks, each 0.7 spreads above the lowest of them
HORIZON_BLOCKS = 20.0  # rarity 0: expected once in ten days
CAP_RARITY = 1.5  # what is rarer enters the past as if it were this rare: one surge does not blind the next

# A row silences the burst after it until the next power of ten is passed; less and less of that is held for a day.
HOLD_STEPS, HOLD_FROM = 288.0, -1.0
REPEATED, COMMON = -4.0, -8.0  # rarity given to a silenced row; the least there is

# places in State.clock
LAST, LEVEL, ROWS, SPREAD, BLOCK_AGE, BLOCKS, HELD, HELD_AGE = range(8)
# columns of State.tail: lowest of the top peaks, scale, shape, log10 of top peaks in a horizon
BASE, SCALE, SHAPE, RATE = range(4)


class Units(NamedTuple):
    """What the warm-up fixed."""

    step_s: float  # usual distance of two rows
    typical: float  # value that counts as one
    noise: float  # least spread of y


class State(NamedTuple):
    """What the past leaves behind."""

    clock: Floats  # (8,)
    day: Floats  # (2, BINS) y of the time of day beside the level, and rows behind it
    week: Floats  # (2, 2, BINS) the same for weekdays and for weekends, beside that
    means: Floats  # (SCALES, 4) short sum and weight, long sum and weight
    highest: Floats  # (SCALES,) of the running block
    peaks: Floats  # (SCALES, KEPT_BLOCKS) ring of block maxima
    tail: Floats  # (SCALES, 4)


def fresh(level: float, spread: float) -> State:
    """The state of a series of which only its middle and its spread are known."""
    clock = np.zeros(8)
    clock[LAST], clock[LEVEL], clock[SPREAD] = np.nan, level, spread
    return State(
        clock,
        day=np.zeros((2, BINS)),
        week=np.zeros((2, 2, BINS)),
        means=np.zeros((SCALES, 4)),
        highest=np.full(SCALES, -np.inf),
        peaks=np.zeros((SCALES, KEPT_BLOCKS)),
        tail=np.zeros((SCALES, 4)),
    )


def forget_peaks(state: State) -> None:
    """Keep what is usual; drop means, peaks and claims."""
    state.clock[[BLOCK_AGE, BLOCKS, HELD, HELD_AGE]] = 0
    state.clock[LAST] = np.nan
    state.means[:] = 0
    state.highest[:] = -np.inf


@compiled
def fit_tail(state: State, noise: float) -> None:
    """Fit each scale's tail to its largest block maxima: a Gamma posterior of the rate of an exponential excess."""
    kept = int(min(state.clock[BLOCKS], KEPT_BLOCKS))
    top = min(TOP, kept)
    for k in range(SCALES):
        tail = state.tail[k]
        tail[SHAPE] = PRIOR_PEAKS + top
        tail[SCALE] = PRIOR_PEAKS * PRIOR_EXCESS * state.clock[SPREAD]
        tail[BASE] = 3 * state.clock[SPREAD]
        tail[RATE] = np.log10(HORIZON_BLOCKS)
        if top > 0:
            largest = np.sort(state.peaks[k, :kept])[kept - top :]
            tail[BASE] = max(largest[0], 3 * noise / np.sqrt(1 + SHORT_STEPS[k]))
            tail[SCALE] += np.sum(np.maximum(largest - tail[BASE], 0.0))
            tail[RATE] = np.log10(HORIZON_BLOCKS * top / kept)


@compiled
def rarity(tail: Floats, y: float) -> float:
    """-log10 of how often in a horizon the past lets expect a ``y`` this large: a Lomax tail, linear below its base."""
    above = (y - tail[BASE]) / tail[SCALE]
    if above > 0:
        return float(tail[SHAPE] * np.log10(1 + above) - tail[RATE])
    return float(max(COMMON, tail[SHAPE] * above - tail[RATE]))


@compiled
def close_block(state: State, noise: float) -> None:
    """Keep the maxima of the block that ends, none beyond what is just rare."""
    clock = state.clock
    place = int(clock[BLOCKS]) % KEPT_BLOCKS
    for k in range(SCALES):
        tail = state.tail[k]
        cap = tail[BASE] + tail[SCALE] * (10 ** ((CAP_RARITY + tail[RATE]) / tail[SHAPE]) - 1)
        state.peaks[k, place] = min(state.highest[k], cap)
        state.highest[k] = -np.inf
    clock[BLOCKS] += 1
    clock[BLOCK_AGE] = 0
    fit_tail(state, noise)


@compiled
def judge(state: State, error: float, steps: float) -> float:
    """The rarity of a row that is ``error`` above the usual, the largest of all scales; the means take the row in."""
    rarest = COMMON
    limit = CLIP * state.clock[SPREAD]
    clipped = min(max(error, -limit), limit)
    for k in range(SCALES):
        means = state.means[k]
        now = error
        if SHORT_STEPS[k] > 0:
            keep = np.exp(-steps / SHORT_STEPS[k])
            means[0] = means[0] * keep + clipped
            means[1] = means[1] * keep + 1
            now = means[0] / (means[1] + 0.5)
        now -= max(0.0, means[2] / (means[3] + 1))
        keep = np.exp(-steps / LONG_STEPS[k])
        means[2] = means[2] * keep + clipped
        means[3] = means[3] * keep + 1
        rarest = max(rarest, rarity(state.tail[k], now))
        state.highest[k] = max(state.highest[k], now)
    return rarest


@compiled
def learn(state: State, error: float, weight: float, half_hour: int, weekend: int) -> None:
    """Move level, rhythm and spread a little towards the row."""
    clock, day, week = state.clock, state.day, state.week[weekend]
    limit = CLIP * clock[SPREAD]
    pull = weight * min(max(error, -limit), limit)
    clock[ROWS] += weight
    day[1, half_hour] += weight
    week[1, half_hour] += weight
    clock[LEVEL] += pull / min(clock[ROWS] + 1, LEVEL_STEPS)
    day[0, half_hour] += pull / min(day[1, half_hour] + 3, BIN_ROWS)
    week[0, half_hour] += pull / (WEEKEND_ROWS + min(week[1, half_hour], WEEKEND_ROWS))
    size = min(abs(error), 2 * limit)
    clock[SPREAD] += weight * (1.2533 * size - clock[SPREAD]) / SPREAD_STEPS  # sqrt(pi / 2): mean size to sigma


@compiled
def announced(state: State, rare: float, steps: float) -> float:
    """The rarity, or REPEATED where its burst was announced before and no further power of ten is passed."""
    clock = state.clock
    clock[HELD_AGE] += steps
    claim = rare - HOLD_FROM
    held = clock[HELD] * max(0.0, 1 - clock[HELD_AGE] / HOLD_STEPS)
    if claim <= 0:
        return rare
    if held > 0 and claim < np.floor(held) + 1:
        return REPEATED
    clock[HELD] = claim
    clock[HELD_AGE] = 0
    return rare


@compiled
def advance(state: State, times_s: Floats, values: Floats, units: Units, out: Floats) -> None:
    """The rarity of each row (n,) into ``out``, NaN where time or value is missing; times in seconds since 1970."""
    clock = state.clock
    for i in range(values.size):
        if not (np.isfinite(values[i]) and np.isfinite(times_s[i])):
            out[i] = np.nan
            continue
        steps = 1.0
        if np.isfinite(clock[LAST]):
            steps = max(0.0, times_s[i] - clock[LAST]) / units.step_s
            clock[LAST] = max(clock[LAST], times_s[i])
        else:
            clock[LAST] = times_s[i]
        half_hour = int(times_s[i] % DAY_S * BINS / DAY_S) % BINS
        weekend = 1 if (times_s[i] // DAY_S + 3) % 7 >= 5 else 0  # 1 January 1970 was a Thursday
        usual = clock[LEVEL] + state.day[0, half_hour] + state.week[weekend, 0, half_hour]
        error = np.arcsinh(min(max(values[i] / units.typical, -1e300), 1e300)) - usual
        out[i] = announced(state, judge(state, error, steps), steps)
        outage = values[i] == 0 and usual > np.arcsinh(ZERO_BELOW / units.typical)
        learn(state, error, IMPLAUSIBLE_ZERO if outage else 1.0, half_hour, weekend)
        clock[SPREAD] = max(clock[SPREAD], units.noise)
        clock[BLOCK_AGE] += min(steps, 2.0)  # a hole is no time in which nothing happened
        if clock[BLOCK_AGE] >= BLOCK_STEPS:
            close_block(state, units.noise)
