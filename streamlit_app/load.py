"""Readers made of nothing but sockets: what many of them cost the dashboard, and how long each waits.

    python -m streamlit_app.load --viewers 50 --seconds 30

It prints JSON; `lf bench dashboard` runs it. Each viewer opens the page Now over Streamlit's own websocket protocol
and then asks for the live part as often as a browser would. Here: the viewers, a server for them, the figures. Not
here: judging them. Where playwright and Chromium are found, one real browser measures the time to the first chart as
well.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.request import urlopen

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

START_S = 90.0
ANSWER_S = 60.0
BROWSER_VIEWS = 5
APP = Path(__file__).with_name("app.py")
MEGABYTE = 1_048_576


@dataclass
class Waits:
    """Seconds that viewers waited."""

    first: list[float] = field(default_factory=list)  # from asking for the page to its last element
    live: list[float] = field(default_factory=list)  # the same for each look of the live part
    redrawn: list[float] = field(default_factory=list)  # those looks of them that found a change and drew the board
    lost: int = 0  # viewers whose connection broke or who waited longer than ANSWER_S


@dataclass(frozen=True)
class Report:
    """Figures of one run; seconds, megabytes."""

    viewers: int
    held_s: float
    first_alone_p50_s: float | None
    first_alone_p95_s: float | None
    first_p95_s: float | None
    live_looks: int
    live_p50_s: float | None
    live_p95_s: float | None
    redrawn: int
    redrawn_p95_s: float | None
    lost: int
    cpu_a_look_ms: float  # of the server's processor time; hardly depends on what else the machine does
    memory_before_mb: float
    memory_full_mb: float
    memory_after_mb: float
    first_chart_p50_s: float | None  # in a real browser; None where there is none
    first_chart_max_s: float | None


class Viewer:
    """One open tab on the page Now."""

    def __init__(self, address: str, waits: Waits) -> None:
        self._address = address.replace("http://", "ws://") + "/_stcore/stream"
        self._waits = waits
        self._again: dict[str, float] = {}  # fragment -> seconds between looks

    async def watch(self, until: float) -> None:
        """Open the page, then look until ``until`` (monotonic seconds)."""
        try:
            async with websockets.connect(self._address, subprotocols=["streamlit"], max_size=None) as line:  # type: ignore[list-item]
                self._waits.first.append((await self._ask(line, ""))[0])
                due = time.monotonic()
                while self._again and time.monotonic() < until:
                    fragment, every = next(iter(self._again.items()))
                    # As a browser's interval: not so much after the last answer, or all tabs would fall into step.
                    due += every
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    took, parts = await self._ask(line, fragment)
                    self._waits.live.append(took)
                    if parts > 1:
                        self._waits.redrawn.append(took)
        except (OSError, websockets.WebSocketException, TimeoutError):
            self._waits.lost += 1

    async def _ask(self, line: websockets.ClientConnection, fragment: str) -> tuple[float, int]:
        """Seconds to the last element, and how many parts of the page were drawn one after the other."""
        asked, parts = BackMsg(), 0
        asked.rerun_script.query_string = ""
        if fragment:
            asked.rerun_script.fragment_id = fragment
            asked.rerun_script.is_auto_rerun = True
        began = time.perf_counter()
        await line.send(asked.SerializeToString())
        async with asyncio.timeout(ANSWER_S):
            while True:
                told = ForwardMsg.FromString(bytes(await line.recv()))  # type: ignore[arg-type]
                parts += told.HasField("new_session")
                if told.HasField("auto_rerun"):
                    self._again[told.auto_rerun.fragment_id] = told.auto_rerun.interval
                if told.HasField("script_finished") and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    return time.perf_counter() - began, parts


async def _hold(address: str, viewers: int, seconds: float, waits: Waits, server: psutil.Process) -> float:
    """``viewers`` tabs, opened over the first quarter of the time; returns the most memory seen, MB."""
    until = time.monotonic() + seconds
    tasks = []
    for _ in range(viewers):
        tasks.append(asyncio.create_task(Viewer(address, waits).watch(until)))
        await asyncio.sleep(seconds / 4 / viewers)
    most = 0.0
    while any(not task.done() for task in tasks):
        most = max(most, server.memory_info().rss / MEGABYTE)
        await asyncio.sleep(0.5)
    return most


async def _alone(address: str, times: int) -> list[float]:
    """First views, one after the other."""
    waits = Waits()
    for _ in range(times):
        await Viewer(address, waits).watch(0.0)
    return waits.first


@contextmanager
def started() -> Iterator[tuple[str, psutil.Process]]:
    """A dashboard of our own on a free port, as `lf up` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the dashboard did not start; is its port free and its database there?")


def _in_a_browser(address: str) -> list[float]:
    """Seconds from asking for the page to its first chart, in Chromium with an empty cache each time."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return []
    if chromium is None:
        return []
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for _ in range(BROWSER_VIEWS):
            context = browser.new_context()
            page = context.new_page()
            began = time.perf_counter()
            page.goto(address)
            page.locator(".lf-interval").first.wait_for()
            found.append(time.perf_counter() - began)
            context.close()
        browser.close()
    return found


def _quantile(values: list[float], q: float) -> float | None:
    if len(values) < 2:
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[round(100 * q) - 1]


def measure(viewers: int, seconds: float) -> Report:
    """Start a dashboard, look at it alone, in a browser, and with ``viewers`` for ``seconds``."""
    with started() as (address, server):
        asyncio.run(_alone(address, 3))  # the first reader fills the caches
        before = server.memory_info().rss / MEGABYTE
        alone = asyncio.run(_alone(address, 20))
        charts = _in_a_browser(address)
        waits = Waits()
        began, spent = time.perf_counter(), sum(server.cpu_times()[:2])
        most = asyncio.run(_hold(address, viewers, seconds, waits, server))
        held = time.perf_counter() - began
        spent = sum(server.cpu_times()[:2]) - spent
        time.sleep(2)
        return Report(
            viewers=viewers,
            held_s=held,
            first_alone_p50_s=_quantile(alone, 0.5),
            first_alone_p95_s=_quantile(alone, 0.95),
            first_p95_s=_quantile(waits.first, 0.95),
            live_looks=len(waits.live),
            live_p50_s=_quantile(waits.live, 0.5),
            live_p95_s=_quantile(waits.live, 0.95),
            redrawn=len(waits.redrawn),
            redrawn_p95_s=_quantile(waits.redrawn, 0.95),
            lost=waits.lost,
            cpu_a_look_ms=1000 * spent / max(1, len(waits.first) + len(waits.live)),
            memory_before_mb=before,
            memory_full_mb=most,
            memory_after_mb=server.memory_info().rss / MEGABYTE,
            first_chart_p50_s=_quantile(charts, 0.5),
            first_chart_max_s=max(charts, default=None),
        )


def main() -> None:
    """Read the options, print the report."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--viewers", type=int, default=50)
    options.add_argument("--seconds", type=float, default=30.0)
    given = options.parse_args()
    sys.stdout.write(json.dumps(asdict(measure(given.viewers, given.seconds))) + "\n")


if __name__ == "__main__":
    main()
