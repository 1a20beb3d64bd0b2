"""The confirmed test: do some narratives grow after the events of one calendar more than after placebo calendars?

Here: placebo moves, the calendar statistic, its p-value against placebo calendars, effects with placebo intervals.
Not here: the scores it sums (``calendar_counts``), the probability that a link is real (``calibration``), correction
over several calendars (``placebo.benjamini_hochberg``).

A calendar that grows is tested at 10, 20 and 40 events and at .05/3 each time (Bonferroni over the looks); at any
other number of events the p-value is void. Method: docs/method/confirmed-links.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, Field, Floats, Slots

MIN_EVENTS = 10  # a calendar with fewer can only be explored
MIN_PLACEBO_DAYS = 10  # days that events could have fallen on; with fewer a calendar is not tested
ERA_DAYS = 182
CLUSTER_SLOTS = 24 * HOUR_SLOTS  # events less than 24 h after the first of a cluster move with it
PLACEBOS = 1999
CENTRING = 300
LEVEL = 0.05

_SD_FLOOR = 0.5  # of sqrt(events); in a record where hardly anything varies
_DRAW_BLOCK = 512
_REDRAWS = 12  # of clusters that fell upon others; in a crowded record some stay where they fell
_MIN_LIFT = 0.1  # share of the effect; a placebo calendar that holds nearly all of it says nothing of its size
_WEEKEND = 5


@dataclass(frozen=True, eq=False)
class Cluster:
    """Events that are moved as one, and by how many slots they can move; 0, the real place, is among the moves."""

    events: NDArray[np.int64]  # positions in the calendar
    moves: Slots  # ascending
    days: int  # distinct days among the moves


@dataclass(frozen=True, eq=False)
class Placebos:
    """Where each event of a calendar lies, and could lie."""

    slots: Slots  # (n,) the real ones, ascending
    clusters: tuple[Cluster, ...]

    @property
    def days(self) -> int:
        """The days that the middle cluster could have fallen on; one with few, as over a Friday and Saturday, is fixed
        in its place and only costs power."""
        return int(np.median([cluster.days for cluster in self.clusters]))

    def field_slots(self) -> Slots:
        """Every slot that any event can lie in, ascending."""
        reached = [np.add.outer(self.slots[c.events], c.moves).ravel() for c in self.clusters]
        return np.unique(np.concatenate(reached))

    def draw(self, count: int, rng: np.random.Generator, apart: int) -> Slots:
        """(count, n) slots of ``count`` placebo calendars.

        Clusters lie ``apart`` slots or more from each other, as the real ones do: sums over the same window twice
        would vary more than any real calendar's.
        """
        drawn = np.empty((count, self.slots.size), dtype=np.int64)
        placed = np.zeros(0, dtype=np.int64)
        for i in rng.permutation(len(self.clusters)).tolist():
            cluster = self.clusters[i]
            left = np.arange(count)
            for _ in range(_REDRAWS):
                move = cluster.moves[rng.integers(cluster.moves.size, size=left.size)]
                at = self.slots[cluster.events] + move[:, None]
                drawn[left[:, None], cluster.events] = at
                left = left[_collides(drawn[left[:, None], placed], at, apart)]
                if not left.size:
                    break
            placed = np.append(placed, cluster.events)
        return drawn


@dataclass(frozen=True, eq=False)
class Centre:
    """Mean, sd and skewness of a calendar's sums under the placebo, (K,) each."""

    mean: Floats
    sd: Floats
    skew: Floats
    tested: NDArray[np.bool_]  # (K,) False where too few events are unrelated to the narrative

    def scores(self, sums: Floats) -> Floats:
        """Normal scores of sums (..., K) by a Pearson III tail; -inf where the narrative is not tested.

        The Wilson-Hilferty cube root makes a Pearson III variable normal to a few hundredths; the rank against
        placebo calendars, which uses the same map, does not depend on it.
        """
        x = (sums - self.mean) / self.sd
        g = np.where(np.abs(self.skew) < 1e-3, 1e-3, self.skew)
        score = 6.0 / g * (np.cbrt(np.maximum(g * x / 2.0 + 1.0, 0.0)) - 1.0) + g / 6.0
        return np.where(self.tested, score, -np.inf)


