"""Fusion over any frame, against a sum over every tuple of focal sets, and where 1 - K is next to nothing."""

from __future__ import annotations

import doctest
import importlib
import itertools
import math
import pkgutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import latticeforge.fusion
from latticeforge.fusion import (
    DISTRACTION_FRAME,
    FRAMES,
    MARKET_FRAME,
    Frame,
    Mass,
    Rule,
    belief,
    combine,
    discount,
    fuse,
    fuse_batch,
    pignistic,
    plausibility,
    support,
)
from latticeforge.fusion.redistribute import quadrature

MODULES = [f"latticeforge.fusion.{m.name}" for m in pkgutil.iter_modules(latticeforge.fusion.__path__)]
RULES: tuple[Rule, ...] = ("dempster", "yager", "pcr6")
Opinion = dict[frozenset[str], float]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_importing_compiles_nothing_and_constants_load_no_compiler() -> None:
    code = (
        "import sys\n"
        "from latticeforge.fusion import CONTESTED, MARKET_FRAME, combine\n"
        "assert 'numba' not in sys.modules, 'heavy'\n"
        "import latticeforge.graphs\n"
        "from latticeforge.fusion.kernel import fold, fold_many\n"
        "from latticeforge.graphs.brandes import of_many\n"
        "assert not (fold.signatures or fold_many.signatures or of_many.signatures), 'compiled at import'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def by_tuples(opinions: list[Opinion], frame: Frame, rule: Rule) -> Opinion:
    """The rules as they are written: a sum over every choice of one focal set a source."""
    whole, made, conflict = frozenset(frame.hypotheses), dict[frozenset[str], float](), 0.0
    for chosen in itertools.product(*(one.items() for one in opinions)):
        common = whole.intersection(*(names for names, _ in chosen))
        product = math.prod(mass for _, mass in chosen)
        if common:
            made[common] = made.get(common, 0.0) + product
            continue
        conflict += product
        if rule == "pcr6":
            for names, mass in chosen:
                made[names] = made.get(names, 0.0) + product * mass / math.fsum(m for _, m in chosen)
    if rule == "dempster":
        return {names: mass / (1.0 - conflict) for names, mass in made.items()}
    if rule == "yager":
        made[whole] = made.get(whole, 0.0) + conflict
    return made


def random_opinions(frame: Frame, sources: int, rng: np.random.Generator) -> list[Opinion]:
    subsets = [frozenset(frame.names_of(s)) for s in range(1, frame.subsets)]
    made = []
    for _ in range(sources):
        focal = rng.choice(len(subsets), size=min(len(subsets), int(rng.integers(1, 5))), replace=False)
        made.append(dict(zip([subsets[i] for i in focal], rng.dirichlet(np.ones(len(focal))), strict=True)))
    return made


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("answers", [1, 2, 3, 4, 5, 6, 8])
def test_every_rule_is_the_sum_over_all_tuples(answers: int, rule: Rule) -> None:
    frame, rng = Frame(tuple("abcdefgh"[:answers])), np.random.default_rng(answers)
    for sources in (1, 2, 3, 5):
        opinions = [random_opinions(frame, sources, rng) for _ in range(9)]  # one more than lie side by side
        masses = np.array([[frame.mass(one) for one in item] for item in opinions])
        together = fuse_batch(frame, masses, rule=rule)
        for item, said in enumerate(opinions):
            alone = fuse(frame, masses[item], rule=rule)
            assert alone.conflict == pytest.approx(1.0 - sum_of_agreeing(said), abs=1e-12)
            assert together.conflict[item] == pytest.approx(alone.conflict, abs=1e-14)
            assert together.mass[item] == pytest.approx(alone.mass, rel=1e-12, abs=1e-15)
            if alone.conflict < 1.0:
                wanted = frame.mass(by_tuples(said, frame, rule))
                assert alone.mass == pytest.approx(wanted, abs=5e-12)


def sum_of_agreeing(opinions: list[Opinion]) -> float:
    chosen = itertools.product(*(one.items() for one in opinions))
    return math.fsum(math.prod(m for _, m in one) for one in chosen if frozenset.intersection(*(n for n, _ in one)))


def test_one_minus_k_survives_where_k_rounds_to_one() -> None:
    """Two sources that agree on one part in 1e20, in exact rational numbers beside."""
    tiny = 2.0**-66
    up = MARKET_FRAME.mass({"bullish": 1.0 - 2**-20, "neutral": 2**-20})
    down = np.zeros(16)
    down[MARKET_FRAME.subset("bearish")], down[MARKET_FRAME.subset("neutral")] = 1.0, tiny
    down[MARKET_FRAME.subset("bullish")] = tiny / 2**22
    fused = fuse(MARKET_FRAME, [up, down])
    bullish = Fraction(float(up[1])) * Fraction(float(down[1]))
    neutral = Fraction(float(up[4])) * Fraction(float(down[4]))
    assert fused.conflict == 1.0
    assert fused.contested
    assert math.exp(fused.log_agreement) == pytest.approx(float(bullish + neutral), rel=1e-13)
    assert fused.mass[1] == pytest.approx(float(bullish / (bullish + neutral)), rel=1e-13)
    assert fused.mass[4] == pytest.approx(float(neutral / (bullish + neutral)), rel=1e-13)


@pytest.mark.parametrize("pairs", [3, 60, 2000])
def test_thousands_of_contradicting_sources_stay_even(pairs: int) -> None:
    both = [DISTRACTION_FRAME.mass({"distraction": 0.999}), DISTRACTION_FRAME.mass({"organic": 0.999})] * pairs
    for fused in (fuse(DISTRACTION_FRAME, both), batch_of_one(both)):
        assert fused.belief("distraction") == pytest.approx(fused.belief("organic"), rel=1e-9)
        known = Fraction(1, 1000) ** pairs  # q(D) = q(O) = 0.001^pairs, q(U) its square: 1 - K = 2 q - q^2
        wanted = math.log(2.0 - float(known)) + pairs * math.log(1.0 - 0.999)
        assert fused.log_agreement == pytest.approx(wanted, rel=1e-12)


def batch_of_one(masses: list[np.ndarray]) -> latticeforge.fusion.Belief:
    made = fuse_batch(DISTRACTION_FRAME, [masses] * 2)
    return latticeforge.fusion.Belief(
        DISTRACTION_FRAME, made.mass[1], float(made.conflict[1]), float(made.log_agreement[1]), "dempster"
    )


@pytest.mark.parametrize("rule", ["dempster", "yager"])
def test_total_contradiction_leaves_everything_unknown(rule: Rule) -> None:
    sure = [DISTRACTION_FRAME.mass({"distraction": 1.0}), DISTRACTION_FRAME.mass({"organic": 1.0})]
    fused, many = fuse(DISTRACTION_FRAME, sure, rule=rule), fuse_batch(DISTRACTION_FRAME, [sure] * 3, rule=rule)
    assert fused.mass.tolist() == [0.0, 0.0, 0.0, 1.0]
    assert (fused.conflict, fused.log_agreement) == (1.0, -math.inf)
    assert many.mass.tolist() == [fused.mass.tolist()] * 3
    assert many.log_agreement.tolist() == [-math.inf] * 3


def test_redistribution_gives_total_contradiction_back_to_its_makers() -> None:
    sure = [DISTRACTION_FRAME.mass({"distraction": 1.0}), DISTRACTION_FRAME.mass({"organic": 1.0})]
    assert fuse(DISTRACTION_FRAME, sure, rule="pcr6").mass == pytest.approx([0.0, 0.5, 0.5, 0.0], abs=1e-12)


def test_zadehs_example() -> None:
    """Two physicians, 0.99 for different diseases, 0.01 for a third: Dempster is sure of the third; the others not."""
    ward = Frame(("meningitis", "concussion", "tumour"))
    said = [ward.mass({"meningitis": 0.99, "tumour": 0.01}), ward.mass({"concussion": 0.99, "tumour": 0.01})]
    assert fuse(ward, said).belief("tumour") == pytest.approx(1.0)
    assert fuse(ward, said, rule="yager").mass[-1] == pytest.approx(0.9999)
    shared = fuse(ward, said, rule="pcr6")
    assert shared.belief("tumour") == pytest.approx(0.0001 + 2 * 0.0099 * 0.01 / 1.0)
    assert shared.belief("meningitis") == pytest.approx(shared.belief("concussion"))


def test_two_answers_are_those_of_the_published_scores() -> None:
    rng = np.random.default_rng(5)
    ratios = rng.normal(0.0, 3.0, size=(200, 5))
    parts = [[support(float(ratio), 0.9) for ratio in row] for row in ratios]
    masses = [[[0.0, m.distraction, m.organic, m.unknown] for m in row] for row in parts]
    many = fuse_batch(DISTRACTION_FRAME, masses)
    for i, row in enumerate(parts):
        fused = combine(row)
        assert many.mass[i, 1:] == pytest.approx(
            [fused.mass.distraction, fused.mass.organic, fused.mass.unknown], abs=1e-12
        )
        assert many.conflict[i] == pytest.approx(fused.conflict, abs=1e-12)


def test_a_source_without_reliability_says_nothing() -> None:
    says = [MARKET_FRAME.mass({"bullish": 0.8}), MARKET_FRAME.mass({"bearish": 0.9})]
    half = fuse(MARKET_FRAME, says, reliability=[1.0, 0.0])
    assert half.mass == pytest.approx(says[0])
    assert half.conflict == pytest.approx(0.0, abs=1e-15)
    many = fuse_batch(MARKET_FRAME, [says, says], reliability=[[1.0, 0.0], [0.0, 1.0]])
    assert many.mass[0] == pytest.approx(says[0])
    assert many.mass[1] == pytest.approx(says[1])


def test_what_masses_say_is_what_the_definitions_say() -> None:
    mass = fuse(MARKET_FRAME, np.random.default_rng(2).dirichlet(np.ones(15), size=3) @ np.eye(16)[1:]).mass
    bel, pl, bet = belief(mass), plausibility(mass), pignistic(mass)
    for a in range(16):
        assert bel[a] == pytest.approx(sum(mass[b] for b in range(1, 16) if b & ~a == 0))
        assert pl[a] == pytest.approx(sum(mass[b] for b in range(1, 16) if b & a))
    for x in range(4):
        assert bet[x] == pytest.approx(sum(mass[b] / b.bit_count() for b in range(1, 16) if b >> x & 1))
    assert bet.sum() == pytest.approx(1.0)
    fused = fuse(MARKET_FRAME, [mass])
    assert fused.pignistic() == pytest.approx(dict(zip(MARKET_FRAME.hypotheses, bet, strict=True)))
    assert fused.plausibility("bullish", "neutral") == pytest.approx(pl[0b0101])


def test_nothing_said_is_nothing_known() -> None:
    for rule in RULES:
        assert fuse(MARKET_FRAME, [], rule=rule).mass[-1] == 1.0
    assert fuse_batch(MARKET_FRAME, np.empty((0, 3, 16))).mass.shape == (0, 16)
    assert fuse_batch(MARKET_FRAME, np.empty((2, 0, 16))).mass[:, -1].tolist() == [1.0, 1.0]


def test_every_result_names_its_version_and_rule() -> None:
    assert fuse(DISTRACTION_FRAME, []).algorithm == "belief/1 dempster"
    assert fuse_batch(DISTRACTION_FRAME, np.empty((0, 1, 4)), rule="yager").algorithm == "belief/1 yager"
    assert {frame.hypotheses for frame in FRAMES.values()} == {
        ("distraction", "organic"),
        ("bullish", "bearish", "neutral", "unknown"),
    }


def test_the_sum_of_exponentials_is_the_reciprocal() -> None:
    points, weights = quadrature()
    sums = np.geomspace(1e-8, 20.0, 500)
    assert np.exp(-sums[:, None] * points) @ weights * sums == pytest.approx(np.ones(500), abs=1e-11)
    assert points.size % 8 == 0


@pytest.mark.parametrize(
    "bad",
    [
        [[0.0, 0.5, 0.6, 0.0]],
        [[0.0, 1.1, -0.1, 0.0]],
        [[0.1, 0.9, 0.0, 0.0]],
        [[0.0, math.nan, 0.5, 0.5]],
        [[0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]],
    ],
)
def test_masses_that_are_none_are_refused(bad: list[list[float]]) -> None:
    with pytest.raises(ValueError, match=f"source {len(bad) - 1}: masses must be"):
        fuse(DISTRACTION_FRAME, bad)
    fine = [[0.0, 0.0, 0.0, 1.0]] * len(bad)
    with pytest.raises(ValueError, match="item 11: masses must be"):
        fuse_batch(DISTRACTION_FRAME, [*[fine] * 11, bad])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        fuse(MARKET_FRAME, [[0.0, 0.0, 0.0, 1.0]])
    with pytest.raises(ValueError, match="shape"):
        fuse_batch(DISTRACTION_FRAME, [[0.0, 0.0, 0.0, 1.0]])
    with pytest.raises(ValueError, match="no rule"):
        fuse(DISTRACTION_FRAME, [], rule="average")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reliability"):
        discount([0.0, 0.0, 0.0, 1.0], 1.5)
    with pytest.raises(ValueError, match="2\\*\\*n"):
        belief([0.0, 0.5, 0.5])
    with pytest.raises(ValueError, match="hypotheses"):
        Frame(("a", "a"))
    with pytest.raises(ValueError, match="hypotheses"):
        Frame(tuple("abcdefghi"))
    with pytest.raises(ValueError, match="not among"):
        MARKET_FRAME.subset("sideways")
    with pytest.raises(ValueError, match="masses"):
        MARKET_FRAME.mass({"bullish": 0.7, "bearish": 0.6})
    assert Mass(0.2, 0.3, 0.5).unknown == 0.5
