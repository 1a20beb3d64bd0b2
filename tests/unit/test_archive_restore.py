"""A sealed day comes back row for row, is compared row by row, and proves what is in it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from latticeforge.cli.snapshot import app
from latticeforge.model import (
    ASSETS,
    EMBEDDING_DIM,
    VECTOR,
    AttentionCount,
    CalendarEvent,
    DateStatus,
    Item,
    Table,
    item_id_of,
)
from latticeforge.radar import core
from latticeforge.store import Store, restore
from latticeforge.store.archive import ALERT, GENERATION, tables
from latticeforge.store.day_chain import chain_end, read_chain
from latticeforge.store.difference import differences, live_side, sealed_side
from latticeforge.store.generations import Write, digests, write_generations
from latticeforge.store.landing import arrivals, land_attention, land_events, land_items, read_items
from latticeforge.store.ledger import ClosedWindow, close_gap, open_gap, read_cursor, save_source, save_windows
from latticeforge.store.places import LocalArchive
from latticeforge.store.proof import prove_item
from latticeforge.store.restore import restore_day
from latticeforge.store.rollbacks import Rollback, record, rollbacks
from latticeforge.store.snapshot import SnapshotFault, create_snapshot, read_manifest, verify_snapshot
from latticeforge.store.vectors import save_vectors
from latticeforge.windows import DAY as ONE_DAY
from latticeforge.windows import Window, windows_between

DAY = date(2025, 1, 28)
MIDNIGHT = datetime(2025, 1, 28, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
ODD = 'a "quoted" \\ back\tslash, 日本 \U0001f525 \u2028 and a very long ' + "x" * 500


def item(guid: str, title: str, at: datetime, *, seen: datetime | None = None) -> Item:
    return Item(
        item_id=item_id_of("paper", guid),
        source="paper",
        guid=guid,
        title=title,
        summary="of it",
        url="https://example.org/" + guid,
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK,
        first_seen_at=seen or at,
        problems=("odd", 'with "quotes"'),
    )


def rows_of(table: Table, start: datetime, count: int) -> pl.DataFrame:
    """Rows that fit the checks of the schema, with every type that a column may have."""
    fixed: dict[str, Any] = {"grade": "provisional", "verdict": "likely", "window_start": start, "likelihood": 0.5}
    columns: dict[str, Any] = {}
    for name, kind in table.columns.items():
        if name in fixed:
            columns[name] = [fixed[name]] * count
        elif kind == VECTOR:
            columns[name] = pl.Series(np.eye(count, EMBEDDING_DIM, dtype=np.float32), dtype=VECTOR)
        else:
            columns[name] = [_value(name, kind, start, n) for n in range(count)]
    return table.shape(pl.DataFrame({n: pl.Series(n, v, dtype=table.columns[n]) for n, v in columns.items()}))


def _value(name: str, kind: Any, start: datetime, n: int) -> Any:
    if isinstance(kind, pl.Datetime):
        return start + timedelta(seconds=n, microseconds=7)
    if isinstance(kind, pl.List):
        return ["a", ODD] if n else []
    plain = {pl.String: f"{name}-{n} {ODD}", pl.Binary: hashlib.sha256(b"%d" % n).digest(), pl.Boolean: n % 2 == 0}
    return plain.get(kind, (n + 1) if kind == pl.Int32 else 0.1 * (n + 1) if n else -0.0)


def fill(store: Store, midnight: datetime = MIDNIGHT, *, gap: int | None = None) -> int:
    """A day with rows in every table; returns the gap that is open over its end (or ends ``gap`` in it)."""
    noon = midnight + timedelta(hours=12)
    day = f"{midnight:%d}"
    landed = [item(f"{day}-{n}", f"Title {n} {ODD}", noon + timedelta(seconds=n)) for n in range(5)]
    corrected = [item(f"{day}-3", "Title 3, corrected", noon + timedelta(hours=1), seen=noon + timedelta(hours=1))]
    with store.connection() as connection:
        save_source(connection, "paper", title="The Paper", kind="rss", url="https://example.org", political=True)
        land_items(connection, landed, None)
        land_items(connection, corrected, None)
        land_attention(connection, [AttentionCount("web", ODD, noon, 7)], None, noon + timedelta(minutes=1))
        land_events(connection, [CalendarEvent(f"e{day}", "law", ODD, noon, "vote", None, noon)], None)
        vectors = np.random.default_rng(1).normal(size=(5, EMBEDDING_DIM)).astype(np.float32)
        save_vectors(connection, [i.text_hash for i in landed], "test/1", vectors)
        if gap is not None:
            close_gap(connection, gap, midnight + timedelta(hours=2), "lost", noon)
        over_midnight = open_gap(connection, "paper", midnight + timedelta(hours=23), "answered 503")
        save_windows(connection, [ClosedWindow(noon, noon, noon, "radar", 5, 1, 1, 1, 0, 0.2, partial=[ODD])])
        _alert(connection, noon)
        writes = [
            Write(
                asset.name,
                window,
                tuple(rows_of(t, window.start, 3 if window.start == noon else 0) for t in asset.tables),
            )
            for asset in ASSETS.values()
            for window in windows_between(noon, noon + timedelta(minutes=10))
        ]
        for write in writes:
            if write.asset == "embeddings":
                frame = write.frames[0].with_columns(text_hash=pl.lit(landed[0].text_hash), model=pl.lit("test/1"))
                write_generations(connection, [Write("embeddings", write.window, (frame,))], origin="radar")
            else:
                write_generations(connection, [write], origin="radar")
    return over_midnight


def _alert(connection: psycopg.Connection, at: datetime) -> None:
    frame = rows_of(ALERT, at, 2).with_columns(alert_id=pl.lit("one"), evaluated_at=pl.lit(at + timedelta(seconds=1)))
    for row in frame.drop("number").iter_rows(named=True):
        names = ", ".join(row)
        connection.execute(
            f"insert into live.alert ({names}) values ({', '.join(['%s'] * len(row))})".encode(), list(row.values())
        )


@pytest.fixture
def empty(server_url: str, template_database: str) -> Iterator[Store]:
    """A second database, migrated and empty."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("create database restored template migrated")
        with Store(server_url.replace("/postgres?", "/restored?")) as other:
            yield other
        connection.execute("drop database restored with (force)")


