"""Which events a window's spikes are tested against: calendar entries near in time, and political bursts.

Here: choosing events by time, and making events of spiking political narratives. Not here: reading calendars
(``sources``) and the test itself (``links``).
"""

from __future__ import annotations

import re
from datetime import timedelta

import polars as pl

from latticeforge.instants import instant
from latticeforge.model import EVENT_COLUMNS
from latticeforge.windows import Window

BURST_CALENDAR = "burst"
LINK_SPAN = timedelta(hours=2)  # an event explains nothing later than this

_NONE = pl.DataFrame(schema=EVENT_COLUMNS)
MIN_BURST_SOURCES = 3  # a political event is reported by several; one outlet's series is no event
MIN_POLITICAL_SHARE = 0.6

# Institutions and acts, not persons or parties: those change with the year and the country.
_POLITICAL = re.compile(
    r"\b(president\w*|prime minister|white house|kremlin|downing street|congress\w*|senat\w+|parliament\w*|bundestag|"
    r"minist(?:er|ers|ry)|governor|chancellor|lawmakers?|legislat\w+|elections?|referendum|impeach\w*|veto\w*|"
    r"executive (?:order|clemency|action)s?|clemency|pardon\w*|indict\w*|subpoena\w*|supreme court|attorney general|"
    r"justice department|cabinet|sanctions?|inquiry|resign\w*|coalition|treaty|ceasefire)\b",
    re.IGNORECASE,
)


def events_near(events: pl.DataFrame, window: Window) -> pl.DataFrame:
    """The events with a known time in ``(window.end - 2 h, window.end]``, in order of event_id.

    An event of which the calendar gives only the date has no place in a test of minutes.
    """
    at = pl.col("occurred_at")
    chosen = events.filter(pl.col("time_known") & (at > instant(window.end - LINK_SPAN)) & (at <= instant(window.end)))
    return chosen.sort("event_id")


def political_bursts(
    spikes: pl.DataFrame,
    narrative: pl.DataFrame,
    items: pl.DataFrame,
    articles: pl.DataFrame,
    political_sources: set[str],
) -> pl.DataFrame:
    """Events (EVENT_COLUMNS, calendar_id ``burst``) made of alarms that are mostly political.

    An item is political where its source is one of ``political_sources`` or its title names an institution or an act of
    government. A burst needs 60 % such items and three sources. It occurred at the onset of its spike; its impact is
    ``1 - 1 / ratio``, in [0, 1).
    """
    alarms = spikes.filter("is_onset").sort("spike_id") if spikes.height else spikes
    if alarms.is_empty():
        return _NONE
    titles = alarms.select("narrative_id").join(items.select("narrative_id", "item_id"), on="narrative_id")
    titles = titles.join(articles.select("item_id", "source", "title"), on="item_id")
    political = [
        source in political_sources or _POLITICAL.search(title) is not None
        for source, title in titles.select("source", "title").iter_rows()
    ]
    carried = (
        titles.with_columns(political=pl.Series(political, dtype=pl.Boolean))
        .group_by("narrative_id")
        .agg(share=pl.col("political").mean(), sources=pl.col("source").n_unique())
        .filter((pl.col("share") >= MIN_POLITICAL_SHARE) & (pl.col("sources") >= MIN_BURST_SOURCES))
    )
    headlines = narrative.select("narrative_id", "headline")
    bursts = alarms.join(carried, on="narrative_id").join(headlines, on="narrative_id")
    return bursts.select(
        event_id=pl.lit(f"{BURST_CALENDAR}:") + pl.col("narrative_id"),
        calendar_id=pl.lit(BURST_CALENDAR),
        title=pl.col("headline"),
        occurred_at=pl.col("onset_at"),
        category=pl.lit("political burst"),
        impact=(1 - 1 / pl.col("ratio").clip(1)).round(9),
        time_known=pl.lit(True),
    ).sort("event_id")
