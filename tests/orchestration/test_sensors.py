"""Sensor ticks against a real database and a real instance."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from latticeforge.model import DateStatus, Item, item_id_of
from latticeforge.settings import Settings
from latticeforge.store import Store
from latticeforge.store.landing import land_items
from latticeforge.store.ledger import ClosedWindow, beat, save_windows
from latticeforge.windows import HOUR, floor_to, windows_between
from resources import StoreResource
from sensors.closed_windows import closed_windows
from sensors.failures import failures
from sensors.late_items import late_items

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
Land = Callable[[Sequence[Item]], None]
Run = Callable[..., dg.ExecuteInProcessResult]
Tick = Callable[..., dg.SensorResult]


def item(guid: str, at: datetime) -> Item:
    return Item(
        item_id_of("paper", guid), "paper", guid, f"Headline {guid}", "", "", "", at, None, at, DateStatus.OK, at
    )


def closed(start: datetime, *, p99_s: float | None = 1.5) -> ClosedWindow:
    return ClosedWindow(
        window_start=start,
        closed_at=start + timedelta(minutes=6),
        watermark=start + timedelta(minutes=5),
        origin="radar",
        items=10,
        narratives=3,
        spikes=1,
        links=2,
        reported=1,
        close_s=0.1,
        delay_p50_s=0.5,
        delay_p95_s=1.0,
        delay_p99_s=p99_s,
    )


def close(store: Store, start: datetime, end: datetime) -> None:
    with store.connection() as connection:
        save_windows(connection, [closed(w.start) for w in windows_between(start, end)])


@pytest.fixture
def tick(database_url: str, instance: dg.DagsterInstance) -> Tick:
    """Evaluate a sensor once from a cursor."""

    def evaluate(sensor: dg.SensorDefinition, cursor: str | None = None) -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=instance, cursor=cursor, resources={"store": StoreResource(url=database_url)}
        ) as context:
            result = sensor(context)
        assert isinstance(result, dg.SensorResult)
        return result

    return evaluate


def keys(result: dg.SensorResult) -> list[str | None]:
    return [r.partition_key for r in result.run_requests or []]


def test_closed_windows_are_reported_once_and_finished_hours_requested(store: Store, tick: Tick) -> None:
    close(store, NOON, NOON + timedelta(minutes=90))
    first = tick(closed_windows)
    assert keys(first) == ["2025-01-28-12:00"], "13:00 is not over"
    [event] = first.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    told = {name: value.value for name, value in event.metadata.items()}
    assert event.asset_key == dg.AssetKey(["live", "windows"])
    assert (told["windows"], told["items"], told["spikes"], told["links_tested"]) == (18, 180, 18, 36)
    assert (told["delay_p50_s_worst"], told["delay_p99_s_worst"]) == (0.5, 1.5)
    assert told["lag_s"] == 60
    again = tick(closed_windows, first.cursor)
    assert not again.asset_events and not again.run_requests
    close(store, NOON + timedelta(minutes=90), NOON + 2 * HOUR)
    assert keys(tick(closed_windows, again.cursor)) == ["2025-01-28-13:00"]


def test_neighbouring_hours_of_a_day_become_one_run(store: Store, tick: Tick) -> None:
    close(store, NOON + 9 * HOUR, NOON + 14 * HOUR)
    spans = [
        (r.tags["dagster/asset_partition_range_start"], r.tags["dagster/asset_partition_range_end"])
        for r in tick(closed_windows).run_requests or []
    ]
    assert spans == [("2025-01-28-21:00", "2025-01-28-23:00"), ("2025-01-29-00:00", "2025-01-29-01:00")]


def test_a_window_that_is_closed_again_is_reported_again(store: Store, tick: Tick) -> None:
    close(store, NOON, NOON + HOUR)
    first = tick(closed_windows)
    close(store, NOON, NOON + timedelta(minutes=5))
    [event] = tick(closed_windows, first.cursor).asset_events
    assert event.metadata["windows"].value == 1


def test_an_hour_that_is_computed_already_is_not_requested(
    store: Store, tick: Tick, run_hours: Run, land: Land
) -> None:
    land([item(str(n), NOON + timedelta(minutes=n)) for n in range(10)])
    assert run_hours("2025-01-28-12:00").success
    close(store, NOON, NOON + 2 * HOUR)
    assert keys(tick(closed_windows)) == ["2025-01-28-13:00"]


def test_new_alerts_are_reported_once(store: Store, tick: Tick) -> None:
    with store.connection() as connection:
        connection.execute(
            "insert into live.alert (alert_id, evaluated_at, event_id, event_title, event_at, label, headline,"
            " onset_at, ratio, surprise, verdict, conflict_k, lag_s, effect_items, p_value, evidence, partial,"
            " newest_received_at)"
            " select 'a', now(), 'e', 'E', now(), 'l', 'h', now(), 2, 3, 'likely', 0, 60, 5, 0.01, '{}', '{}', now()"
            " from generate_series(1, 3)"
        )
    first = tick(closed_windows)
    [event] = first.asset_events
    assert event.asset_key == dg.AssetKey(["live", "alert"])
    assert (event.metadata["evaluations"].value, event.metadata["alerts"].value) == (3, 1)
    assert tick(closed_windows, first.cursor).asset_events == []


def silent_radar(store: Store, *, seconds: float) -> datetime:
    """A radar whose last sign of life is that old, and items in the last full hour; returns that hour."""
    now = datetime.now(UTC)
    hour = floor_to(now - timedelta(seconds=Settings().allowed_lateness_s), HOUR) - HOUR
    with store.connection() as connection:
        beat(connection, "radar", started_at=now - HOUR, beat_at=now - timedelta(seconds=seconds))
        land_items(connection, [item("left", hour + timedelta(minutes=7))], None)
    return hour


def stepped_in(store: Store) -> list[tuple[str, str]]:
    with store.connection() as connection:
        return connection.execute(
            "select detail ->> 'hour', severity from ops.event where kind = 'dagster.stepped_in'"
        ).fetchall()


def test_dagster_steps_in_when_the_radar_is_silent_and_says_so_once(store: Store, tick: Tick) -> None:
    hour = silent_radar(store, seconds=61)
    first = tick(closed_windows)
    key = f"{hour:%Y-%m-%d-%H:%M}"
    [request] = first.run_requests or []
    assert (request.partition_key, request.run_key) == (key, f"hour-{key}")
    assert request.tags["latticeforge/reason"] == "the radar is down"
    tick(closed_windows, first.cursor)
    assert stepped_in(store) == [(key, "warning")]


def test_dagster_leaves_a_living_radar_alone(store: Store, tick: Tick) -> None:
    silent_radar(store, seconds=30)
    assert not tick(closed_windows).run_requests
    assert stepped_in(store) == []


def test_a_late_item_has_its_hour_computed_again(store: Store, tick: Tick, run_hours: Run, land: Land) -> None:
    land([item(str(n), NOON + timedelta(minutes=n)) for n in range(10)])
    before = tick(late_items)
    assert not before.run_requests, "an hour that was never computed is not late"
    assert run_hours("2025-01-28-12:00").success
    after = tick(late_items, before.cursor)
    assert not after.run_requests
    assert json.loads(after.cursor or "")["watched"] == {}
    land([item("late", NOON + timedelta(minutes=31)), item("next", NOON + timedelta(minutes=61))])
    late = tick(late_items, after.cursor)
    [request] = late.run_requests or []
    assert request.partition_key == "2025-01-28-12:00"
    assert "late items" in request.tags["latticeforge/reason"]
    # until a run has covered it, every tick asks again under the same key, which Dagster starts once
    [repeated] = tick(late_items, late.cursor).run_requests or []
    assert repeated.run_key == request.run_key
    assert run_hours("2025-01-28-12:00").success
    assert not tick(late_items, late.cursor).run_requests


def test_an_item_that_lands_before_the_sensor_looks_at_a_computed_hour_is_seen(
    tick: Tick, run_hours: Run, land: Land
) -> None:
    land([item("1", NOON)])
    assert run_hours("2025-01-28-12:00").success
    land([item("2", NOON + timedelta(minutes=1))])
    assert keys(tick(late_items)) == ["2025-01-28-12:00"]


def test_a_failed_run_leaves_an_event(store: Store, database_url: str, instance: dg.DagsterInstance) -> None:
    @dg.op
    def broken() -> None:
        raise ValueError("the disk is full")

    @dg.job
    def doomed() -> None:
        broken()

    result = doomed.execute_in_process(instance=instance, raise_on_error=False)
    context = dg.build_run_status_sensor_context(
        sensor_name="failures",
        dagster_instance=instance,
        dagster_run=result.dagster_run,
        dagster_event=result.get_run_failure_event(),
        resources={"store": StoreResource(url=database_url)},
    ).for_run_failure()
    with context:
        failures(context)
    with store.connection() as connection:
        [(kind, severity, message, steps)] = connection.execute(
            "select kind, severity, message, detail ->> 'steps' from ops.event"
        ).fetchall()
    assert (kind, severity) == ("dagster.run_failed", "error")
    assert message.startswith("doomed failed:")
    assert json.loads(steps) == ["broken"]
