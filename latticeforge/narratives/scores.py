"""How likely a link is a pushed distraction, rather than an organic surge or a coincidence.

Here: weights, likelihood with its interval, fused beliefs, verdict. Not here: the features (``evidence``), the tests
(``links``) and the generator the weights were fitted on (``benchmarks/single_event.py``).

A likelihood says how a surge was carried and when. It says nothing of anybody's motive. Method: docs/method/scores.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.fusion import Fused, combine, support
from latticeforge.model import DISTRACTION_SCORE, Grade, Verdict
from latticeforge.narratives.amplification import Carriers, carriers
from latticeforge.narratives.evidence import DETECTORS, features

METHOD_VERSION = "2025.1"

BASE_RATE = 0.05  # share of pushed distractions among the links that pass the evidence floor: stated, not measured
IMITATION = 0.05  # share of the other links whose surge looks just as pushed (fan campaigns, alert systems): stated
PRIOR_SD = 0.45  # standard deviation of the log odds from those two: a factor of 2.4 either way at 95 %
# How far each detector's support is trusted before fusion: when a surge began, and how rare it is, fit many causes.
RELIABILITY = {"amplification": 0.9, "onset": 0.5, "diversity": 0.9, "rarity": 0.5, "timing": 0.5}
DETECTOR_LIMIT = 3.0  # one detector alone shifts the odds by at most e^3 = 20

MIN_EVIDENCE_ITEMS = 8
MAX_P = 0.05  # against the placebo slots of this window
MAX_Q = 0.10  # after correction for every test of this window
MIN_PLACEBOS = 24  # fewer slots cannot make a p-value that means anything
_JACKKNIFE_BLOCKS = 8

LIKELY, LIKELY_LOW = 0.60, 0.40  # the likelihood, and the low end of its interval
UNLIKELY = 0.40
MAX_CONFLICT = 0.70

# Natural-log likelihood ratio of each detector: intercept, then one weight a feature, in the order of DETECTORS.
# Fitted once by `python benchmarks/single_event.py --fit`; docs/method/scores.md has the table and the figures.
WEIGHTS: dict[str, tuple[float, ...]] = {
    "amplification": (-2.45, 0.83, 15.53),
    "onset": (-12.74, 6.70, 10.53),
    "diversity": (1.44, -2.38),
    "rarity": (-2.13, -1.04),
    "timing": (1.80, -0.05),
}
# What a surge looks like: intercept, then how much of each of these detectors' log ratios counts, below 1 where they
# share information. Rarity is not among them: the evidence floor has used it up.
LOOKS = ("amplification", "onset", "diversity")
STACK: tuple[float, ...] = (0.53, 0.96, 0.76, 1.00)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the detectors make of one link."""

    likelihood: float
    low: float
    high: float
    fused: Fused


def distraction_scores(
    correlations: pl.DataFrame,
    spikes: pl.DataFrame,
    narrative: pl.DataFrame,
    items: pl.DataFrame,
    articles: pl.DataFrame,
    partial: Sequence[str],
) -> pl.DataFrame:
    """DISTRACTION_SCORE rows, one a link, all provisional: one event alone cannot confirm anything.

    ``partial`` names what the numbers lack (a source in a gap, attention counts missing) and is put on every row. Below
    the evidence floor the likelihood and its interval are null and the verdict is "no evidence".
    """
    if correlations.is_empty():
        return DISTRACTION_SCORE.empty()
    labels = dict(narrative.select("narrative_id", "label").iter_rows())
    carried = {
        name: carriers(name, items, articles) for name in correlations["narrative_id"].unique(maintain_order=True)
    }
    rows = [
        _row(link, carried[link["narrative_id"]])
        | {"label": labels[link["narrative_id"]], "partial": sorted(set(partial))}
        for link in correlations.sort("link_id").iter_rows(named=True)
    ]
    frame = pl.DataFrame(rows, schema=DISTRACTION_SCORE.columns)
    return DISTRACTION_SCORE.shape(frame.with_columns(pl.col(pl.Float64).round(9)))


def has_evidence(link: dict[str, Any], items: int) -> bool:
    """Whether a link passes the floor: items enough, after the event, with placebo slots, rarer than chance."""
    return bool(
        items >= MIN_EVIDENCE_ITEMS
        and link["lag_s"] >= 0
        and link["placebos"] >= MIN_PLACEBOS
        and link["p_value"] <= MAX_P
        and link["q_value"] <= MAX_Q
    )


