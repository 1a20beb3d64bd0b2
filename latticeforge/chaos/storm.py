"""A storm: publishers that fail, a radar that is killed, a database that is shut down under it, a clock that jumps.

Here: the course of a storm and its figures. Not here: what is compared afterwards (``checks``), how it looks (cli).
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from latticeforge.chaos.checks import (
    broken_digests,
    close_all,
    count,
    differing,
    half_states,
    holes,
    last_window,
    undisturbed,
)
from latticeforge.chaos.database import StormDatabase
from latticeforge.chaos.publishers import StormPublishers
from latticeforge.chaos.storm_clock import StormClock
from latticeforge.chaos.victim import Orders
from latticeforge.chaos.world import World
from latticeforge.embedding import load_encoder
from latticeforge.sources.catalogue import FeedSource
from latticeforge.store import Store
from latticeforge.store.landing import land_events
from latticeforge.windows import WINDOW, floor_to

READY_S = 120.0  # a process has come up or never will
NEVER_S = 7_200.0
SETTLE_S = 180.0
# Radars that live for seconds close few windows: after 100 kills 181 of 200 were left to do.
# A window of 500 items takes half a second, and several times that beside other work.
CLOSE_S = 4.0
PER_WINDOW = 500  # items of a window, where time is compressed
POLL_WALL_S = 3.0


@dataclass(frozen=True)
class Plan:
    """What a storm is made of. Bounded in count and in time."""

    seed: int = 1
    items: int = 100_000
    minutes: float = 16.0  # of the wall, in which the items come out
    kills: int = 100
    stops: int = 50  # immediate shutdowns of the database
    share: float = 0.3  # of requests that go wrong
    jumps: int = 4  # of the system's clock, by an hour
    sources: int = 20
    patience_s: float = 90.0  # of the wall: how long a window waits for items that a fault delays
    real_time: bool = False  # as fast as on the wall
    close_after: bool = False  # windows stay open until the storm is over; else they are closed in the midst of it


@dataclass
class Figures:
    """What came of a storm."""

    items_in: int = 0
    items_stored: int = 0
    duplicates: int = 0
    missing: int = 0
    kills: int = 0
    database_stops: int = 0
    clock_jumps: int = 0
    requests: dict[str, int] = field(default_factory=dict)
    half_states: list[str] = field(default_factory=list)
    half_checks: int = 0
    windows: int = 0
    windows_missing: int = 0
    digests_differing: list[str] = field(default_factory=list)
    digests_broken: list[str] = field(default_factory=list)
    spooled_records: int = 0
    gaps_lost: int = 0
    gaps_open: int = 0
    ended_by_itself: int = 0  # radars that did, without a kill
    ready_p50_s: float = 0.0  # from a kill to a radar that works again
    ready_max_s: float = 0.0
    caught_up_s: float | None = None  # from the end of the storm to the last item in an evaluation
    wall_s: float = 0.0

    @property
    def problems(self) -> list[str]:
        """What should not be, one line each."""
        found = [f"{n} {what}" for what, n in (("items missing", self.missing), ("duplicates", self.duplicates)) if n]
        found += self.half_states
        found += [f"{self.windows_missing} windows missing"] if self.windows_missing else []
        found += [f"{asset} differs from the undisturbed run" for asset in self.digests_differing]
        return found + self.digests_broken

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "problems": self.problems}


class Storm:
    """One storm over one world, from its first item to the comparison.

    Args:
        tell: Told in a line what happens.
    """

    def __init__(self, plan: Plan, models: Path, encoder: str, tell: Callable[[str], None] = lambda _: None) -> None:
        self._plan, self._models, self._encoder_name, self._tell = plan, models, encoder, tell
        self._rng = random.Random(f"storm {plan.seed}")
        self._wall_s = plan.minutes * 60
        windows = max(2, plan.items // PER_WINDOW)
        span = timedelta(seconds=self._wall_s) if plan.real_time else windows * WINDOW
        self._world = World(plan.seed, plan.items, plan.sources, span)
        self._speed = span.total_seconds() / self._wall_s
        self._over = threading.Event()
        self._kill_lock = threading.Lock()
        self._ready_s: list[float] = []
        self.figures = Figures()

    def run(self) -> Figures:
        """Let it happen; return what came of it."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="latticeforge-chaos-", ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            home.chmod(0o755)  # the server has a user of its own where this runs as root
            self._database = StormDatabase(home)
            try:
                self._weather(home)
            finally:
                self._database.stop()
        self.figures.wall_s = round(time.monotonic() - began, 1)
        return self.figures

    def _weather(self, home: Path) -> None:
        url = self._database.create("storm")
        with Store(url).open() as store, store.connection() as c:
            land_events(c, self._world.events, None)
        begin = self._world.begin
        clock = StormClock(begin, time.time() + 1.0, self._speed)
        with StormPublishers(self._world, clock, self._plan.share, self._plan.seed) as publishers:
            interval_s = POLL_WALL_S * self._speed
            feeds = self._world.feeds(publishers.url, interval_s)
            self._orders = orders = Orders(
                database_url=url,
                home=str(home),
                models=str(self._models),
                encoder=self._encoder_name,
                begin=begin.isoformat(),
                began=clock.began,
                speed=self._speed,
                lateness_s=(NEVER_S if self._plan.close_after else self._plan.patience_s) * self._speed,
                spool_bytes=200_000_000,
                feeds=[asdict(feed) for feed in feeds],
            )
            orders.write(home / "orders.json")
            self._pass(home, publishers)
            self.figures.requests = dict(publishers.asked)
        self._judge(url, feeds)

    def _pass(self, home: Path, publishers: StormPublishers) -> None:
        troubles = [threading.Thread(target=self._stops), threading.Thread(target=self._jumps, args=(home,))]
        self._start(home)
        for thread in troubles:
            thread.start()
        try:
            self._kills(home)
            self._over.set()
            for thread in troubles:
                thread.join()
            publishers.share = 0.0
            ended = time.monotonic()
            self._wait_until_done(home, ended)
        finally:
            self._over.set()
            self._end_victim()

    def _end_victim(self) -> None:
        self._victim.terminate()
        try:
            self._victim.wait(30)
        except subprocess.TimeoutExpired:
            self._victim.kill()
            self._victim.wait()

    def _start(self, home: Path) -> None:
        with (home / "victim.log").open("ab") as log:
            self._victim = subprocess.Popen(
                [sys.executable, "-m", "latticeforge.chaos.victim", str(home / "orders.json")],
                stdout=log,
                stderr=log,
            )

    def _await_ready(self, home: Path) -> None:
        """Until a radar works; one that ends of its own is started again, as the supervisor would."""
        began = time.monotonic()
        while time.monotonic() - began < READY_S:
            if self._orders.ready(self._victim.pid).exists():
                self._ready_s.append(time.monotonic() - began)
                return
            time.sleep(0.05)
            if self._victim.poll() is not None:
                self._start(home)
        raise TimeoutError(f"no radar came up in {READY_S:.0f} s: {(home / 'victim.log').read_text()[-2000:]}")

    def _kills(self, home: Path) -> None:
        """Kill the radar at random points until the storm is over."""
        ends = time.monotonic() + self._wall_s
        self._await_ready(home)
        while self.figures.kills < self._plan.kills or time.monotonic() < ends:
            left = self._plan.kills - self.figures.kills
            if not left:
                self._mind(home)
                continue
            # some seconds are for coming up again; a tenth of the kills hit a radar that is not up yet
            mean_s = max(0.5, (ends - time.monotonic()) / left - 4.0)
            early = self._rng.random() < 0.1
            time.sleep(self._rng.random() * (2.0 if early else 2 * mean_s))
            with self._kill_lock:
                self._victim.kill()
                self._victim.wait()
            self.figures.kills += 1
            self._tell(f"kill {self.figures.kills} of {self._plan.kills}")
            self._start(home)
            if not early or self.figures.kills == self._plan.kills:
                self._await_ready(home)
        self.figures.ready_p50_s = round(sorted(self._ready_s)[len(self._ready_s) // 2], 2)
        self.figures.ready_max_s = round(max(self._ready_s), 2)

    def _mind(self, home: Path) -> None:
        """Start a radar again that has ended of its own."""
        time.sleep(0.5)
        if self._victim.poll() is not None:
            self.figures.ended_by_itself += 1
            self._start(home)
            self._await_ready(home)

    def _stops(self) -> None:
        """Shut the database down under its users, and look for half states each time it is back."""
        rng, url = random.Random(f"stops {self._plan.seed}"), self._database.url.replace("/postgres?", "/storm?")
        every_s = self._wall_s / max(1, self._plan.stops)
        while self.figures.database_stops < self._plan.stops:
            if self._over.wait(rng.random() * max(0.5, 2 * every_s - 4)) and not self._plan.kills:
                return
            self._database.shut_down_immediately()
            time.sleep(rng.random() * min(3.0, every_s / 3))
            self._database.start()
            self.figures.database_stops += 1
            self._tell(f"database stop {self.figures.database_stops} of {self._plan.stops}")
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url) as c:
                self.figures.half_states += half_states(c)
                self.figures.half_checks += 1

    def _jumps(self, home: Path) -> None:
        """Set the clock an hour wrong for a moment, while a radar is up: one that starts just then knows no better."""
        rng = random.Random(f"jumps {self._plan.seed}")
        while self.figures.clock_jumps < self._plan.jumps:
            if self._over.wait(self._wall_s / (self._plan.jumps + 1) * (0.5 + rng.random() / 2)):
                return
            while not self._over.is_set() and not self._jump(home, 3600 * (-1) ** self.figures.clock_jumps):
                time.sleep(0.1)

    def _jump(self, home: Path, seconds: int) -> bool:
        with self._kill_lock:
            if self._victim.poll() is not None or not self._orders.ready(self._victim.pid).exists():
                return False
            self._orders.jump.write_text(str(seconds))
            time.sleep(0.4)
            self._orders.jump.write_text("0")
        self.figures.clock_jumps += 1
        return True

    def _wait_until_done(self, home: Path, ended: float) -> None:
        """Until every item is in an evaluation and, where windows are to close, all are; a bounded time."""
        last = last_window(self._world)
        url = self._database.url.replace("/postgres?", "/storm?")
        windows = self._plan.items // PER_WINDOW
        most_s = SETTLE_S + (0 if self._plan.close_after else self._plan.patience_s + windows * CLOSE_S)
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as c:
            while time.monotonic() - ended < most_s:
                if self.figures.caught_up_s is None and self._seen(c):
                    self.figures.caught_up_s = round(time.monotonic() - ended, 1)
                if self.figures.caught_up_s is not None and self._settled(c, last):
                    return
                self._mind(home)

    def _seen(self, c: psycopg.Connection) -> bool:
        row = c.execute(
            "select count(*) from landing.item where seq <= (select seq from ops.cursor where reader = 'radar')"
        ).fetchone()
        return row is not None and row[0] >= self._world.items

    def _settled(self, c: psycopg.Connection, last: datetime) -> bool:
        row = c.execute(
            "select (select count(*) from ops.gap where state = 'open'), (select count(*) from ops.dirty_window),"
            " (select max(window_start) from ops.window)"
        ).fetchone()
        assert row is not None
        gaps, dirty, newest = row
        return not gaps and (self._plan.close_after or (not dirty and newest is not None and newest + WINDOW >= last))

    def _judge(self, url: str, feeds: Sequence[FeedSource]) -> None:
        self._tell("comparing with the undisturbed run")
        f, world = self.figures, self._world
        items = world.landed()
        with Store(url).open() as store:
            with store.connection() as c:
                found = count(c, world, (i.item_id for i in items))
                f.items_in, f.items_stored = found.items_in, found.items_stored
                f.duplicates, f.missing = found.duplicates, found.missing
                f.half_states += half_states(c)
                f.half_checks += 1
                self._read_ops(c)
            encoder = load_encoder(self._encoder_name, self._models)
            first, last = floor_to(world.posted[0].at, WINDOW), last_window(world)
            if self._plan.close_after:
                close_all(store, encoder, last)
            with store.connection() as c:
                f.windows, f.windows_missing = (last - first) // WINDOW, holes(c, first, last)
            with Store(self._database.create("calm")).open() as calm:
                undisturbed(calm, world, feeds, encoder, last)
                f.digests_differing = differing(store, calm, world, last)
            f.digests_broken = broken_digests(store, world, last)

    def _read_ops(self, c: psycopg.Connection) -> None:
        row = c.execute(
            "select coalesce((select sum((detail ->> 'records')::int) from ops.event where kind = 'spool.drained'), 0),"
            " (select count(*) from ops.gap where state = 'lost'), (select count(*) from ops.gap where state = 'open')"
        ).fetchone()
        assert row is not None
        self.figures.spooled_records, self.figures.gaps_lost, self.figures.gaps_open = map(int, row)
