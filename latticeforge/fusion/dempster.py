"""Dempster-Shafer fusion on the frame {distraction, organic}.

Here: masses, simple support from a likelihood ratio, Dempster's rule with its conflict K. Not here: verdicts and
thresholds (``narratives.scores``).

Source: G. Shafer, A Mathematical Theory of Evidence (1976), chapters 3 (Dempster's rule), 9 (belief from a likelihood)
and 11 (discounting).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Mass:
    """Belief committed to each answer, in [0, 1]; ``unknown`` is committed to neither. The three sum to 1.

    Raises:
        ValueError: a mass is negative or not a number, or they do not sum to 1.
    """

    distraction: float
    organic: float
    unknown: float

    def __post_init__(self) -> None:
        parts = (self.distraction, self.organic, self.unknown)
        if not (min(parts) >= 0.0 and abs(sum(parts) - 1.0) <= _TOLERANCE):
            raise ValueError(f"masses must be at least 0 and sum to 1, not {parts}")


@dataclass(frozen=True, slots=True)
class Fused:
    """The combined mass and the conflict K in [0, 1]: the belief the sources gave to contradicting answers."""

    mass: Mass
    conflict: float


def support(log_ratio: float, reliability: float) -> Mass:
    """Simple support from a natural-log likelihood ratio (positive speaks for distraction).

    The less likely answer keeps the plausibility ``exp(-|log_ratio|)``; the rest goes to the likelier one, discounted
    by ``reliability`` in [0, 1], the chance that the detector measures what it claims.

    >>> support(0.0, 0.9)
    Mass(distraction=0.0, organic=0.0, unknown=1.0)
    """
    weight = -reliability * math.expm1(-abs(log_ratio))
    return Mass(weight, 0.0, 1.0 - weight) if log_ratio > 0 else Mass(0.0, weight, 1.0 - weight)


def combine(masses: Sequence[Mass]) -> Fused:
    """Dempster's rule over any number of masses; no mass at all leaves everything unknown.

    On two answers the commonalities q(D) = m(D) + m(U), q(O) = m(O) + m(U), q(U) = m(U) multiply; their logarithms are
    summed, so that many sources, or K near 1, neither underflow nor lose the ratio of the two beliefs. Total
    contradiction (K = 1) has no combination: everything is unknown then.

    >>> fused = combine([Mass(0.6, 0.0, 0.4), Mass(0.0, 0.5, 0.5)])
    >>> round(fused.conflict, 3), round(fused.mass.distraction, 3)
    (0.3, 0.429)
    """
    log_d = _log_product(m.distraction + m.unknown for m in masses)
    log_o = _log_product(m.organic + m.unknown for m in masses)
    log_u = _log_product(m.unknown for m in masses)
    top = max(log_d, log_o)
    if top == -math.inf:
        return Fused(Mass(0.0, 0.0, 1.0), 1.0)
    unknown = math.exp(log_u - top)
    # a product of commonalities can fall below that of the unknown by a rounding error only
    distraction = max(0.0, math.exp(log_d - top) - unknown)
    organic = max(0.0, math.exp(log_o - top) - unknown)
    total = distraction + organic + unknown
    conflict = min(1.0, max(0.0, -math.expm1(top + math.log(total))))
    return Fused(Mass(distraction / total, organic / total, unknown / total), conflict)


def _log_product(factors: Iterable[float]) -> float:
    """The sum of logarithms in an order that does not depend on the order of the sources."""
    return math.fsum(math.log(f) if f > 0.0 else -math.inf for f in factors)
