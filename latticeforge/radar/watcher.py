"""Says of the supervised processes what befalls them, and never lets one be given up.

Here: a listener to supervisor's events, started by supervisor itself. Not here: the processes and their configuration
(``processes``), and looking at them (`lf status`).

Supervisor waits a second longer after each start that fails at once, and gives up after ``TRIES``; then this waits
half a minute and begins anew. So a process that crashes for hours is tried about twice a minute, for ever.
``python -m latticeforge.radar.watcher``
"""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TextIO
from xmlrpc.client import Fault, ServerProxy

import psycopg

from latticeforge.store.ledger import record_event

TRIES = 30  # starts that fail in a row before supervisor gives up; the last wait is as many seconds
PAUSE_S = 30.0
LOOP = 3  # starts that fail in a row: a loop worth telling
KEPT = 1_000  # of what is to be told while the database is away


@dataclass(frozen=True, slots=True)
class Notice:
    """One row of ``ops.event`` to be."""

    at: datetime
    kind: str
    severity: str
    message: str
    detail: dict[str, Any]


class Watcher:
    """Turns supervisor's events into notices.

    Args:
        restart: Starts a process that supervisor has given up, some time from now.
    """

    def __init__(self, restart: Callable[[str], None]) -> None:
        self._restart = restart
        self._in_trouble: Counter[str] = Counter()

    def notice(self, event: str, values: dict[str, str], now: datetime) -> Notice | None:
        """What is to be told of an event, if anything; ``values`` as supervisor sends them."""
        name = values.get("processname", "")
        detail: dict[str, Any] = {"process": name}
        if event == "PROCESS_STATE_EXITED":
            if values.get("expected") == "1" and name not in self._in_trouble:
                return None
            self._in_trouble[name] += 1
            return Notice(now, "process.ended", "warning", f"{name} ended by itself; it is started again", detail)
        if event == "PROCESS_STATE_BACKOFF":
            self._in_trouble[name] += 1
            tries = int(values.get("tries", "0"))
            if tries % LOOP:
                return None
            said = f"{name} has ended {tries} times right after its start; tried again with growing waits, see its log"
            return Notice(now, "process.crash_loop", "error", said, {**detail, "tries": tries})
        if event == "PROCESS_STATE_FATAL":
            self._restart(name)
            said = f"{name} does not come up; tried again from the beginning in {PAUSE_S:.0f} s, see its log"
            return Notice(now, "process.crash_loop", "error", said, {**detail, "tries": TRIES})
        if event == "PROCESS_STATE_RUNNING" and self._in_trouble.pop(name, 0):
            return Notice(now, "process.running", "info", f"{name} runs again", detail)
        return None


class Teller:
    """Writes notices into ``ops.event``; those of a time without a database wait."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._waiting: deque[Notice] = deque(maxlen=KEPT)

    def tell(self, notice: Notice | None) -> None:
        """Write what waits and ``notice``."""
        self._waiting += [notice] if notice else []
        if not self._waiting:
            return
        try:
            with psycopg.connect(self._url, connect_timeout=5) as c:
                for n in self._waiting:
                    record_event(c, n.kind, n.message, at=n.at, severity=n.severity, detail=n.detail)
        except psycopg.Error as error:
            sys.stderr.write(f"not told yet: {str(error).splitlines()[0]}\n")
        else:
            self._waiting.clear()


def listen(source: TextIO, answers: TextIO, watcher: Watcher, teller: Teller) -> None:
    """Supervisor's listener protocol (events.html#event-listener-notification-protocol), until ``source`` ends."""
    while True:
        answers.write("READY\n")
        answers.flush()
        header = _pairs(source.readline())
        if not header:
            return
        values = _pairs(source.read(int(header["len"])))
        teller.tell(watcher.notice(header["eventname"], values, datetime.now(UTC)))
        answers.write("RESULT 2\nOK")
        answers.flush()


def _pairs(line: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in line.split() if ":" in part)


def _restarter(server_url: str) -> Callable[[str], None]:
    from supervisor.xmlrpc import SupervisorTransport

    def start(name: str) -> None:
        try:
            with ServerProxy("http://127.0.0.1", SupervisorTransport(None, None, server_url)) as proxy:
                proxy.supervisor.startProcess(name, False)
        except (OSError, Fault) as error:
            sys.stderr.write(f"{name} cannot be started: {error}\n")

    def later(name: str) -> None:
        timer = threading.Timer(PAUSE_S, start, (name,))
        timer.daemon = True
        timer.start()

    return later


if __name__ == "__main__":
    restarter = _restarter(os.environ["SUPERVISOR_SERVER_URL"])
    listen(sys.stdin, sys.stdout, Watcher(restarter), Teller(os.environ["LF_WATCHED_DATABASE_URL"]))
