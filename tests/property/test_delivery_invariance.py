"""From landed items to scores: order, batches, time zones and repeated delivery change nothing that is published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from latticeforge.model import EVENT_COLUMNS, NARRATIVE, UTC_TIME
from latticeforge.narratives.articles import articles
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.history import History, history_windows
from latticeforge.narratives.links import correlations
from latticeforge.narratives.scores import distraction_scores
from latticeforge.narratives.spikes import spikes
from latticeforge.sources.dates import judge_date
from latticeforge.windows import WINDOW, Window, floor_to

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
HISTORY_COLUMNS = ("window_start", "items", "voices", "centroid", "first_at")
STORIES = 9
WORDS = ("harbour", "tariff", "orchard", "glacier", "verdict", "ferry", "lantern", "quarry", "meadow")
HOLD = range(1, 40)  # windows of history that hold items; the other computed ones are empty

_RAW = np.random.default_rng(3).normal(size=(STORIES + 1, 384))
_UNIT = (_RAW / np.linalg.norm(_RAW, axis=1, keepdims=True)).astype(np.float32)


def day() -> pl.DataFrame:
    """Landed items of three hours: nine stories that go on, and a surge of one wording in the window looked at."""
    rng = np.random.default_rng(4)
    rows: list[dict[str, object]] = []
    for age in (0, *HOLD):
        start = NOW.start - age * WINDOW
        stories = rng.integers(0, STORIES - 1, size=8).tolist() + [STORIES - 1] * (24 if age == 0 else 0)
        for story in stories:
            pushed = story == STORIES - 1
            n = len(rows)
            at = start + timedelta(seconds=int(rng.integers(0, 60 if pushed else 300)))
            title = f"{WORDS[story]} {'seen over the bay tonight' if pushed else f'report {n} of {n % 7} towns'}"
            rows.append(
                {
                    "item_id": f"{n:05d}", "source": f"s{n % 3 if pushed else n % 11}",
                    "account": f"a{n % 4}" if pushed else "",
                    "event_at": at, "date_status": "ok", "first_seen_at": at + timedelta(seconds=20), "title": title,
                    "summary": "", "url": "", "text_hash": bytes([story]), "story": story,
                }
            )  # fmt: skip
    undated = rows[0] | {"item_id": "undated", "event_at": None, "date_status": "missing"}
    return pl.DataFrame(
        [*rows, undated], schema_overrides={"event_at": UTC_TIME, "first_seen_at": UTC_TIME}
    ).with_columns(seq=pl.int_range(pl.len()), at=pl.coalesce("event_at", "first_seen_at"))


LANDED = day()


def published(landed: pl.DataFrame, events: pl.DataFrame, order: list[int]) -> list[pl.DataFrame]:
    """Every frame of the window, from landed rows as they come."""
    windows = history_windows(NOW)
    starts = {w.start for w in windows} | {NOW.start}
    slot = landed.with_columns(start=pl.col("at").map_elements(lambda at: floor_to(at, WINDOW), return_dtype=UTC_TIME))
    parts = {
        k[0]: part
        for k, part in slot.filter(pl.col("start").is_in(sorted(starts))).partition_by("start", as_dict=True).items()
    }
    found = {at: narratives(*described(part, Window(at)), Window(at)) for at, part in parts.items()}
    past = pl.concat([NARRATIVE.empty(), *(f.narrative for at, f in found.items() if at != NOW.start)])
    history = History.build(past.select(HISTORY_COLUMNS), windows, {w.start for w in windows}, NO_GAPS)
    own = found[NOW.start]
    article, _ = described(parts[NOW.start], NOW)
    baselines = spike_baselines(own.narrative, history, NOW)
    spike = spikes(baselines, own.narrative, history, NOW)
    links = correlations(spike, own.narrative, own.items, article, events[order], vectors(2)[order], history, NOW)
    scores = distraction_scores(links, spike, own.narrative, own.items, article, ())
    return [article, own.narrative, own.items, baselines, spike, links, scores]


def described(part: pl.DataFrame, window: Window) -> tuple[pl.DataFrame, NDArray[np.float32]]:
    """ARTICLE rows and their vectors: near their story's direction, the same for the same item."""
    article = articles(part, window)
    story = dict(part.select("item_id", "story").iter_rows())
    rows = []
    for item in article["item_id"]:
        noise = np.random.default_rng(sum(item.encode())).normal(size=384) * 0.02
        vector = _UNIT[story[item]] + noise
        rows.append(vector / np.linalg.norm(vector))
    return article, np.array(rows, dtype=np.float32)