def all_digests(store: Store) -> dict[str, str]:
    with store.connection() as connection:
        return digests(connection, MIDNIGHT - ONE_DAY, MIDNIGHT + 3 * ONE_DAY)


def test_a_restored_day_has_identical_digests_and_seals_to_the_same_bytes(
    store: Store, empty: Store, tmp_path: Path
) -> None:
    fill(store)
    sealed = create_snapshot(store, DAY, tmp_path / "a")
    assert all(entry.rows for entry in sealed.files), "every table has rows, or the test shows nothing"
    restored = restore_day(empty, tmp_path / "a", DAY)
    assert (restored.root, restored.rows, restored.written) == (sealed.root, sealed.rows, True)
    assert all_digests(empty) == all_digests(store)
    assert create_snapshot(empty, DAY, tmp_path / "b") == sealed
    for path in (tmp_path / "a" / DAY.isoformat()).iterdir():
        assert path.read_bytes() == (tmp_path / "b" / DAY.isoformat() / path.name).read_bytes(), path.name


def test_a_window_without_rows_is_restored_too(store: Store, empty: Store, tmp_path: Path) -> None:
    with store.connection() as connection:
        nothing = tuple(t.empty() for t in ASSETS["spikes"].tables)
        write_generations(connection, [Write("spikes", Window(NOON), nothing)], origin="radar")
    create_snapshot(store, DAY, tmp_path)
    restore_day(empty, tmp_path, DAY)
    assert all_digests(empty) == all_digests(store)
    assert all_digests(empty)["spikes"] != all_digests(empty)["articles"]


