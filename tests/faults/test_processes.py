"""Supervised processes that are killed or crash: back at once, backing off in a loop, and said in ops.event."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from latticeforge.radar.processes import Program, process_states, start_supervisor, watcher, write_configuration
from latticeforge.radar.watcher import Notice, Teller, Watcher, listen
from latticeforge.store import Store

NOW = datetime(2025, 1, 28, 14, 30, tzinfo=UTC)
_STEADY = (
    "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).open('a').write(f'{os.getpid()}\\n'); time.sleep(600)"
)
_CRASH = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).open('a').write(f'{time.time()}\\n'); sys.exit(3)"


def until(holds: Callable[[], object], seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[Path]:
    """A supervisor over one steady program and one that ends at once."""
    (tmp_path / "steady.py").write_text(_STEADY)
    (tmp_path / "crash.py").write_text(_CRASH)
    programs = [
        Program(name, [sys.executable, str(tmp_path / f"{name}.py"), str(tmp_path / f"{name}.starts")])
        for name in ("steady", "crash")
    ]
    supervisor = start_supervisor(write_configuration(tmp_path, [*programs, watcher(database_url)]))
    yield tmp_path
    supervisor.terminate()
    supervisor.wait(30)


def starts(home: Path, name: str) -> list[str]:
    file = home / f"{name}.starts"
    return file.read_text().split() if file.exists() else []


def kinds(store: Store) -> list[tuple[str, str]]:
    with store.connection() as c:
        return c.execute("select kind, detail ->> 'process' from ops.event order by seq").fetchall()


def test_a_killed_process_is_back_and_a_crash_loop_backs_off_and_is_said(home: Path, store: Store) -> None:
    until(lambda: len(starts(home, "steady")) == 1)
    os.kill(int(starts(home, "steady")[0]), signal.SIGKILL)
    until(lambda: len(starts(home, "steady")) == 2)
    until(lambda: len(starts(home, "crash")) >= 4)
    times = [float(t) for t in starts(home, "crash")[:4]]
    waits = [b - a for a, b in pairwise(times)]
    assert waits[0] < waits[1] < waits[2], "each start that fails is followed by a longer wait"
    until(lambda: ("process.crash_loop", "crash") in kinds(store))
    states = {p["name"]: p["statename"] for p in process_states(home)}
    assert states["watcher"] == "RUNNING"
    assert states["crash"] in ("BACKOFF", "STARTING")
    assert len(starts(home, "steady")) == 2, "one process in a loop leaves the others alone"


@pytest.fixture
def restarted() -> list[str]:
    return []


@pytest.fixture
def eyes(restarted: list[str]) -> Watcher:
    return Watcher(restarted.append)


def test_a_crash_is_told_and_so_is_its_end(eyes: Watcher) -> None:
    fell = eyes.notice("PROCESS_STATE_EXITED", {"processname": "radar", "expected": "0"}, NOW)
    rose = eyes.notice("PROCESS_STATE_RUNNING", {"processname": "radar"}, NOW)
    assert isinstance(fell, Notice) and isinstance(rose, Notice)
    assert (fell.kind, rose.kind) == ("process.ended", "process.running")
    assert eyes.notice("PROCESS_STATE_RUNNING", {"processname": "radar"}, NOW) is None
    assert eyes.notice("PROCESS_STATE_EXITED", {"processname": "radar", "expected": "1"}, NOW) is None


def test_nobody_is_given_up(eyes: Watcher, restarted: list[str]) -> None:
    said = eyes.notice("PROCESS_STATE_FATAL", {"processname": "radar"}, NOW)
    assert said is not None and said.severity == "error"
    assert restarted == ["radar"]


def test_a_loop_is_told_every_third_time(eyes: Watcher) -> None:
    told = [eyes.notice("PROCESS_STATE_BACKOFF", {"processname": "x", "tries": str(n)}, NOW) for n in range(1, 8)]
    assert [n for n, notice in enumerate(told, 1) if notice] == [3, 6]


def test_what_happens_without_a_database_is_told_later(eyes: Watcher, store: Store) -> None:
    events = [
        ("PROCESS_STATE_EXITED", "processname:radar groupname:radar from_state:RUNNING expected:0 pid:7"),
        ("TICK_5", "when:1"),
        ("PROCESS_STATE_RUNNING", "processname:radar groupname:radar from_state:STARTING pid:8"),
    ]
    sent = "".join(f"ver:3.0 server:s serial:1 pool:w poolserial:1 eventname:{e} len:{len(p)}\n{p}" for e, p in events)
    answers, teller = io.StringIO(), Teller("postgresql://nobody@127.0.0.1:1/none")
    listen(io.StringIO(sent), answers, eyes, teller)
    assert answers.getvalue().count("RESULT 2\nOK") == 3
    teller._url = store.url
    teller.tell(None)
    assert kinds(store) == [("process.ended", "radar"), ("process.running", "radar")]
