"""What this machine can take in: items a second, and how long from an item to an alert.

Here: offering items at a steady rate to the real landing, encoder and radar, on the real clock, and measuring.
Not here: thresholds; it measures, a reader judges.
"""

from __future__ import annotations

import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from latticeforge.demo.day import DemoDay
from latticeforge.demo.publishing import Publication
from latticeforge.embedding import Encoder
from latticeforge.model import DateStatus, Item, Landed, item_id_of
from latticeforge.radar.core import RadarCore, Tick
from latticeforge.store import Store, embedded_server
from latticeforge.store.landing import land_items
from latticeforge.windows import WINDOW

OFFER_S = 0.5  # items arrive in batches, as polls bring them


@dataclass(frozen=True)
class Ingest:
    """Figures of one run. Delays are seconds from an item's arrival to the end of the evaluation that saw it."""

    offered: int
    offered_s: float
    landed: int
    lost: int
    landed_a_second: float  # landing alone, as fast as it goes
    encoded_a_second: float  # landing and encoding, as fast as it goes
    delay_p50_s: float
    delay_p95_s: float
    delay_p99_s: float
    evaluations: int
    windows_closed: int
    close_p50_s: float | None  # None: the run was too short to close a window
    close_max_s: float | None
    drained_s: float  # from the last offer to the evaluation that saw it


def measure_ingest(
    encoder: Encoder,
    items: int,
    rate: float,
    *,
    lateness: timedelta,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Ingest:
    """Offer ``items`` at ``rate`` a second to a fresh database; return the figures.

    Windows wait ``lateness`` for late items, so those of a short run are closed, and timed, after the last offer.
    """
    with tempfile.TemporaryDirectory(prefix="latticeforge-bench-", ignore_cleanup_errors=True) as folder:
        with Store(embedded_server(Path(folder))).open() as store:
            titles = DemoDay.generate().items
            landed_rate = _burst(store, titles, None, lateness)
            encoded_rate = _burst(store, titles, encoder, lateness)
        with Store(embedded_server(Path(folder) / "steady")).open() as store:
            return _steady(store, encoder, titles, items, rate, lateness, landed_rate, encoded_rate, on_progress)


def _burst(
    store: Store, titles: Sequence[Publication], encoder: Encoder | None, lateness: timedelta, count: int = 5_000
) -> float:
    """Items a second when nothing holds the offer back."""
    at = datetime.now(UTC)
    batch = [_item(p, f"{encoder is not None}{n}", at) for n, p in enumerate(itertools.islice(titles, count))]
    core = RadarCore(store, encoder, lateness=lateness) if encoder else None
    began = time.perf_counter()
    for start in range(0, count, 500):
        with store.connection() as c:
            land_items(c, batch[start : start + 500], None)
    if core:
        core.take_in()
    return count / (time.perf_counter() - began)


def _item(p: Publication, number: str, at: datetime) -> Item:
    guid = f"bench-{number}"
    return Item(
        item_id=item_id_of(p.source.name, guid),
        source=p.source.name,
        guid=guid,
        title=f"{p.title} {number}" if number.startswith("True") else p.title,
        summary=p.summary,
        url="",
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK,
        first_seen_at=at,
        account=p.account,
    )


def _steady(
    store: Store,
    encoder: Encoder,
    titles: Sequence[Publication],
    count: int,
    rate: float,
    lateness: timedelta,
    landed_rate: float,
    encoded_rate: float,
    on_progress: Callable[[int], None],
) -> Ingest:
    core = RadarCore(store, encoder, lateness=lateness)
    core.resume(datetime.now(UTC))
    landed = Landed()
    done = threading.Event()
    last_offer = 0.0

    def offer() -> None:
        nonlocal landed, last_offer
        numbers = itertools.count()
        began = time.perf_counter()
        for batch in _batches(titles, count, int(rate * OFFER_S)):
            at = datetime.now(UTC)
            with store.connection() as c:
                landed += land_items(c, [_item(p, str(next(numbers)), at) for p in batch], None)
            last_offer = time.perf_counter()
            on_progress(len(batch))
            time.sleep(max(0.0, began + (landed.new / rate) - last_offer))
        done.set()

    offering = threading.Thread(target=offer, daemon=True)
    began = time.perf_counter()
    offering.start()
    ticks = list(_tick_until(core, done))
    drained = time.perf_counter() - last_offer
    ticks.append(core.tick(datetime.now(UTC) + WINDOW + lateness))
    return _figures(store, ticks, landed, count, last_offer - began, drained, landed_rate, encoded_rate)


def _batches(titles: Sequence[Publication], count: int, size: int) -> Iterator[list[Publication]]:
    source = itertools.cycle(titles)
    while count > 0:
        yield list(itertools.islice(source, min(size, count)))
        count -= size


def _tick_until(core: RadarCore, done: threading.Event) -> Iterator[Tick]:
    while True:
        finishing = done.is_set()
        began = time.perf_counter()
        yield core.tick(datetime.now(UTC), lambda: datetime.now(UTC))
        if finishing:
            return
        time.sleep(max(0.0, 1.0 - (time.perf_counter() - began)))


def _figures(
    store: Store,
    ticks: Sequence[Tick],
    landed: Landed,
    count: int,
    offered_s: float,
    drained_s: float,
    landed_rate: float,
    encoded_rate: float,
) -> Ingest:
    delays = np.array([d for t in ticks for d in t.delays_s])
    closes = [w.close_s for t in ticks for w in t.closed]
    with store.connection() as c:
        row = c.execute("select count(*) from landing.item").fetchone()
    assert row is not None
    p50, p95, p99 = np.percentile(delays, [50, 95, 99]).tolist()
    return Ingest(
        offered=count,
        offered_s=offered_s,
        landed=landed.new,
        lost=count - int(row[0]),
        landed_a_second=landed_rate,
        encoded_a_second=encoded_rate,
        delay_p50_s=p50,
        delay_p95_s=p95,
        delay_p99_s=p99,
        evaluations=sum(t.evaluated for t in ticks),
        windows_closed=len(closes),
        close_p50_s=float(np.median(closes)) if closes else None,
        close_max_s=max(closes, default=None),
        drained_s=drained_s,
    )
