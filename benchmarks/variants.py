"""Pushed distraction against organic spike: random variants of the demo day, through the radar's own functions.

    python benchmarks/variants.py              # 200 variants; some minutes, most of it encoding
    python benchmarks/variants.py --count 20

Each variant has other topics, times, sizes and wordings (``latticeforge.demo.variant``): an amplified surge after
one political event, a large organic story after another. Only the windows around both and their history are made and
computed; the background week is one of five. What a variant is scored by is the highest likelihood that any of the five
windows from the onset gives: of the surge with its event, and of the organic story with any event.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.demo.calendar import earlier_events, event_id, political_calendar
from latticeforge.demo.content import Content, load_content
from latticeforge.demo.day import DemoDay
from latticeforge.demo.drafts import Newsroom, handles, in_time
from latticeforge.demo.happenings import covered, scripted
from latticeforge.demo.publishing import Publication, publish
from latticeforge.demo.variant import Variant
from latticeforge.embedding import Encoder, load_encoder
from latticeforge.model import EVENT_COLUMNS, NARRATIVE, UTC_TIME, CalendarEvent, Item
from latticeforge.narratives.articles import articles
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.history import History, history_windows
from latticeforge.radar.stages import Surroundings, evaluate
from latticeforge.settings import Settings
from latticeforge.sources.feeds import ParsedItem, to_item
from latticeforge.windows import WINDOW, Window, floor_to

COUNT, FIRST_SEED = 200, 1000
BACKGROUNDS = (501, 502, 503, 504, 505)
ACCOUNTS = 640
WINDOWS = 5  # from the one that holds the onset on
THRESHOLD = 0.5
NO_GAPS = pl.DataFrame(schema={"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME})
HISTORY_COLUMNS = ("window_start", "items", "voices", "centroid", "first_at")

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Outcome:
    """What the radar made of one variant: likelihoods, 0 where it said nothing."""

    seed: int
    surge: float
    organic: float
    surge_verdict: str
    organic_verdict: str


@dataclass
class Background:
    """A week and a day without anything planted: landed rows by window, with their vectors."""

    windows: dict[datetime, tuple[pl.DataFrame, Vectors]]
    narratives: dict[datetime, pl.DataFrame]  # of windows asked for so far

    @classmethod
    def make(cls, seed: int, encoder: Encoder, wanted: set[datetime], every: int = 1) -> Background:
        """The wanted windows of a day; ``every`` n-th item, for a quick look."""
        content = load_content()
        planted = {event.story.id for event in content.events.values()} | set(content.surges) | set(content.organics)
        items = [p for p in DemoDay.generate(seed).items if p.story not in planted][::every]
        return cls(by_window(items, encoder, wanted), {})


def by_window(
    items: Iterable[Publication], encoder: Encoder, wanted: set[datetime]
) -> dict[datetime, tuple[pl.DataFrame, Vectors]]:
    """Landed rows and vectors of the wanted windows, by their start."""
    rows = landed(items).filter(pl.col("window_start").is_in(sorted(wanted)))
    titles = rows["title"].unique().sort()
    place = {title: n for n, title in enumerate(titles)}
    vectors = encoder.encode(titles.to_list())
    found = {}
    for (start,), part in rows.partition_by("window_start", as_dict=True, maintain_order=True).items():
        assert isinstance(start, datetime)
        found[start] = part, vectors[[place[title] for title in part["title"]]]
    return found


def landed(items: Iterable[Publication]) -> pl.DataFrame:
    """As ``landing.item`` holds them: the first revision of each, its date judged as a collector judges it."""
    records = [(_landed(p), p.account) for p in items]
    names = ("item_id", "source", "title", "summary", "url", "date_status", "text_hash")
    frame = pl.DataFrame({name: [getattr(item, name) for item, _ in records] for name in names}).with_columns(
        seq=pl.int_range(pl.len()),
        account=pl.Series([account for _, account in records], dtype=pl.String),
        event_at=pl.Series([item.event_at for item, _ in records], dtype=UTC_TIME),
        first_seen_at=pl.Series([item.first_seen_at for item, _ in records], dtype=UTC_TIME),
    )
    return frame.with_columns(window_start=pl.coalesce("event_at", "first_seen_at").dt.truncate("5m"))


def _landed(p: Publication) -> Item:
    parsed = ParsedItem(p.guid, p.title, p.url, p.published_at, None, None, "", p.summary)
    return to_item(parsed, p.source.name, p.visible_at, float(p.source.clock_s) or None)


@dataclass(frozen=True)
class Planted:
    """What one variant adds to a background."""

    variant: Variant
    items: tuple[Publication, ...]
    calendar: tuple[CalendarEvent, ...]
    event_id: str

    @classmethod
    def make(cls, seed: int, content: Content) -> Planted:
        variant, rng = Variant.shuffled(seed), Random(f"variant day:{seed}")
        room = Newsroom(content, rng, handles(ACCOUNTS, rng))
        earlier = earlier_events(content, variant, rng)
        calendar = political_calendar(content, variant, earlier, rng)
        drafts = in_time([*scripted(room, variant), *covered(room, earlier)])
        own = event_id(content.events[variant.event].title, variant.event_at)
        return cls(variant, tuple(publish(drafts, seed, room.writer, rng)), calendar, own)

    def ids(self, *kinds: str, story: str = "") -> set[str]:
        """Items of these kinds, or of a story."""
        return {_landed(p).item_id for p in self.items if p.kind in kinds or p.story == story}


def looked_at(onset: datetime) -> list[Window]:
    """The windows in which a variant is scored."""
    first = floor_to(onset, WINDOW)
    return [Window(first + step * WINDOW) for step in range(WINDOWS)]


def wanted_windows(variant: Variant) -> set[datetime]:
    """Those, and all their history."""
    own = [*looked_at(variant.surge_at), *looked_at(variant.organic_at)]
    return {w.start for w in own} | {h.start for w in own for h in history_windows(w)}


def outcome(seed: int, background: Background, encoder: Encoder) -> Outcome:
    """One variant over one background."""
    content = load_content()
    planted = Planted.make(seed, content)
    added = by_window(planted.items, encoder, wanted_windows(planted.variant))
    calendar = events(planted.calendar)
    surge = planted.ids("surge-post", "surge-copy")
    organic = planted.ids(story=planted.variant.organic)
    day = Day(background, added, calendar, encoder.encode(calendar["title"].to_list()), encoder.name)
    pushed = [row for w in looked_at(planted.variant.surge_at) for row in day.links(w, surge)]
    pushed = [row for row in pushed if row[0] == planted.event_id]
    natural = [row for w in looked_at(planted.variant.organic_at) for row in day.links(w, organic)]
    (high, verdict), (low, other) = (
        max(((likelihood or 0.0, verdict) for _, likelihood, verdict in rows), default=(0.0, "nothing said"))
        for rows in (pushed, natural)
    )
    return Outcome(seed, high, low, verdict, other)


def events(calendar: Sequence[CalendarEvent]) -> pl.DataFrame:
    """The calendar as a window's candidates."""
    names = list(EVENT_COLUMNS)
    return pl.DataFrame([[getattr(e, n) for n in names] for e in calendar], schema=EVENT_COLUMNS, orient="row")


