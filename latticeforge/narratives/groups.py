"""One event: is the largest group of same-story items after it rarer than in other slots, at that hour and at any?

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

from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, WINDOW_SLOTS, Floats, Slots
from latticeforge.narratives.calendar_test import weekday_class
from latticeforge.narratives.calibration import BASE_RATE, Calibration

THETAS = (0.5, 0.65, 0.8)  # cosines: a story in its own words, one in similar words, near copies
MIN_GROUP = 3
EFFECT_TIMES = (3.0, 10.0)  # an injected group, in usual largest groups of a slot (one item in a quiet feed): uniform
_BORROWED = 3.0  # slots of any hour that count as slots of the same hour
_HOURS = 24
_INJECTED = 1000
_EQUAL = 1e-13
_MOST_BEYOND = 1000.0  # items; no smaller share is told apart

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Group:
    """The largest groups of the n items of a window."""

    sizes: Floats  # (3,) items within each theta of one of them, itself counted
    delay: float  # mean share of the window that had passed when the items of the loosest group came, in [0, 1]
    closest: float  # largest cosine of two of the items, 0 with fewer: parts slots with groups of equal size
    members: tuple[Ints, ...]  # rows of each of the three


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
    effect: float  # items above the mean largest group of the slots at this hour, at that theta
    effect_low: float  # minus the 97.5 % and 2.5 % quantiles
    effect_high: float
    likelihood: float  # that the group is no chance, at the stated base rate
    likelihood_low: float
    likelihood_high: float


def group_test(groups: Sequence[Group], slots: Slots, real: int, seed: int | tuple[int, ...]) -> GroupTest:
    """Rank the real slot among all slots (at least one), each measured by what is rare at its own hour.

    A slot's statistic is its greatest rarity over the thetas (``_Field.rarity``); of equal slots the one whose group
    came sooner counts more. Other ties count against the event.

    Slots whose windows overlap the real one hold its group too. They count in p as any other day's do, or a rank among
    overlapping slots would claim too much. They say nothing of what chance does without the event, and so have no part
    in effect and likelihood.

    Args:
        slots: (m + 1,) five-minute slots of the groups, ascending, at the same minute of the hour; slot 0 is a midnight
            UTC of a Thursday.
        real: position of the event's.
    """
    field = _Field.of(groups, slots)
    everyone = np.arange(slots.size)
    rarity = field.rarity(field.sizes, everyone)
    statistic = field.statistic(rarity, field.sizes, everyone)
    far = np.abs(slots - slots[real]) >= WINDOW_SLOTS
    m = slots.size - 1
    rivals = int(np.sum(statistic >= statistic[real] - _EQUAL)) - 1
    theta = int(np.argmax(rarity[real]))
    alike = field.sizes[far & field.alike(real), theta]
    alike = alike if alike.size else field.sizes[far, theta]
    size, (low, high) = float(field.sizes[real, theta]), np.quantile(alike, [0.025, 0.975])
    effect = size - float(alike.mean()), size - float(high), size - float(low)
    fitted = _calibration(field, statistic, np.flatnonzero(far), seed).cautious(float(statistic[real]))
    return GroupTest((1.0 + rivals) / (m + 1.0), m, theta, *effect, *fitted)


@dataclass(frozen=True, eq=False)
class _Field:
    """The largest groups of all slots, and how rare a size is at the hour of each."""

    slots: Slots  # (s,)
    sizes: Floats  # (s, 3)
    ties: Floats  # (s,) how soon the group came, then how close its closest pair is, in [0, 1]
    hour: Ints  # (s,) of the day, and 24 more on weekends
    reach: int  # how many places away a slot can be that overlaps

    @classmethod
    def of(cls, groups: Sequence[Group], slots: Slots) -> _Field:
        ties = np.array([0.99 * (1.0 - g.delay) + 0.01 * g.closest for g in groups])
        hour = slots % DAY_SLOTS // HOUR_SLOTS + _HOURS * weekday_class(slots)
        last = np.searchsorted(slots, slots + WINDOW_SLOTS, side="left") - 1
        reach = int((last - np.arange(slots.size)).max())
        return cls(slots, np.stack([g.sizes for g in groups]), ties, hour, reach)

    def alike(self, at: int) -> NDArray[np.bool_]:
        """(s,) slots of the same hour +- 1 h and weekday class."""
        return np.isin(self.hour, _around(int(self.hour[at])))

    def statistic(self, rarity: Floats, sizes: Floats, at: Ints) -> Floats:
        """(n,) greatest rarity; equal ones are parted by the other thetas, then by size, then by ``ties``."""
        ordered: Floats = rarity.max(axis=1) + 1e-3 * rarity.sum(axis=1) + 1e-4 * (sizes / (1.0 + sizes)).sum(axis=1)
        return ordered + 1e-7 * self.ties[at]

    def rarity(self, sizes: Floats, at: Ints) -> Floats:
        """(n, 3) -log10 of the share of slots with groups of at least ``sizes`` (n, 3), seen from slots ``at``.

        The share is that of the same hour +- 1 h and weekday class, with that of all slots as ``_BORROWED`` slots more:
        what is usual differs by hour, and beyond what an hour has seen only all hours together can tell. Slots that
        overlap the one in question do not count, whichever it is, so that the rank stays exact; beyond all the others
        each item more halves the share.
        """
        everywhere = np.ones((1, self.slots.size), dtype=np.bool_)
        one = np.zeros(at.size, dtype=np.int64)
        seen, of = self._larger(sizes, at, everywhere, one)
        top = self._top(at)
        pooled = np.where(seen > 0, seen, 0.5 ** np.clip(sizes - top, 1.0, _MOST_BEYOND)) / np.maximum(of, 1)[:, None]
        hours = np.arange(2 * _HOURS)
        same = np.stack([np.isin(self.hour, _around(int(h))) for h in hours])
        seen, of = self._larger(sizes, at, same, self.hour[at])
        return -np.log10((seen + _BORROWED * pooled) / (of + _BORROWED)[:, None])

    def _larger(self, sizes: Floats, at: Ints, classes: NDArray[np.bool_], which: Ints) -> tuple[Floats, Floats]:
        """((n, 3) slots of the class of each with groups at least as large, (n,) slots), without those that overlap."""
        seen = np.zeros(sizes.shape)
        of = classes.sum(axis=1)[which].astype(np.float64)
        for c in np.unique(which):
            mine = which == c
            for theta in range(len(THETAS)):
                held = np.sort(self.sizes[classes[c], theta])
                seen[mine, theta] = held.size - np.searchsorted(held, sizes[mine, theta], side="left")
        for other, overlaps in self._overlapping(at):
            counts = overlaps & classes[which, other]
            seen -= counts[:, None] & (self.sizes[other] >= sizes)
            of -= counts
        return seen, of

    def _top(self, at: Ints) -> Floats:
        """(n, 3) the largest groups of slots that do not overlap each."""
        order = np.argsort(-self.sizes, axis=0, kind="stable")[: 2 * self.reach + 2]
        top = np.zeros((at.size, len(THETAS)))
        for rank in order[::-1]:
            far = np.abs(self.slots[rank][None, :] - self.slots[at][:, None]) >= WINDOW_SLOTS
            top = np.where(far, self.sizes[rank, np.arange(len(THETAS))], top)
        return top

    def _overlapping(self, at: Ints) -> list[tuple[Ints, NDArray[np.bool_]]]:
        """For each offset, the slots that far away and whether they overlap."""
        found = []
        for offset in range(-self.reach, self.reach + 1):
            other = np.clip(at + offset, 0, self.slots.size - 1)
            held = (at + offset == other) & (np.abs(self.slots[other] - self.slots[at]) < WINDOW_SLOTS)
            found.append((other, held))
        return found


def _around(hour: int) -> list[int]:
    """The hours before and after on the clock, of the same weekday class.

    >>> _around(24)
    [47, 24, 25]
    """
    return [hour // _HOURS * _HOURS + (hour + step) % _HOURS for step in (-1, 0, 1)]


def _calibration(field: _Field, statistic: Floats, far: Ints, seed: int | tuple[int, ...]) -> Calibration:
    """Placebo slots as they are, and with a group put into them, at the stated base rate.

    A story in its own words: all its items lie within the first theta of one of them, half within the second, and up
    to half are near copies. It counts as real where it is the group that makes its slot rare.
    """
    rng = np.random.default_rng(seed)
    slot = rng.choice(far, size=_INJECTED)
    usual = max(float(np.median(field.sizes[far, 0])), 1.0)
    items = np.round(usual * rng.uniform(*EFFECT_TIMES, size=_INJECTED))
    copies = np.maximum(np.floor(items * rng.uniform(0.0, 0.5, size=_INJECTED)), 1.0)
    put = np.stack([items, np.maximum(np.ceil(items / 2.0), copies), copies], axis=1)
    sizes = np.maximum(field.sizes[slot], put)
    rarity = field.rarity(sizes, slot)
    theta = rarity.argmax(axis=1)[:, None]
    found = np.take_along_axis(put > field.sizes[slot], theta, axis=1)[:, 0]
    null = statistic[far]
    return Calibration(
        np.concatenate([null, field.statistic(rarity, sizes, slot)]),
        np.concatenate([np.zeros(null.size), found.astype(np.float64)]),
        np.concatenate([np.full(null.size, (1 - BASE_RATE) / null.size), np.full(_INJECTED, BASE_RATE / _INJECTED)]),
    )
