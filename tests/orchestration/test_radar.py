"""The radar core against a real Postgres and the real encoder: once, whole, resumable, and the same as recomputed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS, CalendarEvent, DateStatus, Item, item_id_of
from latticeforge.radar.core import RadarCore
from latticeforge.radar.stages import compute
from latticeforge.store import Store
from latticeforge.store.generations import digests, write_generations
from latticeforge.store.landing import land_events, land_items
from latticeforge.store.ledger import close_gap, dirty_windows, mark_dirty, open_gap
from latticeforge.windows import windows_between

NOON = datetime(2025, 3, 4, 12, tzinfo=UTC)
TOPICS = ("harbour bridge repairs", "school lunch prices", "river flood warning", "tram drivers strike", "museum theft")
VERBS = ("debated again in", "worry residents of", "reach the council of", "split opinion in", "slow the morning in")
TOWNS = ("Arden", "Belmont", "Corby", "Dunmore", "Elstow", "Farleigh", "Garton")


def headline(n: int) -> str:
    return f"{TOPICS[n % 5].capitalize()} {VERBS[n // 5 % 5]} {TOWNS[n // 3 % 7]}"


def item(n: int, at: datetime, title: str, source: str = "", account: str = "", seen: datetime | None = None) -> Item:
    source = source or f"paper-{n % 6}"
    return Item(
        item_id=item_id_of(source, f"{n}-{at.isoformat()}"),
        source=source,
        guid=f"{n}-{at.isoformat()}",
        title=title,
        summary="",
        url="",
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK,
        first_seen_at=seen or at,
        account=account,
    )


def background(start: datetime, hours: float) -> list[Item]:
    """Twelve items in five minutes on five calm topics."""
    count = int(hours * 144)
    return [item(n, start + timedelta(seconds=25 * n), headline(n)) for n in range(count)]


def surge(start: datetime) -> list[Item]:
    """Thirty posts in three minutes by five accounts, all but the same words."""
    words = "Mysterious drones seen hovering over the reservoir tonight"
    return [
        item(10_000 + n, start + timedelta(seconds=6 * n), words + "!" * (n % 3), "square", f"@user{n % 5}")
        for n in range(30)
    ]


def event(at: datetime) -> CalendarEvent:
    return CalendarEvent("e1", "capital", "Minister resigns over leaked tax files", at, "politics", 0.9, at)


@pytest.fixture
def landed(store: Store) -> Store:
    with store.connection() as c:
        land_items(c, background(NOON - timedelta(hours=7), 7.5), None)
        land_items(c, surge(NOON + timedelta(minutes=12)), None)
        land_events(c, [event(NOON + timedelta(minutes=7))], None)
    return store


def run(store: Store, encoder: Encoder, *ends: datetime) -> RadarCore:
    core = RadarCore(store, encoder, lateness=timedelta(0))
    core.resume(ends[0])
    for end in ends:
        core.tick(end)
    return core


def all_digests(store: Store) -> dict[str, str]:
    with store.connection() as c:
        return digests(c, NOON - timedelta(days=1), NOON + timedelta(days=1))


def test_windows_are_continuous_and_the_surge_is_stated_once_an_alert(landed: Store, encoder: Encoder) -> None:
    run(landed, encoder, NOON, *(NOON + timedelta(minutes=m) for m in range(1, 31)))
    with landed.connection() as c:
        starts = [row[0] for row in c.execute("select window_start from ops.window order by 1").fetchall()]
        alerts = c.execute("select alert_id, evaluated_at, evidence from live.alert order by seq").fetchall()
        lost = c.execute("select count(*) from core.article a join core.active using (generation_id)").fetchone()
        landed_count = c.execute("select count(distinct item_id) from landing.item").fetchone()
    assert starts == [w.start for w in windows_between(starts[0], NOON + timedelta(minutes=30))]
    assert lost == landed_count
    assert len({row[0] for row in alerts}) == 1, "one event and one story: one alert, restated"
    assert alerts[0][1] <= NOON + timedelta(minutes=15), "flagged within three minutes of its onset"
    surging = {i.item_id for i in surge(NOON + timedelta(minutes=12))}
    assert set(alerts[-1][2]) <= surging


def test_the_stored_stages_compute_what_the_radar_said(landed: Store, encoder: Encoder) -> None:
    run(landed, encoder, NOON + timedelta(minutes=30))
    before = all_digests(landed)
    windows = list(windows_between(NOON - timedelta(hours=7), NOON + timedelta(minutes=30)))
    with landed.connection() as c:
        for asset in ASSETS:
            written = write_generations(c, compute(c, asset, windows, encoder=encoder), origin="dagster")
            assert not [str(w.window) for w in written if w.changed], f"{asset} differs from what the radar said"
    assert all_digests(landed) == before


def test_cutting_the_day_into_other_ticks_and_restarts_changes_nothing(
    landed: Store, encoder: Encoder, database_url: str
) -> None:
    run(landed, encoder, NOON + timedelta(minutes=30))
    once = all_digests(landed)
    with landed.connection() as c:
        c.execute("truncate core.active, core.generation, ops.window, ops.cursor cascade")
    for minutes in range(-400, 31, 43):
        run(landed, encoder, NOON + timedelta(minutes=minutes))  # a new process each time
    run(landed, encoder, NOON + timedelta(minutes=30))
    assert all_digests(landed) == once


def test_a_late_item_is_counted_in_its_own_window_and_the_old_statement_stays_readable(
    landed: Store, encoder: Encoder
) -> None:
    core = run(landed, encoder, NOON + timedelta(minutes=20))
    late = item(1, NOON + timedelta(minutes=3), "Museum theft puzzles Corby", "slow", seen=NOON + timedelta(minutes=21))
    with landed.connection() as c:
        land_items(c, [late], None)
    done = core.tick(NOON + timedelta(minutes=25))
    assert NOON in {w.window_start for w in done.recomputed}
    with landed.connection() as c:
        generations = c.execute(
            "select g.reason, exists (select from core.active a where a.generation_id = g.generation_id),"
            " (select count(*) from core.article x where x.generation_id = g.generation_id and x.item_id = %s)"
            " from core.generation g where asset = 'articles' and window_start = %s order by generation_id",
            (late.item_id, NOON),
        ).fetchall()
        assert dirty_windows(c, NOON + timedelta(hours=1)) == {}
    assert generations == [("", False, 0), ("late items", True, 1)]


def test_a_gap_is_said_on_every_affected_number_and_taken_back_when_filled(landed: Store, encoder: Encoder) -> None:
    core = run(landed, encoder, NOON + timedelta(minutes=15))
    at = NOON + timedelta(minutes=16)
    with landed.connection() as c:
        gap = open_gap(c, "attention", at, "429 Too Many Requests")
    (said,) = core.tick(at + timedelta(minutes=1)).published
    assert said.partial == ["attention: 429 Too Many Requests"]
    core.tick(NOON + timedelta(minutes=20))
    with landed.connection() as c:
        close_gap(c, gap, at + timedelta(minutes=2), "filled", at + timedelta(minutes=5))
        mark_dirty(c, [NOON + timedelta(minutes=15)], "gap filled: attention")
    done = core.tick(NOON + timedelta(minutes=25))
    assert done.published[0].alert_id == said.alert_id
    assert done.published[0].partial == []
    with landed.connection() as c:
        rows = c.execute(
            "select count(*) from core.distraction_score s join core.active a using (generation_id)"
            " where cardinality(partial) > 0"
        ).fetchone()
    assert rows == (0,)


def test_a_restarted_radar_restates_the_alert_it_knew(landed: Store, encoder: Encoder) -> None:
    run(landed, encoder, NOON + timedelta(minutes=15))
    with landed.connection() as c:
        open_gap(c, "attention", NOON + timedelta(minutes=14), "503")
    again = RadarCore(landed, encoder, lateness=timedelta(0))
    again.resume(NOON + timedelta(minutes=16))
    published = again.tick(NOON + timedelta(minutes=16)).published
    with landed.connection() as c:
        assert c.execute("select count(distinct alert_id) from live.alert").fetchone() == (1,)
    assert [a.partial for a in published[:1]] == [["attention: 503"]]
