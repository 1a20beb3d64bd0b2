"""The Dagster part of the demo day: hours and the daily snapshot, as a process of its own.

Here: starting it and reading what it says. Not here: Dagster itself, which this library never imports.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from latticeforge.radar.processes import ROOT, dagster_environment
from latticeforge.settings import Settings
from latticeforge.store.faults import StoreFault


class DagsterFault(StoreFault):
    """A Dagster run of the demo failed; the message carries what it said."""


def materialise(
    settings: Settings, database_url: str, start: datetime, end: datetime, *, snapshot: str | None = None
) -> Iterator[dict[str, Any]]:
    """Materialise the hours of ``[start, end)``, then seal ``snapshot`` (a date); yield one record a run.

    Raises:
        DagsterFault: a run failed.
    """
    arguments = ["--from", start.isoformat(), "--to", end.isoformat()]
    arguments += ["--snapshot", snapshot] if snapshot else []
    yield from _run(settings, database_url, arguments)


def _run(settings: Settings, database_url: str, arguments: Sequence[str]) -> Iterator[dict[str, Any]]:
    environment = {
        **os.environ,
        **dagster_environment(settings, database_url),
        "LF_ENCODER": settings.encoder,
    }
    command = [sys.executable, "-m", "lf_assets.backfill", *arguments]
    log = settings.home / "logs" / "dagster-demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                record = json.loads(line)
                if not record["ok"]:
                    raise DagsterFault(f"Dagster run {record['run_id']} failed: {'; '.join(record['failures'])}")
                yield record
    if process.returncode:
        raise DagsterFault(f"Dagster ended with code {process.returncode}; its log is {log}")
