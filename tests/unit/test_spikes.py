"""Spikes: the tail against scipy, onsets, one alarm an onset, and series that must stay silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import nbinom

from latticeforge.model import EMBEDDING_DIM, NARRATIVE, UTC_TIME
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.history import History, history_windows
from latticeforge.narratives.spikes import SPIKE_P, onset_age, predictive_tail, spikes
from latticeforge.windows import WINDOW, Window

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
Series = dict[int, Sequence[int]]  # axis -> items in 156 windows of history and in the current one


def narrative(window: Window, groups: list[tuple[int, int]], mixed: float = 0.0) -> pl.DataFrame:
    """Narratives on coordinate axes; ``mixed`` tilts every second one towards the first axis."""
    rows = []
    for rank, (axis, items) in enumerate(groups):
        vector = np.zeros(EMBEDDING_DIM)
        vector[axis] = 1.0
        if mixed and rank % 2:
            vector[0], vector[axis] = mixed, np.sqrt(1 - mixed**2)
        rows.append(
            {
                "window_start": window.start, "narrative_id": f"{window}-{rank:03d}", "label": f"axis {axis}",
                "headline": "", "items": items, "voices": items, "sources": 1, "accounts": 1, "copy_share": 0.0,
                "source_hhi": 1.0, "first_at": window.start + timedelta(seconds=42), "last_at": window.end,
                "centroid": vector.tolist(),
            }
        )  # fmt: skip
    return pl.DataFrame(rows, schema=NARRATIVE.columns)


def found(series: Series, window: Window = NOW, known: int = 156) -> pl.DataFrame:
    """Spikes of the last of 157 values a series; only the last ``known`` windows of history were computed."""
    windows = history_windows(window)
    tables = [narrative(w, [(i, s[n]) for i, s in series.items() if s[n]]) for n, w in enumerate(windows)]
    history = History.build(pl.concat(tables), windows, {w.start for w in windows[156 - known :]}, NO_GAPS)
    now = narrative(window, [(i, s[156]) for i, s in series.items() if s[156]])
    return spikes(spike_baselines(now, history, window), now, history, window)


BACKGROUND = [25] * 157


def test_tail_is_that_of_scipys_negative_binomial() -> None:
    rng = np.random.default_rng(1)
    alpha, beta = rng.uniform(0.05, 4, size=200), rng.uniform(1, 500, size=200)
    exposure, count = rng.uniform(1, 2000, size=200), rng.integers(1, 400, size=200)
    expected = nbinom.sf(count - 1, alpha, beta / (beta + exposure))
    np.testing.assert_allclose(
        predictive_tail(count.astype(float), exposure, alpha, beta), np.maximum(expected, 1e-300), rtol=1e-8
    )


def test_tail_needs_no_exposure_and_never_underflows() -> None:
    one = np.array([1.0])
    assert predictive_tail(np.array([0.0]), one, one, one)[0] == 1.0
    assert predictive_tail(np.array([5000.0]), one, one, one * 1e9)[0] == 1e-300


def test_more_items_are_never_less_surprising() -> None:
    counts = np.arange(0.0, 60.0, 0.25)
    for alpha, beta in ((0.4, 270.0), (0.45, 20.0), (3.0, 30.0)):
        fixed = predictive_tail(counts, np.full(counts.size, 60.0), np.array([alpha]), np.array([beta]))
        joined = predictive_tail(counts, 30.0 + counts, np.array([alpha]), np.array([beta]))
        assert np.all(np.diff(fixed) <= 0) and np.all(np.diff(joined) <= 1e-12)


def test_a_new_group_is_a_spike_with_its_onset_at_the_first_item() -> None:
    rows = found({0: [0] * 156 + [12], 1: BACKGROUND})
    assert rows["label"].unique().to_list() == ["axis 0"]
    assert rows["is_onset"].sum() == 1
    assert rows["onset_at"].unique().to_list() == [NOW.start + timedelta(seconds=42)]
    assert rows["p_value"].max() <= SPIKE_P
    assert rows.sort("spike_id")["spike_id"].to_list() == [f"{NOW}-000-{m}m" for m in (15, 5, 60)]


@pytest.mark.parametrize("level", [0, 1, 4, 12, 40])
def test_constant_series_never_spike(level: int) -> None:
    assert found({0: [level] * 157, 1: BACKGROUND}).is_empty()


def test_all_zero_series_never_spike() -> None:
    assert found({0: [0] * 157}).is_empty()


def test_a_busy_hour_is_no_spike() -> None:
    tripled = [4] * 145 + [12] * 12
    assert found({0: tripled, 1: [25] * 145 + [75] * 12}).is_empty()


def test_a_poller_that_catches_up_is_no_spike() -> None:
    """Nothing for an hour, then the hour's items of every story in one window, as published then."""
    assert found({i: [2] * 144 + [0] * 12 + [26] for i in range(12)}).is_empty()


def test_three_items_are_too_few_and_four_new_ones_are_not() -> None:
    assert found({0: [0] * 156 + [3], 1: BACKGROUND}).is_empty()
    assert not found({0: [0] * 156 + [4], 1: BACKGROUND}).is_empty()


