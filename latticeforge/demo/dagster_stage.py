"""The Dagster part of the demo day: hours and the daily snapshot, as a process of its own.

Here: starting it and reading what it says. Not here: Dagster itself, which this library never imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from latticeforge.radar.processes import ROOT, dagster_environment
from latticeforge.settings import Settings
from latticeforge.store.faults import StoreFault


class DagsterFault(StoreFault):
    """A Dagster run of the demo failed; the message carries what it said."""


class DagsterStage:
    """A Dagster process that computes hours while the day is played, as they are settled. Use as ``with``.

    Loading and most hours take some 25 seconds of a core that the day leaves idle.
    """

    def __init__(self, settings: Settings, database_url: str, start: datetime, end: datetime, snapshot: str) -> None:
        self._log = settings.home / "logs" / "dagster-demo.log"
        self._log.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["--wait", "--from", start.isoformat(), "--to", end.isoformat(), "--snapshot", snapshot]
        environment = {**os.environ, **dagster_environment(settings, database_url), "LF_ENCODER": settings.encoder}
        environment.pop("LF_ARCHIVE", None)  # the demo's day has no place in an archive of real days
        with self._log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lf_assets.backfill", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.terminate()
        self._process.communicate()

    def settle(self, until: datetime) -> None:
        """Let it compute the hours before ``until`` from now on, beside whatever else is done."""
        self._tell(until.isoformat())

    def materialise(self) -> Iterator[dict[str, Any]]:
        """Materialise the hours that are left, then seal the day; yield one record a run, earlier ones first.

        Raises:
            DagsterFault: a run failed.
        """
        assert self._process.stdout is not None
        self._tell("end")
        for line in self._process.stdout:
            if line.startswith("{"):
                record = json.loads(line)
                if not record["ok"]:
                    raise DagsterFault(f"Dagster run {record['run_id']} failed: {'; '.join(record['failures'])}")
                yield record
        if self._process.wait():
            raise DagsterFault(f"Dagster ended with code {self._process.returncode}; its log is {self._log}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise DagsterFault(f"Dagster has ended; its log is {self._log}") from error


@contextmanager
def state_meanwhile(settings: Settings, database_url: str, start: datetime, end: datetime) -> Iterator[None]:
    """Compute the state of the hours (signals to beliefs) in a process of its own, which ends with the block.

    Some seconds an hour: too long for the demo itself, and nothing of the verdict rests on it.
    """
    command = [sys.executable, "-m", "lf_assets.backfill", "--asset-group", "state"]
    environment = {**os.environ, **dagster_environment(settings, database_url), "LF_ENCODER": settings.encoder}
    log_file = settings.home / "logs" / "dagster-state.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--from", start.isoformat(), "--to", end.isoformat()],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait()
