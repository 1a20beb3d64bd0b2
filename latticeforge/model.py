"""The records that cross borders between floors, and the tables that hold derived data.

Here: frozen records, the list of assets with their columns, keys and digest. Not here: how they are computed
(``narratives``) or stored (``store``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import pairwise
from typing import Any
from weakref import WeakValueDictionary

import polars as pl

EMBEDDING_DIM = 384
UTC_TIME = pl.Datetime("us", "UTC")
Schema = dict[str, pl.DataType | type[pl.DataType]]


VECTOR = pl.Array(pl.Float32, EMBEDDING_DIM)


class DateStatus(StrEnum):
    """Why an item's publication time is, or is not, trusted. Only ``OK`` items are counted."""

    OK = "ok"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    FUTURE = "future"
    ANCIENT = "ancient"
    CLOCK = "clock"  # the source's own clock is off by a constant


class Grade(StrEnum):
    """How strong a statement is. One event alone can never be more than provisional."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    EXPLORATORY = "exploratory"


class Verdict(StrEnum):
    """What a score says in words; thresholds are in docs/method."""

    LIKELY = "likely"
    CONTESTED = "contested"
    UNLIKELY = "unlikely"
    NO_EVIDENCE = "no evidence"


EVENT_COLUMNS: Schema = {  # events as the link test reads them
    "event_id": pl.String,
    "calendar_id": pl.String,
    "title": pl.String,
    "occurred_at": UTC_TIME,
    "category": pl.String,
    "impact": pl.Float64,
    "time_known": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Fetch:
    """One answer of one source, exactly as it came off the network (or why none came)."""

    source: str
    url: str
    requested_at: datetime
    received_at: datetime
    status: int  # HTTP status; 0 where no answer came
    headers: dict[str, str] = field(default_factory=dict)
    payload: bytes = b""
    fault: str | None = None

    @property
    def sha256(self) -> bytes:
        """SHA-256 of the payload (32 bytes)."""
        return hashlib.sha256(self.payload).digest()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of one source. ``published_at`` is what the source said; ``event_at`` is what we trust (or None)."""

    item_id: str
    source: str
    guid: str
    title: str
    summary: str
    url: str
    author: str
    published_at: datetime | None
    updated_at: datetime | None
    event_at: datetime | None
    date_status: DateStatus
    first_seen_at: datetime
    problems: tuple[str, ...] = ()
    account: str = ""  # who posted it, where the source is a social stream

    @property
    def text(self) -> str:
        """What is encoded: the title alone. Summaries exist for some sources only and would set those apart."""
        return self.title

    @property
    def text_hash(self) -> bytes:
        """Key of the text in ``core.embedding``."""
        return text_hash(self.text)

    @property
    def content_hash(self) -> bytes:
        """Changes when the source corrects the item; (item_id, content_hash) is one revision."""
        parts = (self.title, self.summary, self.url, self.author)
        return hashlib.sha256("\x1f".join(parts).encode()).digest()


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of a batch of items: every item is in exactly one of the three counts."""

    new: int = 0
    duplicate: int = 0  # this revision was there already
    revised: int = 0  # known item, changed content

    def __add__(self, other: Landed) -> Landed:
        return Landed(self.new + other.new, self.duplicate + other.duplicate, self.revised + other.revised)


@dataclass(frozen=True, slots=True)
class AttentionCount:
    """Mentions of a term on a platform in the minute that begins at ``observed_at``."""

    platform: str
    term: str
    observed_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One political event. ``impact`` is in [0, 1], or None where the calendar gives none."""

    event_id: str
    calendar_id: str
    title: str
    occurred_at: datetime
    category: str
    impact: float | None
    first_seen_at: datetime
    time_known: bool = True  # False: the calendar gave a date without a time
    description: str = ""
    url: str = ""


def text_hash(text: str) -> bytes:
    """SHA-256 of the text as it goes into the encoder (32 bytes)."""
    return hashlib.sha256(text.encode()).digest()


def item_id_of(source: str, guid: str) -> str:
    """The identity of an item: 24 hexadecimal digits of SHA-256 over source and guid."""
    return hashlib.sha256(f"{source}\x1f{guid}".encode()).hexdigest()[:24]


