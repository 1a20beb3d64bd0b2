"""What each asset is, in words: one table that the assets, the tests and the documents read.

Here: descriptions, owners, kinds, units. Not here: how an asset is computed.
"""

from __future__ import annotations

from dataclasses import dataclass

RADAR, DESK, ARCHIVE = "team:radar", "team:desk", "team:archive"


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of an asset. ``unit`` is what its plot counts."""

    description: str
    owner: str
    kinds: frozenset[str]
    unit: str = "rows"


_DERIVED = frozenset({"postgres", "polars"})
_STORED = frozenset({"postgres"})

CORE: dict[str, Entry] = {
    "articles": Entry(
        "Items as they count: the first revision of each, in its window; without a usable date kept but not counted.",
        RADAR,
        _DERIVED,
        "articles",
    ),
    "embeddings": Entry(
        "Which stored vector stands for which article, with the vector's SHA-256. A text is encoded once and kept.",
        RADAR,
        frozenset({"postgres", "pytorch"}),
        "articles",
    ),
    "narratives": Entry(
        "Micro-clusters of a window's articles in embedding space; near-duplicates fold into one voice.",
        RADAR,
        _DERIVED,
        "narratives and their items",
    ),
    "spike_baselines": Entry(
        "For each narrative at 5, 15 and 60 minutes: how many items its meaning had in the last 6 hours and at the same"
        " time of the 7 earlier days, as a Gamma posterior of its share.",
        RADAR,
        _DERIVED,
        "baselines",
    ),
    "spikes": Entry(
        "Narratives above their baseline: predictive tail, onset, one alarm an onset; and political bursts.",
        RADAR,
        _DERIVED,
        "spikes and bursts",
    ),
    "correlations": Entry(
        "Event × spike: lag, unrelatedness, amplification and leadership, with p against placebo slots and q over every"
        " test of the window.",
        DESK,
        _DERIVED,
        "links tested",
    ),
    "distraction_scores": Entry(
        "Likelihood with its 95 % interval, belief masses, conflict and verdict of each link. It measures timing, never"
        " motive.",
        DESK,
        _DERIVED,
        "links scored",
    ),
    "signals": Entry(
        "How each leading source, term and narrative stands in a window, against its own last day: robust scores, with"
        " what was clipped; missing is not zero.",
        RADAR,
        _DERIVED,
        "streams",
    ),
    "regimes": Entry(
        "Early warnings of each stream with their lead, and how all streams of a kind behave together; a label that"
        " emergence does not bear out is no attractor and is not shown.",
        RADAR,
        _DERIVED,
        "streams and kinds judged",
    ),
    "causal_graph": Entry(
        "Which sources and terms foretell which, once an hour over a week of cells of 15 minutes: transfer entropy with"
        " lag, p and q over every pair. Foretelling is not causing.",
        RADAR,
        _DERIVED,
        "links and tests",
    ),
    "fragility": Entry(
        "Whether that graph hangs on few streams more than its degrees explain; hub take-overs and reversals.",
        RADAR,
        _DERIVED,
        "measures and turns",
    ),
    "beliefs": Entry(
        "What each of the five detectors believes of a link, what they believe together, and their conflict K: the"
        " masses that the score rests on.",
        DESK,
        _DERIVED,
        "beliefs",
    ),
}

EXTERNAL: dict[str, Entry] = {
    "landing/item": Entry("Every revision of every item, append-only, as parsed.", RADAR, _STORED),
    "landing/attention": Entry("Mentions a minute of each watched term on each platform.", RADAR, _STORED),
    "landing/calendar_event": Entry("Political events from ICS and CSV calendars.", DESK, _STORED),
    "live/alert": Entry("What the radar says of a window that is still open; provisional.", DESK, _STORED),
    "live/windows": Entry("Windows the radar has closed, with counts, lag and delays.", RADAR, _STORED),
    "core/calendar_link": Entry(
        "Tests of whole calendars of events against narratives, with their placebo fans, published by `lf analyze`; "
        "append-only.",
        DESK,
        _STORED,
    ),
    "ops/source": Entry("Each source with its state, its last success and its next attempt.", RADAR, _STORED),
    "ops/gap": Entry("Holes in collection: open, filled or lost.", RADAR, _STORED),
    "ops/change": Entry("Published numbers that changed, with before, after and why; append-only.", DESK, _STORED),
    "ops/service": Entry("Each running service with its last sign of life.", RADAR, _STORED),
}

DECISIONS = Entry(
    "Live alarms confirmed or withdrawn, each on the date published with it, against slots on both sides; append-only.",
    DESK,
    _DERIVED,
    "alarms decided",
)

DAILY_SNAPSHOT = Entry(
    "One UTC day sealed: Parquet files and a manifest under one Merkle root, chained to the day before.",
    ARCHIVE,
    frozenset({"parquet"}),
)
