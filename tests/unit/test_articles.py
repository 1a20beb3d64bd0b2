"""Which revision of an item counts, and whether it counts at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

from latticeforge.narratives.articles import articles
from latticeforge.store.landing import LANDED
from latticeforge.windows import Window

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)


def landed(*rows: tuple[int, str, str, str]) -> pl.DataFrame:
    """Rows (seq, item, title, date_status) as landing gives them."""
    columns = {
        "seq": [r[0] for r in rows],
        "item_id": [r[1] for r in rows],
        "title": [r[2] for r in rows],
        "date_status": [r[3] for r in rows],
        "event_at": [NOON + timedelta(seconds=r[0]) if r[3] == "ok" else None for r in rows],
        "first_seen_at": [NOON + timedelta(minutes=1)] * len(rows),
    }
    texts = {n: [""] * len(rows) for n in ("source", "account", "summary", "url")}
    hashes = {n: [bytes(32)] * len(rows) for n in ("content_hash", "text_hash")}
    return pl.DataFrame({**columns, **texts, **hashes}, schema=LANDED)


def test_the_first_revision_counts_whatever_the_order_of_rows() -> None:
    rows = landed((7, "a", "corrected twice", "ok"), (3, "a", "as it came", "ok"), (5, "a", "corrected", "ok"))
    for frame in (rows, rows.reverse()):
        assert articles(frame, Window(NOON))["title"].to_list() == ["as it came"]


def test_an_item_without_a_trusted_date_is_kept_and_not_counted() -> None:
    found = articles(landed((1, "a", "A", "ok"), (2, "b", "B", "missing"), (3, "c", "C", "future")), Window(NOON))
    assert found.select("item_id", "counted").rows() == [("a", True), ("b", False), ("c", False)]
    assert found["event_at"].null_count() == 2


def test_nothing_landed_gives_no_articles() -> None:
    assert articles(landed(), Window(NOON)).is_empty()
