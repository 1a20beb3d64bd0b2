"""The articles of one window: what landed, one row an item.

Here: which revision of an item counts, and whether the item counts at all. Not here: reading landing (``store``) or
judging dates (``sources``).
"""

from __future__ import annotations

import polars as pl

from latticeforge.instants import instant
from latticeforge.model import ARTICLE, DateStatus
from latticeforge.windows import Window


def articles(landed: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The ARTICLE rows of ``window``: the first revision that landed of every item, in the order of ``item_id``.

    A correction that lands later is a new revision of the same item: it must not count twice, nor change what was
    counted. An item without a trusted date is kept and not counted.

    Args:
        landed: rows of ``landing.item`` whose ``coalesce(event_at, first_seen_at)`` lies in the window, any order.
    """
    if landed.is_empty():
        return ARTICLE.empty()
    first = landed.sort("seq").unique("item_id", keep="first", maintain_order=True)
    return ARTICLE.shape(
        first.with_columns(window_start=instant(window.start), counted=pl.col("date_status") == DateStatus.OK.value)
    )
