"""The views and tables the dashboard reads, made by dbt in the same database.

Here: running dbt as a process of the same interpreter; reading rows of one mart. Not here: the SQL of
the marts, which lives in ``dbt_project``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from latticeforge.store.faults import StoreFault

PROJECT_DIR = Path(__file__).resolve().parents[2] / "dbt_project"
TIMEOUT_S = 600.0
_LIBPQ_ENVIRONMENT = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
_FAULT_LINES = 6


class MartsFault(StoreFault):
    """dbt could not build the marts, or one of its tests failed."""


def build_marts(database_url: str, *, project_dir: Path | None = None, tests: bool = False) -> None:
    """Build every mart in ``database_url``, with dbt's tests too where ``tests`` is set. Quiet where all is well.

    Raises:
        MartsFault: dbt failed; the message carries what it said of the models and tests that did.
    """
    project = project_dir or PROJECT_DIR
    if not (project / "dbt_project.yml").is_file():
        raise MartsFault(f"no dbt project in {project}; run from a checkout, or name its dbt_project folder")
    with tempfile.TemporaryDirectory(prefix="latticeforge-dbt-") as scratch:
        # Logs and compiled SQL go to a folder of this run: two homes may build at the same time.
        command = [sys.executable, "-m", "dbt.cli.main", "--quiet", "--no-use-colors", "--log-path", scratch]
        command += ["build" if tests else "run", "--target-path", scratch, "--no-version-check"]
        command += ["--project-dir", str(project), "--profiles-dir", str(project)]
        try:
            done = subprocess.run(
                command,
                env=dbt_environment(database_url),
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise MartsFault(f"dbt did not finish within {TIMEOUT_S:.0f} s; is the database busy or locked?") from error
    if done.returncode:
        raise MartsFault(f"dbt could not build the marts: {_said(done.stdout + done.stderr)}")


def dbt_environment(database_url: str) -> dict[str, str]:
    """The environment dbt runs in: this process's, with the database of the profile in ``LF_DBT_*`` and no telemetry.

    Raises:
        MartsFault: the URL cannot be read. It is not repeated: it may hold a password.
    """
    try:
        info = psycopg.conninfo.conninfo_to_dict(database_url)
    except psycopg.ProgrammingError as error:
        raise MartsFault("the database URL cannot be read; it should look like postgresql://user@host/name") from error
    found = {key: str(value) for key, value in info.items() if value not in (None, "")}
    environment = {
        **os.environ,
        "LF_DBT_HOST": found.get("host", "localhost"),
        "LF_DBT_PORT": found.get("port", "5432"),
        "LF_DBT_USER": found.get("user", "postgres"),
        "LF_DBT_PASSWORD": found.get("password", ""),
        "LF_DBT_DBNAME": found.get("dbname", "postgres"),
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    return environment | {name: found[key] for key, name in _LIBPQ_ENVIRONMENT.items() if key in found}


def _said(output: str) -> str:
    """The lines of dbt's output that say what failed, on one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "Failure" in line or "Got " in line]
    return " | ".join((telling or lines)[:_FAULT_LINES]) or "it said nothing"


def read_mart(
    connection: psycopg.Connection, mart: str, start: datetime | None, end: datetime | None, limit: int
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(column names, rows) of a mart, newest first, for windows in ``[start, end)`` where it has windows.

    Raises:
        MartsFault: the marts have not been built.
        ValueError: there is no mart of that name, or it knows no windows and a range was asked for.
    """
    columns = connection.execute(
        "select table_name::text, column_name::text from information_schema.columns where table_schema = 'marts'"
        " order by table_name, ordinal_position"
    ).fetchall()
    if not columns:
        raise MartsFault("the marts are not built yet; `lf up` and `lf demo` build them")
    names = [column for table, column in columns if table == mart]
    if not names:
        raise ValueError(f"there is no mart {mart!r}; there are {', '.join(sorted({table for table, _ in columns}))}")
    by_time = next((n for n in ("window_start", "from_at", "date") if n in names), None)
    if by_time is None and (start or end):
        raise ValueError(f"marts.{mart} is about no range of time; leave out --from and --to")
    query = sql.SQL("select * from {} {} limit %(limit)s").format(
        sql.Identifier("marts", mart),
        sql.SQL(
            "where ({0} >= %(start)s or %(start)s::timestamptz is null)"
            " and ({0} < %(end)s or %(end)s::timestamptz is null)"
            " order by {0} desc"
        ).format(sql.Identifier(by_time))
        if by_time
        else sql.SQL(""),
    )
    return names, connection.execute(query, {"start": start, "end": end, "limit": limit}).fetchall()
