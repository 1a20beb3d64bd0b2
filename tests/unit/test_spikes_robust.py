"""What must not look like a surge: sources that come and go, holes in the record, items without a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from latticeforge.model import NARRATIVE, UTC_TIME, DateStatus
from latticeforge.narratives.articles import articles
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.history import History, history_windows
from latticeforge.narratives.spikes import spikes
from latticeforge.windows import HOUR, Window

NOW = Window(datetime(2025, 3, 5, 14, 20, tzinfo=UTC))
GAPS = {"source": pl.String, "from_at": UTC_TIME, "to_at": UTC_TIME}
NO_GAPS = pl.DataFrame(schema=GAPS)
HISTORY = history_windows(NOW)
Groups = Sequence[int]  # items of the narrative on each axis; 0: not told in the window


def narrative(window: Window, groups: Groups) -> pl.DataFrame:
    rows = [
        {
            "window_start": window.start, "narrative_id": f"{window}-{axis:03d}", "label": str(axis), "headline": "",
            "items": items, "voices": items, "sources": 1, "accounts": 1, "copy_share": 0.0, "source_hhi": 1.0,
            "first_at": window.start, "last_at": window.start, "centroid": np.eye(384)[axis].tolist(),
        }
        for axis, items in enumerate(groups)
        if items
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=NARRATIVE.columns)


def spiking(
    past: Sequence[Groups], now: Groups, *, missing: Sequence[int] = (), gaps: pl.DataFrame = NO_GAPS
) -> list[str]:
    """Labels of the narratives that spike after 156 windows of history; those in ``missing`` were not computed."""
    computed = {w.start for n, w in enumerate(HISTORY) if n not in missing}
    rows = pl.concat([narrative(w, groups) for w, groups in zip(HISTORY, past, strict=True) if w.start in computed])
    history = History.build(rows, HISTORY, computed, gaps)
    table = narrative(NOW, now)
    found = spikes(spike_baselines(table, history, NOW), table, history, NOW)
    return sorted(set(found["label"]))


STORIES = [8, 6, 5, 4, 3, 2, 2]


def test_a_source_that_tells_the_same_stories_is_no_surge_when_it_appears() -> None:
    assert spiking([STORIES] * 156, [3 * items for items in STORIES]) == []


def test_a_source_with_stories_of_its_own_is_no_surge_when_it_appears() -> None:
    assert spiking([STORIES] * 156, [*STORIES, *[3] * 10]) == []


@pytest.mark.parametrize("since", [1, 3, 12, 40])
def test_half_of_the_sources_vanish(since: int) -> None:
    """Unrecorded, at worst: what is left takes twice its share."""
    both = [*STORIES, *STORIES]
    left = [*STORIES, *[0] * 7]
    assert spiking([both] * (157 - since) + [left] * (since - 1), left) == []


def test_half_of_the_sources_come_back() -> None:
    both, left = [*STORIES, *STORIES], [*STORIES, *[0] * 7]
    assert spiking([both] * 100 + [left] * 56, both) == []
    assert spiking([both] * 144 + [left] * 12, both) == []


@pytest.mark.parametrize("hole", [range(60, 156), range(84, 140), range(150, 156), range(0, 156, 2)])
def test_a_hole_is_missing_and_never_reads_as_a_drop(hole: range) -> None:
    """The same stories after a hole in what was computed: 30 items a window, as before."""
    assert spiking([STORIES] * 156, STORIES, missing=list(hole)) == []


@pytest.mark.parametrize("hours", [1, 3, 6])
def test_a_source_that_was_away_is_no_surge_when_it_returns(hours: int) -> None:
    """The only source of a story, silent today until now: recorded as a gap, or not noticed."""
    away = [STORIES if n < 156 - 12 * hours else [0, *STORIES[1:]] for n in range(156)]
    gap = pl.DataFrame([("paper", NOW.start - hours * HOUR, NOW.start)], schema=GAPS, orient="row")
    assert spiking(away, STORIES, gaps=gap) == []
    assert spiking(away, STORIES) == []


def landed(count: int, status: DateStatus) -> pl.DataFrame:
    dated = status == DateStatus.OK
    at = [NOW.start + timedelta(seconds=n) for n in range(count)]
    return pl.DataFrame(
        {
            "seq": range(count), "item_id": [f"{n:04d}" for n in range(count)], "source": ["paper"] * count,
            "account": [""] * count, "title": [f"drones over town {n}" for n in range(count)], "summary": [""] * count,
            "url": [""] * count, "text_hash": [b""] * count, "date_status": [str(status)] * count,
            "event_at": pl.Series(at if dated else [None] * count, dtype=UTC_TIME),
            "first_seen_at": pl.Series(at, dtype=UTC_TIME),
        }
    )  # fmt: skip


@pytest.mark.parametrize("status", [status for status in DateStatus if status != DateStatus.OK])
def test_items_without_a_trusted_date_make_no_surge(status: DateStatus) -> None:
    """Two hundred undated items of one story arrive at once: they are kept, and counted nowhere."""
    vectors = np.tile(np.eye(384, dtype=np.float32)[100], (200, 1))
    history = History.build(
        pl.concat([narrative(w, STORIES) for w in HISTORY]), HISTORY, {w.start for w in HISTORY}, NO_GAPS
    )
    found = {}
    for known in (status, DateStatus.OK):
        article = articles(landed(200, known), NOW)
        assert article.height == 200
        told = narratives(article, vectors, NOW).narrative
        found[known] = spikes(spike_baselines(told, history, NOW), told, history, NOW).height
    assert found[status] == 0 and found[DateStatus.OK] > 0


def test_a_poller_that_catches_up_puts_items_where_they_belong() -> None:
    """Three hours of one source arrive at once: each in its own window, so this one holds only its own five minutes."""
    rng = np.random.default_rng(1)
    times = [NOW.end - timedelta(seconds=int(s)) for s in rng.integers(1, 3 * 3600, size=300)]
    rows = landed(300, DateStatus.OK).with_columns(pl.Series("event_at", times, dtype=UTC_TIME))
    here = articles(rows.filter(pl.col("event_at").is_between(NOW.start, NOW.end, closed="left")), NOW)
    assert 0 < here.height < 30
    story = [max(1, sum(w.start <= at < w.end for at in times)) for w in HISTORY]
    assert spiking([[n, 20] for n in story], [here.height, 20]) == []


def test_a_story_that_doubles_for_a_day_is_usual_by_then() -> None:
    assert spiking([[4, 20]] * 84 + [[8, 20]] * 72, [8, 20]) == []


def test_the_step_itself_is_found() -> None:
    """What all of the above must not cost."""
    assert spiking([STORIES] * 156, [*STORIES, 12]) == ["7"]
    assert spiking([STORIES] * (156 - 2) + [[*STORIES, 6]] * 2, [*STORIES, 6]) == ["7"]
