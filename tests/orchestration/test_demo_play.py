"""The demo day against the real pipeline: with other topics and times, and with and without its outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from latticeforge.demo.day import DemoDay
from latticeforge.demo.expectations import check_day
from latticeforge.demo.play import Player
from latticeforge.demo.variant import DAY_END, DAY_START, Variant
from latticeforge.embedding import Encoder
from latticeforge.store import Store
from latticeforge.store.generations import digests
from latticeforge.store.marts import build_marts

SEED = 7

pytestmark = pytest.mark.timeout(900)  # a whole day, and twice two hours


def test_a_shuffled_day_goes_as_the_scripted_one(store: Store, encoder: Encoder) -> None:
    build_marts(store.url)
    day = DemoDay.generate(SEED, Variant.shuffled(SEED))
    last = max(day.truth.distraction.onset_at, day.truth.organic.onset_at, day.truth.outage[1])
    player = Player(store, encoder, day, until=last + timedelta(minutes=30))
    played = player.play()
    whole_day = {
        "no item lost, none twice",
        "items without a date are kept and not counted",
        "no minute of attention is lost",
    }
    checks = [c for c in check_day(store, day, played) if c.name not in whole_day]
    assert len(checks) >= 9
    assert [f"{c.name}: {c.found}" for c in checks if not c.held] == []


def test_an_outage_changes_no_count(store: Store, encoder: Encoder) -> None:
    build_marts(store.url)
    day = DemoDay.generate()
    start, end = day.truth.outage
    near = [i for i in day.items if start - timedelta(minutes=80) <= i.visible_at < end + timedelta(minutes=10)]
    day = replace(day, items=tuple(near))
    found = []
    for disturbed in (True, False):
        Player(store, encoder, day, disturbed=disturbed, until=end + timedelta(minutes=20)).play()
        with store.connection() as c:
            # the last poll of the day comes at another second once the collector has backed off
            counts = c.execute(
                "select sum(count), count(*), max(observed_at) from landing.attention where observed_at < %s",
                (end + timedelta(minutes=15),),
            )
            gaps = c.execute("select state from ops.gap where source = 'attention'").fetchall()
            found.append((digests(c, DAY_START, DAY_END), counts.fetchone(), gaps))
            c.execute(
                "truncate landing.item, landing.attention, landing.fetch, landing.calendar_event, core.active,"
                " core.generation, live.alert, ops.window, ops.cursor, ops.gap, ops.event, ops.source cascade"
            )
    (disturbed_digests, disturbed_counts, gaps), (digests_, counts_, none) = found
    assert gaps == [("filled",)]
    assert none == []
    assert disturbed_counts == counts_
    assert disturbed_digests == digests_
