"""What a rollback of a day and the ledger cost: `python benchmarks/rollback.py`.

Moves the pointers of all seven assets of 288 windows back and forth, beside a peer: copying as many rows into a plain
table with two indexes. Wall time and the server's own processor time, which other work on the machine leaves alone.
Then commits of an hour (84 generations) with the ledger's triggers and without them.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from latticeforge.model import ASSETS
from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.rollbacks import Rollback, flip, flip_back, record, recorded

START = datetime(2025, 1, 28, tzinfo=UTC)
DAY = timedelta(days=1)
ROUNDS = 10
_GENERATIONS = (
    "insert into core.generation (asset, window_start, origin, code_version, row_count, digest)"
    " select a, w, 'radar', %s, 0, sha256(convert_to(a || w || %s, 'UTF8')) from unnest(%s::text[]) a,"
    " generate_series(%s::timestamptz, %s, '5 minutes') w"
)
_ACTIVATE = (
    "insert into core.active (asset, window_start, generation_id) select asset, window_start, max(generation_id)"
    " from core.generation where code_version = %s group by 1, 2 on conflict (asset, window_start)"
    " do update set generation_id = excluded.generation_id"
)


def write(connection: psycopg.Connection, version: str, start: datetime, windows: int) -> None:
    """Generations without rows of every asset, and the pointers to them."""
    last = start + (windows - 1) * timedelta(minutes=5)
    connection.execute(_GENERATIONS, (version, version, list(ASSETS), start, last))
    connection.execute(_ACTIVATE, (version,))


def measured(store: Store, work: Callable[[psycopg.Connection], object]) -> tuple[float, float]:
    """(wall, processor) milliseconds of a transaction, its commit included."""
    with store.connection() as c:
        pid = c.info.backend_pid
        before, began = _cpu_ms(pid), time.perf_counter()
        work(c)
    return (time.perf_counter() - began) * 1e3, _cpu_ms(pid) - before


def _cpu_ms(pid: int) -> float:
    """What the scheduler has given to a process so far (Linux)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def said(name: str, runs: list[tuple[float, float]]) -> None:
    wall, cpu = zip(*runs, strict=True)
    print(
        f"{name:42} wall median {statistics.median(wall):6.1f} ms, least {min(wall):6.1f} ms;"
        f" server's processor {statistics.median(cpu):6.1f} ms"
    )


def flips(store: Store) -> None:
    asked = Rollback("articles", START, START + DAY, "benchmark")
    there, back, peer = [], [], []
    for _ in range(ROUNDS):
        ids: list[int] = []

        def go(c: psycopg.Connection, ids: list[int] = ids) -> None:
            ids.append(record(c, asked, run_by="lf", recompute=True)[0])
            flip(c, asked, ids[0])

        def undo(c: psycopg.Connection, ids: list[int] = ids) -> None:
            again = Rollback("articles", START, START + DAY, "benchmark", undoes=ids[0])
            record(c, again, run_by="lf", recompute=True)
            flip_back(c, recorded(c, ids[0]))

        there.append(measured(store, go))
        back.append(measured(store, undo))
        peer.append(measured(store, copy))
    said("2,016 pointers back", there)
    said("2,016 pointers forth again", back)
    said("peer: 2,016 rows into a plain table", peer)


def copy(c: psycopg.Connection) -> None:
    """The peer: as many rows into a table that only this session has."""
    c.execute("create temp table peer (asset text, at timestamptz, id bigint, primary key (asset, at)) on commit drop")
    c.execute("create index on peer (at)")
    c.execute("insert into peer select asset, window_start, generation_id from core.active")


def commits(store: Store) -> None:
    for name, state in (("an hour (84 generations) with the ledger", "enable"), ("the same without it", "disable")):
        with store.connection() as c:
            c.execute(f"alter table core.active {state} trigger note_inserted".encode())
        runs = []
        for n in range(ROUNDS):
            start = START + timedelta(days=10 if state == "enable" else 20, hours=n)
            version = f"{state} {n}"
            runs.append(measured(store, lambda c, v=version, s=start: write(c, v, s, 12)))
        said(name, runs)


def main() -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            with Store(embedded_server(Path(folder)), connections=1) as store:
                for version in ("1", "2"):
                    with store.connection() as c:
                        write(c, version, START, 288)
                with store.connection() as c:
                    c.execute("analyze")
                flips(store)
                commits(store)
        finally:
            stop_embedded_server(Path(folder))


if __name__ == "__main__":
    main()
