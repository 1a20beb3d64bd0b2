"""Counts of narratives in the hours after any instant, what to expect of them, and how unusual they are.

Here: cumulative counts on the five-minute grid, the baseline from six shares, its negative-binomial spread, normal
scores. Not here: which narratives there are (``codebook``) and what calendars make of the scores (``calendar_test``).

Time is a slot: five-minute steps since a midnight UTC. Slot i stands for the instant i * 5 min, and the window of
``span`` slots after it is (i, i + span]. Method: docs/method/confirmed-links.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln, ndtri

HOUR_SLOTS = 12
DAY_SLOTS = 288
WINDOW_SLOTS = 2 * HOUR_SLOTS  # the two hours after an event
SCORE_CAP = 5.0

LONG_SLOTS = 28 * DAY_SLOTS
TRAILING = ((24 * HOUR_SLOTS, 20.0), (6 * HOUR_SLOTS, 15.0), (2 * HOUR_SLOTS, 10.0))  # slots, pseudo-items
DAYS_BACK, WEEKS_BACK, EARLIER_PSEUDO = 7, 4, 20.0
PARTS = 6

_EM_ROUNDS = 200
_GRID_A = np.array([0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 5.0, 10.0, 20.0])
_GRID_B = np.array([0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5, 4.0])
_BLOCK = 2048
_BY_RECURSION = 40  # counts up to here are summed term by term, which beats the incomplete beta function

Floats = NDArray[np.float64]
Slots = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Panel:
    """Counts of K narratives by slot."""

    cumulative: NDArray[np.int64]  # (T + 1, K) items at or before each slot
    total: NDArray[np.int64]  # (T + 1,) the same for all narratives together
    narratives: int  # K of the whole panel, also where only some columns are held

    @classmethod
    def build(
        cls,
        slot: Slots,
        narrative: NDArray[np.int64],
        length: int,
        narratives: int,
        weight: NDArray[np.int64] | None = None,
    ) -> Panel:
        """From the slot (in 0..length) and narrative of each item; ``weight`` items a row, one if None."""
        counted = np.zeros((length + 1, narratives), dtype=np.int64)
        np.add.at(counted, (slot, narrative), 1 if weight is None else weight)
        cumulative = np.cumsum(counted, axis=0)
        return cls(cumulative, cumulative.sum(axis=1), narratives)

    def columns(self, chosen: NDArray[np.int64]) -> Panel:
        """Some narratives only, against the same total."""
        return Panel(self.cumulative[:, chosen], self.total, self.narratives)

    def counts(self, slots: Slots, span: int) -> tuple[Floats, Floats]:
        """Items in the window after each slot: (S, K), and of all narratives (S,)."""
        return self._between(slots, slots + span)

    def parts(self, slots: Slots, span: int) -> Floats:
        """(6, S, K) what each of the six shares makes one expect, from the items of the *other* narratives.

        A share s enters as odds s / (1 - s) times the others' items in the same window, so that an outage or a busy
        hour cancels and a surge does not raise its own expectation.
        """
        own, everything = self.counts(slots, span)
        others = everything[:, None] - own
        items, exposure = self._between(slots - LONG_SLOTS, slots)
        long = (items + 1.0) / (exposure[:, None] + self.narratives)
        shares = [long]
        for width, pseudo in TRAILING:
            shares.append(_shrunk(*self._between(slots - width, slots), long, pseudo))
        for back, times in ((DAY_SLOTS, DAYS_BACK), (7 * DAY_SLOTS, WEEKS_BACK)):
            shares.append(_shrunk(*self._earlier(slots, span, back, times), long, EARLIER_PSEUDO))
        share = np.minimum(np.stack(shares), 0.99)
        return share / (1.0 - share) * others

    def _between(self, low: Slots, high: Slots) -> tuple[Floats, Floats]:
        low, high = (np.clip(at, 0, len(self.total) - 1) for at in (low, high))
        return (
            (self.cumulative[high] - self.cumulative[low]).astype(np.float64),
            (self.total[high] - self.total[low]).astype(np.float64),
        )

    def _earlier(self, slots: Slots, span: int, back: int, times: int) -> tuple[Floats, Floats]:
        """The same window on earlier days or weeks, together."""
        items, exposure = np.zeros((slots.size, self.cumulative.shape[1])), np.zeros(slots.size)
        for n in range(1, times + 1):
            more, exposed = self._between(slots - n * back, slots - n * back + span)
            items += more
            exposure += exposed
        return items, exposure


@dataclass(frozen=True, eq=False)
class Baseline:
    """What the development part taught: expectation = weights . parts, variance = mu (1 + a) + b mu^2."""

    weights: Floats  # (6,) >= 0
    a: float
    b: float
    spread: Floats  # (K,) sd of (count - its mean at that hour of day): the unit "1 sd" of effects
    span: int  # slots

    def expected(self, parts: Floats) -> Floats:
        """(S, K) expected items, > 0."""
        return np.maximum(np.tensordot(self.weights, parts, axes=1), 1e-9)


def fit_baseline(panel: Panel, slots: Slots, span: int) -> Baseline:
    """Weights by Poisson EM, a and b by maximum likelihood on a grid, from windows of the development part.

    Args:
        slots: starts of windows that do not overlap, each with a past of its own; at least one.

    EM for non-negative weights of known parts: Shepp & Vardi 1982.
    """
    counts, _ = panel.counts(slots, span)
    parts = panel.parts(slots, span)
    y, x = counts.ravel(), parts.reshape(PARTS, -1)
    total = np.maximum(x.sum(axis=1), 1e-12)
    weights = np.full(PARTS, 1.0 / PARTS)
    for _ in range(_EM_ROUNDS):
        weights = weights * (x @ (y / np.maximum(weights @ x, 1e-12))) / total
    mu = np.maximum(weights @ x, 1e-9)
    fits = [(_log_likelihood(y, mu, a, b), -i, -j) for i, a in enumerate(_GRID_A) for j, b in enumerate(_GRID_B)]
    _, i, j = max(fits)
    return Baseline(weights, float(_GRID_A[-i]), float(_GRID_B[-j]), _spread(counts, slots), span)


@dataclass(frozen=True, eq=False)
class Field:
    """Scored slots: S of them, K narratives. Scores have mean 0 and sd 1 over the field in each narrative."""

    slots: Slots  # (S,) ascending
    counts: NDArray[np.float32]  # (S, K)
    expected: NDArray[np.float32]
    score: NDArray[np.float32]
    total: NDArray[np.float32]  # (S,) items of all narratives
    mean: Floats  # (K,) of the scores before they were standardised
    sd: Floats
    baseline: Baseline

    def rows(self, slots: Slots) -> NDArray[np.int64]:
        """Where the slots (any shape) are in the field, which must hold them."""
        return np.searchsorted(self.slots, slots)

    def rescored(self, rows: NDArray[np.int64], narrative: NDArray[np.int64], more: Floats) -> Floats:
        """The scores of some cells had there been ``more`` items in them (negative: fewer); arrays broadcast."""
        y = np.maximum(self.counts[rows, narrative] + more, 0.0)
        raw = normal_scores(y, self.expected[rows, narrative].astype(np.float64), self.baseline.a, self.baseline.b)
        return (raw - self.mean[narrative]) / self.sd[narrative]

    @cached_property
    def excess(self) -> NDArray[np.float32]:
        """(S, K) items above what was expected."""
        return self.counts - self.expected

    @cached_property
    def skew(self) -> Floats:
        """(K,) skewness of the scores."""
        cubed = self.score * self.score * self.score
        return np.asarray(cubed.mean(axis=0, dtype=np.float64))


def score_field(panel: Panel, baseline: Baseline, slots: Slots) -> Field:
    """Counts, expectations and scores at every one of ``slots`` (ascending, no slot twice)."""
    blocks = [_scored(panel, baseline, slots[low : low + _BLOCK]) for low in range(0, max(slots.size, 1), _BLOCK)]
    counts, expected, raw, total = (np.concatenate(column) for column in zip(*blocks, strict=True))
    mean = raw.mean(axis=0, dtype=np.float64) if slots.size else np.zeros(raw.shape[1])
    sd = np.maximum(raw.std(axis=0, dtype=np.float64), 1e-3) if slots.size else np.ones(raw.shape[1])
    score = ((raw - mean) / sd).astype(np.float32)
    return Field(slots, counts, expected, score, total, mean, sd, baseline)


def normal_scores(y: Floats, mu: Floats, a: float, b: float) -> Floats:
    """Mid-p upper negative-binomial tail of each count as a normal score in [-5, 5]; 0 where nothing was expected.

    The mid-p tail is P(Y > y) + P(Y = y) / 2 (Lancaster 1961).
    """
    shape = np.broadcast_shapes(y.shape, mu.shape)
    y, mu = (np.broadcast_to(v, shape).ravel() for v in (y, mu))
    upper = _mid_tail(y, mu, mu / (a + b * mu))
    upper = np.where((mu <= 1e-9) & (y == 0), 0.5, np.clip(upper, 1e-12, 1.0 - 1e-12))
    return np.clip(-ndtri(upper), -SCORE_CAP, SCORE_CAP).reshape(shape)


def _mid_tail(y: Floats, mu: Floats, size: Floats) -> Floats:
    """Negative binomial with mean mu and size r: P(Y > y) + P(Y = y) / 2, all flat and of one shape."""
    odds = mu / (mu + size)
    mass = np.exp(-size * np.log1p(mu / size))  # P(Y = 0)
    upper = 1.0 - 0.5 * mass  # right where y = 0
    few = (y > 0) & (y <= _BY_RECURSION)
    left = np.flatnonzero(few)
    below, mass, r, q = mass[left], mass[left], size[left], odds[left]
    for n in range(1, _BY_RECURSION + 1):
        if not left.size:
            break
        mass = mass * (r + (n - 1)) / n * q
        done = y[left] == n
        upper[left[done]] = 1.0 - below[done] - 0.5 * mass[done]
        go = ~done
        left, below, mass, r, q = left[go], (below + mass)[go], mass[go], r[go], q[go]
    many = np.flatnonzero(y > _BY_RECURSION)
    upper[many] = 0.5 * (betainc(y[many], size[many], odds[many]) + betainc(y[many] + 1.0, size[many], odds[many]))
    return upper


def _scored(panel: Panel, baseline: Baseline, slots: Slots) -> tuple[NDArray[np.float32], ...]:
    counts, total = panel.counts(slots, baseline.span)
    expected = baseline.expected(panel.parts(slots, baseline.span))
    raw = normal_scores(counts, expected, baseline.a, baseline.b)
    counts32, expected32, raw32, total32 = (v.astype(np.float32) for v in (counts, expected, raw, total))
    return counts32, expected32, raw32, total32


def _shrunk(items: Floats, exposure: Floats, toward: Floats, pseudo: float) -> Floats:
    return (items + pseudo * toward) / (exposure[:, None] + pseudo)


def _log_likelihood(y: Floats, mu: Floats, a: float, b: float) -> float:
    r = mu / (a + b * mu)
    terms = gammaln(y + r) - gammaln(r) - gammaln(y + 1.0) + r * np.log(r / (r + mu)) + y * np.log(mu / (r + mu))
    return float(terms.sum())


def _spread(counts: Floats, slots: Slots) -> Floats:
    """(K,) standard deviation of the counts around their mean at the same time of day."""
    hour = slots % DAY_SLOTS
    residual = counts.copy()
    for at in np.unique(hour):
        residual[hour == at] -= counts[hour == at].mean(axis=0)
    spread: Floats = residual.std(axis=0)
    return spread
