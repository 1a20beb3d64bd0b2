"""Combining sources over a frame, and what the combined masses say.

Here: three rules of combination, discounting, conflict; belief, plausibility and pignistic probability. Not here:
frames (``frames``), the compiled loops (``kernel``, ``redistribute``), and what the sources measure.

Sources: G. Shafer, A Mathematical Theory of Evidence (1976); R. R. Yager, Information Sciences 41 (1987) 93; A. Martin
and C. Osswald, Proc. 9th Int. Conf. on Information Fusion (2006); P. Smets and R. Kennes, Artif. Intell. 66 (1994) 191.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.fusion.frames import CONTESTED, Frame
from latticeforge.fusion.kernel import fold, fold_many
from latticeforge.fusion.redistribute import quadrature, redistributed

Floats = NDArray[np.float64]
Rule = Literal["dempster", "yager", "pcr6"]

RULES: tuple[Rule, ...] = get_args(Rule)
VERSION = "belief/1"


class Belief(NamedTuple):
    """What sources say together.

    ``mass`` (2**n,) sums to 1. ``conflict``: K in [0, 1], the product mass of contradicting answers, whatever the rule
    then does with it. ``log_agreement``: the natural logarithm of 1 - K, which tells conflicts apart that round to 1.
    """

    frame: Frame
    mass: Floats
    conflict: float
    log_agreement: float
    rule: Rule

    @property
    def contested(self) -> bool:
        """Whether K exceeds 0.7."""
        return self.conflict > CONTESTED

    @property
    def algorithm(self) -> str:
        """Version and rule."""
        return f"{VERSION} {self.rule}"

    def belief(self, *names: str) -> float:
        """The mass that implies one of these answers, in [0, 1]."""
        return float(belief(self.mass)[self.frame.subset(*names)])

    def plausibility(self, *names: str) -> float:
        """The mass that allows one of these answers, in [0, 1], at least the belief."""
        return float(plausibility(self.mass)[self.frame.subset(*names)])

    def pignistic(self) -> dict[str, float]:
        """A probability for each answer, for betting; they sum to 1."""
        return dict(zip(self.frame.hypotheses, pignistic(self.mass).tolist(), strict=True))


class Beliefs(NamedTuple):
    """``Belief`` of many items: ``mass`` (items, 2**n), ``conflict`` and ``log_agreement`` (items,)."""

    frame: Frame
    mass: Floats
    conflict: Floats
    log_agreement: Floats
    rule: Rule

    @property
    def contested(self) -> NDArray[np.bool_]:
        """(items,) whether K exceeds 0.7."""
        return self.conflict > CONTESTED

    @property
    def algorithm(self) -> str:
        """Version and rule."""
        return f"{VERSION} {self.rule}"


def fuse(frame: Frame, masses: ArrayLike, *, rule: Rule = "dempster", reliability: ArrayLike | None = None) -> Belief:
    """Combine the masses (sources, 2**n) of sources that are independent of each other.

    - ``dempster``: products of masses on their common answers, 1 / (1 - K) times. Renormalised after each source, so
      that it holds while K rounds to 1. Total contradiction (1 - K = 0) has no combination: all is unknown then.
    - ``yager``: the conflict K becomes ignorance, mass of the whole frame.
    - ``pcr6``: each partial conflict goes back to the sets that made it, in proportion to their masses (PCR6, which is
      PCR5 for two sources). A source that knows nothing is not neutral here: its ignorance takes its share.

    ``reliability`` (sources,) in [0, 1] discounts each source first. The order of the sources changes rounding only.
    No source at all leaves everything unknown. Masses below 1e-150 may count as none.

    Raises:
        ValueError: masses that are no masses, of another frame, or a reliability outside [0, 1].

    >>> from latticeforge.fusion import DISTRACTION_FRAME
    >>> says = [DISTRACTION_FRAME.mass({"distraction": 0.6}), DISTRACTION_FRAME.mass({"organic": 0.5})]
    >>> fused = fuse(DISTRACTION_FRAME, says)
    >>> round(fused.conflict, 3), round(fused.belief("distraction"), 3), fused.contested
    (0.3, 0.429, False)
    >>> {rule: round(fuse(DISTRACTION_FRAME, says, rule=rule).belief("distraction"), 3) for rule in ("yager", "pcr6")}
    {'yager': 0.3, 'pcr6': 0.464}
    """
    table = np.array(masses, np.float64, order="C", copy=None)
    if reliability is not None:
        table = discount(table, reliability)
    subsets = 1 << len(frame.hypotheses)
    if not len(table):
        table = table.reshape(0, subsets)
    if rule not in RULES or table.ndim != 2 or table.shape[1] != subsets:
        raise _unusable(table.shape, f"(sources, {subsets})", rule)
    mass = np.empty(subsets)
    logarithm = fold(table, mass)
    if logarithm > 0.0:
        bad = int(logarithm) - 1
        raise ValueError(_no_mass(f"source {bad}", table[bad]))
    if rule != "dempster":
        mass = _settled(table[None], mass[None], np.array([logarithm]), rule)[0]
    return Belief(frame, mass, -math.expm1(logarithm), logarithm, rule)


def fuse_batch(
    frame: Frame, masses: ArrayLike, *, rule: Rule = "dempster", reliability: ArrayLike | None = None
) -> Beliefs:
    """``fuse`` for many items at once: masses (items, sources, 2**n), reliability (sources,) or (items, sources).

    A source that says nothing of an item is the vacuous mass there, 1 on the whole frame.

    Raises:
        ValueError: as ``fuse``.

    >>> from latticeforge.fusion import MARKET_FRAME
    >>> up, down = MARKET_FRAME.mass({"bullish": 0.9}), MARKET_FRAME.mass({"bearish": 0.9})
    >>> fuse_batch(MARKET_FRAME, [[up, up], [up, down]]).contested.tolist()
    [False, True]
    """
    table = np.array(masses, np.float64, order="C", copy=None)
    if reliability is not None:
        table = discount(table, reliability)
    subsets = frame.subsets
    if rule not in RULES or table.ndim != 3 or table.shape[2] != subsets:
        raise _unusable(table.shape, f"(items, sources, {subsets})", rule)
    mass, agreement, logarithm = np.empty((len(table), subsets)), np.empty(len(table)), np.empty(len(table))
    bad = fold_many(table, mass, agreement, logarithm)
    if bad >= 0:
        raise ValueError(_no_mass(f"item {bad}", table[bad]))
    conflict = np.where(logarithm < 0.0, 1.0, np.maximum(0.0, 1.0 - agreement))
    with np.errstate(divide="ignore"):  # total contradiction
        logarithm += np.minimum(0.0, np.log(agreement))
    if rule != "dempster":
        mass = _settled(table, mass, logarithm, rule)
    return Beliefs(frame, mass, conflict, logarithm, rule)


def discount(masses: ArrayLike, reliability: ArrayLike) -> Floats:
    """m'(A) = r m(A), and what is taken away goes to the whole frame: masses (..., 2**n), reliability (...).

    ``r`` in [0, 1] is the chance that the source measures what it claims (Shafer 1976, chapter 11).

    >>> discount([0.0, 0.8, 0.0, 0.2], 0.5).tolist()
    [0.0, 0.4, 0.0, 0.6]
    """
    trust = np.asarray(reliability, dtype=np.float64)
    if not ((trust >= 0.0) & (trust <= 1.0)).all():
        raise ValueError("a reliability lies in [0, 1]")
    made = np.asarray(masses, dtype=np.float64) * trust[..., None]
    made[..., -1] += 1.0 - trust
    return made


def belief(mass: ArrayLike) -> Floats:
    """Bel(A) = sum of m(B) over B within A, for all subsets A: (..., 2**n) in and out, in [0, 1].

    >>> belief([0.0, 0.5, 0.2, 0.3]).tolist()
    [0.0, 0.5, 0.2, 1.0]
    """
    made = np.array(mass, dtype=np.float64)
    for bit in range(_answers(made)):
        halves = made.reshape(*made.shape[:-1], -1, 2, 1 << bit)
        halves[..., 1, :] += halves[..., 0, :]
    return made


def plausibility(mass: ArrayLike) -> Floats:
    """Pl(A) = sum of m(B) over B that share an answer with A = Bel(all) - Bel(not A): (..., 2**n) in and out.

    >>> plausibility([0.0, 0.5, 0.25, 0.25]).tolist()
    [0.0, 0.75, 0.5, 1.0]
    """
    known = belief(mass)
    made: Floats = np.maximum(known[..., -1:] - known[..., ::-1], 0.0)
    return made


def pignistic(mass: ArrayLike) -> Floats:
    """BetP(x) = sum of m(B) / |B| over B that hold x: masses (..., 2**n), probabilities (..., n) that sum to 1.

    >>> pignistic([0.0, 0.5, 0.25, 0.25]).tolist()
    [0.625, 0.375]
    """
    table = np.asarray(mass, dtype=np.float64)
    holds = np.arange(table.shape[-1])[:, None] >> np.arange(_answers(table)) & 1
    made: Floats = table @ (holds / np.maximum(1, holds.sum(axis=1, keepdims=True)))
    return made


def _answers(table: Floats) -> int:
    n = int(table.shape[-1]).bit_length() - 1
    if n < 1 or table.shape[-1] != 1 << n:
        raise ValueError(f"masses of n hypotheses have 2**n columns, not {table.shape[-1]}")
    return n


def _settled(masses: Floats, mass: Floats, logarithms: Floats, rule: Rule) -> Floats:
    """(items, 2**n): what a rule makes of the conjunctions, ``mass``, and of the conflicts, log(1 - K) (items,)."""
    mass = mass * np.exp(logarithms)[:, None]
    if rule == "yager":
        mass[:, -1] -= np.expm1(logarithms)
        return mass
    points, weights = quadrature()
    for item in np.flatnonzero(logarithms < 0.0):
        redistributed(masses[item], points, weights, mass[item])
    return mass


def _unusable(shape: tuple[int, ...], wanted: str, rule: str) -> ValueError:
    if rule not in RULES:
        return ValueError(f"no rule {rule!r}; there are {', '.join(RULES)}")
    return ValueError(f"masses have the shape {wanted}, not {shape}")


def _no_mass(whose: str, mass: Floats) -> str:
    return f"{whose}: masses must be at least 0, 0 on no answer and sum to 1, not {mass.tolist()}"
