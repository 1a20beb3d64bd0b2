"""How many items each storyline gets in each minute of the eight days.

Here: time of day, life cycles and natural bursts, as expected counts. Not here: items, wording, anything planted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latticeforge.demo.content import Story
from latticeforge.demo.variant import HISTORY_DAYS

DAY_MINUTES = 1440
DAYS = HISTORY_DAYS + 1
MINUTES = DAYS * DAY_MINUTES
Counts = NDArray[np.float64]

_PEAK_HOUR = {"us": 17.5, "eu": 12.5, "asia": 6.5, "au": 3.0}  # UTC
_NIGHT = 0.22  # share of the peak rate that is left at the quietest hour
_BURSTS_A_DAY = 4.5


def diurnal(home: str) -> Counts:
    """Rate over the minutes of one day, shape (1440,), mean 1; what is told to the world sleeps with the world."""
    hours = np.arange(DAY_MINUTES) / 60
    awake = _bump(hours, _PEAK_HOUR[home], 1.6)
    newsrooms = _bump(hours, 15.0, 1.2)  # most of the publishers sit between London and San Francisco
    shape = _NIGHT + 0.55 * awake + 0.45 * newsrooms
    return np.asarray(shape / shape.mean())


def _bump(hours: Counts, peak: float, sharpness: float) -> Counts:
    return np.asarray(np.exp(sharpness * (np.cos((hours - peak) * (2 * np.pi / 24)) - 1)))


def expected_items(stories: Sequence[Story], totals: Sequence[float], rng: np.random.Generator) -> Counts:
    """Expected items, shape (stories, MINUTES); the sum over each day is its entry in ``totals`` (items)."""
    rates = np.stack([_story_rate(story, rng) for story in stories])
    for day, total in enumerate(totals):
        minutes = slice(day * DAY_MINUTES, (day + 1) * DAY_MINUTES)
        bursts = _bursts(len(stories), total, rng)
        rates[:, minutes] *= max(total - bursts.sum(), 0.0) / rates[:, minutes].sum()
        rates[:, minutes] += bursts
    return np.round(rates, 9)  # so that the last bit of a machine's exp() cannot reach a draw


def _story_rate(story: Story, rng: np.random.Generator) -> Counts:
    weight = rng.lognormal(0.0, 0.6)
    return np.asarray(weight * _life(rng) * np.tile(diurnal(story.home), DAYS))


def _life(rng: np.random.Generator) -> Counts:
    """Steady with better and worse days, or a story that begins, peaks and fades."""
    if rng.random() < 0.5:
        return np.repeat(rng.lognormal(0.0, 0.25, DAYS), DAY_MINUTES)
    hours = np.arange(MINUTES) / 60 - rng.uniform(-24, 24 * (DAYS - 0.3))
    ramp, half_life = rng.uniform(2, 6), rng.uniform(12, 48)
    rise = np.clip(hours / ramp, 0, 1)
    fade = np.exp2(-np.clip(hours - ramp, 0, None) / half_life)
    return np.asarray(0.05 + 2.5 * rise * fade)


def _bursts(stories: int, total: float, rng: np.random.Generator) -> Counts:
    """Breaking news of one day, shape (stories, 1440): a ramp of minutes, a decay of an hour or so."""
    counts = np.zeros((stories, DAY_MINUTES))
    for _ in range(rng.poisson(_BURSTS_A_DAY)):
        story, start = int(rng.integers(stories)), int(rng.integers(DAY_MINUTES))
        size = total * min(0.003 * (1 + rng.pareto(2.2)), 0.014)
        counts[story] += size * _burst_shape(start, rng.uniform(5, 14), rng.uniform(25, 90))
    return counts


def _burst_shape(start: int, ramp: float, decay: float) -> Counts:
    minutes = np.arange(DAY_MINUTES) - start
    since = np.clip(minutes, 0, None)
    shape = np.where(minutes < 0, 0.0, (1 - np.exp(-since / ramp)) * np.exp(-since / decay))
    return np.asarray(shape / max(float(shape.sum()), 1e-9))