def assess(link: dict[str, Any], items: Carriers) -> Assessment:
    """Likelihood with a 95 % interval, and the fused beliefs of the five detectors."""
    ratios = detector_log_ratios(features(link, items))
    looks, timing = stacked_log_ratio(ratios), ratios["timing"]
    log_odds = posterior_log_odds(looks, timing)
    sampling = 1.96 * _sampling_sd(link, items)
    below = log_odds - posterior_log_odds(looks - sampling, timing)
    above = posterior_log_odds(looks + sampling, timing) - log_odds
    return Assessment(
        likelihood=_probability(log_odds),
        low=_probability(log_odds - math.hypot(below, 1.96 * PRIOR_SD)),
        high=_probability(log_odds + math.hypot(above, 1.96 * PRIOR_SD)),
        fused=combine([support(ratio, RELIABILITY[name]) for name, ratio in ratios.items()]),
    )


def detector_log_ratios(seen: dict[str, NDArray[np.float64]]) -> dict[str, float]:
    """Natural-log likelihood ratio pushed : organic of each detector, within +-3."""
    raw = {name: WEIGHTS[name][0] + float(np.dot(WEIGHTS[name][1:], seen[name])) for name in DETECTORS}
    return {name: min(max(ratio, -DETECTOR_LIMIT), DETECTOR_LIMIT) for name, ratio in raw.items()}


def stacked_log_ratio(ratios: dict[str, float]) -> float:
    """The log ratio of all that a surge looks like, timing apart."""
    return STACK[0] + sum(weight * ratios[name] for weight, name in zip(STACK[1:], LOOKS, strict=True))


def posterior_log_odds(looks: float, timing: float) -> float:
    """Log odds of a pushed distraction at the stated base rate, from the natural-log ratios of looks and timing.

    The ratio L of the looks enters as ``L / (1 - e + e L)`` with e = IMITATION (Huber's contaminated ratio): however
    pushed a surge looks, a share e of the others looks the same, so that looks alone never speak for more than even
    odds. Those others come at any time, and only the timing tells them apart.
    """
    robust = looks - float(np.logaddexp(math.log1p(-IMITATION), math.log(IMITATION) + looks))
    return robust + timing + math.log(BASE_RATE / (1.0 - BASE_RATE))


def verdict_of(assessment: Assessment) -> Verdict:
    """Words for an assessment above the floor."""
    if assessment.fused.conflict > MAX_CONFLICT:
        return Verdict.CONTESTED
    if assessment.likelihood >= LIKELY and assessment.low >= LIKELY_LOW:
        return Verdict.LIKELY
    return Verdict.UNLIKELY if assessment.likelihood < UNLIKELY else Verdict.CONTESTED


def _row(link: dict[str, Any], items: Carriers) -> dict[str, Any]:
    known = assess(link, items)
    enough = has_evidence(link, items.account.size)
    copied = ("window_start", "link_id", "event_id", "narrative_id", "lag_s", "effect_items", "p_value", "q_value")
    return {name: link[name] for name in copied} | {
        "grade": Grade.PROVISIONAL,
        "verdict": verdict_of(known) if enough else Verdict.NO_EVIDENCE,
        "likelihood": known.likelihood if enough else None,
        "likelihood_low": known.low if enough else None,
        "likelihood_high": known.high if enough else None,
        "belief_distraction": known.fused.mass.distraction,
        "belief_organic": known.fused.mass.organic,
        "belief_unknown": known.fused.mass.unknown,
        "conflict_k": known.fused.conflict,
        "evidence": items.item_ids,
        "method_version": METHOD_VERSION,
    }


def _sampling_sd(link: dict[str, Any], items: Carriers) -> float:
    """Standard deviation of the stacked log ratio over the items seen: a jackknife in blocks (Efron & Stein 1981).

    Every b-th item is left out, for b = 1..B in turn, so that the interval is wide where few items carry the evidence.
    No random numbers, so that the same items give the same interval.
    """
    n = items.account.size
    blocks = min(n, _JACKKNIFE_BLOCKS)
    if blocks < 2:
        return 0.0
    left = [stacked_log_ratio(detector_log_ratios(features(link, items.without(b, blocks)))) for b in range(blocks)]
    return math.sqrt((blocks - 1) / blocks * float(np.sum((np.array(left) - np.mean(left)) ** 2)))


def _probability(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds))
