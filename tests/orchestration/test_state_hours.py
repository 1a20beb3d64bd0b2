"""The state of attention in the product: signals, regimes and beliefs of an hour, from stored rows to the marts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import numpy as np
import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import DISTRACTION_SCORE, AttentionCount, DateStatus, Item, item_id_of
from latticeforge.radar.rollback import RollbackCoordinator
from latticeforge.state_model import STATE_ASSETS
from latticeforge.store import Store
from latticeforge.store.generations import Write, digests, write_generations
from latticeforge.store.landing import land_attention
from latticeforge.store.ledger import open_gap, save_source
from latticeforge.store.marts import build_marts
from latticeforge.store.rollbacks import Rollback
from latticeforge.windows import HOUR, WINDOW, Window
from resources import StoreResource
from sensors.whole_hours import whole_hours

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
FIRST, LAST = "2025-01-28-12:00", "2025-01-28-13:00"
Run = Callable[..., dg.ExecuteInProcessResult]
Land = Callable[[Sequence[Item]], None]


def item(source: str, n: int, at: datetime, story: str = "") -> Item:
    guid = f"{source}-{n}"
    title = story or f"{('Storm warning', 'Budget vote', 'Cup final')[n % 3]} report {n}"
    return Item(item_id_of(source, guid), source, guid, title, "", "", "", at, None, at, DateStatus.OK, at)


@pytest.fixture
def two_hours(store: Store, land: Land) -> None:
    """Three sources that speak every few minutes from noon to two, one that surges, and one watched term."""
    rng = np.random.default_rng(4)
    items = []
    for rank, source in enumerate(("harbor", "meridian", "valley")):
        minutes = np.sort(rng.uniform(0, 120, 60))
        items += [item(source, n, NOON + timedelta(minutes=float(m))) for n, m in enumerate(minutes + rank * 0.01)]
    surge = NOON + timedelta(minutes=80)
    drones = "Mysterious drones seen over three counties"
    items += [item("harbor", 100 + n, surge + timedelta(seconds=3 * n), drones) for n in range(40)]
    land(items)
    counts = [AttentionCount("web", "storm", NOON + timedelta(minutes=m), m % 7) for m in range(120)]
    with store.connection() as connection:
        save_source(connection, "counts", kind="attention", title="Counts")
        save_source(connection, "harbor", kind="rss", title="The Harbor Post")
        land_attention(connection, counts, None, NOON + 2 * HOUR)
        open_gap(connection, "valley", NOON + timedelta(minutes=110), "no answer")


@pytest.fixture
def run_state(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Run:
    def run(first: str, last: str, reason: str = "") -> dg.ExecuteInProcessResult:
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
            "latticeforge/reason": reason,
        }
        quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}
        job = definitions.resolve_job_def("state_job")
        return job.execute_in_process(instance=instance, tags=tags, run_config=quiet, raise_on_error=False)

    return run


def stored(store: Store) -> dict[str, str]:
    with store.connection() as connection:
        found = digests(connection, NOON, NOON + 3 * HOUR)
    return {name: found[name] for name in STATE_ASSETS}


def in_force(store: Store, window: datetime) -> int:
    """Which of the generations of a window's signals counts: 0 is the oldest."""
    with store.connection() as connection:
        rows = connection.execute(
            "select a.generation_id is not null from core.generation g left join core.active a using (generation_id)"
            " where g.asset = 'signals' and g.window_start = %s order by g.generation_id",
            (window,),
        ).fetchall()
    return [counts for (counts,) in rows].index(True)


def test_an_hour_is_materialised_and_read_in_the_marts(
    store: Store, two_hours: None, run_hours: Run, run_state: Run
) -> None:
    assert run_hours(FIRST, LAST).success
    result = run_state(FIRST, LAST)
    assert result.success
    assert all(check.passed for check in result.get_asset_check_evaluations())
    build_marts(store.url)
    with store.connection() as connection:
        signals = connection.execute(
            "select kind, label, value, score, clipped, known_windows from marts.signals where window_start = %s"
            " and kind <> 'narrative' order by kind, label",
            (NOON + timedelta(minutes=80),),
        ).fetchall()
        gap = connection.execute(
            "select value, score from marts.signals where window_start = %s and stream_id = 'source:valley'",
            (NOON + timedelta(minutes=110),),
        ).fetchall()
        states = connection.execute("select state, count(*) from marts.early_warnings group by 1 order by 1").fetchall()
        [regime] = connection.execute(
            "select verdict, streams, psi_bits from marts.regimes where window_start = %s and kind = 'source'",
            (NOON + 2 * HOUR - timedelta(minutes=5),),
        ).fetchall()
        linked = connection.execute(
            "select count(*) filter (where b.detector = 'fused'), count(*) filter (where b.detector <> 'fused'),"
            " max(abs(b.mass_distraction - s.belief_distraction)) filter (where b.detector = 'fused'),"
            " max(abs(b.conflict_k - s.conflict_k)) from marts.beliefs b join marts.link_board s using (statement_id)"
        ).fetchone()
    by_label = {row[1]: row for row in signals}
    assert set(by_label) == {"The Harbor Post", "meridian", "valley", "storm (web)"}
    harbor = by_label["The Harbor Post"]
    assert harbor[2] >= 40 and harbor[3] == 5.0 and harbor[4] > 5 and harbor[5] == 16
    assert by_label["storm (web)"][2] == sum(m % 7 for m in range(80, 85))
    assert gap == [(None, None)], "a gap is missing, not silence"
    assert {state for state, _ in states} <= {"sparse", "learning", "missing"}, "two hours warn of nothing"
    assert regime == (None, 0, None)
    assert linked is not None and linked[0] > 0 and linked[1] == 5 * linked[0]
    assert linked[2] < 1e-9 and linked[3] < 1e-9, "the fused belief is the score's own"