@dataclass(frozen=True)
class Day:
    """A variant over a background, and what the links of its windows say."""

    background: Background
    added: dict[datetime, tuple[pl.DataFrame, Vectors]]
    calendar: pl.DataFrame
    titles: Vectors
    model: str
    with_planted: dict[datetime, pl.DataFrame] = field(default_factory=dict)  # narratives of windows asked for so far

    def links(self, window: Window, items: set[str]) -> list[tuple[str, float | None, str]]:
        """(event, likelihood, verdict) of the links whose narrative is mostly made of ``items``."""
        windows = history_windows(window)
        rows = pl.concat([NARRATIVE.empty().select(HISTORY_COLUMNS), *(self._narratives(w) for w in windows)])
        history = History.build(rows, windows, {w.start for w in windows}, NO_GAPS)
        article, vectors = self._articles(window)
        around = Surroundings(history, self.calendar, self.titles, set(), [])
        score = evaluate(window, article, vectors, self.model, around).frames["distraction_scores"][0]
        return [
            (event, likelihood, verdict)
            for event, likelihood, verdict, evidence in score.select(
                "event_id", "likelihood", "verdict", "evidence"
            ).iter_rows()
            if 2 * sum(item in items for item in evidence) > len(evidence)
        ]

    def _articles(self, window: Window) -> tuple[pl.DataFrame, Vectors]:
        parts = [p[window.start] for p in (self.background.windows, self.added) if window.start in p]
        if not parts:
            return articles(landed([]), window), np.zeros((0, 384), dtype=np.float32)
        rows = pl.concat([frame for frame, _ in parts]).with_row_index("row")
        article = articles(rows.drop("row"), window)
        place = dict(rows.select("item_id", "row").iter_rows())
        return article, np.concatenate([v for _, v in parts])[[place[i] for i in article["item_id"]]]

    def _narratives(self, window: Window) -> pl.DataFrame:
        kept = self.with_planted if window.start in self.added else self.background.narratives
        if window.start not in kept:
            article, vectors = self._articles(window)
            kept[window.start] = narratives(article, vectors, window).narrative.select(HISTORY_COLUMNS)
        return kept[window.start]


