"""`lf verify`: silent where all is whole, and every tampering named by table, window, generation and item."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import CalendarEvent, DateStatus, Fetch, Item, item_id_of
from latticeforge.radar.core import RadarCore
from latticeforge.radar.verify import span, verify
from latticeforge.store import Store
from latticeforge.store.landing import land_events, land_fetch, land_items
from latticeforge.store.places import archive_at
from latticeforge.store.snapshot import create_snapshot
from resources import EncoderResource

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
DAY = date(2025, 1, 28)
STORIES = ("Council votes on bridge", "Storm closes railway", "Club signs striker", "Grain cheaper", "Lost art shown")
Check = Callable[[], list[str]]


def item(n: int) -> Item:
    at = NOON + timedelta(seconds=45 * n)
    title = f"{STORIES[n * n % 5]} {'today' * (n % 3)}"
    source = f"paper{n % 6}"
    return Item(item_id_of(source, str(n)), source, str(n), title, "", "", "", at, None, at, DateStatus.OK, at)


@pytest.fixture
def sealed(store: Store, encoder: Encoder, tmp_path: Path) -> Store:
    """Half an hour of headlines, closed, and its day sealed."""
    at = NOON + timedelta(minutes=12)
    with store.connection() as c:
        fetch_id = land_fetch(c, Fetch("paper", "http://x/", NOON, NOON, 200, {}, b"page"))
        land_items(c, [item(n) for n in range(40)], fetch_id)
        land_events(c, [CalendarEvent("e1", "law", "Clemency announced", at, "law", 0.9, at)], None)
    RadarCore(store, encoder, lateness=timedelta(seconds=60)).tick(NOON + timedelta(minutes=32))
    create_snapshot(store, DAY, tmp_path / "snapshots")
    return store


@pytest.fixture
def check(sealed: Store, encoder: Encoder, tmp_path: Path) -> Check:
    """Every problem of every check."""

    def run() -> list[str]:
        there = span(sealed)
        assert there is not None
        found = list(verify(sealed, lambda: encoder, archive_at(tmp_path / "snapshots"), *there, every_text=True))
        assert [f.check for f in found] == ["landing", "rows", "counting", "vectors", "texts", "chain", "archive"]
        assert all(f.checked for f in found)
        return [problem for f in found for problem in f.problems]

    return run


ONE_ARTICLE = "(select min(item_id) from core.article where window_start = '2025-01-28 12:05Z')"
OTHER_VECTOR = (
    "update core.embedding e set vector = (select o.vector from core.embedding o where o.text_hash <> e.text_hash"
    " order by o.vector <=> e.vector desc limit 1) where e.text_hash = (select min(text_hash) from core.embedding)"
)
TAMPERINGS = {
    f"update core.article set title = 'Forged' where item_id = {ONE_ARTICLE}": (
        r"core.article 2025-01-28T12:05Z generation \d+ item_id [0-9a-f]{24}: title is 'Forged', it was '.+'"
    ),
    f"delete from core.article where item_id = {ONE_ARTICLE}": (
        r"core.article 2025-01-28T12:05Z generation \d+ item_id [0-9a-f]{24}: missing"
    ),
    "update core.narrative set items = items + 1 where narrative_id = '20250128T1210Z-001'": (
        r"core.narrative 2025-01-28T12:10Z generation \d+ narrative_id 20250128T1210Z-001: items is 4, it was 3"
    ),
    "update core.narrative_item set similarity = 0.5 where window_start = '2025-01-28 12:00Z'": (
        r"core.narrative_item 2025-01-28T12:00Z generation \d+ item_id [0-9a-f]{24}: similarity is 0.5"
    ),
    OTHER_VECTOR: r"core.embedding [0-9a-f]{16}, window 2025-01-28T\S+ item [0-9a-f]{24}: the vector is not that",
    "delete from core.embedding where text_hash = (select min(text_hash) from core.embedding)": (
        r"window 2025-01-28T\S+ item [0-9a-f]{24}: no vector of .* is stored"
    ),
    "update landing.item set title = 'Other words' where seq = 5": (
        r"landing.item 5, item [0-9a-f]{24}: title, summary, url or author are not those of its content hash"
    ),
    "update landing.payload set body = 'forged'": r"landing.payload [0-9a-f]{16} of fetch 1: its bytes are others",
    "delete from core.active where asset = 'spikes' and window_start = '2025-01-28 12:15Z'": (
        r"spikes 2025-01-28T12:15Z: closed, and nothing of it counts"
    ),
    "update core.generation set row_count = 9 where asset = 'articles' and window_start = '2025-01-28 12:00Z'": (
        r"core.generation \d+, articles 2025-01-28T12:00Z: row_count is 9, core.ledger entry \d+ says"
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_changed_is_named_with_its_place(sealed: Store, check: Check, tampering: str) -> None:
    assert check() == []
    with sealed.connection() as c:
        c.execute("set local session_replication_role = replica")  # as whoever may switch triggers off
        assert c.execute(tampering.encode()).rowcount
    found = check()
    assert any(re.match(TAMPERINGS[tampering], problem) for problem in found), found


def test_a_generation_that_counts_no_more_is_checked_too(sealed: Store, encoder: Encoder, check: Check) -> None:
    core = RadarCore(sealed, encoder, lateness=timedelta(seconds=60))
    core.resume(NOON + timedelta(minutes=32))
    with sealed.connection() as c:
        late = item(3)
        land_items(c, [replace(late, item_id=item_id_of("paper9", "late"), source="paper9", guid="late")], None)
    core.tick(NOON + timedelta(minutes=37))
    assert check() == []
    with sealed.connection() as c:
        old = c.execute(
            "select min(generation_id) from core.generation where asset = 'articles' and window_start = %s", (NOON,)
        ).fetchone()
        assert old is not None
        c.execute("update core.article set url = 'http://forged/' where generation_id = %s", old)
    found, where = check(), f"core.article 2025-01-28T12:00Z generation {old[0]} item_id"
    assert found and all(p.startswith(where) and "url is 'http://forged/'" in p for p in found), "the archive knows it"


def test_the_command_says_so_and_exits_with_1(
    sealed: Store, database_url: str, tmp_path: Path, encoders: EncoderResource
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LF_")}
    environment |= {"LF_HOME": str(tmp_path), "LF_DATABASE_URL": database_url}
    (tmp_path / "models").symlink_to(encoders.models)
    command = [
        sys.executable,
        "-m",
        "latticeforge.cli",
        "verify",
        "--json",
        "--from",
        "2025-01-28",
        "--to",
        "2025-01-29",
    ]

    def run() -> tuple[int, dict[str, list[str]]]:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        return done.returncode, {f["check"]: f["problems"] for f in json.loads(done.stdout)}

    code, found = run()
    assert code == 0 and not any(found.values())
    (tmp_path / "snapshots" / "2025-01-28" / "core.spike.parquet").unlink()
    code, found = run()
    assert code == 1
    assert [name for name, problems in found.items() if problems] == ["archive"]
    assert any("core.spike.parquet" in problem for problem in found["archive"])
