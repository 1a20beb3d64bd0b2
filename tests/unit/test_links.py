"""Links: which pairs are tested, what is measured of each, and how rare chance makes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2
from statsmodels.stats.multitest import multipletests

from latticeforge.model import ARTICLE, EMBEDDING_DIM, EVENT_COLUMNS, NARRATIVE, NARRATIVE_ITEM, UTC_TIME
from latticeforge.narratives.amplification import concentration, copy_share, sharpness, synchrony
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.events import events_near, political_bursts
from latticeforge.narratives.history import History, history_windows
from latticeforge.narratives.leadership import transfer_entropy_bits
from latticeforge.narratives.links import correlations
from latticeforge.narratives.placebo import benjamini_hochberg, generic_tail
from latticeforge.narratives.spikes import spikes
from latticeforge.windows import HOUR, Window

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
MINUTE = timedelta(minutes=1)


def axis(i: int, towards: int = 1, cosine: float = 0.0) -> NDArray[np.float32]:
    vector = np.zeros(EMBEDDING_DIM, dtype=np.float32)
    vector[i], vector[towards] = np.sqrt(1 - cosine**2), cosine
    return vector


def table(groups: list[tuple[Window, int, int]]) -> pl.DataFrame:
    """NARRATIVE rows of (window, axis, items)."""
    groups = [g for g in groups if g[2]]
    frame = pl.DataFrame(
        {
            "window_start": [w.start for w, _, _ in groups],
            "narrative_id": [f"{w}-{a}" for w, a, _ in groups],
            "label": [f"axis {a}" for _, a, _ in groups],
            "headline": [f"h {a}" for _, a, _ in groups],
            "items": [n for _, _, n in groups],
            "centroid": pl.Series(np.stack([axis(a) for _, a, _ in groups]), dtype=NARRATIVE.columns["centroid"]),
        }
    )
    return frame.with_columns(
        voices=pl.col("items"), sources=pl.lit(1), accounts=pl.lit(1), copy_share=pl.lit(0.0), source_hhi=pl.lit(1.0),
        first_at=pl.col("window_start") + timedelta(seconds=30), last_at=pl.col("window_start"),
    )  # fmt: skip


class Day:
    """A window with a surge on axis 0 beside steady news on axis 9, and its history."""

    def __init__(self, surge: int = 20, history: dict[int, int] | None = None, title: str = "") -> None:
        windows = history_windows(NOW)
        lone = [(windows[i], 50 + i, n) for i, n in (history or {}).items()]
        groups = [(w, a, n) for w in windows for a, n in self.usual(w)] + lone
        self.history = History.build(table(groups), windows, {w.start for w in windows}, NO_GAPS)
        self.narrative = table([(NOW, 0, surge), (NOW, 9, 25)])
        rows = [
            (NOW.start, f"{a}-{i:03d}", f"{a}", a, i, NOW.start + timedelta(seconds=30 + 2 * i))
            for a, n in ((0, surge), (9, 25))
            for i in range(n)
        ]
        base = pl.DataFrame(rows, schema=["window_start", "item_id", "axis", "a", "i", "event_at"], orient="row")
        own = base.with_columns(
            narrative_id=pl.format("{}-{}", pl.lit(str(NOW)), pl.col("axis")),
            voice_id=pl.when(pl.col("a") == 0).then(pl.lit("0-000")).otherwise(pl.col("item_id")),
            similarity=pl.lit(0.9),
            source=pl.when(pl.col("a") == 0).then(pl.lit("stream")).otherwise(pl.format("paper {}", "i")),
            account=pl.when(pl.col("a") == 0).then(pl.format("account {}", pl.col("i") % 4)).otherwise(pl.lit("")),
            date_status=pl.lit("ok"), counted=pl.lit(True), title=pl.lit(title), summary=pl.lit(""), url=pl.lit(""),
            text_hash=pl.lit(b""),
        )  # fmt: skip
        self.items, self.articles = NARRATIVE_ITEM.shape(own), ARTICLE.shape(own)
        self.spikes = spikes(spike_baselines(self.narrative, self.history, NOW), self.narrative, self.history, NOW)

    @staticmethod
    def usual(window: Window) -> list[tuple[int, int]]:
        """What every window of the history holds: (axis, items)."""
        return [(9, 25)]

    def links(
        self, at: Sequence[datetime], vectors: NDArray[np.float32] | None = None, known: bool = True
    ) -> pl.DataFrame:
        events = pl.DataFrame(
            [(f"e{i}", "c", "t", t, "", 0.9, known) for i, t in enumerate(at)], schema=EVENT_COLUMNS, orient="row"
        )
        apart = np.array([axis(200 + i) for i in range(len(at))], dtype=np.float32).reshape(-1, EMBEDDING_DIM)
        unrelated = apart if vectors is None else vectors
        return correlations(
            self.spikes, self.narrative, self.items, self.articles, events, unrelated, self.history, NOW
        )


@pytest.fixture(scope="module")
def day() -> Day:
    return Day()


def test_a_link_measures_how_the_surge_was_carried(day: Day) -> None:
    row = day.links([NOW.start - 5 * MINUTE]).row(0, named=True)
    assert row["lag_s"] == 330.0
    assert row["unrelatedness"] == 1.0
    assert row["copy_share"] == pytest.approx(0.95)
    assert row["source_concentration"] == pytest.approx(0.25)
    assert row["sources"] == 1
    assert row["onset_sharpness"] == 1.0
    assert row["synchrony"] > 0.95
    assert row["link_id"] == f"e0|{row['spike_id']}"
    # the story was never seen before: chance adds little, but as many items are a count, with a count's uncertainty
    fewest, most = (0.5 * chi2.ppf(q, 2 * row["effect_items"] + more) for q, more in ((0.025, 0), (0.975, 2)))
    assert row["effect_low"] <= fewest < row["effect_items"] < most <= row["effect_high"]
    assert row["effect_low"] > fewest - 2 and row["effect_high"] < most + 1


def test_only_events_of_the_last_two_hours_with_a_known_time_are_tested(day: Day) -> None:
    end = NOW.end
    at = [end - 2 * HOUR, end - 2 * HOUR + MINUTE, end, end + MINUTE]
    links = day.links(at)
    assert links["event_id"].to_list() == ["e1", "e2"]
    assert links["tests"].unique().to_list() == [2]
    assert day.links(at, known=False).is_empty()


def test_an_events_own_coverage_has_no_link_but_counts_as_a_test(day: Day) -> None:
    vectors = np.stack([axis(300, 0, 0.5), axis(301, 0, 0.36), axis(302, 0, 0.34), axis(303)])
    links = day.links([NOW.start - 5 * MINUTE] * 4, vectors)
    assert links["event_id"].to_list() == ["e2", "e3"]
    assert links["tests"].to_list() == [4, 4]
    assert links["q_value"].to_list() == pytest.approx([2 * p for p in links["p_value"]])


def test_a_spike_that_precedes_its_event_is_reported_and_never_significant(day: Day) -> None:
    row = day.links([NOW.start + 2 * MINUTE]).row(0, named=True)
    assert row["lag_s"] == -90.0
    assert row["q_value"] == 1.0


def test_p_is_the_rank_among_the_history_and_its_own_slot(day: Day) -> None:
    """20 of 45 items against slots that hold a lone group of 5 to 60 items beside 25 others."""
    sizes = {10: 5, 40: 15, 70: 19, 90: 30, 120: 45, 140: 60}
    busy = Day(history=sizes).links([NOW.start - MINUTE]).row(0, named=True)
    tail = {n: generic_tail(np.array([float(n)]), np.array([n + 25.0]))[0] for n in (20, *sizes.values())}
    rivals = sum(tail[n] <= tail[20] for n in sizes.values())
    assert rivals == 3
    assert busy["placebos"] == 148  # eight runs of windows, each without one before its first
    assert busy["p_value"] == pytest.approx((rivals + 1) / 149, abs=1e-9)
    assert day.links([NOW.start - MINUTE])["p_value"].item() == pytest.approx(1 / 149, abs=1e-9)


def test_a_story_that_goes_on_is_a_rival_only_when_it_starts() -> None:
    class Ongoing(Day):
        @staticmethod
        def usual(window: Window) -> list[tuple[int, int]]:
            return [(9, 25), (70, 30 if NOW.start - 3 * HOUR <= window.start < NOW.start else 0)]

    assert Ongoing().links([NOW.start - MINUTE])["p_value"].item() == pytest.approx(2 / 149, abs=1e-9)


def test_more_items_are_never_less_rare() -> None:
    sizes = {n: 5 + n // 3 for n in range(10, 150, 5)}
    p = [Day(surge=n, history=sizes).links([NOW.start - MINUTE])["p_value"].item() for n in (8, 12, 18, 27, 40, 60)]
    assert p == sorted(p, reverse=True) and p[0] > p[-1]


def test_benjamini_hochberg_is_statsmodels() -> None:
    rng = np.random.default_rng(2)
    for n in (1, 2, 7, 60):
        p = np.round(rng.beta(0.5, 2, size=n), 2).tolist()
        assert benjamini_hochberg(p, n) == pytest.approx(multipletests(p, method="fdr_bh")[1].tolist())
        padded = multipletests([*p, *[1.0] * 5], method="fdr_bh")[1][:n]
        assert benjamini_hochberg(p, n + 5) == pytest.approx(padded.tolist())


def test_p_of_an_ordinary_window_is_uniform() -> None:
    """The largest group of a window that is like all others has rank p: uniform within binomial error."""
    rng = np.random.default_rng(8)
    found = []
    for _ in range(120):
        sizes = rng.poisson(6, size=157) + rng.binomial(1, 0.3, size=157) * rng.poisson(8, size=157) + 4
        made = Day(surge=int(sizes[156]), history={n: int(sizes[n]) for n in range(156)})
        found += made.links([NOW.start - MINUTE])["p_value"].to_list()
    p = np.array(found)
    assert p.size == 120
    for level in (0.1, 0.25, 0.5, 0.75):
        assert abs(np.mean(p <= level) - level) < 0.15


def test_concentration_and_copies_in_closed_form() -> None:
    assert concentration(np.array([0, 0, 0])) == 1.0
    assert concentration(np.array([0, 1, 2, 3])) == 0.25
    assert copy_share(np.array([0, 0, 1, 1])) == 0.5


def test_synchrony_is_half_where_accounts_drop_in_evenly() -> None:
    steady = np.linspace(0, 300, 301)
    assert synchrony(steady, np.arange(301), 300.0) == pytest.approx(0.5, abs=0.01)
    assert synchrony(np.zeros(5), np.arange(5), 300.0) == 1.0
    assert synchrony(steady, np.zeros(301, dtype=np.int64), 300.0) == 0.0


def test_sharpness_of_a_step_and_of_a_slow_rise() -> None:
    none = np.zeros(12)
    assert sharpness(np.array([20.0, *none[1:]]), none, 0) == 1.0
    assert sharpness(np.array([5.0] * 12), none, 11) == pytest.approx(1 / 12)
    assert sharpness(np.array([60.0, 4.0, *none[2:]]), none, 1) == pytest.approx(60 / 64)
    assert sharpness(none, none, 3) == 0.0


def test_transfer_entropy_of_a_leader_of_noise_and_of_nothing() -> None:
    rng = np.random.default_rng(4)
    usable = np.ones(4000, dtype=np.bool_)
    leader = rng.integers(0, 2, size=4000).astype(float)
    follower = np.roll(leader, 1)
    assert transfer_entropy_bits(leader, follower, usable) == pytest.approx(1.0, abs=0.02)
    noise = transfer_entropy_bits(leader, rng.permutation(leader), usable)
    assert noise is not None and noise < 0.005
    assert transfer_entropy_bits(np.zeros(73), np.zeros(73), usable[:73]) == 0.0
    assert transfer_entropy_bits(leader[:20], follower[:20], usable[:20]) is None


def test_without_history_the_interval_is_the_predictive_one() -> None:
    made = Day(surge=20)
    made.history = History.build(NARRATIVE.empty(), history_windows(NOW), set(), NO_GAPS)
    made.spikes = spikes(spike_baselines(made.narrative, made.history, NOW), made.narrative, made.history, NOW)
    links = made.links([NOW.start - MINUTE])
    row = links.filter(pl.col("narrative_id").str.ends_with("-0")).row(0, named=True)
    assert row["placebos"] == 0 and row["p_value"] == 1.0
    assert row["leadership_bits"] is None
    assert row["effect_items"] - row["effect_low"] > 1 and row["effect_high"] >= row["effect_items"]


def test_nothing_to_test_gives_no_rows(day: Day) -> None:
    assert day.links([]).is_empty()
    assert day.links([NOW.start - MINUTE], np.stack([axis(0)])).is_empty()


def test_events_near_are_ordered() -> None:
    rows = [("b", "c", "t", NOW.start, "", None, True), ("a", "c", "t", NOW.start, "", None, True)]
    assert events_near(pl.DataFrame(rows, schema=EVENT_COLUMNS, orient="row"), NOW)["event_id"].to_list() == ["a", "b"]


def bursts(titles: str, sources: int, political: set[str]) -> pl.DataFrame:
    made = Day(title=titles)
    spread = pl.col("item_id").str.slice(2).cast(pl.Int32) % sources
    articles = made.articles.with_columns(source=pl.format("source {}", spread))
    return political_bursts(made.spikes, made.narrative, made.items, articles, political)


def test_a_political_burst_needs_political_words_or_sources_and_three_of_them() -> None:
    found = bursts("Parliament votes on the treaty", 3, set())
    assert found.columns == list(EVENT_COLUMNS)
    row = found.row(0, named=True)
    assert (row["calendar_id"], row["title"], row["time_known"]) == ("burst", "h 0", True)
    assert row["occurred_at"] == NOW.start + timedelta(seconds=30)
    assert 0 < row["impact"] < 1
    assert bursts("Parliament votes on the treaty", 2, set()).is_empty()
    assert bursts("A cat is rescued", 3, set()).is_empty()
    assert bursts("A cat is rescued", 3, {"source 0", "source 1"}).height == 1
