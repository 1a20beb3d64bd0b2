"""Daily series: news pressure, the share of topics, days with events.

Here: items and events into one row a day. Not here: what is estimated from them (``timing``, ``diversion``).
A day is a UTC day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import Schema
from latticeforge.narratives.clusters import narratives
from latticeforge.windows import Window

TOP = 3  # stories of a day whose share is its pressure
MIN_ITEMS = 20  # a day with fewer items is missing: three stories are all of it
OWN_SUBJECT = 0.5  # cosine to an event's title from which an item is about such events

DAILY: Schema = {
    "date": pl.Date,
    "items": pl.Int64,  # counted, the events' own subject left out
    "pressure": pl.Float64,  # [0, 1]; null where the day has too few items
    "top": pl.List(pl.String),  # headlines of its largest stories
}


def news_pressure(articles: pl.DataFrame, vectors: NDArray[np.float32]) -> pl.DataFrame:
    """DAILY rows: the share of each day's items, copies included, that its three largest stories take.

    Eisensee and Strömberg (2007) count the minutes of the top three stories of a broadcast; a feed has items. Stories
    are the narratives of the day (``narratives.clusters``); no other day enters. The order of rows changes nothing.

    Args:
        articles: ARTICLE rows; those not counted are left out.
        vectors: (n, 384) unit rows, row i for the i-th article.
    """
    rows = articles.with_columns(date=pl.col("event_at").dt.date(), row=pl.int_range(pl.len()))
    days = [
        _day(key[0], part.drop("date", "row"), vectors[part["row"].to_numpy()])
        for key, part in sorted(rows.filter("counted").partition_by("date", as_dict=True).items())
    ]
    return pl.DataFrame(days, schema=DAILY)


def _day(day: date, articles: pl.DataFrame, vectors: NDArray[np.float32]) -> dict[str, object]:
    found = narratives(articles, vectors, Window(datetime.combine(day, time(), UTC))).narrative.head(TOP)
    items = articles["item_id"].n_unique()
    pressure = round(int(found["items"].sum()) / items, 9) if items >= MIN_ITEMS else None
    return {"date": day, "items": items, "pressure": pressure, "top": found["headline"].to_list()}


def about_events(vectors: NDArray[np.float32], event_vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(n,) items that mean what some event's title means: on every day, or event days would be measured differently."""
    if not len(event_vectors) or not len(vectors):
        return np.zeros(len(vectors), dtype=np.bool_)
    near: NDArray[np.bool_] = np.round((vectors @ event_vectors.T).max(axis=1), 6) >= OWN_SUBJECT
    return near


def with_events(daily: pl.DataFrame, days: Sequence[date]) -> pl.DataFrame:
    """``daily`` with a column event: 1 on the given days, else 0."""
    return daily.with_columns(event=pl.col("date").is_in(sorted(set(days))).cast(pl.Int8))


def topic_shares(articles: pl.DataFrame, topics: dict[str, Sequence[str]]) -> pl.DataFrame:
    """A row a day: date, items, and for each topic the share of counted items whose title has one of its terms.

    Terms are whole words or phrases, in any case. A day with fewer than 20 items has null shares.
    """
    rows = articles.filter("counted").unique("item_id", keep="any").with_columns(date=pl.col("event_at").dt.date())
    marks = [mentions(rows["title"], terms).alias(name) for name, terms in topics.items()]
    grouped = rows.select("date", *marks).group_by("date")
    shares = grouped.agg(pl.len().cast(pl.Int64).alias("items"), *(pl.col(name).mean().round(9) for name in topics))
    return _without_small(shares.sort("date"), list(topics))


def mentions(titles: pl.Series, terms: Sequence[str]) -> pl.Series:
    """Whether each title has one of the terms, as whole words.

    Raises:
        ValueError: there are no terms.
    """
    wanted = [term.strip() for term in terms if term.strip()]
    if not wanted:
        raise ValueError("a topic needs at least one term")
    joined = "|".join(re.escape(term).replace(r"\ ", r"\s+") for term in wanted)
    return titles.str.contains(rf"(?i)\b(?:{joined})\b")


def code_shares(articles: pl.DataFrame, code: NDArray[np.int64], names: Sequence[str]) -> pl.DataFrame:
    """The same for the entries of a code book: ``code`` (n,) gives the entry of each article, -1 for none."""
    marks = [pl.Series(name, code == k) for k, name in enumerate(names)]
    rows = articles.with_columns(*marks, date=pl.col("event_at").dt.date()).filter("counted")
    grouped = rows.unique("item_id", keep="any").group_by("date")
    shares = grouped.agg(pl.len().cast(pl.Int64).alias("items"), *(pl.col(name).mean().round(9) for name in names))
    return _without_small(shares.sort("date"), list(names))


def _without_small(shares: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    return shares.with_columns(pl.when(pl.col("items") >= MIN_ITEMS).then(pl.col(name)).alias(name) for name in names)


def contiguous(days: pl.DataFrame) -> pl.DataFrame:
    """Every day from the first to the last, by date; what is not known of a day is null.

    Raises:
        ValueError: there are no days, or one is there twice.
    """
    if days.is_empty():
        raise ValueError("there are no days")
    if days["date"].is_duplicated().any():
        raise ValueError(f"{days.filter(days['date'].is_duplicated())['date'][0]} is there twice; give one row a day")
    first, last = days["date"].min(), days["date"].max()
    assert isinstance(first, date) and isinstance(last, date)
    every = pl.DataFrame({"date": pl.date_range(first, last, eager=True)})
    return every.join(days, on="date", how="left").sort("date")
