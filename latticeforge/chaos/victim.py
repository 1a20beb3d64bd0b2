"""The radar process that a storm kills: the live radar's own parts on a storm's clock.

Here: reading its orders and running until it is told to stop, or killed. Not here: the parts (``radar``, ``sources``).
``python -m latticeforge.chaos.victim orders.json``
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from latticeforge.chaos.storm_clock import StormClock
from latticeforge.embedding import load_encoder
from latticeforge.radar.core import RadarCore
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import feed_pollers, prepare
from latticeforge.radar.service import ClockWatcher, Collector, Drain, Radar, when_reached
from latticeforge.sources.catalogue import FeedSource
from latticeforge.sources.client import FeedClient, Limits
from latticeforge.sources.clock import SteadyClock
from latticeforge.store import Store
from latticeforge.store.spool import Spool


@dataclass(frozen=True)
class Orders:
    """All that a victim needs to know."""

    database_url: str
    home: str
    models: str
    encoder: str
    begin: str
    began: float
    speed: float
    lateness_s: float
    spool_bytes: int
    feeds: list[dict[str, Any]]

    def write(self, path: Path) -> None:
        """As JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Orders:
        """The reverse of ``write``."""
        return cls(**json.loads(path.read_text()))

    def ready(self, pid: int) -> Path:
        """The file that says that process ``pid`` works."""
        return Path(self.home) / f"ready-{pid}"

    @property
    def jump(self) -> Path:
        """The file that makes the clock jump."""
        return Path(self.home) / "jump"


async def run(orders: Orders) -> None:
    """Collect and evaluate until SIGTERM."""
    below = StormClock(datetime.fromisoformat(orders.begin), orders.began, orders.speed, orders.jump)
    leap = timedelta(seconds=max(5.0, orders.speed))  # a second of the wall: a process may well be halted for that long
    clock = SteadyClock(below, leap=leap, patience=timedelta(days=1), monotonic=below.monotonic)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    feeds = [FeedSource(**feed) for feed in orders.feeds]
    with await when_reached(Store(orders.database_url).open) as store:
        encoder = load_encoder(orders.encoder, Path(orders.models))
        core = RadarCore(store, encoder, lateness=timedelta(seconds=orders.lateness_s))
        landing = StoreLanding(store, clock.now, Spool(Path(orders.home) / "spool", max_bytes=orders.spool_bytes))
        known, hosts = await prepare(store, landing, feeds)
        limits = Limits(connect_s=2.0, read_s=1.0, total_s=10.0)
        async with FeedClient(clock, allow_loopback=True, limits=limits, hosts=hosts) as client:
            collectors: list[Collector] = [Drain(landing), ClockWatcher(clock, landing)]
            collectors += feed_pollers(feeds, known, client, clock, landing, seed=0)
            orders.ready(os.getpid()).touch()
            await Radar(store, core, collectors, clock, tick_s=max(1.0, orders.speed / 2)).run(stop)


if __name__ == "__main__":
    asyncio.run(run(Orders.read(Path(sys.argv[1]))))