def test_the_code_that_computed_a_window_stays_named(store: Store, empty: Store, tmp_path: Path) -> None:
    fill(store)
    with store.connection() as connection:
        connection.execute("update core.generation set code_version = '0.0.9' where asset = 'spikes'")
    create_snapshot(store, DAY, tmp_path)
    restore_day(empty, tmp_path, DAY)
    with empty.connection() as connection:
        rows = connection.execute("select distinct asset from core.generation where code_version = '0.0.9'").fetchall()
        reasons = connection.execute("select distinct origin from core.generation").fetchall()
    assert rows == [("spikes",)]
    assert reasons == [("replay",)]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_days_are_restored_in_any_order_with_a_gap_over_midnight(
    store: Store, empty: Store, tmp_path: Path, order: tuple[int, int]
) -> None:
    days = [DAY, DAY + timedelta(days=1)]
    gap = fill(store)
    first = create_snapshot(store, days[0], tmp_path)
    fill(store, MIDNIGHT + ONE_DAY, gap=gap)
    create_snapshot(store, days[1], tmp_path)
    assert create_snapshot(store, days[0], tmp_path) == first, "the gap's end is the next day's to say"
    for n in order:
        assert restore_day(empty, tmp_path, days[n]).written
    assert all_digests(empty) == all_digests(store)
    with empty.connection() as connection:
        gaps = connection.execute("select to_at, state from ops.gap order by from_at").fetchall()
    assert gaps == [(MIDNIGHT + timedelta(hours=26), "lost"), (None, "open")]


def test_restoring_again_changes_nothing_and_other_rows_are_refused(store: Store, empty: Store, tmp_path: Path) -> None:
    fill(store)
    create_snapshot(store, DAY, tmp_path)
    assert restore_day(empty, tmp_path, DAY).written
    assert not restore_day(empty, tmp_path, DAY).written
    with empty.connection() as connection:
        land_items(connection, [item("new", "New", NOON)], None)
    with pytest.raises(SnapshotFault, match=r"the database holds \d+ row\(s\) of it in landing.item"):
        restore_day(empty, tmp_path, DAY)
    with empty.connection() as connection:
        [(items,)] = connection.execute("select count(*) from landing.item").fetchall()
    assert items == 7


def test_withdrawn_items_and_held_windows_are_restored_and_can_be_undone(
    store: Store, empty: Store, tmp_path: Path
) -> None:
    fill(store)
    asked = Rollback("articles", MIDNIGHT, MIDNIGHT + ONE_DAY, "made up", source="paper")
    with store.connection() as connection:
        number, _ = record(connection, asked, run_by="lf", recompute=False)
        connection.execute("update core.active set held_by = %s where asset = 'spikes'", (number,))
    sealed = create_snapshot(store, DAY, tmp_path / "a")
    restore_day(empty, tmp_path / "a", DAY)
    assert create_snapshot(empty, DAY, tmp_path / "b") == sealed
    with empty.connection() as connection:
        assert read_items(connection, MIDNIGHT, MIDNIGHT + ONE_DAY).is_empty()
        [done] = rollbacks(connection)
        [(held,)] = connection.execute("select distinct asset from core.active where held_by is not null").fetchall()
        record(connection, replace(asked, source=None, undoes=done.rollback_id), run_by="lf", recompute=False)
        assert read_items(connection, MIDNIGHT, MIDNIGHT + ONE_DAY).height == 6
    assert (held, done.kind) == ("spikes", "withdraw")
    assert sealed.root in done.reason


def test_the_radar_takes_restored_items_for_no_late_ones_and_misses_none(
    store: Store, empty: Store, tmp_path: Path
) -> None:
    assert restore.READER == core.READER
    for day in (0, 1):
        fill(store, MIDNIGHT + day * ONE_DAY)
        create_snapshot(store, DAY + timedelta(days=day), tmp_path)
    restore_day(empty, tmp_path, DAY)
    with empty.connection() as connection:
        assert not arrivals(connection, read_cursor(connection, core.READER), 1)
        land_items(connection, [item("live", "Live", MIDNIGHT + 5 * ONE_DAY)], None)
    restore_day(empty, tmp_path, DAY + timedelta(days=1))
    with empty.connection() as connection:
        unread = arrivals(connection, read_cursor(connection, core.READER), 100)
    assert unread[0].title == "Live"


