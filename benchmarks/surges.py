"""A small world of news items without texts: storylines as unit vectors, natural bursts, wire copies, pushed surges.

Here: what ``single_event.py`` measures on. Not here: any part of the method. All sizes are drawn from wide ranges, so
that the fitted weights do not depend on one shape of surge; seeds are parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import ARTICLE, EMBEDDING_DIM, NARRATIVE, NARRATIVE_ITEM
from latticeforge.narratives.history import History, history_windows
from latticeforge.windows import WINDOW, Window

START = datetime(2025, 1, 6, tzinfo=UTC)
WINDOW_S = 300.0
WINDOWS_A_DAY = 288
FEEDS = 24  # outlets; the rest of the sources are accounts of one social stream
ACCOUNTS = 400
SOCIAL = FEEDS
TOPICS = 12
SPREAD = 0.75  # an item's distance from its story: cosine 0.8 to it, 0.64 to another item


@dataclass(frozen=True)
class Items:
    """n items in order of time."""

    at: NDArray[np.float64]  # seconds since START
    story: NDArray[np.int64]
    source: NDArray[np.int64]
    account: NDArray[np.int64]
    voice: NDArray[np.int64]  # unique wording

    def between(self, low: float, high: float) -> Items:
        a, b = np.searchsorted(self.at, [low, high])
        return Items(self.at[a:b], self.story[a:b], self.source[a:b], self.account[a:b], self.voice[a:b])

    def plus(self, other: Items) -> Items:
        at = np.concatenate([self.at, other.at])
        order = np.argsort(at, kind="stable")
        pairs = ((getattr(self, f), getattr(other, f)) for f in ("story", "source", "account", "voice"))
        return Items(at[order], *(np.concatenate(pair)[order] for pair in pairs))


@dataclass(frozen=True)
class Surge:
    """One burst of one story: when, how many, by how many, how alike."""

    pushed: bool
    kind: str
    start: float
    items: Items


@dataclass(frozen=True)
class World:
    """Days of background; story vectors (S, 384)."""

    stories: NDArray[np.float32]
    items: Items
    days: int
    seed: int

    def with_surge(self, surge: Surge) -> World:
        return replace(self, items=self.items.plus(surge.items))


def story_vectors(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Stories of one topic have cosine about 0.4, of two topics about 0."""
    topics = rng.normal(size=(TOPICS, EMBEDDING_DIM)) / np.sqrt(EMBEDDING_DIM)
    own = rng.normal(size=(count, EMBEDDING_DIM)) / np.sqrt(EMBEDDING_DIM)
    mixed = 0.65 * topics[rng.integers(TOPICS, size=count)] + 0.76 * own
    return (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)