@dataclass(frozen=True, eq=False)
class CalendarTest:
    """The outcome for one calendar of n events and K narratives."""

    p: float  # of the calendar: (1 + placebo calendars with at least as high a maximum) / (B + 1)
    score: Floats  # (K,) normal scores; -inf where not tested
    narrative_p: Floats  # (K,) the same for each narrative, against the maximum: corrected for the choice among K
    effect: Floats  # (K,) items above chance per event
    effect_low: Floats  # (K,) 95 % interval
    effect_high: Floats
    share: Floats  # (K,) the effect over all items of the same windows
    events: NDArray[np.int64]  # (K,) events that are not related to the narrative
    real_sums: Floats  # (K,)
    placebo_max: Floats  # (B,)
    centre: Centre
    placebo_sums: Floats  # (B, K)
    placebo_rows: NDArray[np.int64]  # (B, n) rows of the field

    @property
    def best(self) -> int:
        """The narrative with the highest score."""
        return int(np.argmax(self.score))

    @property
    def margin(self) -> Floats:
        """(K,) how far each score is above the median placebo maximum."""
        return self.score - float(np.median(self.placebo_max))


def placebos(slots: Slots, usable: NDArray[np.bool_], jitter: int) -> Placebos:
    """The moves of every event that keep the hour, the weekday class (Monday-Friday or weekend) and the era.

    Args:
        slots: (n,) ascending, n >= 1, all usable; slot 0 is a midnight UTC of a Thursday (1970-01-01) plus whole weeks.
        usable: (T,) the slots of the tested era in which windows were fully observed.
        jitter: slots by which the hour may differ, either way.
    """
    return Placebos(slots, tuple(_cluster(slots, members, usable, jitter) for members in _clusters(slots)))


