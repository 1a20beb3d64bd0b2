"""How often terms are mentioned, minute by minute, on the demo day.

Here: counts that follow the time of day and what is being published. Not here: serving them (``publishers``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from latticeforge.demo.publishing import Publication
from latticeforge.demo.rhythm import DAY_MINUTES, diurnal
from latticeforge.demo.variant import DAY_START

PLATFORM = "town-square"
_MEMORY_MINUTES = 12.0  # how long an item keeps people looking
_MENTIONS_PER_ITEM = 1.6


@dataclass(frozen=True)
class Attention:
    """Counts of shape (terms, 1440): column m is the minute that begins m minutes after ``start`` (UTC)."""

    platform: str
    start: datetime
    terms: tuple[str, ...]
    counts: NDArray[np.int64]

    def minute(self, index: int) -> datetime:
        """The beginning of minute ``index``."""
        return self.start + timedelta(minutes=index)


def attention(
    items: Sequence[Publication],
    terms: Mapping[str, Sequence[str]],
    background: Sequence[str],
    rng: np.random.Generator,
) -> Attention:
    """Counts for the terms of each story (id to terms), which follow its items, and for ``background`` terms."""
    row = {story: n for n, story in enumerate(terms)}
    interest = _interest(items, row)
    day = diurnal("us")
    names: list[str] = []
    rates: list[NDArray[np.float64]] = []
    for story, words in terms.items():
        for rank, word in enumerate(words):
            names.append(word)
            base = rng.lognormal(0.0, 0.7) / (rank + 1)
            rates.append(base * day + _MENTIONS_PER_ITEM / (rank + 1) * interest[row[story]])
    for word in background:
        names.append(word)
        rates.append(rng.lognormal(1.8, 0.6) * day)
    counts = rng.poisson(np.round(np.stack(rates), 9))
    order = sorted(range(len(names)), key=names.__getitem__)
    return Attention(PLATFORM, DAY_START, tuple(names[n] for n in order), counts[order].astype(np.int64))


def _interest(items: Sequence[Publication], row: Mapping[str, int]) -> NDArray[np.float64]:
    """Items of each story still in people's minds, shape (stories, 1440)."""
    told = np.zeros((len(row), DAY_MINUTES))
    for item in items:
        minute = int((item.visible_at - DAY_START).total_seconds() // 60)
        if 0 <= minute < DAY_MINUTES and item.story in row:
            told[row[item.story], minute] += 1
    kept = np.exp(-1 / _MEMORY_MINUTES)
    for minute in range(1, DAY_MINUTES):
        told[:, minute] += kept * told[:, minute - 1]
    return told
