"""The studies against answers known beforehand: an injected effect is found, and nothing is found in nothing."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from latticeforge.studies import diversion as pairs
from latticeforge.studies import timing as next_days
from latticeforge.studies.diversion import diversion
from latticeforge.studies.reading import (
    COEFFICIENTS,
    coefficients,
    diversion_reading,
    diversion_rows,
    timing_reading,
    timing_rows,
)
from latticeforge.studies.timing import PLACEBOS, TooFew, timing

FIRST = date(2024, 1, 1)


def lasting(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """A series that remembers: AR(1)."""
    series = rng.normal(size=n)
    for t in range(1, n):
        series[t] += memory * series[t - 1]
    return series


def dates(n: int) -> list[date]:
    return [FIRST + timedelta(days=t) for t in range(n)]


def record(seed: int, n: int = 364, effect: float = 0.0, lead: int = 1) -> pl.DataFrame:
    """Days with pressure that lasts and follows the week, and events whose chance follows pressure ``lead`` days on."""
    rng = np.random.default_rng(seed)
    pressure = 0.35 + 0.05 * lasting(rng, n, 0.5) + 0.03 * np.sin(np.arange(n) * 2 * np.pi / 7)
    standard = (pressure - pressure.mean()) / pressure.std()
    weekday = np.where(np.arange(n) % 7 < 5, 0.05, 0.0)
    chance = np.clip(0.12 + weekday + effect * np.roll(standard, -lead), 0.0, 1.0)
    return pl.DataFrame({"date": dates(n), "pressure": pressure, "event": (rng.random(n) < chance).astype(np.int8)})


def test_an_injected_effect_is_recovered() -> None:
    found = [timing(record(seed, effect=0.06)).next_day for seed in range(12)]
    assert np.mean([one.coefficient for one in found]) == pytest.approx(0.06, abs=0.015)
    assert sum(one.low <= 0.06 <= one.high for one in found) >= 10
    one = timing(record(3, n=728, effect=0.08))
    assert one.next_day.p < 1e-3 and one.week_p < 0.03
    assert one.odds is not None and one.odds.low > 0
    assert sum(placebo.p <= 0.05 for placebo in one.placebos.values()) <= 2


def test_the_effect_of_another_day_is_no_effect_of_the_next() -> None:
    found = timing(record(5, n=728, effect=0.10, lead=4))
    assert found.next_day.p > 0.05
    assert found.placebos[4].p < 1e-3


def test_nothing_is_found_in_nothing() -> None:
    """4-7 % at 5 %: within three standard errors of 5.5 % over 300 records, and the placebo days alike."""
    main, placebo = [], []
    for seed in range(300):
        table = next_days._days(record(seed + 1000))
        main.append(next_days._estimated(table, ())[0].p <= 0.05)
        placebo.append(next_days._estimated(table, (3,))[3].p <= 0.05)
    assert 0.015 <= np.mean(main) <= 0.095
    assert 0.015 <= np.mean(placebo) <= 0.095


def test_placebo_weeks_rank_chance_as_chance() -> None:
    p = [timing(record(seed, n=210)).week_p for seed in range(40)]
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.24)
    assert min(p) >= 1 / 29


def test_missing_days_are_left_out_and_order_is_of_no_matter() -> None:
    days = record(7, n=400, effect=0.06)
    holes = days.with_columns(pl.when(pl.col("date").dt.day() != 9).then(pl.col("pressure")).alias("pressure"))
    shorter = holes.filter(pl.col("date").dt.day() != 9)
    whole, left_out = timing(holes), timing(shorter.sample(fraction=1, shuffle=True, seed=1))
    assert (whole.next_day, whole.controls, whole.placebos) == (left_out.next_day, left_out.controls, left_out.placebos)
    assert whole.next_day.n < timing(days).next_day.n


def test_items_are_held_constant_where_they_are_known() -> None:
    days = record(8)
    rng = np.random.default_rng(8)
    plain = timing(days)
    counted = timing(days.with_columns(items=pl.Series(rng.integers(50, 500, days.height))))
    assert counted.next_day.coefficient != plain.next_day.coefficient
    assert counted.next_day.n == plain.next_day.n


def test_too_little_is_said() -> None:
    days = record(9)
    with pytest.raises(TooFew, match="0 days with an event"):
        timing(days.with_columns(event=pl.lit(0)))
    with pytest.raises(TooFew, match="at least 10 in 20 weeks"):
        timing(days.head(100))
    with pytest.raises(TooFew, match="same on every day"):
        timing(days.with_columns(pressure=pl.lit(0.25)))
    series = pair(1)
    with pytest.raises(TooFew, match="at least 150"):
        diversion(series.head(100))
    with pytest.raises(TooFew, match="diversion is the same"):
        diversion(series.with_columns(diversion=pl.lit(1.0)))


def pair(seed: int, n: int = 500, response: float = 0.0, suppression: float = 0.0, placebos: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    coverage, other = rng.normal(size=n), rng.normal(size=n)
    for t in range(1, n):
        coverage[t] += 0.5 * coverage[t - 1] + suppression * other[t - 1]
        other[t] += 0.4 * other[t - 1] + response * coverage[t - 1]
    topics = {f"placebo {k:02d}": lasting(rng, n, 0.4) for k in range(placebos)}
    return pl.DataFrame({"date": dates(n), "coverage": coverage, "diversion": other} | topics)


def test_both_equations_recover_what_was_put_in() -> None:
    days = pair(2, n=1500, response=0.25, suppression=-0.2, placebos=24)
    ratio = float(days["coverage"].to_numpy().std() / days["diversion"].to_numpy().std())
    found = diversion(days, [name for name in days.columns if name.startswith("placebo")])
    response, suppression = found.pair.response, found.pair.suppression
    assert response.low <= 0.25 * ratio <= response.high
    assert suppression.low <= -0.2 / ratio <= suppression.high
    assert found.both and found.response_p == found.suppression_p == 1 / 25
    assert found.lags == 7
    text = diversion_reading("a and b", found)
    assert "more than for placebo topics" in text and "never motive" in text


def test_one_equation_is_no_diversion() -> None:
    found = diversion(pair(3, n=1000, response=0.3))
    assert found.pair.response.p < 1e-6 and not found.both
    assert "No pattern" in diversion_reading("a and b", found)


def test_unrelated_series_are_found_at_their_level() -> None:
    found = [diversion(pair(seed + 50, n=300)).pair for seed in range(250)]
    assert 0.01 <= np.mean([one.response.p <= 0.05 for one in found]) <= 0.10
    assert 0.01 <= np.mean([one.suppression.p <= 0.05 for one in found]) <= 0.10


def test_placebo_topics_that_cannot_be_used_are_left_out() -> None:
    days = pair(4, placebos=2).with_columns(pl.lit(0.0).alias("placebo 00"))
    assert list(diversion(days, ["placebo 00", "placebo 01"]).placebos) == ["placebo 01"]


def test_a_day_needs_its_whole_past_week() -> None:
    days = pair(5, n=400)
    hole = days.with_columns(pl.when(pl.int_range(pl.len()) != 200).then(pl.col("coverage")).alias("coverage"))
    assert diversion(days).days == 400 - pairs.OWN_LAGS
    assert diversion(hole).days == 400 - pairs.OWN_LAGS - pairs.OWN_LAGS - 1


def test_tables_and_readings_say_what_was_found() -> None:
    found = timing(record(3, n=728, effect=0.08))
    rows = coefficients([*timing_rows("votes", found), *diversion_rows("a and b", diversion(pair(6, placebos=3)))])
    assert rows.columns == list(COEFFICIENTS)
    assert rows.filter(pl.col("subject") == "votes").height == 2 + 2 + len(PLACEBOS)
    assert rows.filter(pl.col("subject") == "a and b").height == 3
    assert rows.filter(pl.col("role") == "main", pl.col("equation") == "linear")["coefficient"][0] == pytest.approx(
        found.next_day.coefficient
    )
    text = timing_reading("votes", found, 0.001)
    assert text.startswith("votes: Events fall on days before busier news") and "never motive" in text
    assert "more than chance does" in timing_reading("votes", found, 0.2)