def run_test(
    field: Field,
    where: Placebos,
    unrelated: NDArray[np.bool_],
    own: Floats,
    seed: int | tuple[int, ...],
    draws: int = PLACEBOS,
    centring: int = CENTRING,
) -> CalendarTest:
    """Test one calendar.

    Args:
        field: scores at (at least) ``where.field_slots()``.
        unrelated: (n, K) the gate: narratives that are not an event's own subject, fixed before looking.
        own: (n, K) items in the real windows that report the event itself; they are taken out of the real count and
            out of no placebo's, which can only make a link harder to find.
        seed: of the draws; events in the order of ``where.slots``.
    """
    rng = np.random.default_rng(seed)
    gate = unrelated.astype(np.float32)
    events = unrelated.sum(axis=0).astype(np.int64)
    tested = events >= max(1, where.slots.size // 3)
    narratives = np.arange(gate.shape[1])[None, :]
    real = field.rows(where.slots)
    apart = field.baseline.span
    centre = _centre(_sums(field.score, field.rows(where.draw(centring, rng, apart)), gate), field, events, tested)
    rows = field.rows(where.draw(draws, rng, apart))
    sums = _sums(field.score, rows, gate)
    scores = centre.scores(sums)
    highest = scores.max(axis=1)
    real_scores = field.score[real].astype(np.float64)
    if own.any():
        reduced = field.rescored(real[:, None], narratives, -own)
        real_scores = np.where(own > 0, np.minimum(reduced, real_scores), real_scores)
    real_sums = (real_scores * gate).sum(axis=0)
    score = centre.scores(real_sums)
    ranked = np.sort(highest)
    beaten = draws - np.searchsorted(ranked, np.round(score, 9) - 1e-9, side="left")
    narrative_p = np.where(tested, (1.0 + beaten) / (draws + 1.0), 1.0)
    effect, low, high = _effects(field, rows, real, gate, own, events)
    share = effect / np.maximum(field.total[real].mean(dtype=np.float64), 1e-9)
    return CalendarTest(
        float(narrative_p.min()), score, narrative_p, effect, low, high, share, events,
        real_sums, highest, centre, sums, rows,
    )  # fmt: skip


def weekday_class(slots: Slots) -> NDArray[np.bool_]:
    """Whether each slot lies on a Saturday or Sunday; day 0 is a Thursday."""
    weekend: NDArray[np.bool_] = (slots // DAY_SLOTS + 3) % 7 >= _WEEKEND
    return weekend


def _clusters(slots: Slots) -> list[NDArray[np.int64]]:
    """Positions of the events, cut wherever one lies 48 h or more after the first of its cluster."""
    found: list[list[int]] = []
    for i, slot in enumerate(slots.tolist()):
        if found and slot - int(slots[found[-1][0]]) < CLUSTER_SLOTS:
            found[-1].append(i)
        else:
            found.append([i])
    return [np.array(members, dtype=np.int64) for members in found]


def _cluster(slots: Slots, members: NDArray[np.int64], usable: NDArray[np.bool_], jitter: int) -> Cluster:
    days = np.arange(-ERA_DAYS, ERA_DAYS + 1) * DAY_SLOTS
    at = slots[members]
    alike = (weekday_class(np.add.outer(days, at)) == weekday_class(at)).all(axis=1)
    moves = np.add.outer(days[alike], np.arange(-jitter, jitter + 1)).ravel()
    reached = np.add.outer(moves, at)
    inside = ((reached >= 0) & (reached < usable.size)).all(axis=1)
    moves, reached = moves[inside], reached[inside]
    moves = moves[usable[reached].all(axis=1)]
    return Cluster(members, moves, np.unique((moves + jitter) // DAY_SLOTS).size)


def _collides(placed: Slots, at: Slots, apart: int) -> NDArray[np.bool_]:
    """(C,) whether some event of a row of ``at`` (C, m) lies less than ``apart`` from one of ``placed`` (C, p)."""
    if not placed.shape[1]:
        return np.zeros(len(at), dtype=np.bool_)
    near: NDArray[np.bool_] = (np.abs(placed[:, :, None] - at[:, None, :]) < apart).any(axis=(1, 2))
    return near


def _centre(sums: Floats, field: Field, events: NDArray[np.int64], tested: NDArray[np.bool_]) -> Centre:
    """Mean of each narrative, and one variance per event for all of them.

    Scores are standardised, so narratives differ little in it; a narrative's own would be raised by the very effect
    that is looked for, as part of it lies in the placebo windows. The rank needs no more than the same map for all.
    """
    many = np.maximum(events, 1).astype(np.float64)
    shared = float(np.median((sums.var(axis=0) / many)[tested])) if tested.any() else 1.0
    sd = np.sqrt(many * max(shared, _SD_FLOOR**2))
    return Centre(sums.mean(axis=0), sd, field.skew / np.sqrt(many), tested)


def _sums(matrix: NDArray[np.float32], rows: NDArray[np.int64], gate: NDArray[np.float32]) -> Floats:
    """(B, K) the sum over events of the gated rows of ``matrix`` (S, K) or (S, 1), for (B, n) rows."""
    total = np.zeros((len(rows), gate.shape[1]))
    for low in range(0, len(rows), _DRAW_BLOCK):  # blocks that stay in the cache
        part = total[low : low + _DRAW_BLOCK]
        for event in range(rows.shape[1]):
            part += matrix[rows[low : low + _DRAW_BLOCK, event]] * gate[event]
    return total


def _effects(
    field: Field,
    rows: NDArray[np.int64],
    real: NDArray[np.int64],
    gate: NDArray[np.float32],
    own: Floats,
    events: NDArray[np.int64],
) -> tuple[Floats, Floats, Floats]:
    """Mean items above chance per event, with its 95 % interval.

    Placebo windows that overlap real ones hold a part of the effect, so the interval inverts the test (Lehmann 1963):
    an effect x is inside where, x taken out of every real window and out of the parts of them that a placebo window
    holds, the real mean is no outlier among the placebo means. For one placebo calendar the two are equal at
    (real - placebo) / (1 - part held), and the interval runs from the 2.5 % to the 97.5 % quantile of that.
    """
    many = np.maximum(events, 1)
    overlap = _overlap(field, field.slots[real])[:, None]
    found = ((field.excess[real].astype(np.float64) - own) * gate).sum(axis=0) / many
    held = (overlap[real].astype(np.float64) * gate).sum(axis=0) / many
    chance = _sums(field.excess, rows, gate) / many
    lift = held - _sums(overlap, rows, gate) / many
    effect = (found - chance.mean(axis=0)) / np.maximum(lift.mean(axis=0), _MIN_LIFT)
    equal = np.where(lift > _MIN_LIFT, (found - chance) / np.maximum(lift, _MIN_LIFT), np.nan)
    low, high = _quantiles(equal)
    return effect, np.minimum(low, effect), np.maximum(high, effect)


def _quantiles(values: Floats) -> tuple[Floats, Floats]:
    """2.5 % and 97.5 % quantiles of each column (B, K), nan left out; 0 where all of them are."""
    order = np.sort(values, axis=0)  # nan last
    known = np.sum(~np.isnan(values), axis=0)
    last = np.maximum(known - 1, 0)
    low, high = (order[np.rint(q * last).astype(np.int64), np.arange(last.size)] for q in (0.025, 0.975))
    return np.where(known > 0, low, 0.0), np.where(known > 0, high, 0.0)


def _overlap(field: Field, real: Slots) -> NDArray[np.float32]:
    """(S,) how many real windows lie in the window of each slot of the field, parts counted as parts."""
    span = field.baseline.span
    share = np.zeros(field.slots.size)
    for slot in real.tolist():
        low, high = np.searchsorted(field.slots, [slot - span, slot + span])
        share[low:high] += 1.0 - np.abs(field.slots[low:high] - slot) / span
    return share.astype(np.float32)
