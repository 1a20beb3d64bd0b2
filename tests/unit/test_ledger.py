"""The ledger: chained whoever writes at once, append-only by trying, and every tampering named with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import psycopg
import pytest

from latticeforge.model import ARTICLE
from latticeforge.store import Store
from latticeforge.store.as_of import reading_as_of
from latticeforge.store.audit import act
from latticeforge.store.generations import Write, read_active, write_generations
from latticeforge.store.ledger import ClosedWindow, close_gap, gaps_between, open_gap, save_windows, system_state
from latticeforge.store.ledger_chain import chain_problems, entry_problems, tip
from latticeforge.store.migrate import migrate, migrations
from latticeforge.windows import WINDOW, Window

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
TABLES = (
    "ops.audit", "ops.change", "core.activation", "core.ledger", "ops.rollback", "ops.withdrawal", "ops.retention",
    "core.removed",
)  # fmt: skip


def articles(window: Window, title: str) -> Write:
    row = {
        "window_start": window.start, "item_id": "i0", "source": "paper", "account": "", "event_at": window.start,
        "date_status": "ok", "counted": True, "title": title, "summary": "", "url": "", "text_hash": bytes(32),
    }  # fmt: skip
    return Write("articles", window, (pl.DataFrame([row], schema=ARTICLE.columns),))


def write(store: Store, n: int, title: str, reason: str = "") -> None:
    with store.connection() as c:
        write_generations(c, [articles(Window(NOON + n * WINDOW), title)], origin="radar", reason=reason)


@pytest.fixture
def written(store: Store) -> Iterator[Store]:
    """Three windows, the first of which was computed twice."""
    for n in range(3):
        write(store, n, f"title {n}")
    write(store, 0, "corrected", "late items")
    yield store


def problems(store: Store) -> list[str]:
    with store.connection() as c:
        return chain_problems(c)[1]


def now(store: Store) -> datetime:
    with store.connection() as c:
        row = c.execute("select clock_timestamp()").fetchone()
    assert row is not None and isinstance(row[0], datetime)
    return row[0]


def test_writers_at_the_same_time_make_one_chain_without_a_hole(store: Store) -> None:
    def writer(k: int) -> None:
        for n in range(15):
            write(store, 100 * k + n, f"{k} {n}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(writer, range(4)))
    with store.connection() as c:
        assert chain_problems(c) == (120, []), "an entry for each generation and one that closes each transaction"
        times = c.execute("select at from ops.audit u join core.ledger using (audit_id) order by entry").fetchall()
    assert times == sorted(times)


def test_a_transaction_that_is_given_up_leaves_no_trace(written: Store) -> None:
    with written.connection() as c:
        before = tip(c)
    with pytest.raises(ValueError, match="given up"), written.connection() as c:
        write_generations(c, [articles(Window(NOON), "never")], origin="radar")
        raise ValueError("given up")
    with written.connection() as c:
        assert tip(c) == before
    write(written, 7, "next")
    assert problems(written) == []


def test_the_audit_log_says_who_asked_for_what_and_what_came_of_it(written: Store) -> None:
    with written.connection() as c:
        act(c, command="lf test", actor="ann", reason="to see", request={"b": 1, "a": [2]})
        write_generations(c, [articles(Window(NOON), "third")], origin="radar")
    with written.connection() as c:
        rows = c.execute(
            "select actor, command, reason, request, request_sha256 = sha256(convert_to(request::text, 'UTF8')),"
            " pointers from ops.audit order by at"
        ).fetchall()
    assert rows[-1] == ("ann", "lf test", "to see", {"a": [2], "b": 1}, True, 1)
    assert [(r[0], r[1], r[2]) for r in rows[:-1]] == [("postgres", "radar", "")] * 3 + [
        ("postgres", "radar", "late items")
    ]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["update {} set audit_id = 0", "delete from {}", "truncate {} cascade"])
def test_what_was_written_down_cannot_be_changed(written: Store, table: str, statement: str) -> None:
    if table == "ops.withdrawal":
        statement = statement.replace("audit_id", "rollback_id")
    with pytest.raises(psycopg.errors.RaiseException, match=f"{table} is append-only"), written.connection() as c:
        c.execute(statement.format(table).encode())


@pytest.mark.parametrize("table", TABLES)
def test_the_dashboard_role_can_neither_read_nor_write_it(written: Store, table: str) -> None:
    with psycopg.connect(written.url.replace("postgres:@", "lf_reader:@")) as c:
        for statement in (f"select from {table}", f"insert into {table} default values"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), c.transaction():
                c.execute(statement.encode())


TAMPERINGS = {
    "update core.generation set row_count = 7 where generation_id = 2": (
        "core.generation 2, articles 2025-01-28T12:05Z: row_count is 7, core.ledger entry 3 says 1"
    ),
    "update core.generation set reason = 'a better one' where generation_id = 4": (
        "core.generation 4, articles 2025-01-28T12:00Z: reason is a better one, core.ledger entry 7 says late items"
    ),
    "update core.generation set digest = sha256('x') where generation_id = 1": "core.generation 1, .*: digest is 2d711",
    "update core.active set generation_id = 1 where generation_id = 4": (
        "core.active articles 2025-01-28T12:00Z: points at generation 1, the last recorded move says 4"
    ),
    "delete from core.ledger where entry = 3": "core.ledger: entries 3 to 3 are missing",
    "update core.ledger set content = replace(content, 'articles', 'article') where entry = 5": (
        "core.ledger entry 5: hash is .* one of the two was changed"
    ),
    "update core.ledger set hash = sha256('x') where entry = 4": "core.ledger entry 5: hash is",
    "update ops.audit set actor = 'nobody' where audit_id = (select max(audit_id) from ops.audit)": (
        "ops.audit 4: actor is nobody, core.ledger entry 8 says postgres"
    ),
    "update ops.audit set request = '{}' where audit_id = 2": "ops.audit 2: its request is not the one",
    "delete from ops.audit where audit_id = 1": "ops.audit 1: gone",
    "update core.activation set generation_id = 1 where generation_id = 4": (
        "core.activation of transaction 4: not the moves"
    ),
    "delete from core.ledger where entry > 6": "core.generation 4, articles 2025-01-28T12:00Z: not in the ledger",
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_every_tampering_is_named_with_its_place(written: Store, tampering: str) -> None:
    assert problems(written) == []
    with written.connection() as c:
        c.execute("set local session_replication_role = replica")  # as whoever may switch triggers off
        c.execute(tampering.encode())
    found = problems(written)
    assert any(re.match(TAMPERINGS[tampering], p) for p in found), found


def test_the_entries_of_some_windows_are_checked_alone(written: Store) -> None:
    with written.connection() as c:
        assert entry_problems(c, "articles", NOON, NOON + timedelta(hours=1)) == []
        c.execute("update core.generation set origin = 'replay' where generation_id = 3")
        assert entry_problems(c, "articles", NOON, NOON + 2 * WINDOW) == []
        [found] = entry_problems(c, "articles", NOON, NOON + timedelta(hours=1))
    assert "core.generation 3, articles 2025-01-28T12:10Z: origin is replay" in found


def test_reading_as_of_an_instant_gives_what_counted_then(written: Store) -> None:
    corrected = now(written)
    write(written, 0, "corrected twice", "later items")
    for at, title in ((None, "corrected twice"), (corrected, "corrected"), (now(written), "corrected twice")):
        with written.connection() as c, reading_as_of(c, at):
            assert read_active(c, "articles", NOON, NOON + WINDOW)["title"].to_list() == [title]
    with written.connection() as c:
        first = c.execute("select at from ops.audit order by at limit 1").fetchone()
        assert first is not None
        with reading_as_of(c, first[0]):
            assert read_active(c, "articles", NOON, NOON + timedelta(hours=1))["title"].to_list() == ["title 0"]
        with reading_as_of(c, first[0] - timedelta(microseconds=1)):
            assert read_active(c, "articles", NOON, NOON + timedelta(hours=1)).is_empty()
        assert read_active(c, "articles", NOON, NOON + WINDOW)["title"].to_list() == ["corrected twice"]


def test_windows_and_gaps_as_they_stood(store: Store) -> None:
    def close(items: int) -> None:
        with store.connection() as c:
            save_windows(c, [ClosedWindow(NOON, NOON, NOON, "radar", items, 1, 0, 0, 0, 0.1)])

    times = [now(store)]
    close(3)
    with store.connection() as c:
        gap = open_gap(c, "wire", NOON, "no answer")
    times.append(now(store))
    close(5)
    with store.connection() as c:
        close_gap(c, gap, NOON + WINDOW, "filled", NOON + WINDOW)
    seen = []
    for at in (*times, None):
        with store.connection() as c, reading_as_of(c, at):
            items = c.execute("select items from ops.window_then").fetchall()
            seen.append((items, [g["source"] for g in system_state(c)["open_gaps"]]))
    assert seen == [([], []), ([(3,)], ["wire"]), ([(5,)], [])]
    with store.connection() as c:
        assert gaps_between(c, NOON, NOON + WINDOW).is_empty()


def test_a_database_of_before_the_ledger_gets_one(server_url: str) -> None:
    url = server_url.replace("/postgres?", "/before_ledger?")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute("create database before_ledger")
    try:
        with psycopg.connect(url) as c:
            for m in migrations()[:3]:
                c.execute(m.sql.encode())
            c.execute(
                "insert into core.generation (asset, window_start, created_at, origin, code_version, row_count, digest)"
                " select 'articles', %(at)s, %(at)s + n * interval '1 hour', 'radar', '0', n, sha256('x')"
                " from generate_series(1, 3) n",
                {"at": NOON},
            )
            c.execute("insert into core.active select asset, window_start, 3 from core.generation where row_count = 3")
            c.execute(
                "create table public.lf_migration (version int primary key, name text not null,"
                " sha256 text not null, applied_at timestamptz not null default clock_timestamp())"
            )
            for m in migrations()[:3]:
                c.execute(
                    "insert into public.lf_migration (version, name, sha256) values (%s, %s, %s)",
                    (m.version, m.name, m.sha256),
                )
            c.commit()
            assert [m.version for m in migrate(c)][:2] == [4, 5]
        with Store(url) as store, store.connection() as c:
            assert chain_problems(c) == (6, [])
            for hours, generation in ((1.5, 1), (2.5, 2), (9.0, 3)):
                with reading_as_of(c, NOON + timedelta(hours=hours)):
                    assert c.execute("select generation_id from core.counting").fetchall() == [(generation,)]
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute("drop database before_ledger with (force)")
