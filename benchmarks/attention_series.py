"""Invented attention series with labelled surges: counts in five minutes over two months.

Here: the generator. Not here: scoring (``nab_score``), detectors.

A series is negative binomial around a level with a daily and weekly rhythm, slow noise and sometimes market hours.
What is *not* labelled is meant to mislead: isolated rows many times the usual (heavy-tailed, the more in some series),
small bursts, shifts of level, changes of rhythm, outages to zero, missing rows. What is labelled: bursts that decay
over hours, rows far beyond anything before, surges of half a day, bursts in the quiet hours. Windows take a tenth
of the series, centred on the onset but for an error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nab_score import Labelled
from numpy.typing import NDArray

STEP_S = 300
DAY = 288  # rows
ROWS = 15_900
FIRST = 1_424_995_200  # 27 February 2015 00:00 UTC, a Friday

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Times in seconds since 1970 UTC, counts (NaN where the collector said nothing), and the truth."""

    times_s: Floats
    values: Floats
    labelled: Labelled
    onsets: tuple[int, ...]


def corpus(seed: int, size: int = 10) -> list[Series]:
    """``size`` different series."""
    return [series(np.random.default_rng([seed, number])) for number in range(size)]


def series(rng: np.random.Generator, rows: int = ROWS) -> Series:
    """One series with two to five labelled surges."""
    level = float(np.exp(rng.uniform(np.log(2), np.log(100))))
    times = FIRST + STEP_S * (np.arange(rows, dtype=np.float64) + rng.integers(7 * DAY))
    usual = level * _rhythm(rng, times) * _drift(rng, rows)
    points = _points(rng, rows) * level
    rate = usual * (1 + _bursts(rng, rows, rng.uniform(0.05, 0.35) / DAY, (0.5, 3.0), (4, 30)))
    onsets = _onsets(rng, rows)
    for onset in onsets:
        rate, points = _surge(rng, onset, level, usual, rate, points)
    shape = 1 / rng.uniform(0.05, 0.5)
    counts = rng.poisson(rng.gamma(shape, rate / shape)) + np.floor(points)
    values = _outages(rng, counts.astype(np.float64))
    return Series(times, values, Labelled(rows, _windows(rng, onsets, rows)), onsets)