def test_computed_again_hour_by_hour_and_in_any_order_it_is_the_same(
    store: Store, two_hours: None, run_hours: Run, run_state: Run
) -> None:
    assert run_hours(FIRST, LAST).success
    assert run_state(FIRST, LAST).success
    said = stored(store)
    with store.connection() as connection:
        [[generations]] = connection.execute("select count(*) from core.generation").fetchall()
    assert run_state(LAST, LAST).success and run_state(FIRST, FIRST).success
    assert stored(store) == said
    with store.connection() as connection:
        [[after]] = connection.execute("select count(*) from core.generation").fetchall()
    assert after == generations, "equal rows add no generation"


def test_a_changed_window_makes_a_generation_and_keeps_the_one_before(
    store: Store, two_hours: None, run_hours: Run, run_state: Run, land: Land
) -> None:
    assert run_hours(FIRST, LAST).success and run_state(FIRST, LAST).success
    land([item("meridian", 900 + n, NOON + timedelta(minutes=22)) for n in range(3)])
    assert run_hours(FIRST, LAST, reason="late items").success
    assert run_state(FIRST, LAST, "late items").success
    with store.connection() as connection:
        kept = connection.execute(
            "select g.reason, s.value, a.generation_id is not null from core.generation g join core.signal s"
            " using (generation_id) left join core.active a using (generation_id) where g.window_start = %s"
            " and s.stream_id = 'source:meridian' order by g.generation_id",
            (NOON + timedelta(minutes=20),),
        ).fetchall()
    assert [(reason, active) for reason, _, active in kept] == [("", False), ("late items", True)]
    assert kept[1][1] == kept[0][1] + 3


def test_a_rollback_takes_along_what_rests_on_it_and_is_undone(
    store: Store, encoder: Encoder, two_hours: None, run_hours: Run, run_state: Run, land: Land
) -> None:
    assert run_hours(FIRST, LAST).success and run_state(FIRST, LAST).success
    before = stored(store)
    land([item("meridian", 900 + n, NOON + timedelta(minutes=22)) for n in range(3)])
    assert run_hours(FIRST, LAST, reason="late items").success and run_state(FIRST, LAST, "late items").success
    after = stored(store)
    assert after["signals"] != before["signals"] and after["regimes"] == before["regimes"]
    coordinator = RollbackCoordinator(store, lambda: encoder, run_by="lf", command="lf rollback", actor="an editor")
    window = NOON + timedelta(minutes=20)
    done = coordinator.roll_back(Rollback("articles", window, window + WINDOW, "doubtful"))
    assert "signals" in done.rows
    assert in_force(store, window) == 0, "the window's signals are those of before"
    assert run_state(FIRST, FIRST).success
    assert in_force(store, window) == 0, "what a rollback holds is not published anew"
    coordinator.undo(done.rollback_id)
    assert run_state(FIRST, LAST).success
    assert stored(store) == after
    signals = coordinator.roll_back(Rollback("signals", window, window + WINDOW, "a wrong scale"))
    assert set(signals.rows) == {"signals"}


def test_the_sensor_asks_for_whole_hours_once_and_again_when_they_change(
    store: Store, database_url: str, two_hours: None, run_hours: Run, instance: dg.DagsterInstance, land: Land
) -> None:
    def tick(cursor: str | None) -> dg.SensorResult:
        resources = {"store": StoreResource(url=database_url)}
        with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
            result = whole_hours(context)
        assert isinstance(result, dg.SensorResult)
        return result

    assert tick(None).run_requests == []
    assert run_hours(FIRST, FIRST).success
    with store.connection() as connection:  # of the next hour one window only
        nothing = Write("distraction_scores", Window(NOON + HOUR), (DISTRACTION_SCORE.empty(),))
        write_generations(connection, [nothing], origin="radar")
    first = tick(None)
    assert [r.partition_key for r in first.run_requests or []] == [FIRST]
    again = tick(first.cursor)
    assert again.run_requests == []
    assert run_hours(LAST, LAST).success
    last = tick(again.cursor)
    assert [r.partition_key for r in last.run_requests or []] == [LAST]
    land([item("meridian", 900, NOON + timedelta(minutes=22))])
    assert run_hours(FIRST, FIRST, reason="late items").success
    late = tick(last.cursor).run_requests or []
    assert [r.partition_key for r in late] == [FIRST]
    assert late[0].run_key != (first.run_requests or [])[0].run_key
