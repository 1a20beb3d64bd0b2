"""The estimates of the studies against formulas written out by hand and against statsmodels' own."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from latticeforge.studies.estimates import conditional_logit, newey_west, newey_west_lags, within_groups

N = 240


def regression(seed: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.normal(size=(N, columns)), np.ones(N)])
    noise = np.convolve(rng.normal(size=N + 3), [1.0, 0.7, 0.5, 0.3], "valid") * (1 + 0.5 * np.abs(x[:, 0]))
    return x @ np.linspace(0.4, -0.2, columns + 1) + noise, x


@pytest.mark.parametrize("lags", [1, 5, 9])
def test_newey_west_is_the_bartlett_sum(lags: int) -> None:
    y, x = regression(1, 3)
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    meat = scores.T @ scores
    for lag in range(1, lags + 1):
        moved = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (moved + moved.T)
    errors = np.sqrt(np.diag(bread @ meat @ bread) * N / (N - x.shape[1]))
    found = newey_west(y, x, lags)
    assert [e.coefficient for e in found] == pytest.approx(beta.tolist())
    assert [e.se for e in found] == pytest.approx(errors.tolist())
    degrees = min(N - x.shape[1], 1.5 * N / (lags + 1))
    assert found[0].p == pytest.approx(2 * stats.t.sf(abs(found[0].statistic), degrees))
    half = stats.t.ppf(0.975, degrees) * found[0].se
    assert found[0].high - found[0].coefficient == pytest.approx(half)
    assert found[0].coefficient - found[0].low == pytest.approx(half)


def test_newey_west_errors_are_those_of_statsmodels() -> None:
    y, x = regression(2, 2)
    theirs = sm.OLS(y, x).fit().get_robustcov_results("HAC", maxlags=6, use_correction=True)
    assert [e.se for e in newey_west(y, x, 6)] == pytest.approx(theirs.bse.tolist())


def test_the_lags_follow_the_rule() -> None:
    assert [newey_west_lags(n) for n in (1, 100, 365, 1000, 3000)] == [1, 4, 5, 6, 8]


def test_week_effects_are_those_of_a_dummy_for_each_week() -> None:
    y, x = regression(3, 2)
    week = np.arange(N) // 7
    y = y + np.random.default_rng(3).normal(size=week.max() + 1)[week] * 5
    dummies = (week[:, None] == np.unique(week)).astype(float)
    full = np.hstack([x[:, :2], dummies])
    coefficient = np.linalg.lstsq(full, y, rcond=None)[0][:2]
    found = within_groups(y, x[:, :2], week)
    assert [e.coefficient for e in found] == pytest.approx(coefficient.tolist())
    residual = y - full @ np.linalg.lstsq(full, y, rcond=None)[0]
    inside = x[:, :2] - np.stack([x[week == w, :2].mean(axis=0) for w in np.unique(week)])[week]
    bread = np.linalg.inv(inside.T @ inside)
    sums = np.stack([(inside * residual[:, None])[week == w].sum(axis=0) for w in np.unique(week)])
    groups = len(sums)
    scale = groups / (groups - 1) * (N - 1) / (N - 2)
    assert [e.se for e in found] == pytest.approx(np.sqrt(np.diag(bread @ sums.T @ sums @ bread) * scale).tolist())
    assert found[0].p == pytest.approx(2 * stats.t.sf(abs(found[0].statistic), groups - 1))


def test_a_column_that_others_determine_takes_nothing_from_them() -> None:
    y, x = regression(6, 2)
    week = np.arange(N) // 7
    weekly = np.sin(week)[:, None]
    found = within_groups(y, np.hstack([x[:, :2], weekly, x[:, :1] + x[:, 1:2]]), week)
    assert [np.isnan(e.p) for e in found] == [False, False, True, True]
    assert found[:2] == within_groups(y, x[:, :2], week)


def test_the_conditional_logit_of_matched_pairs_is_the_logit_of_differences() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(400, 1))
    first = rng.random(200) < 1 / (1 + np.exp(-1.2 * (x[::2, 0] - x[1::2, 0])))
    y = np.empty(400)
    y[::2], y[1::2] = first, ~first
    difference = (x[::2] - x[1::2])[first].tolist() + (x[1::2] - x[::2])[~first].tolist()
    slope = np.array(difference)[:, 0]
    likelihood = [np.logaddexp(0, -b * slope).sum() for b in np.linspace(0.5, 2.0, 15001)]
    found = conditional_logit(y, x, np.repeat(np.arange(200), 2))[0]
    assert found.coefficient == pytest.approx(np.linspace(0.5, 2.0, 15001)[int(np.argmin(likelihood))], abs=2e-4)
    assert found.n == 400


def test_groups_that_say_nothing_are_left_out() -> None:
    rng = np.random.default_rng(5)
    x, group = rng.normal(size=(70, 1)), np.arange(70) // 7
    y = (rng.random(70) < 0.4).astype(float)
    y[:7], y[7:14] = 0.0, 1.0
    mixed = sum(0 < y[group == g].sum() < 7 for g in range(10))
    assert conditional_logit(y, x, group)[0].n == 7 * mixed
    with pytest.raises(ValueError, match="with and without"):
        conditional_logit(np.zeros(70), x, group)


def test_what_cannot_be_estimated_is_said() -> None:
    with pytest.raises(ValueError, match="3 days cannot carry"):
        newey_west(np.zeros(3), np.ones((3, 4)), 1)
    with pytest.raises(ValueError, match="two groups"):
        within_groups(np.zeros(5), np.ones((5, 1)), np.zeros(5, dtype=np.int64))