def vectors(count: int) -> NDArray[np.float32]:
    raw = np.random.default_rng(9).normal(size=(count, 384))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)


def events(zone: timezone = UTC) -> pl.DataFrame:
    rows = [
        (f"e{n}", "c", "An event", (NOW.start - timedelta(minutes=4 + 20 * n)).astimezone(zone), "", 0.5, True)
        for n in range(2)
    ]
    return pl.DataFrame(rows, schema=EVENT_COLUMNS, orient="row")


STRAIGHT = published(LANDED, events(), [0, 1])


def same(again: list[pl.DataFrame]) -> bool:
    return all(a.equals(b) for a, b in zip(STRAIGHT, again, strict=True))


def test_the_day_has_something_to_lose() -> None:
    article, _, items, _, spike, links, scores = STRAIGHT
    assert article.height == 33 and items.height == 32
    assert spike["is_onset"].any() and links.height >= 2
    assert scores["likelihood"].is_not_null().any()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(2)))
def test_the_order_of_items_and_events_changes_nothing(seed: int, order: list[int]) -> None:
    assert same(published(LANDED.sample(fraction=1, shuffle=True, seed=seed), events(), order))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, LANDED.height - 1), min_size=1, max_size=5), st.integers(0, 10_000))
def test_the_batches_items_came_in_change_nothing(cuts: list[int], seed: int) -> None:
    edges = [0, *sorted(set(cuts)), LANDED.height]
    batches = [LANDED[low:high] for low, high in pairwise(edges)]
    np.random.default_rng(seed).shuffle(batches)
    assert same(published(pl.concat(batches, rechunk=False), events(), [0, 1]))


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, LANDED.height - 1), min_size=1, max_size=60), st.integers(0, 10_000))
def test_repeated_delivery_changes_nothing(again: list[int], seed: int) -> None:
    """The same revision again, and a later one with other words: the first that landed counts."""
    repeats = LANDED[again].with_columns(seq=pl.int_range(pl.len()) + LANDED.height)
    revised = repeats.with_columns(title="Correction: " + pl.col("title"), seq=pl.col("seq") + repeats.height)
    delivered = pl.concat([LANDED, repeats, revised]).sample(fraction=1, shuffle=True, seed=seed)
    assert same(published(delivered, events(), [0, 1]))


@settings(max_examples=8, deadline=None)
@given(st.integers(-14 * 60, 14 * 60))
def test_the_offset_a_time_is_written_with_changes_nothing(minutes: int) -> None:
    """The same instants as a publisher of any zone writes them."""
    zone = timezone(timedelta(minutes=minutes))
    written = [at.astimezone(zone) if at else None for at in LANDED["event_at"]]
    read = [judge_date(at, None, seen)[0] for at, seen in zip(written, LANDED["first_seen_at"], strict=True)]
    moved = LANDED.with_columns(pl.Series("event_at", read, dtype=UTC_TIME))
    moved = moved.with_columns(at=pl.coalesce("event_at", "first_seen_at"))
    assert same(published(moved, events(zone), [0, 1]))
    assert Window(NOW.start.astimezone(zone)) == NOW
    assert history_windows(Window(NOW.start.astimezone(zone))) == history_windows(NOW)


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 5))
def test_an_undated_item_is_kept_and_moves_no_number(copies: int) -> None:
    more = [LANDED.filter(pl.col("item_id") == "undated").with_columns(item_id=pl.lit(f"u{n}")) for n in range(copies)]
    again = published(pl.concat([LANDED, *more]), events(), [0, 1])
    assert again[0].height == STRAIGHT[0].height + copies
    assert all(a.equals(b) for a, b in zip(STRAIGHT[1:], again[1:], strict=True))