def test_the_first_day_raises_no_alarm_for_being_new() -> None:
    stories = {i: [0] * 156 + [2 + i % 4] for i in range(9)}
    assert found(stories, known=0).is_empty()
    assert not found(stories | {20: [0] * 156 + [4], 21: BACKGROUND}, known=156).is_empty()


@pytest.mark.parametrize("shape", [[10, 12, 9, 14, 11, 8, 9], [30, 25, 20, 15, 12, 9, 7], [9, 15, 25, 35, 45, 50, 45]])
def test_one_alarm_an_onset(shape: list[int]) -> None:
    """A surge seen window after window is announced once, when it begins."""
    announced = []
    for seen in range(1, len(shape) + 1):
        window = Window(NOW.start + WINDOW * seen)
        series = [0] * (157 - seen) + shape[:seen]
        rows = found({0: series, 1: BACKGROUND}, window)
        announced.append(int(rows["is_onset"].sum()))
    assert announced == [1, 0, 0, 0, 0, 0, 0]


def test_a_ripple_does_not_silence_the_wave() -> None:
    ripple = found({0: [0] * 155 + [4, 30], 1: BACKGROUND})
    assert ripple["is_onset"].sum() == 1
    assert found({0: [0] * 155 + [10, 30], 1: BACKGROUND})["is_onset"].sum() == 0


def test_after_a_quiet_hour_the_alarm_is_armed_again() -> None:
    early, late = [0] * 157, [0] * 157
    early[130] = late[150] = 20
    early[156] = late[156] = 20
    assert found({0: early, 1: BACKGROUND})["is_onset"].sum() == 1
    assert found({0: late, 1: BACKGROUND})["is_onset"].sum() == 0


def test_a_story_in_two_groups_is_one_alarm() -> None:
    windows = history_windows(NOW)
    background = pl.concat([narrative(w, [(9, 25)]) for w in windows])
    history = History.build(background, windows, {w.start for w in windows}, NO_GAPS)
    now = narrative(NOW, [(0, 14), (1, 12), (2, 14), (9, 25)], mixed=0.7)
    rows = spikes(spike_baselines(now, history, NOW), now, history, NOW)
    alarms = rows.filter("is_onset")["label"].to_list()
    assert sorted(alarms) == ["axis 0", "axis 2"]
    assert "axis 1" in rows["label"].to_list()


def test_onset_is_where_the_run_of_excess_begins() -> None:
    exposure = np.full(13, 100.0)
    share = np.array([0.02])
    for begins in range(1, 10):
        items = np.full((1, 13), 2.0)
        items[0, : begins + 1] = 12.0
        assert onset_age(items, exposure, share).tolist() == [begins]


def test_onset_in_an_earlier_window_is_the_first_item_there() -> None:
    rows = found({0: [0] * 153 + [8, 11, 12, 10], 1: BACKGROUND})
    assert rows["onset_at"].unique().to_list() == [NOW.start - 3 * WINDOW + timedelta(seconds=42)]


def test_onset_in_an_earlier_window_is_its_start_where_no_time_is_known() -> None:
    windows = history_windows(NOW)
    told = [0] * 153 + [8, 11, 12]
    past = pl.concat([narrative(w, [(1, 25), *([(0, n)] if n else [])]) for w, n in zip(windows, told, strict=True)])
    untimed = past.select("window_start", "items", "voices", "centroid")
    history = History.build(untimed, windows, {w.start for w in windows}, NO_GAPS)
    now = narrative(NOW, [(0, 10), (1, 25)])
    rows = spikes(spike_baselines(now, history, NOW), now, history, NOW)
    assert rows["onset_at"].unique().to_list() == [NOW.start - 3 * WINDOW]


def test_the_first_item_is_that_of_the_same_meaning() -> None:
    windows = history_windows(NOW)
    past = pl.concat([narrative(w, [(1, 25), (0, 8)]) for w in windows]).with_columns(
        first_at=pl.col("window_start")
        + pl.when(pl.col("label") == "axis 0").then(200).otherwise(5) * pl.duration(seconds=1)
    )
    history = History.build(past.reverse(), windows, {w.start for w in windows}, NO_GAPS)
    for axis, second in ((0, 200), (1, 5), (7, 0)):
        vector = np.eye(EMBEDDING_DIM, dtype=np.float32)[axis]
        assert history.first_of(vector, 155) == history.starts[155] + second * 1_000_000


def test_no_narratives_no_spikes() -> None:
    assert found({0: [3] * 156 + [0]}).is_empty()


def test_tail_is_honest_under_its_own_null() -> None:
    """Counts of a story with the assumed dispersion: p is at most uniform, within binomial error."""
    rng = np.random.default_rng(11)
    n, share, exposure = 4000, 0.05, 30.0
    past = rng.poisson(share * 3000, size=n)
    alpha = 1 / (1 / (0.5 + past / 10) + 0.3)
    beta = 320.0 * alpha / (0.5 + past / 10)
    count = rng.poisson(share * exposure * rng.gamma(1 / 0.3, 0.3, size=n)).astype(float)
    p = predictive_tail(count, np.full(n, exposure), alpha, beta)
    for level in (0.2, 0.05, 0.01):
        assert np.mean(p <= level) <= level + 3 * np.sqrt(level * (1 - level) / n)
    assert np.mean(p <= 0.2) > 0.08
