"""Storms over a small world: a real radar process, a real database, real requests, all of them failing."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest

from latticeforge.chaos.checks import half_states
from latticeforge.chaos.storm import Figures, Plan, Storm
from latticeforge.chaos.world import World
from latticeforge.settings import Settings
from latticeforge.store import Store

SMALL = Plan(seed=3, items=600, minutes=0.1, kills=2, stops=2, jumps=1, sources=4, close_after=True)


OUT_OF_BOUNDS = [("storm", "--items", "1"), ("storm", "--share", "2"), ("rush", "--minutes", "0")]


def weathered(plan: Plan) -> Figures:
    return Storm(plan, Settings().home / "models", "minilm-int8").run()


def test_nothing_is_lost_in_a_storm_and_every_digest_is_that_of_a_calm_day() -> None:
    figures = weathered(SMALL)
    assert figures.problems == []
    assert (figures.items_stored, figures.missing, figures.duplicates) == (600, 0, 0)
    assert (figures.kills, figures.database_stops) == (2, 2)
    assert figures.half_checks >= 1
    assert figures.windows >= 2
    assert figures.requests["whole"] > 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_hundred_kills_and_fifty_shutdowns_while_a_hundred_thousand_items_flow() -> None:
    figures = weathered(Plan())
    assert figures.problems == []
    assert (figures.kills, figures.database_stops, figures.items_stored) == (100, 50, 100_000)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twenty_thousand_items_in_five_minutes_through_a_storm() -> None:
    figures = weathered(Plan(items=20_000, minutes=5, kills=5, stops=5, jumps=0, real_time=True, close_after=True))
    assert figures.problems == []
    assert figures.items_stored == 20_000
    assert figures.caught_up_s is not None and figures.caught_up_s <= 60


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_process_is_back_within_a_minute() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "latticeforge.cli", "chaos", "deaths", "--json"],
        capture_output=True,
        text=True,
        timeout=1100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {death["process"] for death in json.loads(done.stdout)} >= {"radar", "dashboard", "dagster-daemon"}


def test_a_world_is_the_same_for_the_same_seed_and_its_feeds_hold_all_of_it() -> None:
    one, other = (World(1, 300, 3, timedelta(hours=5)) for _ in range(2))
    assert one.posted == other.posted != World(2, 300, 3, timedelta(hours=5)).posted
    assert len({item.item_id for item in one.landed()}) == 300
    assert all(one.begin <= posted.at < one.end for posted in one.posted)


def test_a_commit_in_part_would_be_seen(store: Store) -> None:
    with store.connection() as c:
        assert half_states(c) == []
        c.execute(
            "insert into ops.window (window_start, closed_at, watermark, origin, items, narratives, spikes, links,"
            " reported, close_s) values (now(), now(), now(), 'radar', 0, 0, 0, 0, 0, 0)"
        )
        c.execute(
            "insert into landing.item (item_id, content_hash, source, guid, title, date_status, first_seen_at,"
            " text_hash) values ('i', '', 's', 'g', 't', 'missing', now(), '')"
        )
        c.execute("insert into ops.cursor values ('radar', 1000000)")
        found = half_states(c)
    assert found == ["1 items passed without a vector", "1 windows without all their assets"]


@pytest.mark.parametrize("arguments", OUT_OF_BOUNDS)
def test_a_storm_out_of_bounds_is_refused(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "latticeforge.cli", "chaos", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
