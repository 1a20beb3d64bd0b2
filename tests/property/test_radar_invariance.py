"""Baselines, spikes, links and scores do not depend on the order of rows, the batches they came in, or time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latticeforge.model import ARTICLE, EMBEDDING_DIM, EVENT_COLUMNS, NARRATIVE, NARRATIVE_ITEM, UTC_TIME
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.history import History, history_windows
from latticeforge.narratives.links import correlations
from latticeforge.narratives.scores import distraction_scores
from latticeforge.narratives.spikes import spikes
from latticeforge.windows import Window

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
Floats = NDArray[np.float32]


def stories(seed: int, n: int) -> Floats:
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(n, EMBEDDING_DIM)) + 0.9 * rng.normal(size=(8, EMBEDDING_DIM))[rng.integers(8, size=n)]
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def groups(windows: list[Window], vectors: Floats, rng: np.random.Generator, surge: int) -> pl.DataFrame:
    rows = [(w, int(k)) for w in windows for k in rng.choice(len(vectors), size=6, replace=False)]
    items = rng.integers(1, 6, size=len(rows))
    items[0] += surge
    noisy = vectors[[k for _, k in rows]] + 0.02 * rng.normal(size=(len(rows), EMBEDDING_DIM))
    unit = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    frame = pl.DataFrame(
        {
            "window_start": [w.start for w, _ in rows],
            "narrative_id": [f"{w}-{i:03d}" for i, (w, _) in enumerate(rows)],
            "items": items,
            "voices": np.maximum(items // 2, 1),
            "centroid": pl.Series(unit, dtype=NARRATIVE.columns["centroid"]),
        }
    )
    return NARRATIVE.shape(
        frame.with_columns(
            label=pl.col("narrative_id"), headline=pl.lit("h"), sources=pl.lit(1), accounts=pl.lit(1),
            copy_share=pl.lit(0.0), source_hhi=pl.lit(1.0), first_at=pl.col("window_start"),
            last_at=pl.col("window_start"),
        )
    )  # fmt: skip


def members(narrative: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows = [
        (name, f"{name}/{i:02d}", f"{name}/{min(i, 2):02d}", i)
        for name, n in narrative.select("narrative_id", "items").iter_rows()
        for i in range(n)
    ]
    frame = pl.DataFrame(rows, schema=["narrative_id", "item_id", "voice_id", "i"], orient="row").with_columns(
        window_start=pl.lit(NOW.start), similarity=pl.lit(0.9), source=pl.format("s{}", pl.col("i") % 2),
        account=pl.format("a{}", pl.col("i") % 5), event_at=pl.lit(NOW.start) + pl.duration(seconds=pl.col("i") * 3),
        date_status=pl.lit("ok"), counted=pl.lit(True), title=pl.lit(""), summary=pl.lit(""), url=pl.lit(""),
        text_hash=pl.lit(b""),
    )  # fmt: skip
    return NARRATIVE_ITEM.shape(frame), ARTICLE.shape(frame)


def chain(
    past: pl.DataFrame, narrative: pl.DataFrame, own: tuple[pl.DataFrame, pl.DataFrame], order: list[int]
) -> list[pl.DataFrame]:
    windows = history_windows(NOW)
    history = History.build(past, windows, {w.start for w in windows}, NO_GAPS)
    events = pl.DataFrame(
        [(f"e{i}", "c", "t", NOW.start - timedelta(minutes=i), "", 0.5, True) for i in range(3)],
        schema=EVENT_COLUMNS, orient="row",
    )  # fmt: skip
    vectors = stories(99, 3)
    baselines = spike_baselines(narrative, history, NOW)
    found = spikes(baselines.sample(fraction=1, shuffle=True, seed=order[0]), narrative, history, NOW)
    links = correlations(found, narrative, *own, events[order], vectors[order], history, NOW)
    return [baselines, found, links, distraction_scores(links, found, narrative, *own, [f"reason {i}" for i in order])]


def table(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng, vectors = np.random.default_rng(seed), stories(seed, 20)
    return groups(history_windows(NOW), vectors, rng, 0), groups([NOW], vectors, rng, 25)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 3), st.integers(0, 10_000), st.permutations(range(3)), st.integers(1, 900))
def test_order_and_batches_of_rows_change_nothing(seed: int, shuffle: int, order: list[int], cut: int) -> None:
    past, narrative = table(seed)
    own = members(narrative)
    straight = chain(past, narrative, own, [0, 1, 2])
    mixed = past.sample(fraction=1, shuffle=True, seed=shuffle)
    batched = pl.concat([mixed[cut:], mixed[:cut]], rechunk=False)
    items, articles = (frame.sample(fraction=1, shuffle=True, seed=shuffle) for frame in own)
    again = chain(batched, narrative.sample(fraction=1, shuffle=True, seed=shuffle), (items, articles), order)
    assert straight[2].height >= 3
    assert all(a.equals(b) for a, b in zip(straight, again, strict=True))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 50))
def test_no_published_number_is_nan_or_out_of_range(seed: int) -> None:
    past, narrative = table(seed)
    frames = chain(past, narrative, members(narrative), [0, 1, 2])
    for frame in frames:
        floats = [c for c, t in frame.schema.items() if t == pl.Float64]
        assert not any(frame[c].is_nan().any() for c in floats)
        assert all(frame[c].is_infinite().sum() == 0 for c in floats)
    links, scores = frames[2], frames[3]
    assert links["p_value"].is_between(0, 1).all() and links["q_value"].is_between(0, 1).all()
    assert scores.select((pl.sum_horizontal("^belief_.*$") - 1).abs().max()).item() < 1e-8
    told = scores.filter(pl.col("likelihood").is_not_null())
    assert told.filter(pl.col("likelihood").is_between("likelihood_low", "likelihood_high")).height == told.height


def test_a_window_shifted_in_time_gives_the_same_numbers() -> None:
    """Time of day enters only through the history: three hours later, with the history three hours later."""
    past, narrative = table(1)
    later = timedelta(hours=3)
    moved_window = Window(NOW.start + later)
    windows = history_windows(moved_window)
    moved = past.with_columns(pl.col("window_start") + later)
    history = History.build(moved, windows, {w.start for w in windows}, NO_GAPS)
    shifted = narrative.with_columns(pl.col("window_start", "first_at", "last_at") + later)
    before = chain(past, narrative, members(narrative), [0, 1, 2])
    baselines = spike_baselines(shifted, history, moved_window)
    found = spikes(baselines, shifted, history, moved_window)
    numbers = ["observed", "expected", "ratio", "p_value", "surprise", "is_onset"]
    assert found.select(numbers).equals(before[1].select(numbers))
    assert (found["onset_at"] - before[1]["onset_at"]).unique().to_list() == [later]
