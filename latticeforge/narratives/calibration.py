"""How likely a calendar's link is real, from effects put into its own placebo calendars.

Here: injected effects, the isotonic map from a score to a probability, its Venn-Abers range. Not here: the test
(``calendar_test``) and the likelihood of single events (``scores``).

The probability holds at a stated base rate and for a stated prior of effects, both named in every report. It says that
counts grew after the events; it says nothing of why. Method: docs/method/confirmed-links.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from latticeforge.narratives.calendar_counts import Field, Floats
from latticeforge.narratives.calendar_test import CalendarTest

BASE_RATE = 0.05  # share of calendars that hold a real effect: stated, not measured
EFFECT_SD = (1.0, 3.0)  # of an effect, in sd of the narrative's two-hour count: uniform
EFFECT_SHARE = (0.3, 1.0)  # of the events that it follows: uniform
INJECTED = 1000


@dataclass(frozen=True, slots=True)
class EffectPrior:
    """What real effects are taken to look like."""

    sd: tuple[float, float] = EFFECT_SD
    share: tuple[float, float] = EFFECT_SHARE


@dataclass(frozen=True, eq=False)
class Calibration:
    """The map from a margin (score minus median placebo maximum) to a probability."""

    margin: Floats  # (m,)
    real: Floats  # (m,) 1 where the best narrative was the one with the effect
    weight: Floats  # (m,) so that the base rate holds

    def likelihood(self, margin: float) -> tuple[float, float, float]:
        """Probability, and the lower and upper of the Venn-Abers pair (Vovk & Petej 2014); low <= p <= high.

        The pair are the isotonic fits with the new case taken once as no link and once as a link.
        """
        p0, p1 = (self._fitted(margin, label) for label in (0.0, 1.0))
        return p1 / (1.0 - p0 + p1), p0, p1

    def cautious(self, margin: float) -> tuple[float, float, float]:
        """The same, but the probability is the fit with the new case taken as no link and as a link at once.

        Where hardly any case lies, the pair is near (0, 1) and says 0.5 in the mean; this says what one case of either
        class is worth, about the base rate. Monotone in the margin, and low <= p <= high.
        """
        p0, p, p1 = (self._fitted(margin, *labels) for labels in ((0.0,), (0.0, 1.0), (1.0,)))
        return p, p0, p1

    def _fitted(self, margin: float, *labels: float) -> float:
        at = np.append(self.margin, [margin] * len(labels))
        real = np.append(self.real, labels)
        weight = np.append(self.weight, [self._own_weight(label) for label in labels])
        _, inverse = np.unique(np.round(at, 9), return_inverse=True)  # one value for equal margins
        mass = np.bincount(inverse, weights=weight)
        mean = np.bincount(inverse, weights=weight * real) / mass
        fitted = isotonic_regression(mean, weights=mass).x
        return float(np.clip(fitted[inverse[-1]], 0.0, 1.0))

    def _own_weight(self, label: float) -> float:
        """What one more case of a class would weigh."""
        return float(self.weight[-1] if label else self.weight[0])


def calibrate(
    test: CalendarTest,
    field: Field,
    unrelated: NDArray[np.bool_],
    seed: int | tuple[int, ...],
    base_rate: float = BASE_RATE,
    prior: EffectPrior = EffectPrior(),
) -> Calibration:
    """Calibrate one calendar on its own placebo calendars: as they are, and with an effect put into them.

    An effect adds items to one narrative after a share of the events, each rounded up or down at random so that the
    mean is right. A case counts as real where the narrative with the effect comes out on top.
    """
    margin, real = injected(test, field, unrelated, seed, prior)
    null = test.placebo_max - np.median(test.placebo_max)
    return Calibration(
        np.concatenate([null, margin]),
        np.concatenate([np.zeros(null.size), real]),
        np.concatenate(
            [np.full(null.size, (1.0 - base_rate) / null.size), np.full(margin.size, base_rate / margin.size)]
        ),
    )


def injected(
    test: CalendarTest, field: Field, unrelated: NDArray[np.bool_], seed: int | tuple[int, ...], prior: EffectPrior
) -> tuple[Floats, Floats]:
    """(margins, 1 where the narrative with the effect is on top) of placebo calendars with an effect each."""
    rng = np.random.default_rng(seed)
    count = min(INJECTED, len(test.placebo_sums))
    at = np.arange(count)
    narrative = rng.choice(np.flatnonzero(test.centre.tested), size=count)
    rows = test.placebo_rows[:count]
    size = rng.uniform(*prior.sd, size=count) * field.baseline.spread[narrative]
    hit = rng.random(rows.shape) < rng.uniform(*prior.share, size=count)[:, None]
    more = np.floor(size[:, None] + rng.random(rows.shape)) * hit
    column = np.broadcast_to(narrative[:, None], rows.shape)
    raised = field.rescored(rows, column, more) - field.score[rows, column]
    raised = np.where((more > 0) & unrelated[:, narrative].T, raised, 0.0).sum(axis=1)
    sums = test.placebo_sums[:count].copy()
    sums[at, narrative] += raised
    scores = test.centre.scores(sums)
    top = scores.argmax(axis=1)
    margin = scores[at, top] - np.median(test.placebo_max)
    return margin, (top == narrative).astype(np.float64)
