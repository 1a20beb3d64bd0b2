"""A sealed day: same rows give the same root, every change is found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
import pytest
from typer.testing import CliRunner

from latticeforge.cli.snapshot import app
from latticeforge.model import (
    ARTICLE,
    ARTICLE_EMBEDDING,
    EMBEDDING_DIM,
    AttentionCount,
    CalendarEvent,
    DateStatus,
    Item,
    item_id_of,
)
from latticeforge.store import Store, merkle
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.landing import land_attention, land_events, land_items
from latticeforge.store.ledger import open_gap
from latticeforge.store.manifest import parse_manifest
from latticeforge.store.snapshot import (
    SnapshotFault,
    create_snapshot,
    read_manifest,
    snapshot_days,
    verify_archive,
    verify_snapshot,
)
from latticeforge.store.vectors import save_vectors
from latticeforge.windows import Window

DAY = date(2025, 1, 28)
NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)


def item(guid: str, title: str, *, minutes: float = 0) -> Item:
    at = NOON + timedelta(minutes=minutes)
    return Item(
        item_id=item_id_of("paper", guid),
        source="paper",
        guid=guid,
        title=title,
        summary="",
        url="",
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK,
        first_seen_at=at,
        problems=("odd",),
    )


def fill(store: Store, titles: list[str], *, model: str = "test") -> None:
    """One window of landed, encoded and derived rows, in the order of ``titles``."""
    items = [item(title, title) for title in titles]
    window = Window(NOON)
    vectors = np.eye(len(items), EMBEDDING_DIM, dtype=np.float32)
    order = {title: n for n, title in enumerate(sorted(titles))}
    with store.connection() as connection:
        land_items(connection, items, None)
        land_attention(connection, [AttentionCount("web", "drones", NOON, 7)], None, NOON)
        land_events(connection, [CalendarEvent("e1", "law", "A vote", NOON, "vote", 0.5, NOON)], None)
        open_gap(connection, "paper", NOON, "answered 503")
        for i in items:
            save_vectors(connection, [i.text_hash], model, vectors[order[i.title]][None])
        article = pl.DataFrame(
            {
                "window_start": [window.start] * len(items),
                "item_id": [i.item_id for i in items],
                "source": ["paper"] * len(items),
                "account": [""] * len(items),
                "event_at": [i.event_at for i in items],
                "date_status": ["ok"] * len(items),
                "counted": [True] * len(items),
                "title": [i.title for i in items],
                "summary": [""] * len(items),
                "url": [""] * len(items),
                "text_hash": [i.text_hash for i in items],
            }
        )
        embedded = article.select("window_start", "item_id", "text_hash").with_columns(
            model=pl.lit(model), vector_sha256=pl.col("text_hash")
        )
        writes = [
            Write("articles", window, (ARTICLE.shape(article),)),
            Write("embeddings", window, (ARTICLE_EMBEDDING.shape(embedded),)),
        ]
        write_generations(connection, writes, origin="replay")


def test_roots_match_the_published_test_vectors() -> None:
    # from the reference implementation of certificate transparency
    leaves = [bytes.fromhex(h) for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
    leaves.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle.root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_every_inclusion_proof_holds_and_no_altered_one_does() -> None:
    for size in range(1, 18):
        leaves = [bytes([n]) for n in range(size)]
        root = merkle.root(leaves)
        for index, leaf in enumerate(leaves):
            proof = merkle.inclusion_proof(leaves, index)
            assert merkle.proves(leaf, index, size, proof, root)
            assert not merkle.proves(b"other", index, size, proof, root)
            assert not merkle.proves(leaf, index, size, [*proof, root], root)
            assert not merkle.proves(leaf, (index + 1) % size if size > 1 else 1, size, proof, root)


def test_an_inner_node_is_no_leaf() -> None:
    left, right = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    assert merkle.root([b"a", b"b"]) != merkle.leaf_hash(left + right)


def test_the_same_rows_in_another_order_give_the_same_bytes(store: Store, server_url: str, tmp_path: Path) -> None:
    other_url = server_url.replace("/postgres?", "/snapshot_other?")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("create database snapshot_other template migrated")
    fill(store, ["Beta", "Alpha", "Gamma"])
    with Store(other_url) as other:
        fill(other, ["Gamma", "Beta", "Alpha"])
        second = create_snapshot(other, DAY, tmp_path / "b")
    first = create_snapshot(store, DAY, tmp_path / "a")
    assert first.root == second.root
    for entry in first.files:
        name = f"{DAY}/{entry.name}"
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_sealing_again_returns_the_same_root_and_leaves_no_litter(store: Store, tmp_path: Path) -> None:
    fill(store, ["Alpha", "Beta"])
    first = create_snapshot(store, DAY, tmp_path)
    assert create_snapshot(store, DAY, tmp_path) == first == read_manifest(tmp_path, DAY)
    assert [p.name for p in tmp_path.iterdir()] == [DAY.isoformat()]
    assert verify_snapshot(tmp_path, DAY) == []
    rows = {f.table: f.rows for f in first.files}
    assert rows["landing.item"] == rows["core.article"] == rows["core.embedding"] == 2
    assert rows["landing.attention"] == rows["landing.calendar_event"] == rows["ops.gap"] == 1
    assert first.head.models == {"test": None}
    assert first.head.first_window == NOON.isoformat()


def test_a_sealed_day_is_never_rewritten(store: Store, tmp_path: Path) -> None:
    fill(store, ["Alpha"])
    root = create_snapshot(store, DAY, tmp_path).root
    with store.connection() as connection:
        land_items(connection, [item("late", "Late")], None)
    with pytest.raises(SnapshotFault, match=r"landing\.item had 1 rows then and has 2"):
        create_snapshot(store, DAY, tmp_path)
    assert read_manifest(tmp_path, DAY).root == root


def test_a_file_is_proved_to_be_under_the_root(store: Store, tmp_path: Path) -> None:
    fill(store, ["Alpha"])
    manifest = create_snapshot(store, DAY, tmp_path)
    index, proof = manifest.proof("core.article.parquet")
    siblings = [bytes.fromhex(h) for h in proof]
    leaf = manifest.leaves[index]
    assert b'"core.article.parquet"' in leaf
    assert merkle.proves(leaf, index, len(manifest.leaves), siblings, bytes.fromhex(manifest.root))


def test_days_are_chained(store: Store, tmp_path: Path) -> None:
    fill(store, ["Alpha"])
    yesterday = create_snapshot(store, DAY - timedelta(days=1), tmp_path)
    today = create_snapshot(store, DAY, tmp_path)
    assert today.head.previous is not None
    assert (today.head.previous.day, today.head.previous.root) == ("2025-01-27", yesterday.root)
    assert snapshot_days(tmp_path) == [DAY - timedelta(days=1), DAY]
    # a forged yesterday, whole in itself, does not fit today's link
    forged = tmp_path / "2025-01-27"
    content = json.loads((forged / "manifest.json").read_text())
    content["code_version"] = "9.9.9"
    (forged / "manifest.json").write_text(_resealed(content))
    [problem] = verify_snapshot(tmp_path, DAY)
    assert problem.startswith("2025-01-28/manifest.json: chained to root")
    assert any("2025-01-28/manifest.json: chained" in p for p in verify_snapshot(tmp_path, DAY - timedelta(days=1)))


def _resealed(content: dict[str, object]) -> str:
    return parse_manifest(json.dumps(content).encode(), DAY).to_json()


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("damage", "expected"),
    [
        (lambda d: _flip(d / "core.article.parquet"), "2025-01-28/core.article.parquet: SHA-256"),
        (lambda d: (d / "landing.item.parquet").write_bytes(b"PAR1"), "2025-01-28/landing.item.parquet: 4 bytes"),
        (lambda d: (d / "ops.gap.parquet").unlink(), "2025-01-28/ops.gap.parquet: missing"),
        (lambda d: (d / "note.txt").write_text("x"), "2025-01-28/note.txt: not in the manifest"),
        (lambda d: (d / "manifest.json").unlink(), "2025-01-28/manifest.json is missing"),
        (lambda d: (d / "manifest.json").write_text("[]"), "2025-01-28/manifest.json at top"),
        (lambda d: (d / "manifest.json").write_text("{"), "2025-01-28/manifest.json cannot be read"),
        (lambda d: _edit(d / "manifest.json", '"rows": 2', '"rows": 3'), "2025-01-28/manifest.json: root is"),
        (lambda d: _edit(d / "manifest.json", '"day": "2025-01-28"', '"day": "2025-01-29"'), "says it is 2025-01-29"),
        (lambda d: _edit(d / "manifest.json", "\n  ", "\n\t "), "not in the form it was written in"),
        (
            lambda d: _edit(d / "manifest.json", '"name": "ops.gap.parquet"', '"name": "../ops.gap.parquet"'),
            "2025-01-28/manifest.json: lists '../ops.gap.parquet'",
        ),
        (
            lambda d: (d / "core.spike.parquet").write_bytes((d / "ops.gap.parquet").read_bytes()),
            "2025-01-28/core.spike.parquet: ",
        ),
    ],
)
def test_each_damage_is_named(store: Store, tmp_path: Path, damage: Callable[[Path], object], expected: str) -> None:
    fill(store, ["Alpha", "Beta"])
    create_snapshot(store, DAY, tmp_path)
    damage(tmp_path / DAY.isoformat())
    problems = verify_snapshot(tmp_path, DAY)
    assert any(expected in p for p in problems), problems


def test_a_day_sealed_late_comes_last_in_the_chain(store: Store, tmp_path: Path) -> None:
    create_snapshot(store, DAY, tmp_path)
    late = create_snapshot(store, DAY - timedelta(days=1), tmp_path)
    assert late.head.previous is not None
    assert late.head.previous.day == DAY.isoformat()
    assert verify_archive(tmp_path) == {"2025-01-27": [], "2025-01-28": []}


def test_a_day_slipped_into_the_chain_is_named(store: Store, tmp_path: Path) -> None:
    days = [DAY, DAY + timedelta(days=1), DAY + timedelta(days=3)]
    for day in days:
        create_snapshot(store, day, tmp_path)
    other = tmp_path / "other"
    create_snapshot(store, DAY, other)
    create_snapshot(store, DAY + timedelta(days=2), other)
    (other / "2025-01-30").rename(tmp_path / "2025-01-30")
    assert (
        "2025-01-30/manifest.json: chained to 2025-01-28, and so is 2025-01-29"
        in verify_archive(tmp_path)["2025-01-30"]
    )
    with pytest.raises(SnapshotFault, match="both the end of the chain"):
        create_snapshot(store, DAY + timedelta(days=4), tmp_path)


def test_the_published_root_shows_a_day_sealed_anew_or_taken_away(store: Store, tmp_path: Path) -> None:
    create_snapshot(store, DAY, tmp_path)
    published = create_snapshot(store, DAY + timedelta(days=1), tmp_path).root
    assert verify_archive(tmp_path, root=published)["chain"] == []
    shutil.rmtree(tmp_path / "2025-01-29")
    assert not any(verify_archive(tmp_path).values()), "without the root nobody can know"
    assert verify_archive(tmp_path, root=published)["chain"] == [f"no day has the published root {published}"]
    first = read_manifest(tmp_path, DAY).root
    create_snapshot(store, DAY + timedelta(days=1), tmp_path)
    assert verify_archive(tmp_path, root=first)["chain"] == [f"2025-01-29 was sealed after the published root {first}"]


def test_the_database_remembers_what_was_sealed_from_it(store: Store, tmp_path: Path) -> None:
    create_snapshot(store, DAY, tmp_path)
    create_snapshot(store, DAY + timedelta(days=1), tmp_path)
    create_snapshot(store, DAY + timedelta(days=1), tmp_path / "second place")
    with store.connection() as connection:
        assert not any(verify_archive(tmp_path, connection=connection).values())
        assert not any(verify_archive(tmp_path / "second place", connection=connection).values())
        path = tmp_path / "2025-01-29" / "manifest.json"
        path.write_text(_resealed({**json.loads(path.read_text()), "code_version": "9.9.9"}))
        assert not any(verify_archive(tmp_path).values()), "whole in itself"
        [problem] = verify_archive(tmp_path, connection=connection)["chain"]
        assert problem.startswith("2025-01-29: root is ")
        shutil.rmtree(tmp_path / "2025-01-29")
        [problem] = verify_archive(tmp_path, connection=connection)["chain"]
        assert "2025-01-29: was sealed in" in problem
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"), store.connection() as connection:
        connection.execute("delete from ops.sealed")


def test_the_commands_seal_check_and_list(
    store: Store, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_DATABASE_URL", database_url)
    monkeypatch.setenv("LF_HOME", str(tmp_path))
    fill(store, ["Alpha"])
    run = CliRunner()
    created = run.invoke(app, ["create", "2025-01-28", "--json"])
    assert created.exit_code == 0, created.output
    root = json.loads(created.stdout)["root"]
    assert json.loads(run.invoke(app, ["list", "--json"]).stdout)[0]["root"] == root
    assert run.invoke(app, ["verify"]).exit_code == 0
    _flip(tmp_path / "snapshots" / "2025-01-28" / "core.article.parquet")
    broken = run.invoke(app, ["verify", "--json"])
    assert broken.exit_code == 1
    assert "core.article.parquet" in json.loads(broken.stdout)["2025-01-28"][0]


@pytest.mark.parametrize(("arguments", "code"), [(["create", "yesterday"], 2), (["verify"], 1)])
def test_bad_input_is_one_clear_line(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LF_HOME", str(tmp_path))
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code
    assert len(result.stderr.strip().splitlines()) == 1