def _rhythm(rng: np.random.Generator, times: Floats) -> Floats:
    """Daily and weekly rhythm around 1; in one series of four it changes halfway."""
    hour, weekend = times % 86_400 / 3600, (times // 86_400 + 3) % 7 >= 5
    daily = _daily(rng, hour, weekend)
    if rng.random() < 0.25:
        change = int(rng.uniform(0.3, 0.8) * times.size)
        daily[change:] = _daily(rng, hour, weekend)[change:]
    return daily


def _daily(rng: np.random.Generator, hour: Floats, weekend: NDArray[np.bool_]) -> Floats:
    swing, phase = rng.uniform(0.3, 1.1), rng.uniform(0, 24)
    log = swing * np.sin(2 * np.pi * (hour - phase) / 24) + 0.3 * swing * np.sin(4 * np.pi * (hour - phase) / 24)
    if rng.random() < 0.6:
        market = (hour >= 14.5) & (hour < 21) & ~weekend
        opening = (hour >= 14.5) & (hour < 15) & ~weekend
        log += rng.uniform(0.2, 1.0) * market + rng.uniform(0.0, 0.6) * opening
    rate = np.exp(log) * np.where(weekend, rng.uniform(0.4, 1.0), 1.0)
    return np.asarray(rate / rate.mean())


def _drift(rng: np.random.Generator, rows: int) -> Floats:
    """Slow noise of hours and days around 1, and at times a shift of level that stays."""
    log = np.zeros(rows)
    for memory, spread in ((rng.uniform(6, 40), rng.uniform(0.05, 0.3)), (3 * DAY, rng.uniform(0.05, 0.25))):
        keep = np.exp(-1 / memory)
        noise = rng.normal(0, spread * np.sqrt(1 - keep**2), rows)
        total = 0.0
        for i in range(rows):
            total = noise[i] = keep * total + noise[i]
        log += noise
    for _ in range(rng.poisson(0.4)):
        log[rng.integers(rows) :] += rng.normal(0, 0.35)
    return np.exp(log)


def _points(rng: np.random.Generator, rows: int) -> Floats:
    """Isolated rows of extra counts, in levels: 0.05 to 4 a day, a tail of index 1.3 to 3."""
    points = np.zeros(rows)
    number = rng.poisson(np.exp(rng.uniform(np.log(0.05), np.log(4))) * rows / DAY)
    heights = 1.5 * (1 + rng.pareto(rng.uniform(1.3, 3.0), number))
    points[rng.integers(rows, size=number)] = np.minimum(heights, 60)
    return points


def _bursts(
    rng: np.random.Generator, rows: int, chance: float, height: tuple[float, float], fall: tuple[float, float]
) -> Floats:
    extra = np.zeros(rows)
    for start in np.flatnonzero(rng.random(rows) < chance):
        _add(extra, int(start), rng.uniform(*height), rng.uniform(*fall), int(rng.integers(1, 6)))
    return extra


def _add(extra: Floats, start: int, height: float, fall: float, rise: int) -> None:
    """A linear rise of some rows, then an exponential fall."""
    age = np.arange(extra.size - start)
    extra[start:] += height * np.minimum((age + 1) / rise, np.exp(-np.maximum(age - rise + 1, 0) / fall))


def _onsets(rng: np.random.Generator, rows: int) -> tuple[int, ...]:
    number = int(rng.integers(2, 6))
    while True:
        drawn = np.sort(rng.uniform(0.08, 0.96, number) * rows).astype(int)
        if number == 1 or np.diff(drawn).min() > 0.11 * rows / number:
            return tuple(drawn.tolist())


def _surge(
    rng: np.random.Generator, onset: int, level: float, usual: Floats, rate: Floats, points: Floats
) -> tuple[Floats, Floats]:
    """The rate and the isolated counts with a labelled surge at ``onset``."""
    kind, rate, points = rng.random(), rate.copy(), points.copy()
    if kind < 0.55:
        extra = np.zeros(rate.size)
        _add(extra, onset, float(np.exp(rng.uniform(np.log(3), np.log(25)))), rng.uniform(12, 120), rng.integers(1, 5))
        rate += extra * 0.5 * (level + usual)
    elif kind < 0.75:
        beyond = max(float(points[:onset].max(initial=0.0)), 4 * level)
        points[onset : onset + int(rng.integers(1, 4))] += rng.uniform(1.1, 3.0) * beyond
    elif kind < 0.9:
        last = onset + int(rng.uniform(72, 288))
        rate[onset:last] *= rng.uniform(1.8, 4.0)
    else:
        extra = np.zeros(rate.size)
        _add(extra, onset, rng.uniform(3, 12), rng.uniform(12, 60), 2)
        rate += extra * usual
    return rate, points


def _outages(rng: np.random.Generator, counts: Floats) -> Floats:
    """Some hours at zero, some rows missing."""
    for _ in range(rng.poisson(0.7)):
        first = int(rng.integers(counts.size))
        counts[first : first + int(rng.uniform(3, 72))] = 0
    counts[rng.random(counts.size) < rng.choice([0.0, 0.001])] = np.nan
    return counts


def _windows(rng: np.random.Generator, onsets: tuple[int, ...], rows: int) -> tuple[tuple[int, int], ...]:
    width = int(0.1 * rows / len(onsets))
    windows: list[tuple[int, int]] = []
    for onset in onsets:
        first = onset - width // 2 + int(rng.uniform(-0.2, 0.2) * width)
        first = max(first, windows[-1][1] + 1 if windows else 0)
        windows.append((first, min(first + width, rows) - 1))
    return tuple(window for window in windows if window[0] >= Labelled(rows, ()).probation)
