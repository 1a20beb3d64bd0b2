"""Rollback: pointers back, items withdrawn, both undone, all of it seen as of then and written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest

from latticeforge.embedding import Encoder
from latticeforge.model import ASSETS, CalendarEvent, DateStatus, Fetch, Item, item_id_of
from latticeforge.radar.core import RadarCore
from latticeforge.radar.rollback import Effect, RollbackCoordinator
from latticeforge.store import Store
from latticeforge.store.as_of import NotKept, reading_as_of
from latticeforge.store.audit import changes
from latticeforge.store.generations import digests
from latticeforge.store.landing import land_events, land_fetch, land_items
from latticeforge.store.ledger_chain import chain_problems
from latticeforge.store.retention import retain
from latticeforge.store.rollbacks import Rollback, RollbackFault, rollbacks
from resources import StoreResource
from sensors.rolled_back import rolled_back

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
ONE = timedelta(hours=1)
END = NOON + 3 * ONE
SURGE = NOON + timedelta(minutes=80)
STORIES = ("Council votes on bridge", "Storm closes railway", "Club signs striker", "Grain cheaper", "Lost art shown")


def item(guid: str, title: str, at: datetime, source: str = "paper") -> Item:
    return Item(
        item_id_of(source, guid), source, guid, title, "", "", "", at, None, at, DateStatus.OK, at, account=source
    )


def afternoon() -> list[Item]:
    """Two hours of five stories, and one of a single source that surges at 13:21, after the event of 13:17."""
    items = [
        item(f"{n}", f"{STORIES[n * n % 5]} {'today' * (n % 3)}", NOON + timedelta(seconds=90 * n), f"paper{n % 6}")
        for n in range(80)
    ]
    surge = NOON + timedelta(minutes=81)
    return items + [item(f"b{n}", "Drones over airport", surge + timedelta(seconds=20 * n), "bots") for n in range(8)]


@pytest.fixture
def radar(store: Store, encoder: Encoder) -> RadarCore:
    """The afternoon landed, evaluated and closed until 15:00."""
    at = NOON + timedelta(minutes=77)
    with store.connection() as c:
        fetch_id = land_fetch(c, Fetch("paper", "http://x/", NOON, NOON, 200, {}, b"page"))
        land_items(c, afternoon(), fetch_id)
        land_events(c, [CalendarEvent("e1", "law", "Clemency announced", at, "law", 0.9, at)], None)
    core = RadarCore(store, encoder, lateness=timedelta(seconds=60))
    core.tick(END + timedelta(minutes=2))
    return core


@pytest.fixture
def coordinator(store: Store, encoder: Encoder) -> RollbackCoordinator:
    return RollbackCoordinator(store, lambda: encoder, run_by="lf", command="lf rollback", actor="an editor")


def stored(store: Store, at: datetime | None = None, start: datetime = NOON, end: datetime = END) -> dict[str, str]:
    with store.connection() as c, reading_as_of(c, at):
        return digests(c, start, end)


def one(store: Store, query: str, *parameters: object) -> Any:
    with store.connection() as c:
        row = c.execute(query.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


def now(store: Store) -> datetime:
    found = one(store, "select clock_timestamp()")
    assert isinstance(found, datetime)
    return found


def late(store: Store, core: RadarCore, title: str = "Drones over airport", minute: int = 82) -> None:
    """Items that came late change what was published; the radar takes them in with the next window it closes."""
    with store.connection() as c:
        at = NOON + timedelta(minutes=minute)
        land_items(c, [item(f"{title}{n}", title, at + timedelta(seconds=n), f"paper{n}") for n in range(6)], None)
    closed = one(store, "select max(window_start) from ops.window")
    core.tick(closed + timedelta(minutes=12))


def told(effect: Effect) -> dict[str, Any]:
    return {k: v for k, v in effect.to_dict().items() if k != "rollback_id"}


def sound(store: Store) -> list[str]:
    with store.connection() as c:
        return chain_problems(c)[1]


def count_of(store: Store, source: str) -> Any:
    query = "select count(*) from core.active join core.article using (generation_id) where source = %s"
    return one(store, query, source)


def test_a_flip_goes_back_to_what_was_published_and_its_undo_returns(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    said, then = stored(store), now(store)
    late(store, radar)
    later = stored(store)
    assert later != said
    asked = Rollback("articles", NOON, END, "the late items are doubtful")
    preview = coordinator.roll_back(asked, preview=True)
    assert stored(store) == later, "a preview changes nothing"
    effect = coordinator.roll_back(asked)
    assert stored(store) == said == stored(store, then)
    assert told(preview) == told(effect)
    assert [f"{at:%H:%M}" for at in effect.windows] == ["13:20"]
    assert effect.rows["articles"][1] - effect.rows["articles"][2] == 6
    assert effect.without_earlier == 35
    undone = coordinator.undo(effect.rollback_id)
    assert stored(store) == later
    assert undone.windows == effect.windows
    assert sound(store) == []


def test_what_is_rolled_back_stays_so_until_it_is_undone(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    said = stored(store)
    late(store, radar)
    effect = coordinator.roll_back(Rollback("articles", NOON, END, "doubtful"))
    late(store, radar, "A second wave of drones")
    assert stored(store) == said, "late items do not publish what a rollback holds"
    coordinator.undo(effect.rollback_id)
    waiting = one(store, "select array_agg(window_start) from ops.dirty_window")
    assert waiting == [NOON + timedelta(minutes=80)], "what it held back is due now"
    late(store, radar, "Council votes again", 100)
    wave = "select count(*) from core.active a join core.article using (generation_id) where title = %s"
    assert one(store, wave, "A second wave of drones") == 6


def test_one_source_is_withdrawn_without_touching_others(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    before, landed = stored(store), one(store, "select count(*) from landing.item")
    others = (
        "select array_agg(item_id order by item_id) from core.active a join core.article using (generation_id)"
        " where source <> 'bots'"
    )
    kept = one(store, others)
    asked = Rollback("articles", NOON, END, "the account was hijacked", source="bots")
    preview = coordinator.roll_back(asked, preview=True)
    assert stored(store) == before
    effect = coordinator.roll_back(asked)
    assert told(preview) == told(effect)
    assert effect.withdrawn_items == 8
    assert count_of(store, "bots") == 0
    assert one(store, others) == kept
    assert one(store, "select count(*) from landing.item") == landed, "landing is never touched"
    assert min(effect.windows) == NOON + timedelta(minutes=80)
    assert effect.rows["articles"] == (1, 11, 3)
    assert effect.changes, "the surge of one source was a published number"
    assert {(c.after is None, c.why) for c in effect.changes} == {(True, "the account was hijacked")}
    coordinator.undo(effect.rollback_id)
    assert stored(store) == before
    assert sound(store) == []


def test_a_batch_is_withdrawn_like_a_source_and_is_out_for_whoever_computes(
    store: Store,
    radar: RadarCore,
    coordinator: RollbackCoordinator,
    run_hours: Any,
    wind_back: Callable[[], None],
) -> None:
    before = stored(store)
    with store.connection() as c:
        fetch_id = land_fetch(c, Fetch("wire", "http://w/", NOON, NOON, 200, {}, b"other page"))
        at = NOON + timedelta(minutes=31)
        land_items(c, [item(f"w{n}", "Bridge closed", at + timedelta(seconds=n), "wire") for n in range(5)], fetch_id)
    late(store, radar, "Grain cheaper", 32)
    assert count_of(store, "wire") == 5
    with_wire = stored(store)
    effect = coordinator.roll_back(Rollback("articles", NOON, END, "a test page", fetch_id=fetch_id))
    assert (effect.withdrawn_items, count_of(store, "wire")) == (5, 0)
    assert stored(store) not in (with_wire, before)
    wind_back()
    done = run_hours("2025-01-28-12:00", "2025-01-28-14:00", reason="recomputed")
    assert done.success, [e.message for e in done.all_events if e.is_step_failure]
    assert count_of(store, "wire") == 0


def test_every_changed_number_is_written_down_with_its_reason(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    late(store, radar)
    with store.connection() as c:
        found = changes(c, NOON, END)
    assert found and {(x.why, x.command) for x in found} == {("late items", "radar")}
    assert any(x.before and x.after and x.numbers for x in found)
    coordinator.roll_back(Rollback("distraction_scores", NOON, END, "recalibrating"))
    with store.connection() as c:
        back = changes(c, NOON, END)[len(found) :]
    assert {(x.why, x.command, x.actor) for x in back} == {("recalibrating", "lf rollback", "an editor")}
    assert [(x.link_id, x.after, x.before) for x in back] == [(x.link_id, x.before, x.after) for x in found]


def test_a_second_rollback_goes_further_back_and_the_first_waits_for_it(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    def surge() -> dict[str, str]:
        return stored(store, None, SURGE, SURGE + timedelta(minutes=5))

    states = [surge()]
    for title in ("Drones over airport", "More drones over airport"):
        late(store, radar, title)
        states.append(surge())
    asked = Rollback("articles", NOON, END, "step by step")
    first = coordinator.roll_back(asked)
    assert surge() == states[1]
    second = coordinator.roll_back(asked)
    assert surge() == states[0]
    with pytest.raises(RollbackFault, match=f"rollback {second.rollback_id} rests on rollback {first.rollback_id}"):
        coordinator.undo(first.rollback_id)
    coordinator.undo(second.rollback_id)
    assert surge() == states[1]
    coordinator.undo(first.rollback_id)
    assert surge() == states[2]
    with pytest.raises(RollbackFault, match="was undone by rollback"):
        coordinator.undo(first.rollback_id)
    with store.connection() as c:
        assert [r.undone_by is not None for r in rollbacks(c)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Rollback("article", NOON, END, ""), "no asset 'article'; there are articles"),
        (Rollback("articles", END, NOON, ""), "is not before"),
        (Rollback("articles", NOON, END, "", source="a", fetch_id=1), "not both"),
        (Rollback("articles", NOON, END, "", source="a", as_of=NOON), "no earlier instant"),
        (Rollback("articles", NOON, END, "", source="nobody"), "no item of source nobody"),
        (Rollback("articles", NOON, END, ""), "no window of articles .* has been computed"),
    ],
)
def test_what_cannot_be_rolled_back_is_refused_and_leaves_nothing(
    store: Store, coordinator: RollbackCoordinator, asked: Rollback, words: str
) -> None:
    with pytest.raises(RollbackFault, match=words):
        coordinator.roll_back(asked)
    assert one(store, "select count(*) from ops.rollback") == 0


def test_what_has_nothing_earlier_is_left_as_it_is(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    with pytest.raises(RollbackFault, match=r"36 window\(s\) of articles .* have nothing earlier"):
        coordinator.roll_back(Rollback("articles", NOON, END, ""))


def test_retention_takes_what_nothing_needs_and_says_how_far_back_answers_reach(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator
) -> None:
    then, sealed = now(store), [NOON.date()]
    late(store, radar)
    between, there = now(store), stored(store)
    late(store, radar, "More drones over airport")
    newest = stored(store)
    everything = "select sum(n) from (select count(*) n from core.article union all select count(*) from core.spike) t"
    rows = one(store, everything)

    def removable(kept_from: datetime, days: list[Any] = sealed) -> int:
        return retain(store, kept_from, days, preview=True).generations

    first = removable(between)
    assert 0 < first < removable(now(store)), "what counted within the kept time stays"
    assert removable(now(store), []) == 0, "and what the archive does not hold"
    held = coordinator.roll_back(Rollback("articles", NOON, END, "held"))
    assert removable(now(store)) == first, "and what the undoing of a rollback would need"
    coordinator.undo(held.rollback_id)
    assert one(store, everything) == rows
    removal = retain(store, between, sealed)
    assert removal.generations == first and removal.generation_rows > 0
    assert one(store, everything) < rows
    assert removal.payloads == 0, "a payload that a published number cites stays"
    assert (stored(store), stored(store, between)) == (newest, there)
    assert sound(store) == []
    with pytest.raises(NotKept, match="is not kept"):
        stored(store, then)


QUIET = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}


def run_rollback(
    definitions: dg.Definitions, instance: dg.DagsterInstance, **config: object
) -> dg.ExecuteInProcessResult:
    job = definitions.resolve_job_def("rollback_job")
    asked = {**QUIET, "ops": {"roll_back": {"config": config}}}
    return job.execute_in_process(instance=instance, run_config=asked, raise_on_error=False)


def test_the_job_does_the_same_and_the_hours_that_rest_on_it_are_backfilled(
    store: Store,
    radar: RadarCore,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    database_url: str,
    wind_back: Callable[[], None],
) -> None:
    before = stored(store)
    span = {"asset": "articles", "start": NOON.isoformat(), "end": END.isoformat(), "source": "bots"}
    preview = run_rollback(definitions, instance, **span, preview=True).output_for_node("roll_back")
    assert preview["withdrawn_items"] == 8 and preview["numbers_changed"]
    assert stored(store) == before
    assert run_rollback(definitions, instance, **span, reason="hijacked").success
    [request] = tick(instance, database_url).run_requests or []
    assert request.tags["latticeforge/reason"].endswith(": hijacked")
    wind_back()
    hours = definitions.resolve_job_def("hour_job").execute_in_process(
        instance=instance, tags=request.tags, run_config=QUIET, raise_on_error=False
    )
    assert hours.success, [e.message for e in hours.all_events if e.is_step_failure]
    assert [e.check_name for e in hours.get_asset_check_evaluations() if not e.passed] == []
    assert count_of(store, "bots") == 0
    failed = run_rollback(definitions, instance, asset="articles")
    told = [str(e.event_specific_data) for e in failed.all_events if e.is_step_failure]
    assert "start and end are needed" in told[0]


def tick(instance: dg.DagsterInstance, url: str, cursor: str | None = None) -> dg.SensorResult:
    resources = {"store": StoreResource(url=url)}
    with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
        result = rolled_back(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_a_rollback_of_the_command_line_shows_in_the_catalogue_with_its_reason(
    store: Store, radar: RadarCore, coordinator: RollbackCoordinator, instance: dg.DagsterInstance, database_url: str
) -> None:
    late(store, radar)
    effect = coordinator.roll_back(Rollback("articles", NOON, END, "doubtful"))
    result = tick(instance, database_url)
    made = {(e.asset_key.path[-1], e.partition, e.metadata["reason"].value) for e in result.asset_events}
    assert made == {(name, "2025-01-28-13:00", "doubtful") for name in effect.rows}
    assert {"articles", "narratives"} <= set(effect.rows) <= set(ASSETS)
    assert not result.run_requests
    assert not tick(instance, database_url, result.cursor).asset_events


def test_the_past_can_be_read_and_not_written(store: Store, radar: RadarCore) -> None:
    then = now(store)
    with (
        pytest.raises(psycopg.errors.RaiseException, match="must not write"),
        store.connection() as c,
        reading_as_of(c, then),
    ):
        c.execute("delete from core.active")
    assert stored(store, then) == stored(store)
    assert stored(store, NOON) == stored(store, NOON + ONE) != stored(store)