def world(
    seed: int,
    days: int,
    items_per_window: float = 30.0,
    live: int = 60,
    bursts_a_day: float = 6.0,
    hours: range = range(24),
) -> World:
    """Background: ``live`` storylines with rhythm, drift, births and deaths, wire copies and natural bursts.

    Nothing is published outside ``hours``, so that a large world need not be made whole.
    """
    rng = np.random.default_rng(seed)
    windows = days * WINDOWS_A_DAY
    stories = live + int(live * 0.7 * days)
    born = np.concatenate([np.full(live, -1.0), np.sort(rng.uniform(0, windows, stories - live))])
    life = rng.gamma(2.0, 0.8 * WINDOWS_A_DAY, size=stories) + 36
    weight = rng.pareto(1.3, size=stories) + 0.3
    hour = rng.uniform(0, 2 * np.pi, size=stories)
    drift = rng.normal(0, 0.5, size=stories)
    parts: list[Items] = []
    voice = 0
    wire = rng.beta(1.5, 6.0, size=stories)
    for w in (w for w in range(windows) if w // 12 % 24 in hours):
        drift += 0.02 * (0 - drift) + rng.normal(0, 0.1, size=stories)
        age = w - born
        on = (age >= 0) & (age < life)
        phase = 2 * np.pi * w / WINDOWS_A_DAY
        rate = np.where(on, weight * np.exp(drift - age / life) * (1 + 0.5 * np.cos(phase - hour)), 0.0)
        total = items_per_window * (1 + 0.35 * np.cos(phase - 4.0)) * rng.gamma(20.0, 1 / 20.0)
        drawn = rng.choice(stories, size=rng.poisson(total), p=rate / rate.sum())
        at = np.sort(w * WINDOW_S + rng.uniform(0, WINDOW_S, size=drawn.size))
        parts.append(_organic(rng, at, drawn, wire[drawn], voice))
        voice += drawn.size
    made = World(story_vectors(rng, stories + 1000), _join(parts), days, seed)
    for burst in range(rng.poisson(bursts_a_day * days)):
        story = stories + burst if rng.random() < 0.6 else int(rng.integers(stories))
        made = made.with_surge(organic_surge(rng, story, rng.uniform(0, windows * WINDOW_S), voice))
        voice += 1000
    return made


def organic_surge(rng: np.random.Generator, story: int, start: float, voice: int, size: int = 0) -> Surge:
    """A natural burst: one of a breaking story, a wire report copied everywhere, and an outlet's live blog.

    ``size`` 0 draws it from a Pareto law, as the background has it: mostly small.
    """
    kind = rng.choice(["breaking", "wire", "live blog"], p=[0.6, 0.2, 0.2])
    size = size or int(min(8 * (1 + rng.pareto(1.3)), 160))
    ramp_s, decay_s = rng.uniform(0, 900) * (rng.random() < 0.6), rng.uniform(150, 2400)
    at = start + _burst_times(rng, size, ramp_s, decay_s)
    share = {"breaking": rng.beta(2, 6), "wire": rng.beta(8, 3), "live blog": 0.05}[str(kind)]
    outlets = rng.uniform(0.2, 0.9)
    made = _organic(rng, at, np.full(size, story), np.full(size, share), voice, outlets)
    if kind == "live blog":
        made = replace(made, source=np.full(size, int(rng.integers(FEEDS))), account=np.full(size, -1))
    return Surge(False, str(kind), start, made)


def pushed_surge(rng: np.random.Generator, story: int, start: float, voice: int) -> Surge:
    """Few accounts, few wordings, abrupt onset: 15 to 150 items in 3 to 15 minutes by 4 to 20 accounts.

    Up to a quarter of the items are copies that small outlets print.
    """
    size = int(np.exp(rng.uniform(np.log(15), np.log(150))))
    accounts = rng.choice(ACCOUNTS, size=int(rng.integers(4, 21)), replace=False)
    span = rng.uniform(180, 900)
    join = rng.uniform(0, rng.uniform(20, span / 2), size=accounts.size)
    at = start + np.sort(np.concatenate([join, rng.uniform(0, span, size=size)])[:size])
    outlet = rng.random(size) < rng.uniform(0, 0.25)
    template = rng.integers(0, int(rng.integers(1, 7)), size=size)
    copied = rng.random(size) < rng.uniform(0.5, 0.98)
    return Surge(
        True,
        "pushed",
        start,
        Items(
            at,
            np.full(size, story),
            np.where(outlet, rng.integers(FEEDS // 2, FEEDS, size=size), SOCIAL),
            np.where(outlet, -1, rng.choice(accounts, size=size)),
            voice + np.where(copied, template, 10 + np.arange(size)),
        ),
    )


def frames(made: World, window: Window) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """NARRATIVE, NARRATIVE_ITEM and ARTICLE rows of any window, each story one narrative."""
    low = (window.start - START).total_seconds()
    own = made.items.between(low, low + WINDOW_S)
    if not own.at.size:
        return NARRATIVE.empty(), NARRATIVE_ITEM.empty(), ARTICLE.empty()
    group, code = np.unique(own.story, return_inverse=True)
    name = [f"{window.start:%Y%m%dT%H%M%SZ}-{i:03d}" for i in range(group.size)]
    at = [START + timedelta(microseconds=int(s * 1e6)) for s in own.at]
    item = [f"{int(s * 1e6):014d}-{v}" for s, v in zip(own.at, own.voice, strict=True)]
    rows = pl.DataFrame(
        {
            "narrative_id": [name[c] for c in code],
            "item_id": item,
            "voice": own.voice,
            "source": [f"s{s:02d}" for s in own.source],
            "account": ["" if a < 0 else f"a{a:03d}" for a in own.account],
            "event_at": at,
        }
    ).with_columns(
        window_start=pl.lit(window.start),
        voice_id=pl.col("item_id").first().over("narrative_id", "voice"),
        similarity=pl.lit(0.8),
        date_status=pl.lit("ok"),
        counted=pl.lit(True),
        title=pl.lit(""),
        summary=pl.lit(""),
        url=pl.lit(""),
        text_hash=pl.lit(b""),
    )
    own_account = pl.concat_str("source", "account")
    table = rows.group_by("narrative_id").agg(
        window_start=pl.col("window_start").first(),
        items=pl.len(),
        voices=pl.col("voice").n_unique(),
        sources=pl.col("source").n_unique(),
        accounts=own_account.n_unique(),
        first_at=pl.col("event_at").min(),
        last_at=pl.col("event_at").max(),
        source_hhi=(own_account.value_counts().struct.field("count").cast(pl.Float64) / pl.len()).pow(2).sum(),
    )
    table = table.sort("narrative_id").with_columns(
        label=pl.col("narrative_id"),
        headline=pl.lit(""),
        copy_share=1 - pl.col("voices") / pl.col("items"),
        centroid=pl.Series(_centroids(made, group, np.bincount(code), low), dtype=NARRATIVE.columns["centroid"]),
    )
    return NARRATIVE.shape(table), NARRATIVE_ITEM.shape(rows), ARTICLE.shape(rows)


class Archive:
    """Micro-clusters of every aligned window of a world, as a store would keep them."""

    def __init__(self, made: World) -> None:
        self.world = made
        slot = (made.items.at // WINDOW_S).astype(np.int64)
        key, inverse = np.unique(slot * 1_000_000 + made.items.story, return_inverse=True)
        self.slot, self.story = np.divmod(key, 1_000_000)
        self.items = np.bincount(inverse).astype(np.float64)
        self.voices = np.bincount(np.unique(np.stack([inverse, made.items.voice]), axis=1)[0]).astype(np.float64)
        self.centroids = _centroids(made, self.story, self.items, self.slot * WINDOW_S)

    def history(self, window: Window, extra: World | None = None) -> History:
        """The history of ``window``; windows in which ``extra`` differs (the surge's own) are taken from it."""
        wanted = history_windows(window)
        slots = np.array([int((w.start - START).total_seconds() // WINDOW_S) for w in wanted])
        low, high = np.searchsorted(self.slot, slots), np.searchsorted(self.slot, slots + 1)
        pick = np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)])
        cluster = np.repeat(np.arange(slots.size), high - low)
        base = History(
            starts=np.array([int((w.start - START).total_seconds()) * 1_000_000 + _epoch_us() for w in wanted]),
            exposure=np.bincount(cluster, weights=self.items[pick], minlength=slots.size),
            missing=slots < 0,
            cluster_window=cluster,
            centroids=self.centroids[pick],
            items=self.items[pick],
            voices=self.voices[pick],
        )
        return base if extra is None else _patched(base, wanted, extra)


def _patched(base: History, wanted: list[Window], extra: World) -> History:
    """The last three windows replaced by those of ``extra``."""
    keep = base.cluster_window < len(wanted) - 3
    tables = [frames(extra, w)[0] for w in wanted[-3:]]
    added = [np.full(t.height, len(wanted) - 3 + i) for i, t in enumerate(tables)]
    table = pl.concat(tables)
    items = table["items"].cast(pl.Float64).to_numpy()
    cluster = np.concatenate([base.cluster_window[keep], *added]).astype(np.int64)
    all_items = np.concatenate([base.items[keep], items])
    return History(
        starts=base.starts,
        exposure=np.bincount(cluster, weights=all_items, minlength=len(wanted)),
        missing=base.missing,
        cluster_window=cluster,
        centroids=np.concatenate([base.centroids[keep], table["centroid"].to_numpy()]),
        items=all_items,
        voices=np.concatenate([base.voices[keep], table["voices"].cast(pl.Float64).to_numpy()]),
    )


def _epoch_us() -> int:
    return int(START.timestamp()) * 1_000_000


def _join(parts: list[Items]) -> Items:
    fields = ("at", "story", "source", "account", "voice")
    return Items(*(np.concatenate([getattr(part, f) for part in parts]) for f in fields))


def _organic(
    rng: np.random.Generator,
    at: NDArray[np.float64],
    story: NDArray[np.int64],
    wire: NDArray[np.float64],
    voice: int,
    outlets: float = 0.67,
) -> Items:
    """A share of ``outlets`` from outlets, the rest from accounts; a share of ``wire`` copies a text of its story."""
    n = at.size
    feed = rng.random(n) < outlets
    source = np.where(feed, np.minimum((FEEDS * rng.beta(1.0, 1.6, size=n)).astype(np.int64), FEEDS - 1), SOCIAL)
    account = np.where(feed, -1, (ACCOUNTS * rng.beta(0.8, 2.0, size=n)).astype(np.int64))
    voices = voice + np.arange(n)
    for i in np.flatnonzero(rng.random(n) < wire):
        earlier = np.flatnonzero(story[:i] == story[i])
        if earlier.size:
            voices[i] = voices[int(rng.choice(earlier))]
    return Items(at, story, source, account, voices)


def _burst_times(rng: np.random.Generator, size: int, ramp_s: float, decay_s: float) -> NDArray[np.float64]:
    return np.sort(rng.triangular(0, ramp_s, ramp_s + 1e-6, size=size) + rng.exponential(decay_s, size=size))


def _centroids(
    made: World, story: NDArray[np.int64], items: NDArray[np.float64], at: NDArray[np.float64] | float
) -> NDArray[np.float32]:
    """Mean of n items about the story's vector; the noise of a (story, window) is always the same."""
    start = np.broadcast_to(np.asarray(at) // WINDOW_S, story.shape)
    noise = np.empty((story.size, EMBEDDING_DIM), dtype=np.float32)
    for i, (s, w) in enumerate(zip(story, start, strict=True)):
        noise[i] = np.random.default_rng([made.seed, int(s), int(w) + 10_000]).standard_normal(
            EMBEDDING_DIM, np.float32
        )
    moved = made.stories[story] + SPREAD * noise / np.sqrt(EMBEDDING_DIM * items[:, None])
    return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def windows_of_day(day: int) -> list[Window]:
    """The 288 aligned windows of a day."""
    first = START + timedelta(days=day)
    return [Window(first + WINDOW * i) for i in range(WINDOWS_A_DAY)]
