"""How long many open tabs wait for a change of the board, and what they cost the dashboard in the long run.

    python benchmarks/dashboard_changes.py                                   # 200 tabs, five changes, two minutes
    python benchmarks/dashboard_changes.py --changes 150 --every 20 --quiet  # the memory of 50 minutes

On a database of its own, which holds the afternoon of the tests. A new alarm is committed every few seconds; a tab has
it when the dashboard has drawn its board anew. Printed for each change: how many tabs drew it, how long after the
commit the middle and the last one had it, and the server's memory. Should a tab draw twice, its later time counts.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import runpy
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil

from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.marts import build_marts
from streamlit_app import load

AFTERNOON = Path(__file__).parents[1] / "tests" / "app" / "dashboard_day.py"
OPENING_S = 20.0


class Stamped(list[float]):
    """Waits of tabs, and when each of them was over (seconds of ``time.monotonic``)."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    def append(self, value: float) -> None:
        super().append(value)
        self.at.append(time.monotonic())


def change(store: Store, day: SimpleNamespace, number: int) -> float:
    """Commit an alarm in place of the one before; when that was done."""
    with store.connection() as connection:
        connection.execute("delete from live.alert where label like 'change %'")
        day.live_alert(connection, f"change {number}", headline=f"A story of change {number}")
    return time.monotonic()


async def run(address: str, server: psutil.Process, alarm: Callable[[int], float], given: argparse.Namespace) -> None:
    """Open the tabs, then change the board again and again."""
    waits = load.Waits(redrawn=Stamped())
    stamps = waits.redrawn
    assert isinstance(stamps, Stamped)
    until = time.monotonic() + OPENING_S + given.every * (given.changes + 1)
    tabs = []
    for _ in range(given.viewers):
        tabs.append(asyncio.create_task(load.Viewer(address, waits).watch(until)))
        await asyncio.sleep(OPENING_S / given.viewers)
    began, spent, lasts = time.monotonic(), sum(server.cpu_times()[:2]), []
    for number in range(given.changes):
        committed = await asyncio.to_thread(alarm, number)
        await asyncio.sleep(given.every)
        after = sorted(at - committed for at in stamps.at if at >= committed)
        stamps.at.clear()
        lasts.append(after[-1] if after else float("nan"))
        if not given.quiet or number % 15 == 0 or number == given.changes - 1:
            middle = statistics.median(after) if after else float("nan")
            sys.stdout.write(
                f"change {number}: {len(after)} of {given.viewers} tabs, middle {middle:.2f} s, last {lasts[-1]:.2f} s,"
                f" {server.memory_info().rss / load.MEGABYTE:.0f} MB\n"
            )
            sys.stdout.flush()
    share = (sum(server.cpu_times()[:2]) - spent) / (time.monotonic() - began)
    await asyncio.gather(*tabs)
    looks = statistics.quantiles(waits.live, n=100, method="inclusive")
    sys.stdout.write(
        f"{len(waits.live):,} looks: p50 {looks[49]:.2f} s, p95 {looks[94]:.2f} s; last tab: median"
        f" {statistics.median(lasts):.2f} s, worst {max(lasts):.2f} s; {share:.2f} of a core; {waits.lost} tabs lost;"
        f" load {os.getloadavg()[0]:.1f}\n"
    )


def main() -> None:
    """Make the database, start the dashboard, open the tabs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--viewers", type=int, default=200)
    options.add_argument("--changes", type=int, default=5)
    options.add_argument("--every", type=float, default=12.0, help="seconds between changes")
    options.add_argument("--quiet", action="store_true", help="print one change in fifteen")
    given = options.parse_args()
    day = SimpleNamespace(**runpy.run_path(str(AFTERNOON)))
    with tempfile.TemporaryDirectory(prefix="latticeforge-bench-", ignore_cleanup_errors=True) as folder:
        os.environ["LF_DATABASE_URL"] = url = embedded_server(Path(folder))
        with Store(url, connections=2) as store:
            build_marts(url)
            with store.connection() as connection:
                day.seed(connection)
            build_marts(url)
            with load.started() as (address, server):
                asyncio.run(run(address, server, lambda number: change(store, day, number), given))
        stop_embedded_server(Path(folder))


if __name__ == "__main__":
    main()