@dataclass(frozen=True, eq=False)
class Table:
    """One table of derived rows. ``key`` is unique within a window and gives the canonical order."""

    name: str  # schema.table
    columns: Schema  # name -> polars type; generation_id is added by the store
    key: tuple[str, ...]

    @cached_property
    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.columns)

    def empty(self) -> pl.DataFrame:
        """No rows, with the right types."""
        return self._empty

    def shape(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The same rows with exactly these columns, types and order.

        Raises:
            ValueError: a column is missing, or the key is not unique.
        """
        if self._shaped.get(id(frame)) is frame:
            return frame
        missing = self.columns.keys() - set(frame.columns)
        if missing:
            raise ValueError(f"{self.name}: rows lack the column(s) {', '.join(sorted(missing))}")
        if not frame.height:
            return self.empty()
        shaped = frame if self._is_shaped(frame) else frame.select(self._casts).sort(self.key)
        if len(set(self._keys(shaped))) < shaped.height:
            raise ValueError(f"{self.name}: two rows of one window have the same {', '.join(self.key)}")
        self._shaped[id(shaped)] = shaped
        return shaped

    @cached_property
    def _casts(self) -> list[pl.Expr]:
        return [pl.col(n).cast(t) for n, t in self.columns.items()]

    @cached_property
    def _shaped(self) -> WeakValueDictionary[int, pl.DataFrame]:
        """Frames that have been shaped, by identity: each comes by four or five times on its way."""
        return WeakValueDictionary({id(self._empty): self._empty})

    @cached_property
    def _types(self) -> list[tuple[str, pl.DataType | type[pl.DataType]]]:
        return list(self._empty.schema.items())

    def _is_shaped(self, frame: pl.DataFrame) -> bool:
        if frame.width != len(self.columns) or list(zip(frame.columns, frame.dtypes, strict=True)) != self._types:
            return False
        return not any(frame[k].null_count() for k in self.key) and all(a <= b for a, b in pairwise(self._keys(frame)))

    def _keys(self, frame: pl.DataFrame) -> list[tuple[Any, ...]]:
        return list(zip(*(frame[k].to_list() for k in self.key), strict=True))


@dataclass(frozen=True)
class Asset:
    """A derived asset: what one generation of one window holds."""

    name: str
    tables: tuple[Table, ...]
    upstream: tuple[str, ...] = ()


ARTICLE = Table(
    "core.article",
    {
        "window_start": UTC_TIME,
        "item_id": pl.String,
        "source": pl.String,
        "account": pl.String,
        "event_at": UTC_TIME,  # null: the item has no usable date and is not counted
        "date_status": pl.String,
        "counted": pl.Boolean,
        "title": pl.String,
        "summary": pl.String,
        "url": pl.String,
        "text_hash": pl.Binary,
    },
    ("item_id",),
)

ARTICLE_EMBEDDING = Table(
    "core.article_embedding",
    {
        "window_start": UTC_TIME,
        "item_id": pl.String,
        "text_hash": pl.Binary,
        "model": pl.String,
        "vector_sha256": pl.Binary,  # over the float32 little-endian bytes
    },
    ("item_id",),
)

NARRATIVE = Table(
    "core.narrative",
    {
        "window_start": UTC_TIME,
        "narrative_id": pl.String,  # window start and rank: 20250128T1420Z-003
        "label": pl.String,
        "headline": pl.String,  # the most central title
        "items": pl.Int32,  # counted items
        "voices": pl.Int32,  # items after near-duplicates are folded into one
        "sources": pl.Int32,
        "accounts": pl.Int32,  # distinct (source, account)
        "copy_share": pl.Float64,  # 1 - voices / items, [0, 1)
        "source_hhi": pl.Float64,  # Herfindahl index of items over accounts, (0, 1]
        "first_at": UTC_TIME,
        "last_at": UTC_TIME,
        "centroid": VECTOR,  # unit length
    },
    ("narrative_id",),
)

NARRATIVE_ITEM = Table(
    "core.narrative_item",
    {
        "window_start": UTC_TIME,
        "narrative_id": pl.String,
        "item_id": pl.String,
        "voice_id": pl.String,  # item_id of the first item with the same wording; its own where it is the first
        "similarity": pl.Float64,  # cosine to the centroid
    },
    ("item_id",),
)

SPIKE_BASELINE = Table(
    "core.spike_baseline",
    {
        "window_start": UTC_TIME,
        "narrative_id": pl.String,
        "scale_minutes": pl.Int32,  # 5, 15 or 60
        "observed": pl.Float64,  # items (voices and copies) of this meaning in the trailing scale
        "exposure": pl.Float64,  # all counted items in the same span
        "expected": pl.Float64,  # items expected from the baseline share
        "alpha": pl.Float64,  # Gamma posterior of the share: shape
        "beta": pl.Float64,  # Gamma posterior of the share: rate, in items of exposure
        "history_windows": pl.Int32,  # windows the baseline rests on
        "missing_windows": pl.Int32,  # windows left out for a recorded gap
    },
    ("narrative_id", "scale_minutes"),
)

SPIKE = Table(
    "core.spike",
    {
        "window_start": UTC_TIME,
        "spike_id": pl.String,  # narrative_id and the scale: 20250128T1420Z-003-15m
        "narrative_id": pl.String,
        "label": pl.String,
        "scale_minutes": pl.Int32,
        "observed": pl.Float64,
        "expected": pl.Float64,
        "ratio": pl.Float64,  # share against its baseline share
        "p_value": pl.Float64,  # predictive tail, before any correction
        "surprise": pl.Float64,  # -log10 p, clipped at 300
        "onset_at": UTC_TIME,
        "is_onset": pl.Boolean,  # True for the one alarm of this onset
    },
    ("spike_id",),
)

POLITICAL_BURST = Table(
    "core.political_burst",
    {
        "window_start": UTC_TIME,
        "event_id": pl.String,
        "narrative_id": pl.String,
        "title": pl.String,
        "occurred_at": UTC_TIME,
        "impact": pl.Float64,
        "centroid": VECTOR,
    },
    ("event_id",),
)

CORRELATION = Table(
    "core.correlation",
    {
        "window_start": UTC_TIME,
        "link_id": pl.String,  # event_id and spike_id
        "event_id": pl.String,
        "spike_id": pl.String,
        "narrative_id": pl.String,
        "lag_s": pl.Float64,  # onset minus event; positive: the spike follows
        "unrelatedness": pl.Float64,  # 1 - cosine(event text, narrative), [0, 2]
        "copy_share": pl.Float64,
        "source_concentration": pl.Float64,
        "onset_sharpness": pl.Float64,  # share of the surge inside its first five minutes, [0, 1]
        "synchrony": pl.Float64,  # how close in time the accounts joined, [0, 1]
        "sources": pl.Int32,
        "leadership_bits": pl.Float64,  # transfer entropy event coverage -> narrative, null where too short
        "effect_items": pl.Float64,  # items above the baseline
        "effect_low": pl.Float64,
        "effect_high": pl.Float64,
        "p_value": pl.Float64,  # (b + 1) / (m + 1) against placebo slots
        "placebos": pl.Int32,  # m
        "tests": pl.Int32,  # tests made in this window, all counted
        "q_value": pl.Float64,  # Benjamini-Hochberg over those tests
    },
    ("link_id",),
)

DISTRACTION_SCORE = Table(
    "core.distraction_score",
    {
        "window_start": UTC_TIME,
        "link_id": pl.String,
        "event_id": pl.String,
        "narrative_id": pl.String,
        "label": pl.String,
        "grade": pl.String,
        "verdict": pl.String,
        "likelihood": pl.Float64,  # [0, 1]; null where the verdict is "no evidence"
        "likelihood_low": pl.Float64,
        "likelihood_high": pl.Float64,
        "belief_distraction": pl.Float64,
        "belief_organic": pl.Float64,
        "belief_unknown": pl.Float64,
        "conflict_k": pl.Float64,
        "lag_s": pl.Float64,
        "effect_items": pl.Float64,
        "p_value": pl.Float64,
        "q_value": pl.Float64,
        "evidence": pl.List(pl.String),  # item ids, in order of time
        "partial": pl.List(pl.String),  # reasons this number rests on incomplete data
        "method_version": pl.String,
    },
    ("link_id",),
)

ASSETS: dict[str, Asset] = {
    asset.name: asset
    for asset in (
        Asset("articles", (ARTICLE,)),
        Asset("embeddings", (ARTICLE_EMBEDDING,), ("articles",)),
        Asset("narratives", (NARRATIVE, NARRATIVE_ITEM), ("articles", "embeddings")),
        Asset("spike_baselines", (SPIKE_BASELINE,), ("narratives",)),
        Asset("spikes", (SPIKE, POLITICAL_BURST), ("spike_baselines", "narratives")),
        Asset("correlations", (CORRELATION,), ("spikes", "narratives")),
        Asset("distraction_scores", (DISTRACTION_SCORE,), ("correlations",)),
    )
}
