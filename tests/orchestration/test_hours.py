"""Hours computed by Dagster: what they write, what checks find, what explains a difference to what was said live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS, CalendarEvent, DateStatus, Item, item_id_of
from latticeforge.radar.core import RadarCore
from latticeforge.store import Store
from latticeforge.store.generations import digests
from latticeforge.store.integrity import vector_problems
from latticeforge.store.landing import land_events, land_items

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
ONE = timedelta(hours=1)
Land = Callable[[Sequence[Item]], None]
Run = Callable[..., dg.ExecuteInProcessResult]


def item(guid: str, title: str, at: datetime, source: str = "paper") -> Item:
    return Item(
        item_id_of(source, guid), source, guid, title, "", "", "", at, None, at, DateStatus.OK, at, account=source
    )


@pytest.fixture
def two_hours() -> list[Item]:
    """Five stories, and one that surges at 13:21."""
    stories = [
        "Council votes on bridge",
        "Storm closes railway",
        "Club signs striker",
        "Grain cheaper",
        "Lost art shown",
    ]
    items = [
        item(f"{n}", f"{stories[n * n % 5]} {'today' * (n % 3)}", NOON + timedelta(seconds=90 * n), f"paper{n % 6}")
        for n in range(80)
    ]
    surge = NOON + timedelta(minutes=81)
    return items + [item(f"b{n}", "Drones over airport", surge + timedelta(seconds=20 * n), "b") for n in range(8)]


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        f"{e.asset_key.path[-1]}.{e.check_name}": str(e.metadata["first_problems"].value)
        for e in result.get_asset_check_evaluations()
        if not e.passed
    }


def live(store: Store, encoder: Encoder, until: datetime) -> None:
    RadarCore(store, encoder, lateness=timedelta(seconds=60)).tick(until)


def stored(store: Store) -> dict[str, str]:
    with store.connection() as connection:
        return digests(connection, NOON, NOON + 3 * ONE)


def test_an_hour_end_to_end_has_rows_checks_and_metadata(run_hours: Run, land: Land, two_hours: list[Item]) -> None:
    land(two_hours)
    result = run_hours("2025-01-28-12:00", "2025-01-28-13:00")
    assert result.success
    assert failed_checks(result) == {}
    made = {
        (e.asset_key.path[-1], e.partition): e.step_materialization_data.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }
    assert set(made) == {(name, f"2025-01-28-{h}:00") for name in ASSETS for h in (12, 13)}
    articles = made["articles", "2025-01-28-13:00"]
    assert (articles["rows"].value, articles["windows"].value, articles["changed_windows"].value) == (88, 24, 24)
    assert articles["dagster/partition_row_count"].value == 48
    assert "![articles per 5-minute window](data:image/png;base64," in str(articles["rows_by_window"].value)
    assert len(str(articles["digest"].value)) == 64
    assert str(articles["dashboard"].value).endswith("/day?date=2025-01-28")
    assert made["narratives", "2025-01-28-12:00"]["rows"].value > 0


def test_what_the_radar_said_live_is_what_the_hour_recomputes(
    store: Store, encoder: Encoder, run_hours: Run, land: Land, two_hours: list[Item]
) -> None:
    land(two_hours)
    live(store, encoder, NOON + 2 * ONE + timedelta(minutes=2))
    said = stored(store)
    result = run_hours("2025-01-28-12:00", "2025-01-28-13:00")
    assert failed_checks(result) == {}
    compared = [e for e in result.get_asset_check_evaluations() if e.check_name == "live_equals_recomputed"]
    assert {e.asset_key.path[-1]: e.metadata["equal_windows"].value for e in compared} == dict.fromkeys(ASSETS, 24)
    assert stored(store) == said
    with store.connection() as connection:
        [origins] = connection.execute("select array_agg(distinct origin) from core.generation").fetchall()
    assert origins[0] == ["radar"], "equal rows add no generation"


def test_hours_in_one_run_or_one_by_one_give_the_same(
    store: Store, run_hours: Run, land: Land, two_hours: list[Item]
) -> None:
    land(two_hours)
    assert run_hours("2025-01-28-12:00", "2025-01-28-13:00").success
    together = stored(store)
    with store.connection() as connection:
        connection.execute("truncate core.active, core.generation cascade")
    for hour in (12, 13):
        assert run_hours(f"2025-01-28-{hour}:00").success
    assert stored(store) == together


def test_late_data_explains_a_difference_and_is_written_with_its_reason(
    store: Store, encoder: Encoder, run_hours: Run, land: Land, two_hours: list[Item], wind_back: Callable[[], None]
) -> None:
    land(two_hours)
    live(store, encoder, NOON + 2 * ONE + timedelta(minutes=2))
    wind_back()
    with store.connection() as connection:
        land_items(connection, [item("late", "Museum reopens", NOON + timedelta(minutes=22))], None)
        at = NOON + timedelta(minutes=70)
        land_events(connection, [CalendarEvent("late", "law", "Minister resigns", at, "law", 1.0, at)], None)
    result = run_hours("2025-01-28-12:00", "2025-01-28-13:00", reason="late items")
    assert failed_checks(result) == {}
    explained = {
        e.asset_key.path[-1]: e.metadata["explanations"].value
        for e in result.get_asset_check_evaluations()
        if e.check_name == "live_equals_recomputed"
    }
    assert explained["articles"] == {"2025-01-28T12:20Z": "1 late item(s)"}
    assert explained["narratives"] == {"2025-01-28T12:20Z": "articles of 2025-01-28T12:20Z has changed since"}
    with store.connection() as connection:
        rows = connection.execute(
            "select origin, reason from core.generation g join core.active using (generation_id)"
            " where g.asset = 'articles' and g.window_start = %s",
            (NOON + timedelta(minutes=20),),
        ).fetchall()
    assert rows == [("dagster", "late items")]


def test_a_difference_that_nothing_explains_stops_the_hour_and_writes_nothing(
    store: Store, encoder: Encoder, run_hours: Run, land: Land, two_hours: list[Item], wind_back: Callable[[], None]
) -> None:
    land(two_hours)
    live(store, encoder, NOON + 2 * ONE + timedelta(minutes=2))
    wind_back()
    with store.connection() as connection:  # the radar claims to have said something else
        connection.execute(
            "update core.generation set digest = sha256('x') where asset = 'narratives' and window_start = %s", (NOON,)
        )
        [[before]] = connection.execute("select count(*) from core.generation").fetchall()
    result = run_hours("2025-01-28-12:00")
    assert not result.success
    failed = failed_checks(result)
    assert list(failed) == ["narratives.live_equals_recomputed"]
    assert "narratives 2025-01-28T12:00Z: recomputed digest" in failed["narratives.live_equals_recomputed"]
    ran = {e.asset_key.path[-1] for e in result.get_asset_materialization_events() if e.asset_key}
    assert ran == {"articles", "embeddings"}
    with store.connection() as connection:
        [[after]] = connection.execute("select count(*) from core.generation").fetchall()
    assert after == before


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        (
            "update core.article set title = 'Other' where item_id = (select min(item_id) from core.article)",
            "ledger",
        ),
        ("delete from core.article where item_id = (select min(item_id) from core.article)", "ledger"),
        ("update core.article set event_at = event_at + interval '1 day'", "in_window"),
        ("update core.article set title = null, item_id = 'x' || left(item_id, 9)", "expectations"),
    ],
)
def test_tampered_articles_fail_their_check(
    store: Store, run_hours: Run, land: Land, two_hours: list[Item], tampering: str, check: str
) -> None:
    land(two_hours[:40])
    assert run_hours("2025-01-28-12:00").success
    with store.connection() as connection:
        connection.execute("alter table core.article alter column title drop not null")
        connection.execute(tampering.encode())
    result = run_hours("2025-01-28-12:00")
    assert not result.success
    assert f"articles.{check}" in failed_checks(result)
    assert not [
        e for e in result.get_asset_materialization_events() if e.asset_key and "narratives" in e.asset_key.path
    ]


def test_an_item_in_two_windows_is_found(store: Store, run_hours: Run, land: Land, two_hours: list[Item]) -> None:
    land(two_hours[:40])
    assert run_hours("2025-01-28-12:00").success
    with store.connection() as connection:
        connection.execute(
            "with one as (select * from core.article order by window_start limit 1) insert into core.article"
            " select (select max(generation_id) from core.generation where asset = 'articles'), window_start"
            " + interval '55 minutes', item_id, source, account, event_at, date_status, counted, title, summary, url,"
            " text_hash from one"
        )
    assert "articles.unique" in failed_checks(run_hours("2025-01-28-12:00"))


def test_a_changed_or_missing_vector_is_named(store: Store, run_hours: Run, land: Land, two_hours: list[Item]) -> None:
    land(two_hours[:8])
    assert run_hours("2025-01-28-12:00").success
    with store.connection() as connection:
        assert vector_problems(connection, NOON, NOON + ONE) == []
        hashes = connection.execute("select text_hash from core.embedding order by 1 limit 3").fetchall()
        doubled, turned, gone = (row[0] for row in hashes)
        _change_vector(connection, doubled, "vector * array_fill(2::real, array[384])::vector")
        _change_vector(connection, turned, "vector * array_fill(-1::real, array[384])::vector")
        connection.execute("delete from core.embedding where text_hash = %s", (gone,))
        problems = vector_problems(connection, NOON, NOON + ONE)
    for words in ("has length 2.0000, expected 1", "vector SHA-256 is", "no vector of"):
        assert any(words in p and "item " in p for p in problems), words


def _change_vector(connection: psycopg.Connection, text_hash: bytes, expression: str) -> None:
    connection.execute(f"update core.embedding set vector = {expression} where text_hash = %s".encode(), (text_hash,))
