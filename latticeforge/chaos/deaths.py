"""How fast the running system's processes are back when they are killed.

Here: the system of `lf up` in a folder of its own, kill -9 of each process, and when it works again. Not here: the
supervisor's configuration (``radar.processes``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from latticeforge.radar.processes import Program, process_states, programs, start_supervisor, write_configuration
from latticeforge.settings import Settings
from latticeforge.store import Store
from latticeforge.store.database import database_url
from latticeforge.store.embedded import stop_embedded_server

COME_UP_S = 240.0
BACK_S = 120.0
PROMISE_S = 60.0
_FEEDS = "feeds: [{name: nobody, title: Nobody, url: 'http://127.0.0.1:9/', country: INT, language: en}]\n"


@dataclass(frozen=True, slots=True)
class Death:
    """One kill. ``process_s``: to a new process; ``works_s``: until that works; None: not within two minutes."""

    process: str
    process_s: float | None
    works_s: float | None


def measure_deaths(rounds: int, tell: Callable[[str], None] = lambda _: None) -> list[Death]:
    """Kill every process of a running system ``rounds`` times, one after the other."""
    found = []
    with _system() as (wanted, settings, url):
        signs = {program.name: _sign(program, url) for program in wanted if not program.listener}
        for name, works in signs.items():
            if _seconds_until(works, time.time(), COME_UP_S) is None:
                raise TimeoutError(f"{name} did not come up; its log is {settings.home / 'logs' / name}.log")
        for _ in range(rounds):
            for name, works in signs.items():
                found.append(_kill(name, works, settings.home))
                tell(f"{name}: a process after {found[-1].process_s} s, at work after {found[-1].works_s} s")
    return found


@contextmanager
def _system() -> Iterator[tuple[list[Program], Settings, str]]:
    with tempfile.TemporaryDirectory(prefix="latticeforge-deaths-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        (home / "feeds.yaml").write_text(_FEEDS)
        settings = Settings(
            home=home, feeds=home / "feeds.yaml", dashboard_port=_free_port(), dagster_port=_free_port()
        )
        url = database_url(settings)
        Store(url).migrate()
        wanted = programs(settings, url)
        with _variables({"LF_FEEDS": str(home / "feeds.yaml")}):
            supervisor = start_supervisor(write_configuration(home, wanted))
        try:
            yield wanted, settings, url
        finally:
            supervisor.terminate()
            supervisor.wait(90)
            stop_embedded_server(home)


@contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sign(program: Program, url: str) -> Callable[[float], bool]:
    """What says that a program has worked at some instant after ``since`` (seconds since 1970)."""
    if program.port is not None:
        port = program.port
        return lambda _: _answers(port)
    queries: dict[str, LiteralString] = {
        "radar": "select max(extract(epoch from started_at)) from ops.service where service = 'radar'",
        "dagster-daemon": "select max(extract(epoch from timestamp)) from daemon_heartbeats",
    }
    query = queries.get(program.name, "select extract(epoch from clock_timestamp())")
    return lambda since: _newer(url, query, since)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _newer(url: str, query: LiteralString, since: float) -> bool:
    with contextlib.suppress(psycopg.Error), psycopg.connect(url, connect_timeout=2) as c:
        row = c.execute(query).fetchone()
        return bool(row and row[0] and float(row[0]) > since)
    return False


def _kill(name: str, works: Callable[[float], bool], home: Path) -> Death:
    before = _pid(name, home)
    if before is None:
        return Death(name, None, None)
    since = time.time()
    os.kill(before, signal.SIGKILL)
    process_s = _seconds_until(lambda _: _pid(name, home) not in (None, before), since, BACK_S)
    works_s = _seconds_until(works, since, BACK_S) if process_s is not None else None
    return Death(name, process_s, works_s)


def _pid(name: str, home: Path) -> int | None:
    return next((p["pid"] or None for p in process_states(home) if p["name"] == name), None)


def _seconds_until(holds: Callable[[float], bool], since: float, most_s: float) -> float | None:
    while time.time() - since < most_s:
        if holds(since):
            return round(time.time() - since, 2)
        time.sleep(0.05)
    return None
