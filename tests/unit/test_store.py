"""The store against a real Postgres: landing once, generations whole, digests stable."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import psycopg
import pytest

from latticeforge.model import ARTICLE, ASSETS, EMBEDDING_DIM, DateStatus, Fetch, Item, Landed, Table, item_id_of
from latticeforge.store import Store
from latticeforge.store.digest import frame_digest
from latticeforge.store.faults import DatabaseUnreachable, MigrationFault
from latticeforge.store.generations import (
    Write,
    digests,
    ledger_digests,
    read_active,
    window_digests,
    write_generations,
)
from latticeforge.store.landing import land_fetch, land_items, read_items
from latticeforge.store.ledger import close_gap, gaps_between, open_gap, partial_reasons
from latticeforge.store.migrate import migrate, migrations, status
from latticeforge.store.vectors import load_vectors, save_vectors
from latticeforge.windows import Window

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)


def item(guid: str, title: str = "A headline", *, minutes: float = 0, dated: bool = True) -> Item:
    at = NOON + timedelta(minutes=minutes)
    return Item(
        item_id=item_id_of("paper", guid),
        source="paper",
        guid=guid,
        title=title,
        summary="",
        url="",
        author="",
        published_at=at if dated else None,
        updated_at=None,
        event_at=at if dated else None,
        date_status=DateStatus.OK if dated else DateStatus.MISSING,
        first_seen_at=at,
        problems=("odd",),
    )


def articles(window: Window, titles: list[str]) -> pl.DataFrame:
    rows = [
        {
            "window_start": window.start,
            "item_id": f"i{n}",
            "source": "paper",
            "account": "",
            "event_at": window.start,
            "date_status": "ok",
            "counted": True,
            "title": title,
            "summary": "",
            "url": "",
            "text_hash": bytes(32),
        }
        for n, title in enumerate(titles)
    ]
    return pl.DataFrame(rows, schema=ARTICLE.columns)


def test_landing_the_same_items_twice_keeps_each_revision_once(store: Store) -> None:
    with store.connection() as c:
        assert land_items(c, [item("a"), item("b"), item("a")], None) == Landed(new=2, duplicate=1)
        assert land_items(c, [item("a"), item("b", "Corrected", minutes=400)], None) == Landed(duplicate=1, revised=1)
        rows = read_items(c, NOON, NOON + timedelta(minutes=5))
    assert rows["title"].to_list().count("A headline") == 2
    assert "Corrected" in rows["title"].to_list(), "a correction stays in the window of its first revision"


def test_an_undated_item_belongs_to_the_window_it_was_first_seen_in(store: Store) -> None:
    with store.connection() as c:
        land_items(c, [item("a", dated=False)], None)
        rows = read_items(c, NOON, NOON + timedelta(minutes=5))
    assert rows["event_at"].to_list() == [None]
    assert rows["date_status"].to_list() == ["missing"]


def test_payloads_are_kept_once_and_landing_refuses_change(store: Store) -> None:
    fetch = Fetch("paper", "http://x/", NOON, NOON, 200, {"a": "b"}, b"<rss/>\x00")
    with store.connection() as c:
        assert land_fetch(c, fetch) != land_fetch(c, fetch)
        assert c.execute("select count(*), min(body) from landing.payload").fetchone() == (1, b"<rss/>\x00")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"), store.connection() as c:
        c.execute("delete from landing.fetch")


def test_vectors_come_back_bit_for_bit_in_the_asked_order(store: Store) -> None:
    vectors = np.random.default_rng(1).standard_normal((50, EMBEDDING_DIM)).astype(np.float32)
    hashes = [bytes([n]) * 32 for n in range(50)]
    with store.connection() as c:
        assert save_vectors(c, hashes, "m", vectors) == 50
        assert save_vectors(c, hashes[:3], "m", -vectors[:3]) == 0
        got, found = load_vectors(c, [hashes[7], b"?" * 32, hashes[2], hashes[7]], "m")
    assert found.tolist() == [True, False, True, True]
    np.testing.assert_array_equal(got[[0, 2, 3]], vectors[[7, 2, 7]])


def test_a_generation_replaces_another_only_where_rows_differ(store: Store) -> None:
    window = Window(NOON)
    with store.connection() as c:
        (first,) = write_generations(c, [Write("articles", window, (articles(window, ["x", "y"]),))], origin="radar")
        (same,) = write_generations(c, [Write("articles", window, (articles(window, ["x", "y"]),))], origin="dagster")
        (other,) = write_generations(
            c, [Write("articles", window, (articles(window, ["x"]),))], origin="dagster", reason="late items"
        )
        assert (first.changed, same.changed, other.changed) == (True, False, True)
        assert same.generation_id == first.generation_id != other.generation_id
        assert read_active(c, "articles", NOON, window.end)["title"].to_list() == ["x"]
        old = c.execute("select count(*) from core.article where generation_id = %s", (first.generation_id,)).fetchone()
        assert old == (2,), "the old generation stays readable"
        reasons = c.execute("select reason from core.generation order by generation_id").fetchall()
        assert reasons == [("",), ("late items",)]


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    window = Window(NOON)
    broken = articles(window, ["x", "y"]).with_columns(item_id=pl.lit("same"))
    with pytest.raises(ValueError, match="same item_id"), store.connection() as c:
        good = Write("articles", Window(NOON + timedelta(minutes=5)), (articles(window, ["z"]),))
        write_generations(c, [good, Write("articles", window, (broken,))], origin="radar")
    with store.connection() as c:
        assert c.execute("select count(*) from core.generation").fetchone() == (0,)
        assert c.execute("select count(*) from core.active").fetchone() == (0,)


def test_digests_of_rows_equal_the_ledger_and_see_a_changed_row(store: Store) -> None:
    window = Window(NOON)
    with store.connection() as c:
        write_generations(c, [Write("articles", window, (articles(window, ["x", "ü"]),))], origin="radar")
        ledger = ledger_digests(c, "articles", NOON, window.end)
        ((_, digest),) = window_digests(c, ASSETS["articles"], NOON, window.end)
        assert ledger[window.start] == (2, digest)
        before = digests(c, NOON, window.end)
        c.execute("update core.article set title = 'y' where item_id = 'i0'")
        after = digests(c, NOON, window.end)
    assert before["articles"] != after["articles"]
    assert before["spikes"] == after["spikes"]


@pytest.mark.parametrize("name", [t.name for a in ASSETS.values() for t in a.tables])
def test_every_table_of_the_model_is_in_the_database_with_the_same_columns(store: Store, name: str) -> None:
    (table,) = [t for a in ASSETS.values() for t in a.tables if t.name == name]
    schema, relation = name.split(".")
    with store.connection() as c:
        rows = c.execute(
            "select column_name from information_schema.columns where table_schema = %s and table_name = %s",
            (schema, relation),
        ).fetchall()
    assert {r[0] for r in rows} == {"generation_id", *table.columns}


def test_digest_tells_apart_what_could_be_confused() -> None:
    table = Table("t", {"k": pl.String, "v": pl.List(pl.String), "f": pl.Float64}, ("k",))

    def of(*rows: tuple[str, list[str] | None, float | None]) -> bytes:
        return frame_digest(table, pl.DataFrame(list(rows), schema=table.columns, orient="row"))

    assert of(("a", ["bc"], 0.0)) == of(("a", ["bc"], -0.0))
    assert of(("a", ["x"], 1.0), ("b", [], 2.0)) == of(("b", [], 2.0), ("a", ["x"], 1.0))
    distinct = [
        of(("a", ["bc"], 0.0)),
        of(("ab", ["c"], 0.0)),
        of(("a", ["b", "c"], 0.0)),
        of(("a", [], 0.0)),
        of(("a", None, 0.0)),
        of(("a", ["bc"], None)),
        of(),
    ]
    assert len(set(distinct)) == len(distinct)


def test_gaps_name_the_source_until_they_are_filled(store: Store) -> None:
    with store.connection() as c:
        gap = open_gap(c, "attention", NOON, "429 Too Many Requests")
        gaps = gaps_between(c, NOON, NOON + timedelta(minutes=5))
        assert partial_reasons(gaps, NOON, NOON + timedelta(minutes=1)) == ["attention: 429 Too Many Requests"]
        assert gaps_between(c, NOON - timedelta(minutes=5), NOON).is_empty()
        close_gap(c, gap, NOON + timedelta(minutes=2), "filled", NOON + timedelta(minutes=3))
        assert gaps_between(c, NOON, NOON + timedelta(minutes=5)).is_empty()


def test_migrations_apply_once_and_an_edited_one_is_refused(server_url: str, database_url: str) -> None:
    with psycopg.connect(database_url) as c:
        assert migrate(c) == []
        assert [s.migration.version for s in status(c)] == [m.version for m in migrations()]
        assert all(s.applied_at for s in status(c))
        c.execute("update public.lf_migration set sha256 = 'edited' where version = 1")
        with pytest.raises(MigrationFault, match="0001_landing was changed"):
            status(c)
        c.execute("insert into public.lf_migration values (9999, 'future', 'x')")
        with pytest.raises(MigrationFault, match="newer than this code"):
            status(c)


@pytest.mark.parametrize("url", ["postgresql://nobody:secret@127.0.0.1:1/none", "not a url", "postgresql://[bad"])
def test_a_wrong_database_url_gets_one_clear_line_without_the_password(url: str) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        Store(url).open()
    assert "LF_DATABASE_URL" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_dashboard_role_reads_marts_only(store: Store) -> None:
    with store.connection() as c:
        c.execute("create view marts.one as select 1 as x")
    reader = store.url.replace("postgres:@", "lf_reader:@")
    with psycopg.connect(reader) as c:
        assert c.execute("select x from marts.one").fetchone() == (1,)
    for forbidden in ("select 1 from landing.item", "create table marts.mine (x int)"):
        with psycopg.connect(reader) as c, pytest.raises(psycopg.Error):
            c.execute(forbidden)


def test_items_compare_by_content() -> None:
    assert item("a").content_hash != dataclasses.replace(item("a"), title="b").content_hash