def test_a_damaged_day_is_not_restored(store: Store, empty: Store, tmp_path: Path) -> None:
    fill(store)
    create_snapshot(store, DAY, tmp_path)
    path = tmp_path / DAY.isoformat() / "core.spike.parquet"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(SnapshotFault, match=r"is not restored, 2025-01-28/core.spike.parquet"):
        restore_day(empty, tmp_path, DAY)
    with empty.connection() as connection:
        [(items,)] = connection.execute("select count(*) from landing.item").fetchall()
    assert items == 0


def test_what_reads_back_differently_is_taken_back(store: Store, empty: Store, tmp_path: Path) -> None:
    fill(store)
    create_snapshot(store, DAY, tmp_path)
    with empty.connection() as connection:
        save_source(connection, "paper", title="Another title", kind="rss")
    with pytest.raises(SnapshotFault, match=r"ops\.source would read back differently"):
        restore_day(empty, tmp_path, DAY)
    with empty.connection() as connection:
        [(items, active)] = connection.execute(
            "select (select count(*) from landing.item), (select count(*) from core.active)"
        ).fetchall()
    assert (items, active) == (0, 0)


def test_differences_name_table_window_row_and_columns(store: Store, tmp_path: Path) -> None:
    fill(store)
    create_snapshot(store, DAY, tmp_path)
    with sealed_side(tmp_path, DAY) as sealed:
        assert differences(sealed, live_side(store, DAY)) == []
        with store.connection() as connection:
            land_items(connection, [item("late", "Late", NOON + timedelta(minutes=7))], None)
            connection.execute("update core.spike set ratio = 9.5, label = 'x' where spike_id like 'spike_id-1%'")
            connection.execute("delete from core.correlation where link_id like 'link_id-2%'")
        found = {d.table: d for d in differences(sealed, live_side(store, DAY))}
    assert set(found) == {"landing.item", "core.spike", "core.correlation"}
    late, changed, gone = found["landing.item"], found["core.spike"], found["core.correlation"]
    assert (late.kind, late.window) == ("only in the second", "2025-01-28T12:05Z")
    assert late.key == {"item_id": item_id_of("paper", "late"), "revision": 1}
    assert (changed.kind, changed.window, changed.columns) == ("changed", "2025-01-28T12:00Z", ("label", "ratio"))
    assert (gone.kind, gone.window) == ("only in the first", "2025-01-28T12:00Z")
    assert str(gone.key["link_id"]).startswith("link_id-2")


def test_a_column_of_another_type_is_a_difference_and_not_an_accident(store: Store, tmp_path: Path) -> None:
    """Two sealed copies of a day, one without the rows of a table."""
    create_snapshot(store, DAY, tmp_path / "empty")
    fill(store)
    create_snapshot(store, DAY, tmp_path / "full")
    with sealed_side(tmp_path / "empty", DAY) as one, sealed_side(tmp_path / "full", DAY) as other:
        found = differences(one, other)
    assert {d.table for d in found} == {t.name for t in tables()}
    assert {d.kind for d in found} == {"only in the second"}
    windows = {d.window for d in found if d.table == GENERATION.name}
    assert windows == {"2025-01-28T12:00Z", "2025-01-28T12:05Z"}


def _check(root: Path, proof: Path, day_root: str) -> subprocess.CompletedProcess[str]:
    """The script as a stranger runs it: no packages, no folder of ours, nothing from the environment."""
    script = root / "docs" / "check_proof.py"
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(proof), day_root],
        capture_output=True, text=True, cwd=proof.parent, env={}, check=False,
    )  # fmt: skip


