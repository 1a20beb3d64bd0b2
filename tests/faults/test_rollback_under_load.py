"""A day rolled back and materialised again while others write: readers see one state or the other, never between."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import psycopg
import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS, EMBEDDING_DIM, VECTOR, Asset
from latticeforge.radar.rollback import Effect, RollbackCoordinator
from latticeforge.store import Store
from latticeforge.store.generations import Frames, Write, write_generations
from latticeforge.store.ledger_chain import chain_problems
from latticeforge.store.rollbacks import Rollback, flip, record
from latticeforge.windows import DAY, Window, windows_between

START = datetime(2025, 1, 28, tzinfo=UTC)
WINDOWS = list(windows_between(START, START + DAY))
EVERY_S = 0.01
_VALUES: dict[str, Any] = {"date_status": "ok", "grade": "provisional", "verdict": "likely"}
# One statement: what a reader sees of the day at one instant, as asset, version of its rows, number of windows.
DAY_STATE = " union all ".join(
    f"select '{name}', t.version, count(*) from core.counting a join"
    f" (select generation_id, {column}::text as version from {asset.tables[0].name}) t using (generation_id)"
    f" where a.asset = '{name}' and a.window_start >= %(start)s and a.window_start < %(end)s group by 2"
    for name, asset, column in (
        (name, asset, next(c for c in ("label", "title", "model", "alpha", "q_value") if c in asset.tables[0].columns))
        for name, asset in ASSETS.items()
    )
)


def frames(asset: Asset, window: Window, version: int) -> Frames:
    """A row in every table, which differs from version to version."""
    return tuple(
        pl.DataFrame({n: pl.Series([value(n, t, window, version)], dtype=t) for n, t in table.columns.items()})
        for table in asset.tables
    )


def value(name: str, kind: Any, window: Window, version: int) -> Any:
    if name in _VALUES:
        return _VALUES[name]
    if kind == pl.Boolean:
        return True
    if kind == VECTOR:
        return np.eye(1, EMBEDDING_DIM, dtype=np.float32)[0]
    if isinstance(kind, pl.Datetime):
        return window.start
    if isinstance(kind, pl.List):
        return ["i"]
    if kind in (pl.Int32, pl.Float64):
        return 1 / (1 + version) if kind == pl.Float64 else version
    return bytes(32) if kind == pl.Binary else f"version {version}"


def write_day(store: Store, version: int) -> float:
    """Every asset of the day in one transaction; the seconds it took."""
    writes = [Write(name, w, frames(asset, w, version)) for name, asset in ASSETS.items() for w in WINDOWS]
    began = time.perf_counter()
    with store.connection() as c:
        write_generations(c, writes, origin="radar", reason=f"version {version}" if version > 1 else "")
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def day_template(server_url: str, template_database: str) -> Iterator[str]:
    """A day of 288 windows, each asset computed twice; written once and copied for every test."""
    name = "rollback_day"
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database {name} template {template_database}")
    with Store(server_url.replace("/postgres?", f"/{name}?")) as store:
        write_day(store, 1)
        write_day(store, 2)
    yield name
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


@pytest.fixture
def day(server_url: str, day_template: str) -> Iterator[Store]:
    """A copy of that day."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(f"create database rolled_back_day template {day_template}")
        with Store(server_url.replace("/postgres?", "/rolled_back_day?")) as store:
            yield store
        admin.execute("drop database rolled_back_day with (force)")


@dataclass
class Reader:
    """What a reader saw, and how often it looked."""

    states: list[frozenset[tuple[str, str, int]]] = field(default_factory=list)
    looks: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, url: str) -> None:
        """Look every 10 ms until stopped; keep each state once."""
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as c:
            while not self.stop.is_set():
                state = frozenset(c.execute(DAY_STATE.encode(), {"start": START, "end": START + DAY}).fetchall())
                if not self.states or self.states[-1] != state:
                    self.states.append(state)
                self.looks += 1
                time.sleep(EVERY_S)

    def wait(self, looks: int = 3) -> None:
        """Until it has looked some times more."""
        wanted = self.looks + looks
        while self.looks < wanted:
            time.sleep(EVERY_S)


@contextmanager
def beside(*works: Any) -> Iterator[None]:
    """Run something in threads beside the block; each ends when its ``stop`` is set."""
    threads = [threading.Thread(target=run, args=args) for run, args, _ in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for _, _, stop in works:
            stop.set()
        for thread in threads:
            thread.join(60)


def write_on(store: Store, stop: threading.Event) -> None:
    """The radar's work: windows of later days, one commit after another."""
    for window in windows_between(START + 2 * DAY, START + 30 * DAY):
        if stop.is_set():
            return
        writes = [Write(name, window, frames(asset, window, 1)) for name, asset in ASSETS.items()]
        with store.connection() as c:
            write_generations(c, writes, origin="radar")


def no_encoder() -> Encoder:
    raise AssertionError("a flip of days that nothing looks back on needs no encoder")


def coordinator(store: Store) -> RollbackCoordinator:
    return RollbackCoordinator(store, no_encoder, run_by="lf", command="lf rollback")


def whole(version: int) -> frozenset[tuple[str, str, int]]:
    numbers = ("spike_baselines", "correlations")
    told = repr(1 / (1 + version))
    return frozenset((name, told if name in numbers else f"version {version}", 288) for name in ASSETS)


ASKED = Rollback("articles", START, START + DAY, "under load")


def test_readers_never_see_half_of_a_day(day: Store) -> None:
    reader, stop = Reader(), threading.Event()
    with beside((write_on, (day, stop), stop), (reader.run, (day.url,), reader.stop)):
        reader.wait()
        effect = coordinator(day).roll_back(ASKED)
        reader.wait()
        coordinator(day).undo(effect.rollback_id)
        reader.wait()
        write_day(day, 3)
        reader.wait()
    assert reader.states == [whole(2), whole(1), whole(2), whole(3)]
    assert len(effect.windows) == 288 and {m.asset for m in effect.moves} == set(ASSETS)
    assert sound(day) == []


def sound(store: Store) -> list[str]:
    with store.connection() as c:
        return chain_problems(c)[1]


def test_a_rollback_that_is_killed_on_its_way_leaves_the_day_as_it_was(day: Store) -> None:
    reader = Reader()
    with beside((reader.run, (day.url,), reader.stop)):
        with pytest.raises(psycopg.OperationalError), psycopg.connect(day.url, options="-c timezone=UTC") as c:
            rollback_id, _ = record(c, ASKED, run_by="lf", recompute=True)
            flip(c, ASKED, rollback_id)
            reader.wait()
            with psycopg.connect(day.url, autocommit=True) as killer:
                killer.execute("select pg_terminate_backend(%s)", (c.info.backend_pid,))
            c.execute("select 1")
        reader.wait()
    assert reader.states == [whole(2)]
    with day.connection() as c:
        assert c.execute("select count(*) from ops.rollback").fetchone() == (0,)
    assert sound(day) == []


def test_a_flip_of_a_day_costs_a_fraction_of_writing_it(day: Store) -> None:
    """All seven assets of 288 windows, measured in one run: moving the pointers against writing the rows again."""
    written = write_day(day, 3)
    flipped, effect = timed_flip(day)
    assert len(effect.moves) == 7 * 288
    assert flipped < written / 3, f"flipping took {flipped * 1e3:.0f} ms, writing {written * 1e3:.0f} ms"


def timed_flip(store: Store) -> tuple[float, Effect]:
    began = time.perf_counter()
    effect = coordinator(store).roll_back(ASKED)
    return time.perf_counter() - began, effect
