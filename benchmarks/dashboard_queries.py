"""What the page Now asks its database, with one day and with seven days of busy windows behind it.

    python benchmarks/dashboard_queries.py                      # days of 200 items a window, about two minutes
    python benchmarks/dashboard_queries.py --items 2000 --days 1 7

Windows are made up in SQL: items, articles' groups, surges, links, scores, live alarms, with the ledger's triggers off.
Each question is asked as the dashboard asks it (its role, its limits), nine times; printed are the median, the shared
pages that the plan touched, and every table that was read from end to end. With one day behind
it everything is in reach; with more, a table that grows must not be among them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import streamlit as st

from latticeforge.store import Store, embedded_server
from latticeforge.store.embedded import stop_embedded_server
from latticeforge.store.marts import build_marts
from streamlit_app import queries

END = datetime(2025, 1, 28, tzinfo=UTC)
NARRATIVES, LINKS, CITED, ALERTS, REPEATS = 100, 20, 12, 200, 9
GROWING = {"item", "narrative", "narrative_item", "spike", "correlation", "distraction_score", "alert", "generation"}
ASSETS = ("articles", "narratives", "spike_baselines", "spikes", "correlations", "distraction_scores")

_FILL = """
set session_replication_role = replica;
create temp table w as select n as i, %(end)s - n * interval '5 minutes' as at
    from generate_series(1, %(windows)s) as n;
insert into core.generation (asset, window_start, origin, code_version, row_count, digest)
    select a, at, 'radar', 'made up', 1, sha256('') from w, unnest(%(assets)s::text[]) as a;
insert into core.active (asset, window_start, generation_id)
    select asset, window_start, generation_id from core.generation;
create temp table g as select asset, window_start as at, generation_id as id from core.generation;
insert into landing.item (item_id, content_hash, source, guid, title, url, event_at, date_status, first_seen_at,
    text_hash)
    select md5(i || ':' || n), sha256(''), 's' || n %% 20, i || ':' || n, 'Something happened in place ' || n,
        'https://s.example/' || n, at + n * interval '1 second' / 10, 'ok', at, sha256('')
    from w, generate_series(1, %(items)s) as n;
insert into core.narrative (generation_id, window_start, narrative_id, label, headline, items, voices, sources,
    accounts, copy_share, source_hhi, first_at, last_at, centroid)
    select id, at, at || '-' || n, 'story ' || n, 'Something happened in place ' || n, %(items)s / %(narratives)s, 2, 2,
        2, 0.1, 0.3, at, at, array_fill(0.05, array[384])::vector
    from g, generate_series(1, %(narratives)s) as n where asset = 'narratives';
insert into core.narrative_item
    select g.id, at, at || '-' || n %% %(narratives)s, md5(i || ':' || n), md5(i || ':' || n), 0.9
    from g join w using (at), generate_series(1, %(items)s) as n where asset = 'narratives';
insert into core.spike
    select id, at, at || '-' || n || '-' || m || 'm', at || '-' || n, 'story ' || n, m, 9, 3, 3, 0.01, 2, at, true
    from g, generate_series(1, %(narratives)s) as n, unnest(array[5, 15, 60]) as m where asset = 'spikes';
insert into core.correlation
    select id, at, 'e' || n || ':' || at, 'e' || n, at || '-' || n || '-5m', at || '-' || n, 300, 0.9, 0.2, 0.3, 0.5,
        0.5, 3, null, 9, 5, 14, 0.02, 148, %(links)s, 0.1
    from g, generate_series(1, %(links)s) as n where asset = 'correlations';
insert into core.distraction_score
    select g.id, at, 'e' || n || ':' || at, 'e' || n, at || '-' || n, 'story ' || n, 'provisional',
        case n %% 3 when 0 then 'likely' when 1 then 'unlikely' else 'no evidence' end, 0.5, 0.4, 0.6, 0.3, 0.3, 0.4,
        0.1, 300, 9, 0.02, 0.1,
        array(select md5(i || ':' || m * %(narratives)s + n) from generate_series(0, %(cited)s - 1) as m),
        '{}', 'made up'
    from g join w using (at), generate_series(1, %(links)s) as n where asset = 'distraction_scores';
