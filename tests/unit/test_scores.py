"""Scores: the floor, the bounds, the verdicts, and the two kinds of surge the product is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from latticeforge.fusion import Fused, Mass
from latticeforge.model import ARTICLE, CORRELATION, EMBEDDING_DIM, NARRATIVE, NARRATIVE_ITEM, SPIKE, Verdict
from latticeforge.narratives.amplification import carriers, concentration, copy_share, synchrony
from latticeforge.narratives.evidence import DETECTORS, features
from latticeforge.narratives.scores import (
    BASE_RATE,
    IMITATION,
    METHOD_VERSION,
    WEIGHTS,
    Assessment,
    distraction_scores,
    posterior_log_odds,
    verdict_of,
)

START = datetime(2025, 3, 5, 14, 20, tzinfo=UTC)
NAME = "20250305T1420Z-001"


def surge(n: int, accounts: int, wordings: int, sources: int, seconds: float, seed: int = 0) -> tuple[Any, Any]:
    """Items of one narrative: when, by whom, in how many wordings."""
    rng = np.random.default_rng(seed)
    who = np.concatenate([np.arange(min(accounts, n)), rng.integers(accounts, size=max(n - accounts, 0))])
    word = np.concatenate([np.arange(min(wordings, n)), rng.integers(wordings, size=max(n - wordings, 0))])
    rows = pl.DataFrame(
        {
            "item_id": [f"i{i:03d}" for i in range(n)],
            "voice_id": [f"i{w:03d}" for w in word],
            "source": [f"source {a % sources}" for a in who],
            "account": [f"account {a}" for a in who],
            "event_at": [START + timedelta(seconds=20 + seconds * i / n) for i in range(n)],
        }
    ).with_columns(
        window_start=pl.lit(START), narrative_id=pl.lit(NAME), similarity=pl.lit(0.9), date_status=pl.lit("ok"),
        counted=pl.lit(True), title=pl.lit("t"), summary=pl.lit(""), url=pl.lit(""), text_hash=pl.lit(b""),
    )  # fmt: skip
    return NARRATIVE_ITEM.shape(rows), ARTICLE.shape(rows)


def narrative(n: int) -> pl.DataFrame:
    row = {
        "window_start": START, "narrative_id": NAME, "label": "drones", "headline": "h", "items": n, "voices": 1,
        "sources": 1, "accounts": 1, "copy_share": 0.0, "source_hhi": 1.0, "first_at": START, "last_at": START,
        "centroid": [1.0] + [0.0] * (EMBEDDING_DIM - 1),
    }  # fmt: skip
    return pl.DataFrame([row], schema=NARRATIVE.columns)


def link(items: pl.DataFrame, articles: pl.DataFrame, **change: Any) -> pl.DataFrame:
    own = carriers(NAME, items, articles)
    row = {
        "window_start": START, "link_id": f"e|{NAME}-5m", "event_id": "e", "spike_id": f"{NAME}-5m",
        "narrative_id": NAME, "lag_s": 300.0, "unrelatedness": 1.0, "copy_share": copy_share(own.voice),
        "source_concentration": concentration(own.account), "onset_sharpness": 1.0,
        "synchrony": synchrony(own.seconds, own.account, START.timestamp() + 300), "sources": 1,
        "leadership_bits": None, "effect_items": 30.0, "effect_low": 29.0, "effect_high": 31.0,
        "p_value": 0.007, "placebos": 148, "tests": 2,
        "q_value": 0.014,
    }  # fmt: skip
    return pl.DataFrame([row | change], schema=CORRELATION.columns)


def score(shape: tuple[int, int, int, int, float], partial: tuple[str, ...] = (), **change: Any) -> dict[str, Any]:
    items, articles = surge(*shape)
    links = link(items, articles, **change)
    table = distraction_scores(links, SPIKE.empty(), narrative(shape[0]), items, articles, partial)
    return table.row(0, named=True)


PUSHED = (60, 8, 3, 1, 200.0)
ORGANIC = (60, 50, 52, 18, 270.0)


def test_few_accounts_few_wordings_at_once_after_an_event() -> None:
    row = score(PUSHED)
    assert row["verdict"] == Verdict.LIKELY
    assert 0.72 < row["likelihood"] < 0.9
    assert row["likelihood_low"] < 0.82 < row["likelihood_high"]
    assert row["belief_distraction"] > 0.9 and row["conflict_k"] < 0.3
    assert (row["grade"], row["method_version"], row["label"]) == ("provisional", METHOD_VERSION, "drones")
    assert row["evidence"] == [f"i{i:03d}" for i in range(60)]


def test_many_sources_in_their_own_words() -> None:
    row = score(ORGANIC)
    assert row["verdict"] == Verdict.UNLIKELY
    assert row["likelihood_high"] < 0.25
    assert row["belief_organic"] > 0.8


@pytest.mark.parametrize(
    "shape", [(60, 45, 4, 30, 250.0), (40, 1, 40, 1, 280.0)], ids=["a wire report printed by all", "a live blog"]
)
def test_copies_alone_and_concentration_alone_are_not_amplification(shape: tuple[int, int, int, int, float]) -> None:
    assert score(shape)["likelihood"] < 0.25


def test_twenty_items_suffice() -> None:
    few, many = score((20, 7, 2, 1, 85.0)), score(PUSHED)
    assert few["verdict"] == Verdict.LIKELY
    assert few["likelihood_low"] <= many["likelihood_low"]


@pytest.mark.parametrize(
    "change", [{"p_value": 0.06}, {"q_value": 0.11}, {"placebos": 23}, {"lag_s": -1.0}], ids=lambda c: next(iter(c))
)
def test_below_the_floor_there_is_no_number(change: dict[str, Any]) -> None:
    row = score(PUSHED, **change)
    assert row["verdict"] == Verdict.NO_EVIDENCE
    assert row["likelihood"] is row["likelihood_low"] is row["likelihood_high"] is None
    assert 0 <= row["belief_distraction"] <= 1


def test_seven_items_are_below_the_floor_and_eight_are_not() -> None:
    assert score((7, 3, 1, 1, 60.0))["verdict"] == Verdict.NO_EVIDENCE
    assert score((8, 3, 1, 1, 60.0))["likelihood"] is not None


def test_likelihood_falls_with_the_lag_and_is_bounded() -> None:
    said = [score(PUSHED, lag_s=60.0 * lag)["likelihood"] for lag in (0, 5, 15, 30, 60, 110)]
    assert said == sorted(said, reverse=True)
    assert said[0] < 0.88 and said[-1] < 0.1


def test_looks_alone_never_speak_for_more_than_the_imitators_allow() -> None:
    bound = np.log(BASE_RATE / (1 - BASE_RATE) / IMITATION)
    assert posterior_log_odds(700.0, 0.0) == pytest.approx(bound)
    assert posterior_log_odds(0.0, 0.0) == pytest.approx(np.log(BASE_RATE / (1 - BASE_RATE)))
    assert posterior_log_odds(-700.0, 0.0) == pytest.approx(-700 + np.log(BASE_RATE / 0.95) - np.log(1 - IMITATION))


def test_likelihood_is_monotone_in_each_shape_of_the_surge() -> None:
    said = [score((60, accounts, 3, 1, 200.0))["likelihood"] for accounts in (55, 40, 25, 12, 6)]
    assert said == sorted(said)
    words = [score((60, 8, wordings, 1, 200.0))["likelihood"] for wordings in (58, 45, 30, 15, 3)]
    assert words == sorted(words)


def test_reasons_for_partial_numbers_are_on_every_row() -> None:
    assert score(PUSHED, ("reuters silent since 14:02", "attention: 429", "attention: 429"))["partial"] == [
        "attention: 429",
        "reuters silent since 14:02",
    ]


def test_no_links_no_scores() -> None:
    items, articles = surge(*PUSHED)
    assert distraction_scores(CORRELATION.empty(), SPIKE.empty(), narrative(60), items, articles, ()).is_empty()


def assessed(likelihood: float, low: float, conflict: float) -> Assessment:
    return Assessment(likelihood, low, 0.99, Fused(Mass(0.0, 0.0, 1.0), conflict))


@pytest.mark.parametrize(
    ("likelihood", "low", "conflict", "verdict"),
    [
        (0.6, 0.4, 0.7, Verdict.LIKELY),
        (0.6, 0.39, 0.0, Verdict.CONTESTED),
        (0.9, 0.8, 0.71, Verdict.CONTESTED),
        (0.5, 0.3, 0.0, Verdict.CONTESTED),
        (0.4, 0.2, 0.0, Verdict.CONTESTED),
        (0.39, 0.2, 0.0, Verdict.UNLIKELY),
        (0.1, 0.0, 0.71, Verdict.CONTESTED),
    ],
)
def test_verdict_thresholds(likelihood: float, low: float, conflict: float, verdict: Verdict) -> None:
    assert verdict_of(assessed(likelihood, low, conflict)) == verdict


def test_features_have_a_weight_each() -> None:
    items, articles = surge(*PUSHED)
    seen = features(link(items, articles).row(0, named=True), carriers(NAME, items, articles))
    assert {name: len(values) for name, values in seen.items()} == {name: len(f) for name, f in DETECTORS.items()}
    assert all(len(WEIGHTS[name]) == len(f) + 1 for name, f in DETECTORS.items())
    assert all(np.isfinite(values).all() for values in seen.values())
