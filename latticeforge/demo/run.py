"""The whole demo, start to end: a fresh home, the day, Dagster, the snapshot, the verdict.

Here: the order of the stages and the summary. Not here: each stage, and how it is shown.
"""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from latticeforge.demo.dagster_stage import DagsterStage
from latticeforge.demo.day import DemoDay
from latticeforge.demo.expectations import Check, check_day
from latticeforge.demo.play import LATENESS, Line, Played, Player
from latticeforge.demo.publishing import LATEST_S
from latticeforge.demo.variant import DAY_END, DAY_START, Variant
from latticeforge.embedding import Encoder, load_encoder
from latticeforge.settings import Settings
from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.faults import StoreFault
from latticeforge.store.marts import build_marts
from latticeforge.store.snapshot import read_manifest, verify_snapshot
from latticeforge.windows import HOUR, floor_to

_MARK = "demo-home"

SETTLED = timedelta(seconds=LATEST_S) + 2 * LATENESS  # nothing new belongs to what is older than this
HOURS_A_RUN = 3 * HOUR

OnLine = Callable[[Line], None]
OnTime = Callable[[str, datetime | None], None]


@dataclass(frozen=True)
class DemoResult:
    """What the demo came to."""

    summary: dict[str, str]
    checks: list[Check]
    database_url: str

    @property
    def held(self) -> bool:
        """Whether every expectation held."""
        return all(c.held for c in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"held": self.held, "summary": self.summary, "checks": [asdict(c) for c in self.checks]}


def run_demo(
    settings: Settings,
    seed: int,
    shuffled: bool,
    *,
    on_line: OnLine = lambda _: None,
    on_time: OnTime = lambda _stage, _now: None,
) -> DemoResult:
    """Play the day in ``settings.home``, which is emptied first.

    Raises:
        StoreFault: the home is not one of the demo's, or a stage failed.
    """
    began = time.perf_counter()
    _empty(settings.home)
    on_time("starting the database", None)
    url = embedded_server(settings.home)
    _relax(url)
    with Store(url).open() as store, ThreadPoolExecutor(1) as aside:
        marts = aside.submit(build_marts, url)
        on_time("loading the encoder", None)
        encoder = load_encoder(settings.encoder, settings.home.parent / "models")
        day = DemoDay.generate(seed, Variant.shuffled(seed) if shuffled else None)
        on_time("reading seven days of history", None)
        with DagsterStage(settings, url, DAY_START, DAY_END, DAY_START.date().isoformat()) as dagster:
            played = _play(store, encoder, day, marts, dagster, on_line, on_time)
            checks = check_day(store, day, played)
            on_time("Dagster materialises the day", None)
            checks += _dagster(settings, dagster, on_line)
        summary = _summary(store, settings, played, time.perf_counter() - began)
    return DemoResult(summary, checks, url)


def claim_home(home: Path) -> None:
    """Mark ``home`` as the demo's; whatever lies in a marked home goes when the next demo starts.

    Raises:
        StoreFault: it holds something that is no demo; nothing was touched.
    """
    if home.exists() and any(home.iterdir()) and not (home / _MARK).exists():
        raise StoreFault(f"{home} holds something that is no demo; move it away or set LF_HOME")
    home.mkdir(parents=True, exist_ok=True)
    (home / _MARK).touch()


def _empty(home: Path) -> None:
    claim_home(home)
    stop_embedded_server(home)
    shutil.rmtree(home, ignore_errors=True)
    claim_home(home)


def _relax(url: str) -> None:
    """Let commits not wait for the disk: a demo is played again, not recovered, and it makes 30,000 of them."""
    with Store(url).bare_connection() as c:
        c.execute("alter role postgres set synchronous_commit = off")


def _play(
    store: Store,
    encoder: Encoder,
    day: DemoDay,
    marts: Future[Any],
    dagster: DagsterStage,
    on_line: OnLine,
    on_time: OnTime,
) -> Played:
    """Play the day, and let Dagster have its hours as they are settled: it finds then what it would find at the end."""
    settled = DAY_START

    def told(now: datetime) -> None:
        nonlocal settled
        on_time("playing", now)
        if (until := floor_to(now - SETTLED, HOURS_A_RUN)) > settled:
            dagster.settle(until)
            settled = until

    return Player(store, encoder, day, marts=marts, on_line=on_line, on_time=told).play()


def _dagster(settings: Settings, dagster: DagsterStage, on_line: OnLine) -> list[Check]:
    day = DAY_START.date()
    runs = 0
    for record in dagster.materialise():
        runs += 1
        on_line(Line(DAY_END, "dagster", f"{record['job']} {record['seconds']:.1f} s, run {record['run_id'][:8]}"))
    problems = verify_snapshot(settings.snapshots, day)
    return [
        Check("Dagster computes the day and agrees with the radar", runs > 0, f"{runs} runs"),
        Check("the daily snapshot is sealed and verified", not problems, "; ".join(problems) or "whole"),
    ]


def _summary(store: Store, settings: Settings, played: Played, wall_s: float) -> dict[str, str]:
    landing = played.landing
    assert landing is not None
    items = played.items
    offered = items.new + items.duplicate + items.revised
    with store.connection() as c:
        row = c.execute(
            "select (select count(*) from landing.item), (select count(*) from ops.window),"
            " (select count(*) from core.spike s join core.active a using (generation_id)),"
            " (select count(*) from core.correlation s join core.active a using (generation_id)),"
            " (select coalesce(sum(reported), 0) from ops.window)"
        ).fetchone()
    assert row is not None
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "items in (entries read from feeds)": f"{offered:,}",
        "items stored (revisions)": f"{row[0]:,}",
        "items lost": f"{items.new + items.revised - row[0]:,}",
        "duplicates": f"{items.duplicate:,}",
        "attention counts": f"{landing.attention:,}",
        "windows closed": f"{row[1]:,} ({played.recomputed:,} computed again for late data)",
        "spikes": f"{row[2]:,}",
        "links tested": f"{row[3]:,}",
        "links reported": f"{row[4]:,}",
        "snapshot root": read_manifest(settings.snapshots, DAY_START.date()).root,
        "wall time": f"{wall_s:.0f} s ({played.wall_s:.0f} s of it the day itself)",
        "peak memory": f"{own:,.0f} MB here, {children:,.0f} MB in the largest child",
    }
