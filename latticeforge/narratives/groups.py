"""One event: is the largest group of same-story items after it rarer than at the same hour of other days?

Here: the size of the largest group in a window, its rank among placebo slots on both sides of the event, the
probability that it is no chance. Not here: live alarms, which know only the past (``links``), calendars of events
(``calendar_test``), and which slots there are (the callers).

It needs no baseline and no code book, finds few items in quiet feeds, and is what a live alarm is decided by once there
are slots on both sides. Method: docs/method/links.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.calibration import BASE_RATE, Calibration

THETAS = (0.5, 0.65, 0.8)  # cosines: a story in its own words, one in similar words, near copies
MIN_GROUP = 3
EFFECT_ITEMS = (3, 10)  # items of an injected group: uniform
_INJECTED = 1000
_EQUAL = 1e-13

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Group:
    """The largest groups of the n items of a window."""

    sizes: Floats  # (3,) items within each theta of one of them, itself counted
    delay: float  # mean share of the window that had passed when the items of the loosest group came, in [0, 1]
    closest: float  # largest cosine of two of the items, 0 with fewer: parts slots with groups of equal size
    members: tuple[NDArray[np.int64], ...]  # rows of each of the three


def largest_group(vectors: NDArray[np.float32], delay: Floats) -> Group:
    """The groups of unit rows (n, d); sizes 0 where there are none. The first of equal groups counts.

    Args:
        delay: (n,) share of the window that had passed when each item came, in [0, 1].
    """
    if not len(vectors):
        none = np.zeros(0, dtype=np.int64)
        return Group(np.zeros(len(THETAS)), 1.0, 0.0, (none,) * len(THETAS))
    cosine = np.round(vectors @ vectors.T, 5)
    near = [cosine >= np.float32(theta) for theta in THETAS]
    centre = [int(np.argmax(close.sum(axis=1))) for close in near]
    members = tuple(np.flatnonzero(close[i]) for close, i in zip(near, centre, strict=True))
    sizes = np.array([rows.size for rows in members], dtype=np.float64)
    np.fill_diagonal(cosine, 0.0)
    return Group(sizes, float(delay[members[0]].mean()), float(np.clip(cosine.max(), 0.0, 1.0)), members)


@dataclass(frozen=True, eq=False)
class GroupTest:
    """The outcome for one event and m placebo slots."""

    p: float  # (1 + slots at least as rare) / (m + 1)
    placebos: int
    theta: int  # index of the theta at which the real group is rarest
    effect: float  # items above the mean largest group of the placebo slots, at that theta
    effect_low: float  # minus the 97.5 % and 2.5 % quantiles
    effect_high: float
    likelihood: float  # that the group is no chance, at the stated base rate
    likelihood_low: float
    likelihood_high: float


def group_test(
    real: Group, placebo: Sequence[Group], overlapping: Sequence[Group], seed: int | tuple[int, ...]
) -> GroupTest:
    """Rank the real slot among the placebo slots (at least one).

    Rarity is -log10 of the share of the slots, the real one included, with a group at least as large; a slot's
    statistic is its greatest rarity over the thetas, and of equal slots the one whose group came sooner counts more.
    Other ties count against the event.

    Args:
        placebo: slots of other days.
        overlapping: slots whose windows overlap the real one. A group that lasts is in all of them, as any other day's
            is in all of that day's; they count in p, or a rank among overlapping slots would claim too much. They say
            nothing of what chance does without the event, and so have no part in effect and likelihood.
    """
    sizes = np.stack([real.sizes, *(g.sizes for g in placebo)])
    ties = _ties([real, *placebo])
    statistic = _statistic(sizes, sizes, ties)
    rivals = int(np.sum(statistic[1:] >= statistic[0] - _EQUAL))
    if overlapping:
        alike = np.stack([g.sizes for g in overlapping])
        near = _statistic(alike, sizes, _ties(overlapping))
        rivals += int(np.sum(near >= statistic[0] - _EQUAL))
    m = len(placebo) + len(overlapping)
    theta = int(np.argmax(_rarity(sizes[:1], sizes)))
    low, high = np.quantile(sizes[1:, theta], [0.025, 0.975])
    size, usual = float(sizes[0, theta]), float(sizes[1:, theta].mean())
    fitted = _calibration(sizes, ties, statistic, seed).likelihood(float(statistic[0]))
    return GroupTest((1.0 + rivals) / (m + 1.0), m, theta, size - usual, size - float(high), size - float(low), *fitted)


def _rarity(sizes: Floats, among: Floats) -> Floats:
    """(n, 3) -log10 of the share of ``among`` (s, 3) with groups at least as large; beyond all of them half a step."""
    at_least = np.stack(
        [len(among) - np.searchsorted(np.sort(among[:, i]), sizes[:, i], side="left") for i in range(sizes.shape[1])],
        axis=1,
    )
    beyond = sizes - among.max(axis=0)
    share = np.where(at_least > 0, at_least, 0.5 ** np.maximum(beyond, 1.0)) / len(among)
    return -np.log10(share)


def _statistic(sizes: Floats, among: Floats, ties: Floats) -> Floats:
    """(n,) greatest rarity; equal ones are parted by the other thetas, then by size, then by ``ties`` in [0, 1]."""
    rarity = _rarity(sizes, among)
    ordered: Floats = rarity.max(axis=1) + 1e-3 * rarity.sum(axis=1) + 1e-4 * (sizes / (1.0 + sizes)).sum(axis=1)
    return ordered + 1e-7 * ties


def _ties(groups: Sequence[Group]) -> Floats:
    """(n,) how soon the group came, then how close its closest pair is."""
    return np.array([0.99 * (1.0 - g.delay) + 0.01 * g.closest for g in groups])


def _calibration(sizes: Floats, ties: Floats, statistic: Floats, seed: int | tuple[int, ...]) -> Calibration:
    """Placebo slots as they are, and with a group of 3 to 10 items put into them, at the stated base rate.

    A story in its own words: all its items lie within the first theta of one of them, half within the second, and up
    to half are near copies.
    """
    rng = np.random.default_rng(seed)
    slot = rng.integers(1, len(sizes), size=_INJECTED)
    items = rng.integers(EFFECT_ITEMS[0], EFFECT_ITEMS[1] + 1, size=_INJECTED).astype(np.float64)
    copies = np.maximum(np.floor(items * rng.uniform(0.0, 0.5, size=_INJECTED)), 1.0)
    put = np.stack([items, np.maximum(np.ceil(items / 2.0), copies), copies], axis=1)
    raised = np.maximum(sizes[slot], put)
    margin = _statistic(raised, sizes, ties[slot])
    null = statistic[1:]
    return Calibration(
        np.concatenate([null, margin]),
        np.concatenate([np.zeros(null.size), (raised[:, 0] == items).astype(np.float64)]),
        np.concatenate([np.full(null.size, (1 - BASE_RATE) / null.size), np.full(_INJECTED, BASE_RATE / _INJECTED)]),
    )
