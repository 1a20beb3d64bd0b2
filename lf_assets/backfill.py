"""`python -m lf_assets.backfill`: hours and sealed days computed in this process, on the instance of DAGSTER_HOME.

Here: cutting a range into runs, one line of JSON about each. Not here: what a run does. For what the Dagster UI would
start as a backfill, without a daemon: `lf` uses it for the demo day, and so may a scheduler.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from latticeforge.windows import HOUR, ceil_to, floor_to, parse_instant

if TYPE_CHECKING:
    import dagster as dg

_QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line asks for; 0 where every run succeeded, 1 where one failed, 2 for bad input."""
    try:
        asked = _parse(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    if not os.environ.get("DAGSTER_HOME"):
        print("set DAGSTER_HOME to the folder of dagster.yaml; `lf` does so by itself", file=sys.stderr)  # noqa: T201
        return 2
    return _run(asked)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lf_assets.backfill", description=__doc__)
    parser.add_argument("--from", dest="start", help="first instant, like 2025-01-28T12:00Z")
    parser.add_argument("--to", dest="end", help="first instant after it")
    parser.add_argument("--asset-group", choices=["core", "state", "marts"], default="core")
    parser.add_argument("--snapshot", metavar="DAY", help="seal this UTC day afterwards")
    parser.add_argument(
        "--wait",
        action="store_true",
        help="load everything, then read instants from stdin, a line each, and compute the hours up to each as it"
        " comes; the rest when a line says `end`",
    )
    asked = parser.parse_args(arguments)
    if (asked.start is None) != (asked.end is None):
        raise ValueError("give both --from and --to, or neither")
    asked.start = parse_instant(asked.start) if asked.start else None
    asked.end = parse_instant(asked.end) if asked.end else None
    asked.snapshot = date.fromisoformat(asked.snapshot) if asked.snapshot else None
    return asked


def _run(asked: argparse.Namespace) -> int:
    import warnings

    import dagster as dg

    warnings.filterwarnings("ignore", category=dg.BetaWarning)
    from lf_assets.definitions import defs

    failed = 0
    with dg.DagsterInstance.get() as instance:
        for job, tags in _runs_as_told(asked, sys.stdin) if asked.wait else _runs(asked):
            began = time.monotonic()
            with contextlib.redirect_stdout(sys.stderr):  # dbt talks on standard output, which is for our lines
                done = defs.resolve_job_def(job).execute_in_process(
                    instance=instance, tags=tags, run_config=_QUIET, raise_on_error=False
                )
            failed += not done.success
            _say(job, tags, done, time.monotonic() - began)
    return 1 if failed else 0


def _runs_as_told(asked: argparse.Namespace, lines: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Runs up to each instant that a line names, then the rest; nothing more where the lines end without `end`."""
    for line in lines:
        if line.strip() == "end":
            yield from _runs(asked)
            return
        until = min(asked.end, parse_instant(line.strip()))
        yield from _runs(argparse.Namespace(**{**vars(asked), "end": until, "snapshot": None}))
        asked.start = until


def _runs(asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, str]]]:
    if asked.asset_group == "marts":
        yield "marts_job", {}
    elif asked.start is not None:
        for first, last in hour_ranges(asked.start, asked.end):
            yield "state_job" if asked.asset_group == "state" else "hour_job", _range(first, last)
    if asked.snapshot:
        yield "snapshot_job", {"dagster/partition": asked.snapshot.isoformat()}


def hour_ranges(start: datetime, end: datetime) -> Iterator[tuple[str, str]]:
    """(first, last) hour keys of runs of at most 24 hours that cover ``[start, end)``, each within one UTC day."""
    from lf_assets.partitions import PER_RUN, hour_key

    at, stop = floor_to(start, HOUR), ceil_to(end, HOUR)
    while at < stop:
        after = min(stop, floor_to(at, PER_RUN * HOUR) + PER_RUN * HOUR)
        yield hour_key(at.astimezone(UTC)), hour_key((after - HOUR).astimezone(UTC))
        at = after


def _range(first: str, last: str) -> dict[str, str]:
    from lf_assets.partitions import RANGE_END, RANGE_START

    return {RANGE_START: first, RANGE_END: last}


def _say(job: str, tags: dict[str, str], done: dg.ExecuteInProcessResult, seconds: float) -> None:
    told: dict[str, Any] = {"job": job, "run_id": done.run_id, "ok": done.success, "seconds": round(seconds, 3)}
    told |= {name.rsplit("/", 1)[1]: value for name, value in tags.items()}
    told["rows"] = {
        made.asset_key.to_user_string(): made.step_materialization_data.materialization.metadata["rows"].value
        for made in done.get_asset_materialization_events()
        if made.asset_key and "rows" in made.step_materialization_data.materialization.metadata
    }
    told["failures"] = [event.message for event in done.all_events if event.is_step_failure]
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
