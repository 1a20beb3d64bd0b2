"""`lf demo --serve` from an empty home, and Ctrl-C while it plays: what it started ends, all else stays."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from latticeforge.demo.run import claim_home
from latticeforge.radar.processes import faces
from latticeforge.settings import Settings
from latticeforge.store import embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.faults import StoreFault


def test_a_home_is_claimed_before_the_pages_write_into_it(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    claim_home(home)
    faces(Settings(home=home), "")
    claim_home(home)
    foreign = tmp_path / "foreign"
    faces(Settings(home=foreign), "")
    with pytest.raises(StoreFault, match="no demo"):
        claim_home(foreign)


@pytest.fixture
def playing(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`lf demo --serve` on an empty home, with its output in ``tmp_path / "said"``."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(2)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        ports = [str(probe.getsockname()[1]) for probe in probes]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("LF_")}
    environment = {**clean, "LF_HOME": str(tmp_path), "LF_DASHBOARD_PORT": ports[0], "LF_DAGSTER_PORT": ports[1]}
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "latticeforge.cli", "demo", "--serve"],
            env=environment,
            stdout=said,
            stderr=said,
            start_new_session=True,
            # A shell that runs tests in the background has its children ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    yield process
    if process.poll() is None:
        process.kill()
        process.wait(30)
    stop_embedded_server(tmp_path / "demo")


def test_it_starts_from_nothing_and_ctrl_c_stops_what_it_started_and_nothing_else(
    tmp_path: Path, playing: subprocess.Popen[bytes]
) -> None:
    other = tmp_path / "other"
    embedded_server(other)
    bystander = _server(other)
    _until_played(tmp_path, playing)
    family = [_server(tmp_path / "demo"), *psutil.Process(playing.pid).children(recursive=True)]
    playing.send_signal(signal.SIGINT)
    assert playing.wait(60) != 0
    _, alive = psutil.wait_procs(family, timeout=30)
    assert [" ".join(p.cmdline()) for p in alive] == []
    assert bystander.is_running() and bystander.status() != psutil.STATUS_ZOMBIE
    stop_embedded_server(other)


def _server(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "postgres" / "postmaster.pid").read_text().split()[0]))


def _until_played(home: Path, process: subprocess.Popen[bytes]) -> None:
    """Everything that the day needs runs: the database, and Dagster waiting for the day to end."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, (home / "said").read_text(errors="replace")
        children = psutil.Process(process.pid).children(recursive=True)
        if any("lf_assets.backfill" in child.cmdline() for child in children):
            return
        time.sleep(0.1)
    pytest.fail("the day did not begin")