def test_an_item_is_proved_by_a_script_of_sixty_lines(store: Store, tmp_path: Path, root: Path) -> None:
    fill(store)
    sealed = create_snapshot(store, DAY, tmp_path / "a")
    proof = tmp_path / "proof.json"
    for n in range(5):
        made = prove_item(tmp_path / "a", item_id_of("paper", f"28-{n}"))
        proof.write_text(json.dumps(made))
        checked = _check(root, proof, sealed.root)
        assert checked.returncode == 0, checked.stderr
        assert checked.stdout.startswith(f"PROVED: {item_id_of('paper', f'28-{n}')} of paper")
        assert checked.stdout.isascii(), "a title must not reach a terminal raw"
    assert json.loads(made["row"])["revision"] == 1
    assert len((root / "docs" / "check_proof.py").read_text().splitlines()) <= 60


def _altered(proof: dict[str, Any], what: str) -> dict[str, Any]:
    place = proof["row_place"]
    return {
        "title": {**proof, "row": proof["row"].replace("Title 1", "Title 9")},
        "sibling": {**proof, "row_place": {**place, "siblings": place["siblings"][::-1]}},
        "short": {**proof, "row_place": {**place, "siblings": place["siblings"][:-1]}},
        "long": {**proof, "row_place": {**place, "siblings": [*place["siblings"], proof["root"]]}},
        "index": {**proof, "row_place": {**place, "index": place["index"] + 1}},
        "size": {**proof, "row_place": {**place, "size": 2 * place["size"]}},
        "outside": {**proof, "row_place": {**place, "index": -1}},
        "file": {**proof, "file": proof["file"].replace('"rows":6', '"rows":7')},
        "table": {**proof, "file": proof["file"].replace("landing.item", "landing.other")},
        "hex": {**proof, "row_place": {**place, "siblings": ["zz"]}},
        "nothing": {},
    }[what]


@pytest.mark.parametrize(
    "what", ["title", "sibling", "short", "long", "index", "size", "outside", "file", "table", "hex", "nothing"]
)
def test_an_altered_proof_proves_nothing(store: Store, tmp_path: Path, root: Path, what: str) -> None:
    fill(store)
    sealed = create_snapshot(store, DAY, tmp_path / "a")
    made = prove_item(tmp_path / "a", item_id_of("paper", "28-1"), DAY)
    altered = _altered(made, what)
    assert altered != made
    proof = tmp_path / "proof.json"
    proof.write_text(json.dumps(altered))
    checked = _check(root, proof, sealed.root)
    assert checked.returncode == 1
    assert checked.stderr.startswith("NOT PROVED: ")
    assert len(checked.stderr.splitlines()) == 1
    proof.write_text(json.dumps(made))
    assert _check(root, proof, "0" * 64).returncode == 1, "another day's root"


def test_an_item_of_no_day_is_not_proved(store: Store, tmp_path: Path) -> None:
    fill(store)
    create_snapshot(store, DAY, tmp_path)
    with pytest.raises(SnapshotFault, match="item nothing is not in any sealed day"):
        prove_item(tmp_path, "nothing")
    path = tmp_path / DAY.isoformat() / "landing.item.parquet"
    pl.read_parquet(path).with_columns(title=pl.lit("other")).write_parquet(path)
    with pytest.raises(SnapshotFault, match="its rows are not those under the root"):
        prove_item(tmp_path, item_id_of("paper", "28-1"))


def test_the_crate_describes_every_file(store: Store, tmp_path: Path) -> None:
    """The demands of RO-Crate 1.2 on the metadata of a package."""
    fill(store)
    sealed = create_snapshot(store, DAY, tmp_path, weights=lambda name: "ab" * 32)
    folder = tmp_path / DAY.isoformat()
    crate = json.loads((folder / "ro-crate-metadata.json").read_text())
    assert crate["@context"] == "https://w3id.org/ro/crate/1.2/context"
    entities = {e["@id"]: e for e in crate["@graph"]}
    assert len(entities) == len(crate["@graph"]), "identifiers are unique"
    descriptor, dataset = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["@type"] == "CreativeWork"
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert dataset["@type"] == "Dataset"
    assert all(dataset[name] for name in ("name", "description", "license", "identifier", "creator"))
    assert date.fromisoformat(dataset["datePublished"]) == DAY + timedelta(days=1)
    parts = {p["@id"] for p in dataset["hasPart"]}
    assert parts | {"ro-crate-metadata.json"} == {p.name for p in folder.iterdir()}
    for name in parts - {"manifest.json"}:
        assert entities[name]["@type"] == "File"
        assert entities[name]["sha256"] == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        assert entities[name]["contentSize"] == str((folder / name).stat().st_size)
    assert _references(crate["@graph"]) <= set(entities) | {"https://w3id.org/ro/crate/1.2"}
    assert sealed.head.models == {"test/1": "ab" * 32}
    assert "motive" in dataset["description"]


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {value["@id"]} if set(value) == {"@id"} else set().union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


