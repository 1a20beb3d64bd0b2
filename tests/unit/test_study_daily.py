"""News pressure and topic shares of a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from latticeforge.model import ARTICLE
from latticeforge.studies.daily import (
    about_events,
    code_shares,
    contiguous,
    mentions,
    news_pressure,
    topic_shares,
    with_events,
)

DAY = datetime(2025, 1, 28, tzinfo=UTC)


def articles(titles: list[str], at: list[datetime]) -> pl.DataFrame:
    rows = [
        {
            "window_start": when, "item_id": f"i{n:03d}", "source": "s", "account": "", "event_at": when,
            "date_status": "ok", "counted": True, "title": title, "summary": "", "url": "", "text_hash": b"",
        }
        for n, (title, when) in enumerate(zip(titles, at, strict=True))
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ARTICLE.columns)


def axes(numbers: list[int]) -> np.ndarray:
    """One direction a story."""
    return np.eye(384, dtype=np.float32)[numbers]


def day_of(sizes: list[int], start: datetime = DAY) -> tuple[pl.DataFrame, np.ndarray]:
    stories = [k for k, size in enumerate(sizes) for _ in range(size)]
    titles = [
        f"story {chr(97 + k) * 5} told {chr(97 + n % 26) * 3} {chr(97 + n % 7) * 4}" for n, k in enumerate(stories)
    ]
    return articles(titles, [start + timedelta(minutes=n) for n in range(len(stories))]), axes(stories)


def test_pressure_is_the_share_of_the_three_largest_stories() -> None:
    frame, vectors = day_of([10, 8, 6, 4, 2])
    found = news_pressure(frame, vectors)
    assert found["items"].to_list() == [30]
    assert found["pressure"].to_list() == [0.8]
    assert len(found["top"][0]) == 3 and found["top"][0][0].startswith("story aaaaa")


def test_copies_count_and_orders_of_rows_and_repeats_do_not() -> None:
    frame, vectors = day_of([10, 8, 6, 4, 2])
    order = np.random.default_rng(0).permutation(np.append(np.arange(30), [0, 29]))
    assert news_pressure(frame[order.tolist()], vectors[order]).equals(news_pressure(frame, vectors))


def test_a_day_with_few_items_is_missing_not_high() -> None:
    frame, vectors = day_of([2, 1])
    assert news_pressure(frame, vectors)["pressure"].to_list() == [None]


def test_days_do_not_touch_each_other() -> None:
    (one, a), (two, b) = day_of([10, 8, 6, 4, 2]), day_of([30], DAY + timedelta(days=1))
    both = pl.concat([one, two.with_columns(item_id="j" + pl.col("item_id"))])
    found = news_pressure(both, np.concatenate([a, b]))
    assert found["date"].to_list() == [date(2025, 1, 28), date(2025, 1, 29)]
    assert found["pressure"].to_list() == [0.8, 1.0]


def test_items_about_the_events_are_found_by_meaning() -> None:
    vectors = axes([0, 1, 2])
    between = (axes([0]) + axes([1])) / np.float32(np.sqrt(2))
    assert about_events(vectors, between).tolist() == [True, True, False]
    assert about_events(vectors, vectors[:0]).tolist() == [False] * 3


def test_terms_are_whole_words_in_any_case() -> None:
    titles = pl.Series(["Dr. Drone's day", "drones over Hull", "MORE  DRONES?", "a b. c", "abc"])
    assert mentions(titles, ["drones"]).to_list() == [False, True, True, False, False]
    assert mentions(titles, ["more drones", "drone"]).to_list() == [True, False, True, False, False]
    assert mentions(pl.Series(["costs 3.5 m", "costs 375 m"]), ["3.5"]).to_list() == [True, False]
    with pytest.raises(ValueError, match="at least one term"):
        mentions(titles, [" "])


def test_shares_of_topics_and_of_a_code_book() -> None:
    frame, _ = day_of([12, 8])
    shares = topic_shares(frame, {"coverage": ["aaaaa"], "diversion": ["bbbbb", "nothing"]})
    assert shares.select("items", "coverage", "diversion").rows() == [(20, 0.6, 0.4)]
    codes = code_shares(frame, np.array([0] * 5 + [-1] * 15), ["placebo 01", "placebo 02"])
    assert codes.select("placebo 01", "placebo 02").rows() == [(0.25, 0.0)]
    assert topic_shares(frame.head(5), {"coverage": ["aaaaa"]})["coverage"].to_list() == [None]


def test_days_in_between_are_missing_and_events_are_marked() -> None:
    days = pl.DataFrame({"date": [date(2025, 1, 4), date(2025, 1, 1)], "pressure": [0.4, 0.1]})
    marked = with_events(days, [date(2025, 1, 4), date(2025, 1, 4)])
    assert marked["event"].to_list() == [1, 0]
    assert contiguous(marked)["pressure"].to_list() == [0.1, None, None, 0.4]
    with pytest.raises(ValueError, match="2025-01-04 is there twice"):
        contiguous(pl.concat([days, days.head(1)]))
    with pytest.raises(ValueError, match="no days"):
        contiguous(days.clear())