insert into live.alert (alert_id, evaluated_at, event_id, event_title, event_at, label, headline, onset_at, ratio,
    surprise, verdict, likelihood, likelihood_low, likelihood_high, conflict_k, lag_s, effect_items, p_value, evidence,
    partial, newest_received_at)
    select 'alarm ' || a, at, 'e' || a, 'An event', at, 'story ' || a, 'A story', at, 4, 5, 'likely', 0.6, 0.5, 0.7,
        0.1, 300, 9, 0.02, '{}', '{}', at
    from w, generate_series(1, %(alerts)s) as a where i %% 10 = a %% 10;
insert into ops."window" (window_start, closed_at, watermark, origin, items, narratives, spikes, links, reported,
    close_s)
    select at, at + interval '6 minutes', at, 'radar', %(items)s, %(narratives)s, 300, %(links)s, 7, 0.2 from w;
set session_replication_role = origin;
"""


def fill(url: str, days: int, items: int) -> None:
    """``days`` of windows that end at ``END``."""
    given = {
        "end": END, "windows": 288 * days, "items": items, "narratives": NARRATIVES, "links": LINKS, "cited": CITED,
        "alerts": ALERTS, "assets": list(ASSETS),
    }  # fmt: skip
    with psycopg.ClientCursor(psycopg.connect(url, autocommit=True)) as cursor:
        cursor.execute(_FILL, given)
        cursor.execute("analyze")


def scanned(plan: dict[str, Any]) -> set[str]:
    """Names of the tables that a plan reads from end to end."""
    found = {str(plan["Relation Name"])} if plan["Node Type"] == "Seq Scan" and plan["Actual Loops"] else set()
    return found.union(*(scanned(part) for part in plan.get("Plans", [])))


def measured(url: str) -> dict[str, tuple[float, int, set[str]]]:
    """Milliseconds, pages and scans of each question of the page."""
    asked: list[tuple[str, dict[str, Any] | None]] = []
    plain = vars(queries)["ask"]

    def told(where: str, query: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        asked.append((query, parameters))
        rows: list[dict[str, Any]] = plain(where, query, parameters)
        return rows

    vars(queries)["ask"] = told
    since = END - timedelta(hours=24)
    looks: dict[str, Callable[[], object]] = {
        "status": queries.status,
        "board": lambda: queries.statements(since, ""),
        "evidence": lambda: queries.evidence(queries.statements(since, "")[0], ""),
        "counted": lambda: queries.counted(since),
    }
    found = {}
    for name, look in looks.items():
        took = []
        for _ in range(REPEATS):
            st.cache_data.clear()
            if name == "evidence":
                queries.statements(since, "")
            began = time.perf_counter()
            look()
            took.append(1000 * (time.perf_counter() - began))
        plan = explained(url, *asked[-1])
        found[name] = (statistics.median(took), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"], scanned(plan))
    vars(queries)["ask"] = plain
    return found


def explained(url: str, query: str, parameters: dict[str, Any] | None) -> dict[str, Any]:
    """The plan that was run."""
    with psycopg.ClientCursor(psycopg.connect(url)) as cursor:
        row = cursor.execute(f"explain (analyze, buffers, format json) {query}", parameters).fetchone()
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def main() -> int:
    """Print a table; exit code 1 where a growing table was read from end to end."""

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--days", type=int, nargs="+", default=[1, 7])
    options.add_argument("--items", type=int, default=200)
    given = options.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="latticeforge-bench-", ignore_cleanup_errors=True) as folder:
        server = embedded_server(Path(folder))
        for days in given.days:
            name = f"days_{days}"
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"create database {name}")
            url = server.replace("/postgres?", f"/{name}?")
            Store(url).migrate()
            fill(url, days, given.items)
            build_marts(url)
            os.environ["LF_DATABASE_URL"] = url
            for look, (ms, pages, scans) in measured(url).items():
                ends = scans & GROWING if days > 1 else set()
                bad += bool(ends)
                said = f"reads {', '.join(sorted(ends))} from end to end" if ends else "bounded"
                sys.stdout.write(f"{days} days, {given.items} items: {look:9} {ms:7.1f} ms {pages:8,} pages  {said}\n")
        stop_embedded_server(Path(folder))
    return min(bad, 1)


if __name__ == "__main__":
    raise SystemExit(main())
