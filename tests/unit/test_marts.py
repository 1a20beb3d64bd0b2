"""The marts: dbt builds them, its tests pass, and what they hold is what was committed."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from latticeforge.model import ASSETS
from latticeforge.narratives.decisions import due_at
from latticeforge.store import Store
from latticeforge.store.as_of import reading_as_of
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.marts import MartsFault, build_marts, dbt_environment
from latticeforge.windows import Window

Day = dict[str, Any]
AS_OF = ("changes", "gaps", "link_board", "link_evidence", "narrative_timeline", "source_health", "system_status")


@pytest.fixture(scope="module")
def day(root: Path) -> Day:
    return runpy.run_path(str(root / "tests" / "app" / "dashboard_day.py"))


@pytest.fixture(scope="module")
def marts(server_url: str, template_database: str, day: Day) -> Iterator[str]:
    """The URL of a database with the afternoon in it, its marts built and dbt's tests passed, once for this module."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database marts_day template {template_database}")
    url = server_url.replace("/postgres?", "/marts_day?")
    with Store(url) as store, store.connection() as connection:
        day["seed"](connection)
    build_marts(url, tests=True)
    yield url
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("drop database marts_day with (force)")


@pytest.fixture
def connection(marts: str) -> Iterator[psycopg.Connection]:
    """A transaction on it that is rolled back."""
    with Store(marts) as store, store.connection() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def reader(marts: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(marts.replace("//postgres:", "//lf_reader:")) as opened:
        yield opened


def test_every_mart_is_there_and_the_reader_may_read_it_and_nothing_else(reader: psycopg.Connection) -> None:
    found = {
        row[0]
        for row in reader.execute(
            "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind in ('v', 'r')"
        )
    }
    assert found == {
        "alarm_decisions", "calendar_fans", "calendar_links",
        "changes", "day_summary", "day_summary_kept", "events", "gaps", "link_board",
        "link_evidence", "link_tests",
        "narrative_baselines", "narrative_meanings", "narrative_sources", "narrative_timeline", "publications",
        "sealed_days", "source_health", "source_rhythm", "surges", "system_status", "windows",
        "beliefs", "causal_links", "causal_tests", "early_warnings", "fragility", "regimes", "signals", "turnover",
    }  # fmt: skip
    for mart in sorted(found):
        reader.execute(f"select * from marts.{mart} limit 1")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select * from core.narrative limit 1")
    reader.rollback()
    with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
        reader.execute("delete from marts.day_summary_kept")


def test_every_column_of_a_mart_is_described_with_its_type(reader: psycopg.Connection, root: Path) -> None:
    files = sorted((root / "dbt_project" / "models" / "marts").glob("*.yml"))
    models = [model for file in files for model in yaml.safe_load(file.read_text())["models"]]
    described = {m["name"]: [(c["name"], c["data_type"]) for c in m["columns"]] for m in models}
    names = {"double precision": "float8", "integer": "int4", "bigint": "int8", "boolean": "bool"}
    there: dict[str, list[tuple[str, str]]] = {}
    for mart, column, kind in reader.execute(
        "select c.relname, a.attname, replace(format_type(a.atttypid, a.atttypmod), 'timestamp with time zone',"
        " 'timestamptz') from pg_attribute a join pg_class c on c.oid = a.attrelid where c.relkind in ('v', 'r')"
        " and c.relnamespace = 'marts'::regnamespace and a.attnum > 0 and not a.attisdropped order by a.attnum"
    ):
        there.setdefault(mart, []).append((column, names.get(kind, kind)))
    assert {m: sorted(c) for m, c in there.items()} == {m: sorted(c) for m, c in described.items()}


def test_the_board_says_what_was_scored(reader: psycopg.Connection) -> None:
    rows = reader.execute(
        "select label, event_title, verdict, stage, lag_s, ratio, p_value, tests, headline, partial"
        " from marts.link_board where verdict = 'likely'"
    ).fetchall()
    assert rows == [
        (
            "drone sightings", "Executive clemency announced", "likely", "committed", 300.0, 6.1, 0.018, 12,
            "Mysterious drones seen over three counties, residents report",
            ["open-square: answers 429, asked to wait"],
        )
    ]  # fmt: skip


def test_an_alarm_says_when_it_is_decided_and_then_what_was_decided(connection: psycopg.Connection, day: Day) -> None:
    day["live_alert"](connection)
    alarms = connection.execute("select alert_id, event_at, due_at, decision from marts.alarm_decisions").fetchall()
    assert alarms
    assert [(due, decision) for _, _, due, decision in alarms] == [(due_at(at), "open") for _, at, _, _ in alarms]
    name, due = alarms[0][0], alarms[0][2]
    connection.execute(
        "insert into live.decision values"
        " (%s, 'e', %s, %s, 'withdrawn', 'not rare', 0.01, 0.7, 0.2, 900, 20, 21, 4, 'v')",
        (name, due, due),
    )
    said = "select decision, reason, decided_at from marts.alarm_decisions where alert_id = %s"
    assert connection.execute(said, (name,)).fetchall() == [("withdrawn", "not rare", due)]


def test_of_several_scales_the_most_certain_speaks(connection: psycopg.Connection, day: Day) -> None:
    window = day["LAST"]
    scores = _active(connection, "distraction_scores", window)
    hour = scores.filter(scores["label"] == "drone sightings").clone()
    hour = hour.with_columns(link_id=hour["link_id"] + "-60m", likelihood=hour["likelihood"] - 0.3)
    write_generations(connection, [Write("distraction_scores", window, (scores.vstack(hour),))], origin="dagster")
    assert (
        _one(connection, "select count(*) from core.active a join core.distraction_score s using (generation_id)") == 5
    )
    assert connection.execute(
        "select likelihood from marts.link_board where label = 'drone sightings' and stage = 'committed'"
    ).fetchall() == [(0.82,)]


def test_only_the_active_generation_shows(connection: psycopg.Connection, day: Day) -> None:
    window = day["LAST"]
    before = _one(connection, "select sum(items) from marts.narrative_timeline where window_start = %s", window.start)
    first = _one(connection, "select generation_id from marts.link_board where label = 'drone sightings'")
    scores = _active(connection, "distraction_scores", window)
    changed = scores.filter(scores["label"] != "drone sightings")
    write_generations(connection, [Write("distraction_scores", window, (changed,))], origin="dagster", reason="test")
    assert _one(connection, "select count(*) from marts.link_board where label = 'drone sightings'") == 0
    assert _one(connection, "select count(*) from marts.link_evidence where statement_id like %s", "%-001-5m") == 0
    connection.execute(
        "update core.active set generation_id = %s where asset = 'distraction_scores' and window_start = %s",
        (first, window.start),
    )
    assert _one(connection, "select count(*) from marts.link_board where label = 'drone sightings'") == 1
    after = _one(connection, "select sum(items) from marts.narrative_timeline where window_start = %s", window.start)
    assert after == before


def test_evidence_is_in_order_of_time_and_names_copies(reader: psycopg.Connection) -> None:
    rows = reader.execute(
        "select place, event_at, title, is_copy, source_title from marts.link_evidence"
        " where statement_id = (select statement_id from marts.link_board where verdict = 'likely') order by place"
    ).fetchall()
    assert len(rows) == 12
    assert [r[1] for r in rows] == sorted(r[1] for r in rows)
    seen: set[str] = set()
    for _, _, title, is_copy, source_title in rows:
        assert source_title
        if title in seen:
            assert is_copy
        seen.add(title)


def test_a_live_alert_shows_until_its_window_has_closed(connection: psycopg.Connection, day: Day) -> None:
    day["live_alert"](connection)
    day["live_alert"](connection, likelihood=0.7)
    stage = "select stage, likelihood, window_start, q_value from marts.link_board where event_id = 'cal-live'"
    assert connection.execute(stage).fetchall() == [("live", 0.7, day["LAST"].end, None)]
    connection.execute(
        "insert into ops.window (window_start, closed_at, watermark, origin, items, narratives, spikes, links,"
        " reported, close_s) values (%s, %s, %s, 'radar', 0, 0, 0, 0, 0, 0)",
        (day["LAST"].end, day["NOW"], day["NOW"]),
    )
    assert connection.execute(stage).fetchall()[0][0] == "lapsed"


def test_a_committed_statement_replaces_the_live_one_of_the_same_story(
    connection: psycopg.Connection, day: Day
) -> None:
    day["live_alert"](connection, "drone sightings")
    assert _one(connection, "select count(*) from marts.link_board where label = 'drone sightings'") == 2
    connection.execute("update live.alert set event_id = 'cal-clemency', label = 'drones · sightings'")
    assert _one(connection, "select count(*) from marts.link_board where stage <> 'committed'") == 1
    item = _one(connection, "select item_id from marts.link_evidence where statement_id like %s limit 1", "%-001-5m")
    connection.execute("update live.alert set evidence = %s", ([item],))
    assert _one(connection, "select count(*) from marts.link_board where stage <> 'committed'") == 0


def test_an_event_that_is_a_burst_of_news_has_its_title(connection: psycopg.Connection, day: Day) -> None:
    window, n = day["LAST"], day["narrative_id"](day["LAST"], "clemency · pardons")
    event = f"burst:{n}"
    connection.execute(
        "insert into core.political_burst select generation_id, window_start, %s, %s, 'Clemency list published', %s,"
        " 0.5, array_fill(0.1::real, array[384])::vector from core.active where asset = 'spikes' and window_start = %s",
        (event, n, day["CLEMENCY"], window.start),
    )
    scores = _active(connection, "distraction_scores", window)
    scores = scores.with_columns(event_id=scores["event_id"].replace({"cal-clemency": event}))
    write_generations(connection, [Write("distraction_scores", window, (scores,))], origin="dagster", reason="test")
    rows = connection.execute(
        "select distinct event_title, event_at from marts.link_board where event_id = %s", (event,)
    )
    assert rows.fetchall() == [("Clemency list published", day["CLEMENCY"])]


def test_shares_and_expectations_of_a_narrative(reader: psycopg.Connection, day: Day) -> None:
    rows = reader.execute(
        "select items, counted_items, share, expected_5, surprise_5, expected_60, surprise_60"
        " from marts.narrative_timeline where window_start = %s and label = 'drone sightings'",
        (day["LAST"].start,),
    ).fetchall()
    items, counted, share, *rest = rows[0]
    assert items == 24 and share == pytest.approx(items / counted)
    assert rest == [3.9, 11.4, 3.9, None]


def test_health_gaps_status_and_day_summary(reader: psycopg.Connection, day: Day) -> None:
    assert reader.execute(
        "select title, state, open_gap_reason, undated_24h, clock_offset_s from marts.source_health"
        " where source in ('open-square', 'plainview', 'coastline') order by source"
    ).fetchall() == [
        ("Coastline Radio", "ok", None, 0, 3600.0),
        ("Open Square (social)", "backing off", "answers 429, asked to wait", 0, None),
        ("Plainview Daily", "ok", None, 3, None),
    ]
    assert reader.execute("select state, duration_s from marts.gaps order by from_at").fetchall() == [
        ("filled", 1500.0), ("lost", 720.0), ("open", None),
    ]  # fmt: skip
    status = reader.execute(
        "select data_now, last_window_end, close_lag_s, open_gaps, sources from marts.system_status"
    )
    assert status.fetchall() == [(day["NOW"], day["LAST"].end, 61.0, 1, 8)]
    summary = reader.execute(
        "select items_landed - items_counted, items_undated, items_flagged, windows_closed, links_tested,"
        " links_reported, gaps from marts.day_summary"
    )
    assert summary.fetchall() == [(3, 3, 3, 25, 4, 2, 3)]


def test_the_day_is_summed_again_after_a_change(marts: str, day: Day) -> None:
    earlier = Window(day["LAST"].start - timedelta(days=3))
    with Store(marts) as store:
        with store.connection() as connection:
            day["commit_window"](connection, earlier)
        build_marts(marts)
        with store.connection() as connection:
            rows = connection.execute("select date, windows_closed from marts.day_summary order by date").fetchall()
            assert [(str(d), n) for d, n in rows] == [("2025-01-25", 1), ("2025-01-28", 25)]


@pytest.mark.parametrize(
    ("table", "query"),
    [
        ("distraction_score", "select * from marts.link_board where window_start >= %s and stage = 'committed'"),
        ("narrative", "select label, sum(items) from marts.narrative_timeline where window_start >= %s group by label"),
    ],
)
def test_a_filter_on_time_keeps_history_unread(
    connection: psycopg.Connection, day: Day, table: str, query: str
) -> None:
    _add_history(connection, day["LAST"].start)
    since = day["LAST"].start - timedelta(hours=3)
    wanted = _one(connection, f"select count(*) from core.{table} where window_start >= %s", since)
    assert _one(connection, f"select count(*) from core.{table}") > 10 * wanted
    plan = connection.execute(f"explain (analyze, format json) {query}", (since,)).fetchone()
    assert plan is not None
    assert _rows_read(plan[0][0]["Plan"], table) <= 2 * wanted


def _add_history(connection: psycopg.Connection, copied: datetime) -> None:
    """Five more days, each window with the scores and narratives of the window ``copied``."""
    connection.execute(
        "insert into core.generation (asset, window_start, origin, code_version, row_count, digest)"
        " select a, w, 'radar', 'history', 1, sha256('x') from unnest(array['distraction_scores', 'narratives']) a,"
        " generate_series(%s::timestamptz, %s, '5 minutes') w",
        (copied - timedelta(days=9), copied - timedelta(days=4)),
    )
    connection.execute(
        "insert into core.active select asset, window_start, generation_id from core.generation"
        " where code_version = 'history'"
    )
    for asset in ("distraction_scores", "narratives"):
        table = ASSETS[asset].tables[0]
        names = ", ".join(c for c in table.columns if c != "window_start")
        connection.execute(
            f"insert into {table.name} (generation_id, window_start, {names}) select g.generation_id, g.window_start,"
            f" {names.replace('narrative_id', 't.narrative_id')} from core.generation g, {table.name} t"
            " where g.code_version = 'history' and g.asset = %s and t.window_start = %s",
            (asset, copied),
        )
    connection.execute("analyze core.distraction_score, core.narrative, core.active, core.generation")


def test_every_mart_answers_what_was_published_then(marts: str, day: Day) -> None:
    window = day["LAST"]
    with Store(marts) as store:
        with store.connection() as connection:
            then = _one(connection, "select clock_timestamp()")
            before = _everything(connection)
            scores = _active(connection, "distraction_scores", window)
        with store.connection() as connection:
            changed = scores.with_columns(likelihood=scores["likelihood"] / 2, likelihood_low=0.0)
            write = Write("distraction_scores", window, (changed,))
            write_generations(connection, [write], origin="dagster", reason="recalibrated")
            connection.execute("update ops.window set closed_at = now() where window_start = %s", (window.start,))
            connection.execute(
                "update ops.gap set state = 'lost', to_at = from_at + interval '1 hour' where state = 'open'"
            )
            connection.execute("update ops.source set state = 'failing' where source = 'meridian'")
            day["commit_window"](connection, Window(window.start + timedelta(hours=1)))
        with store.connection() as connection:
            after = _everything(connection)
            with reading_as_of(connection, then):
                again = _everything(connection)
            rows = connection.execute(
                "select kind, likelihood_before, likelihood_after, why, command from marts.changes"
            )
            changes = rows.fetchall()
    assert {name for name in before if after[name] == before[name]} == {"link_evidence"}
    # signs of life are not kept: as of then they are null
    assert {name for name in before if again[name] != before[name]} == {"system_status"}
    assert changes and {(kind, why) for kind, _, _, why, _ in changes} == {("changed", "recalibrated")}
    assert all(b is None or a == b / 2 for _, b, a, _, _ in changes)


def _everything(connection: psycopg.Connection) -> dict[str, list[Any]]:
    marts = connection.execute(
        "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'v' order by 1"
    ).fetchall()
    rows = {name: connection.execute(f"select t::text from marts.{name} t order by 1").fetchall() for (name,) in marts}
    return {name: found for name, found in rows.items() if name in AS_OF}


def test_a_failure_is_one_clear_line(database_url: str, tmp_path: Path) -> None:
    nowhere = "postgresql://postgres:secret-word@127.0.0.1:1/nowhere"
    with pytest.raises(MartsFault, match="could not build the marts") as found:
        build_marts(nowhere)
    assert "secret-word" not in str(found.value) and "\n" not in str(found.value)
    with pytest.raises(MartsFault, match="no dbt project"):
        build_marts(database_url, project_dir=tmp_path)
    with pytest.raises(MartsFault, match="cannot be read"):
        dbt_environment("postgresql://[")


def test_the_profile_is_filled_from_any_url() -> None:
    socket = dbt_environment("postgresql://postgres:@/latticeforge?host=/run/folder")
    assert (socket["LF_DBT_HOST"], socket["LF_DBT_PORT"], socket["LF_DBT_DBNAME"]) == (
        "/run/folder",
        "5432",
        "latticeforge",
    )
    remote = dbt_environment("postgresql://ann:p%40ss@db.example:6432/radar?sslmode=require")
    assert (remote["LF_DBT_USER"], remote["LF_DBT_PASSWORD"], remote["LF_DBT_PORT"]) == ("ann", "p@ss", "6432")
    assert remote["PGSSLMODE"] == "require"
    assert remote["DO_NOT_TRACK"] == "1" and remote["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def _active(connection: psycopg.Connection, asset: str, window: Any) -> Any:
    from latticeforge.store.generations import read_active

    return read_active(connection, asset, window.start, window.end)


def _one(connection: psycopg.Connection, query: str, *parameters: object) -> Any:
    row = connection.execute(query, parameters).fetchone()
    assert row is not None, query
    return row[0]


def _rows_read(plan: dict[str, Any], table: str) -> float:
    own = plan["Actual Rows"] * plan["Actual Loops"] if plan.get("Relation Name") == table else 0.0
    own += plan.get("Rows Removed by Filter", 0) if plan.get("Relation Name") == table else 0.0
    return own + sum(_rows_read(p, table) for p in plan.get("Plans", []))