def test_a_changed_crate_is_named(store: Store, tmp_path: Path) -> None:
    create_snapshot(store, DAY, tmp_path)
    path = tmp_path / DAY.isoformat() / "ro-crate-metadata.json"
    path.write_text(path.read_text().replace("LatticeForge", "Latticeforge", 1))
    [problem] = verify_snapshot(tmp_path, DAY)
    assert problem.startswith("2025-01-28/ro-crate-metadata.json: SHA-256 is")
    path.unlink()
    assert verify_snapshot(tmp_path, DAY) == ["2025-01-28/ro-crate-metadata.json: missing"]


def test_the_end_of_the_chain_is_the_day_sealed_last(store: Store, tmp_path: Path) -> None:
    archive = LocalArchive(tmp_path / "archive")
    assert chain_end(read_chain(archive)) is None
    for day in (DAY, DAY - timedelta(days=2), DAY + timedelta(days=1)):
        sealed = create_snapshot(store, day, archive)
        end = chain_end(read_chain(archive))
        assert end is not None
        assert (end.day, end.root) == (day.isoformat(), sealed.root)


def test_the_commands_restore_compare_and_prove(
    store: Store, empty: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    run, elsewhere = CliRunner(), str(tmp_path / "elsewhere")
    monkeypatch.setenv("LF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    fill(store)
    assert run.invoke(app, ["create", "2025-01-28", "--to", elsewhere]).exit_code == 0
    same = run.invoke(app, ["diff", "2025-01-28", "--from", elsewhere])
    assert same.exit_code == 0, same.output
    assert "no row differs" in same.stdout

    monkeypatch.setenv("LF_DATABASE_URL", empty.url)
    monkeypatch.setenv("LF_ARCHIVE", elsewhere)
    [restored] = json.loads(run.invoke(app, ["restore", "--json"]).stdout)
    sealed = read_manifest(tmp_path / "elsewhere", DAY)
    assert (restored["day"], restored["root"], restored["written"]) == ("2025-01-28", sealed.root, True)
    assert "is there already" in run.invoke(app, ["restore", "2025-01-28"]).stdout

    with empty.connection() as connection:
        connection.execute("update core.narrative set items = items + 1 where narrative_id like 'narrative_id-0%'")
    changed = run.invoke(app, ["diff", "2025-01-28"])
    assert changed.exit_code == 1
    assert "core.narrative: 1 changed" in changed.stdout
    assert "2025-01-28T12:00Z" in changed.stdout
    report = json.loads(run.invoke(app, ["diff", "2025-01-28", "--json"]).stdout)
    assert report["rows"][0]["columns"] == ["items"]

    proved = run.invoke(app, ["prove", item_id_of("paper", "28-2")])
    assert proved.exit_code == 0
    (tmp_path / "proof.json").write_text(proved.stdout)
    assert _check(root, tmp_path / "proof.json", sealed.root).returncode == 0
    assert run.invoke(app, ["verify", "--root", sealed.root]).exit_code == 0
    assert run.invoke(app, ["verify", "--root", "0" * 64]).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["restore"], 1, "no day is sealed"),
        (["diff", "2025-01-28"], 1, "2025-01-28/manifest.json is missing"),
        (["prove", "abc"], 1, "item abc is not in any sealed day"),
        (["verify", "2025-01-28", "--root", "00"], 2, "without a day"),
        (["list", "--from", "ftp://somewhere"], 1, "is no place for an archive"),
        (["list", "--from", "s3://"], 1, "names no bucket"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    arguments: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_HOME", str(tmp_path))
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
