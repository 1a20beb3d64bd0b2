"""Baselines and the density they rest on, against closed forms."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from latticeforge.model import EMBEDDING_DIM, NARRATIVE, UTC_TIME
from latticeforge.narratives.baseline import (
    DISPERSION,
    MAX_HISTORY_ITEMS,
    PRIOR_ITEMS,
    PRIOR_SHAPE,
    spike_baselines,
)
from latticeforge.narratives.history import History, cosines, density, history_windows, kernel, own_density
from latticeforge.windows import DAY, HOUR, WINDOW, Window

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
GAPS = {"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME}
NO_GAPS = pl.DataFrame(schema=GAPS)


def axis(i: int) -> NDArray[np.float32]:
    vector = np.zeros(EMBEDDING_DIM, dtype=np.float32)
    vector[i] = 1.0
    return vector


def narrative(window: Window, groups: list[tuple[NDArray[np.float32], int]]) -> pl.DataFrame:
    """NARRATIVE rows with these centroids and items."""
    rows = [
        {
            "window_start": window.start, "narrative_id": f"{window.start:%Y%m%dT%H%MZ}-{i:03d}", "label": f"n{i}",
            "headline": "", "items": items, "voices": items, "sources": 1, "accounts": 1, "copy_share": 0.0,
            "source_hhi": 1.0, "first_at": window.start + timedelta(seconds=10), "last_at": window.start,
            "centroid": vector.tolist(),
        }
        for i, (vector, items) in enumerate(groups)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=NARRATIVE.columns)


def history_of(items: dict[int, list[int]], window: Window = NOW, gaps: pl.DataFrame = NO_GAPS) -> History:
    """For each axis its items in the 156 windows, oldest first; every window computed."""
    windows = history_windows(window)
    tables = [
        narrative(w, [(axis(i), counts[n]) for i, counts in items.items() if counts[n]]) for n, w in enumerate(windows)
    ]
    return History.build(pl.concat(tables), windows, {w.start for w in windows}, gaps)


def test_history_windows_are_six_hours_and_the_same_hour_of_seven_days() -> None:
    windows = history_windows(NOW)
    assert len(windows) == len(set(windows)) == 156
    assert windows == sorted(windows)
    assert windows[-1].end == NOW.start
    earlier = [w for w in windows if w.start < NOW.start - 6 * HOUR]
    assert {(NOW.start - w.start + HOUR / 2) // DAY for w in earlier} == set(range(1, 8))
    assert all(abs((NOW.start - w.start + DAY / 2) % DAY - DAY / 2) <= HOUR / 2 for w in earlier)


def test_history_of_a_sliding_window_ends_before_it_begins() -> None:
    sliding = Window(NOW.start + timedelta(minutes=3, seconds=7))
    assert history_windows(sliding) == history_windows(NOW)
    assert all(w.aligned for w in history_windows(sliding))


def test_kernel_is_a_smooth_step() -> None:
    cosine = np.linspace(-1, 1, 401)
    weight = kernel(cosine)
    assert np.all(weight[cosine <= 0.5] == 0) and np.all(weight[cosine >= 0.75] == 1)
    assert np.all(np.diff(weight) >= 0)
    assert kernel(np.array([0.625]))[0] == 0.5


def test_density_is_the_weighted_count_of_the_definition() -> None:
    rng = np.random.default_rng(3)
    raw = rng.normal(size=(60, EMBEDDING_DIM)) + 1.2 * rng.normal(size=(6, EMBEDDING_DIM))[rng.integers(6, size=60)]
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    windows = history_windows(NOW)
    groups = [(unit[i], 1 + i % 5) for i in range(10, 60)]
    tables = [narrative(windows[j], groups[10 * j : 10 * j + 10]) for j in range(5)]
    history = History.build(pl.concat(tables), windows, {w.start for w in windows}, NO_GAPS)
    weight = kernel(unit[:10].astype(np.float64) @ unit[10:].T.astype(np.float64))
    expected = np.stack(
        [weight[:, 10 * j : 10 * j + 10] @ [g[1] for g in groups[10 * j : 10 * j + 10]] for j in range(5)], axis=1
    )
    found = density(unit[:10], history)
    assert expected.max() > 3
    np.testing.assert_allclose(found[:, :5], expected, atol=0.02)  # the lattice moves a cosine by about 1e-4
    assert not found[:, 5:].any()


def test_cosines_are_exact_on_the_lattice_whatever_the_shape() -> None:
    rng = np.random.default_rng(5)
    raw = rng.normal(size=(101, EMBEDDING_DIM))
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    whole = cosines(unit, unit)
    np.testing.assert_allclose(whole, unit.astype(np.float64) @ unit.T.astype(np.float64), atol=6e-4)
    assert all((cosines(unit[i : i + 1], unit[::-1])[0, ::-1] == whole[i]).all() for i in range(0, 101, 20))


def test_own_density_counts_a_story_that_fell_in_two() -> None:
    split = np.stack([axis(0), axis(0), axis(1)])
    assert own_density(split, np.array([3.0, 4.0, 5.0])).tolist() == [7.0, 7.0, 5.0]


def test_posterior_of_a_constant_story_is_the_closed_form() -> None:
    history = history_of({0: [2] * 156, 1: [18] * 156})
    table = spike_baselines(narrative(NOW, [(axis(0), 2), (axis(1), 18)]), history, NOW)
    shape = PRIOR_SHAPE + MAX_HISTORY_ITEMS * 0.1
    rate = PRIOR_ITEMS + MAX_HISTORY_ITEMS
    widened = 1 / (1 / shape + DISPERSION)
    first = table.filter(pl.col("narrative_id").str.ends_with("-000")).sort("scale_minutes")
    assert first["observed"].to_list() == [2, 6, 24]
    assert first["exposure"].to_list() == [20, 60, 240]
    assert first["alpha"].to_list() == pytest.approx([widened] * 3, abs=1e-9)
    assert first["beta"].to_list() == pytest.approx([rate * widened / shape] * 3, abs=1e-8)
    assert first["expected"].to_list() == pytest.approx([s * shape / rate for s in (20, 60, 240)], abs=1e-8)
    assert first["history_windows"].to_list() == [144] * 3 and first["missing_windows"].to_list() == [0] * 3


def test_the_last_hour_is_not_in_the_baseline() -> None:
    quiet = history_of({0: [0] * 156, 1: [20] * 156})
    surging = history_of({0: [0] * 144 + [15] * 12, 1: [20] * 156})
    now = narrative(NOW, [(axis(0), 15), (axis(1), 20)])
    columns = ["alpha", "beta"]
    assert spike_baselines(now, quiet, NOW).select(columns).equals(spike_baselines(now, surging, NOW).select(columns))


def test_the_larger_of_today_and_the_same_hour_counts() -> None:
    now = narrative(NOW, [(axis(0), 10), (axis(1), 10)])
    daily = spike_baselines(now, history_of({0: [10] * 84 + [0] * 72, 1: [10] * 156}), NOW)
    today = spike_baselines(now, history_of({0: [0] * 84 + [10] * 72, 1: [10] * 156}), NOW)
    for table in (daily, today):
        share = (table["alpha"] / table["beta"]).to_list()
        assert share[0] == pytest.approx((PRIOR_SHAPE + 150) / (PRIOR_ITEMS + 300), abs=1e-3)


def test_missing_windows_are_left_out_and_not_read_as_zero() -> None:
    items = {0: [4] * 156, 1: [16] * 156}
    whole = history_of(items)
    gap = pl.DataFrame(
        [("a", NOW.start - 4 * HOUR, NOW.start - 2 * HOUR)], schema=GAPS, orient="row"
    )  # its items were lost: the same windows would read zero
    lost = {0: [0 if 108 <= n < 132 else 4 for n in range(156)], 1: items[1]}
    holed = history_of(lost, gaps=gap)
    now = narrative(NOW, [(axis(0), 4), (axis(1), 16)])
    left = spike_baselines(now, holed, NOW)
    assert left["missing_windows"].unique().to_list() == [24]
    assert left["history_windows"].unique().to_list() == [120]
    same = ["observed", "expected", "alpha", "beta"]
    assert left.select(same).equals(spike_baselines(now, whole, NOW).select(same))
    assert not left.select(same).equals(spike_baselines(now, history_of(lost), NOW).select(same))


def test_a_gap_of_the_last_hour_leaves_the_wider_scales_comparable() -> None:
    gap = pl.DataFrame([("a", NOW.start - HOUR / 2, NOW.start - HOUR / 4)], schema=GAPS, orient="row")
    table = spike_baselines(narrative(NOW, [(axis(0), 5)]), history_of({0: [5] * 156}, gaps=gap), NOW)
    assert table.sort("scale_minutes")["observed"].to_list() == [5, 15, 45]
    assert table.sort("scale_minutes")["exposure"].to_list() == [5, 15, 45]


@pytest.mark.parametrize(
    ("gaps", "missing"),
    [
        ([("a", NOW.start - 3 * HOUR, NOW.start - 2 * HOUR)], 12),
        ([("a", NOW.start - 3 * HOUR, None)], 0),  # silent then and now: the same sources on both sides
        ([("a", NOW.start - 2 * DAY, NOW.start - HOUR)], 0),  # away for more than a day: as a new source
        ([("a", NOW.start - 3 * HOUR + WINDOW / 2, NOW.start - 3 * HOUR + WINDOW)], 1),
    ],
)
def test_which_windows_a_gap_makes_missing(gaps: list[tuple[str, datetime, datetime | None]], missing: int) -> None:
    history = history_of({0: [1] * 156}, gaps=pl.DataFrame(gaps, schema=GAPS, orient="row"))
    assert int(history.missing.sum()) == missing


def test_a_window_that_was_never_computed_is_missing_and_an_empty_one_is_not() -> None:
    windows = history_windows(NOW)
    history = History.build(NARRATIVE.empty(), windows, {windows[0].start}, NO_GAPS)
    assert history.missing.tolist() == [False] + [True] * 155
    assert history.exposure.tolist() == [0.0] * 156


def test_growth_is_what_exceeds_the_share_just_before() -> None:
    history = history_of({0: [4] * 150 + [4, 4, 4, 10, 4, 0], 1: [16] * 156})
    assert history.comparable.sum() == 148
    assert [history.growth(w) for w in (152, 153)] == pytest.approx([0.0, 26 * (10 / 26 - 12 / 60)])
    assert history.largest[[152, 155]].tolist() == [16.0, 16.0]


def test_clusters_out_of_order_are_refused() -> None:
    history = history_of({0: [1] * 156})
    with pytest.raises(ValueError, match="order of their windows"):
        replace(history, cluster_window=history.cluster_window[::-1])


def test_without_history_the_prior_stands() -> None:
    history = History.build(NARRATIVE.empty(), history_windows(NOW), set(), NO_GAPS)
    table = spike_baselines(narrative(NOW, [(axis(0), 3)]), history, NOW)
    assert table["history_windows"].to_list() == [0, 0, 0]
    assert table["missing_windows"].to_list() == [144] * 3
    assert (table["alpha"] / table["beta"]).to_list() == pytest.approx([PRIOR_SHAPE / PRIOR_ITEMS] * 3)


def test_no_narratives_give_no_baselines() -> None:
    history = History.build(NARRATIVE.empty(), history_windows(NOW), set(), NO_GAPS)
    assert spike_baselines(NARRATIVE.empty(), history, NOW).is_empty()