def area_under_curve(high: Sequence[float], low: Sequence[float]) -> float:
    """The chance that a pushed surge is scored above an organic one; ties count half."""
    first, second = np.array(high)[:, None], np.array(low)[None, :]
    return float(np.mean((first > second) + 0.5 * (first == second)))


def report(outcomes: Sequence[Outcome]) -> str:
    """The figures as lines."""
    surge, organic = [o.surge for o in outcomes], [o.organic for o in outcomes]
    right = sum(s >= THRESHOLD for s in surge) + sum(o < THRESHOLD for o in organic)
    lines = [
        f"{len(outcomes)} variants: accuracy {right / (2 * len(outcomes)):.3f} at {THRESHOLD},"
        f" AUC {area_under_curve(surge, organic):.3f}",
        f"surges said likely: {sum(o.surge_verdict == 'likely' for o in outcomes)};"
        f" organic stories said likely: {sum(o.organic_verdict == 'likely' for o in outcomes)}",
        "likelihood of a surge, 5 %, 50 %, 95 %: "
        + ", ".join(f"{q:.2f}" for q in np.quantile(surge, (0.05, 0.5, 0.95))),
        "likelihood of an organic story: " + ", ".join(f"{q:.2f}" for q in np.quantile(organic, (0.05, 0.5, 0.95))),
    ]
    missed = [o for o in outcomes if o.surge < THRESHOLD or o.organic >= THRESHOLD]
    return "\n".join([*lines, *(f"  {o}" for o in missed)])


def main(count: int) -> None:
    """Run and print."""
    settings = Settings()
    encoder = load_encoder(settings.encoder, settings.home / "models")
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    outcomes: list[Outcome] = []
    began = time.perf_counter()
    for number, background_seed in enumerate(BACKGROUNDS):
        own = seeds[number :: len(BACKGROUNDS)]
        wanted = {at for seed in own for at in wanted_windows(Variant.shuffled(seed))}
        background = Background.make(background_seed, encoder, wanted)
        print(f"background {number + 1} of {len(BACKGROUNDS)} after {time.perf_counter() - began:.0f} s", flush=True)
        for seed in own:
            start = time.perf_counter()
            outcomes.append(outcome(seed, background, encoder))
            print(f"  {outcomes[-1]} {time.perf_counter() - start:.1f} s", flush=True)
    print(report(outcomes))


if __name__ == "__main__":
    main(int(sys.argv[sys.argv.index("--count") + 1]) if "--count" in sys.argv else COUNT)
