"""Events against spikes: lag, unrelatedness, amplification, who leads, effect, and how rare such a group is.

Here: every (event, alarm) pair of a window as one test. Not here: which narratives spike (``spikes``), which events
count (``events``), the features (``amplification``, ``leadership``), the null (``placebo``) and what it all means
(``scores``).

Method: docs/method/links.md.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.model import CORRELATION
from latticeforge.narratives.amplification import carriers, concentration, copy_share, sharpness, synchrony
from latticeforge.narratives.baseline import SCALES_MINUTES, Counts, counted, posterior
from latticeforge.narratives.events import events_near
from latticeforge.narratives.history import RECENT_WINDOWS, History, cosines, density, kernel
from latticeforge.narratives.leadership import transfer_entropy_bits
from latticeforge.narratives.placebo import benjamini_hochberg, effect_interval, group_p
from latticeforge.narratives.spikes import LOOK_BACK, onset_age
from latticeforge.windows import Window

MIN_UNRELATED = 0.65  # below: the narrative is, or may be, the event's own coverage


def correlations(
    spikes: pl.DataFrame,
    narrative: pl.DataFrame,
    items: pl.DataFrame,
    articles: pl.DataFrame,
    events: pl.DataFrame,
    event_vectors: NDArray[np.float32],
    history: History,
    window: Window,
) -> pl.DataFrame:
    """CORRELATION rows: each event of the last two hours against each alarm of the window.

    ``event_vectors`` (e, 384) belong to the rows of ``events``. A pair closer than the gate is the event's own
    coverage: it has no row, but counts in ``tests`` and in the correction as a test that found nothing. A spike that
    precedes its event (``lag_s`` < 0) has a row and is corrected in the same way. Rows in any order give the same
    result.
    """
    if spikes.is_empty() or events.is_empty():
        return CORRELATION.empty()
    near = events_near(events.with_row_index("row"), window)
    alarms = spikes.filter("is_onset").sort("spike_id")
    tests = near.height * alarms.height
    if not tests:
        return CORRELATION.empty()
    vectors = event_vectors[near["row"].to_numpy()]
    counts = counted(narrative, history, window)
    cosine = cosines(vectors, counts.vectors)
    usable = _usable(counts)
    coverage = _coverage(vectors, cosine, counts, history)
    follower = counts.recent(RECENT_WINDOWS)[0][:, ::-1]
    place = {name: k for k, name in enumerate(counts.narrative["narrative_id"])}
    rows: list[dict[str, Any]] = []
    for alarm in alarms.iter_rows(named=True):
        k = place[alarm["narrative_id"]]
        described = _describe(alarm, k, items, articles, counts, history, window)
        for e in np.flatnonzero(1.0 - cosine[:, k] >= MIN_UNRELATED):
            bits = transfer_entropy_bits(coverage[e], follower[k], usable)
            rows.append(
                described
                | {
                    "link_id": f"{near['event_id'][int(e)]}|{alarm['spike_id']}",
                    "event_id": near["event_id"][int(e)],
                    "lag_s": (alarm["onset_at"] - near["occurred_at"][int(e)]).total_seconds(),
                    "unrelatedness": 1.0 - float(cosine[e, k]),
                    "leadership_bits": bits,
                    "tests": tests,
                }
            )
    return _corrected(rows, tests)


def _describe(
    alarm: dict[str, Any],
    k: int,
    items: pl.DataFrame,
    articles: pl.DataFrame,
    counts: Counts,
    history: History,
    window: Window,
) -> dict[str, Any]:
    """The columns that belong to the alarm whatever the event."""
    own = carriers(alarm["narrative_id"], items, articles)
    alpha, beta = (values[k : k + 1] for values in posterior(counts))
    span = alarm["scale_minutes"] // SCALES_MINUTES[0]
    recent, exposure = (a[..., : LOOK_BACK + 1] for a in counts.recent(LOOK_BACK))
    share = alpha / beta
    onset = int(onset_age(recent[k : k + 1], exposure, share)[0])
    effect = alarm["observed"] - alarm["expected"]
    low, high = effect_interval(counts, k, span, effect, float(alpha[0]), float(beta[0]), float(exposure[:span].sum()))
    p_value, placebos = group_p(float(len(own.item_ids)), k, counts, history)
    return {
        "window_start": window.start,
        "spike_id": alarm["spike_id"],
        "narrative_id": alarm["narrative_id"],
        "copy_share": copy_share(own.voice),
        "source_concentration": concentration(own.account),
        "onset_sharpness": sharpness(recent[k], share * exposure, onset),
        "synchrony": synchrony(own.seconds, own.account, window.end.timestamp()),
        "sources": int(np.unique(own.source).size),
        "effect_items": effect,
        "effect_low": low,
        "effect_high": high,
        "p_value": p_value,
        "placebos": placebos,
    }


def _coverage(
    vectors: NDArray[np.float32], cosine: NDArray[np.float64], counts: Counts, history: History
) -> NDArray[np.float64]:
    """Items that mean the same as each event, (e, 73) five-minute bins, oldest first, this window last."""
    series = np.zeros((len(vectors), RECENT_WINDOWS + 1))
    near = np.flatnonzero((counts.age >= 1) & (counts.age <= RECENT_WINDOWS))
    series[:, counts.age[near]] = density(vectors, history)[:, near]
    series[:, 0] = kernel(cosine) @ counts.narrative["items"].cast(pl.Float64).to_numpy()
    return series[:, ::-1]


def _usable(counts: Counts) -> NDArray[np.bool_]:
    """(73,) which of those bins were counted."""
    usable = np.zeros(RECENT_WINDOWS + 1, dtype=np.bool_)
    usable[counts.age[counts.usable & (counts.age >= 1) & (counts.age <= RECENT_WINDOWS)]] = True
    usable[0] = True
    return usable[::-1]


def _corrected(rows: list[dict[str, Any]], tests: int) -> pl.DataFrame:
    if not rows:
        return CORRELATION.empty()
    q_values = benjamini_hochberg([row["p_value"] if row["lag_s"] >= 0 else 1.0 for row in rows], tests)
    frame = pl.DataFrame(rows, schema_overrides={"leadership_bits": pl.Float64}, infer_schema_length=None)
    frame = frame.with_columns(q_value=pl.Series(q_values))
    return CORRELATION.shape(frame.with_columns(pl.col(pl.Float64).round(9)))
