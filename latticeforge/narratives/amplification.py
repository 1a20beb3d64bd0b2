"""How a surge was carried: copies, concentration, sharpness, synchrony.

Here: features of the items of one spiking narrative, each in a stated range. Not here: what they say about its cause
(``scores``). They describe wording, accounts and times, never motives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Carriers:
    """The counted items of one narrative in order of time: n items."""

    item_ids: list[str]
    seconds: NDArray[np.float64]  # (n,) since 1970 UTC
    account: NDArray[np.int64]  # (n,) code of (source, account)
    source: NDArray[np.int64]  # (n,) code of the source
    voice: NDArray[np.int64]  # (n,) code of the wording

    def without(self, block: int, blocks: int) -> Carriers:
        """All but every ``blocks``-th item, counted from ``block``."""
        kept = np.arange(self.account.size) % blocks != block
        ids = [item for item, keep in zip(self.item_ids, kept, strict=True) if keep]
        return Carriers(ids, self.seconds[kept], self.account[kept], self.source[kept], self.voice[kept])


def carriers(narrative_id: str, items: pl.DataFrame, articles: pl.DataFrame) -> Carriers:
    """The items of a narrative, joined and coded; rows in any order."""
    own = items.filter(pl.col("narrative_id") == narrative_id).select("item_id", "voice_id")
    placed = articles.select("item_id", "source", "account", "event_at")
    own = own.join(placed, on="item_id").sort("event_at", "item_id")
    return Carriers(
        item_ids=own["item_id"].to_list(),
        seconds=own["event_at"].dt.epoch("us").to_numpy() / 1e6,
        account=_codes(list(zip(own["source"], own["account"], strict=True))),
        source=_codes(own["source"].to_list()),
        voice=_codes(own["voice_id"].to_list()),
    )


def copy_share(voice: NDArray[np.int64]) -> float:
    """1 - wordings / items, in [0, 1): 0 where each item is worded its own way."""
    return 1.0 - np.unique(voice).size / voice.size


def concentration(account: NDArray[np.int64]) -> float:
    """Herfindahl index of items over accounts, in (0, 1]: 1 where one account posted all."""
    share = np.bincount(account) / account.size
    return float(share @ share)


def synchrony(seconds: NDArray[np.float64], account: NDArray[np.int64], end_s: float) -> float:
    """How early the accounts joined between the first item and ``end_s``, in [0, 1].

    One minus the mean delay of each other account's first item, as a share of the time seen: 1/2 where they drop in
    evenly, near 1 where all start together, 0 for a single account.
    """
    _, first = np.unique(account, return_index=True)
    joined = np.sort(seconds[first])
    seen = end_s - joined[0]
    if joined.size < 2 or seen <= 0:
        return 0.0
    return float(np.clip(1.0 - np.mean(joined[1:] - joined[0]) / seen, 0.0, 1.0))


def sharpness(items: NDArray[np.float64], expected: NDArray[np.float64], onset: int) -> float:
    """Share of the surge inside its first five minutes, in [0, 1].

    ``items`` and ``expected`` are five-minute bins, newest first; the surge runs from bin ``onset`` to bin 0. It may
    have begun anywhere inside its first bin, so the fuller of the first two bins counts.
    """
    extra = np.maximum(items[: onset + 1] - expected[: onset + 1], 0.0)
    total = float(extra.sum())
    return float(extra[max(onset - 1, 0) :].max()) / total if total > 0 else 0.0


def _codes(values: list[str] | list[tuple[str, str]]) -> NDArray[np.int64]:
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)
