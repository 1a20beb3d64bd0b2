"""Live alarms that are confirmed or withdrawn, from stored items on both sides of their events."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from latticeforge.embedding import Encoder, load_encoder
from latticeforge.model import NARRATIVE, NARRATIVE_ITEM, DateStatus, Item, item_id_of
from latticeforge.narratives.decisions import Outcome, Seen, decide, due_at
from latticeforge.radar.alerts import Alert, save_alerts
from latticeforge.radar.decisions import decide_due, due_alarms
from latticeforge.store import Store
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.landing import land_items
from latticeforge.windows import WINDOW, Window, floor_to

EVENT = datetime(2025, 3, 12, 14, 2, tzinfo=UTC)
DUE = datetime(2025, 4, 12, tzinfo=UTC)
SEEN = Seen(p=0.002, slots=900, days_before=20, days_after=21, group_items=9, shares_evidence=True)
SUBJECTS = (
    "Flood defences in the {} valley", "Hospital waiting lists grow in {}", "{} striker joins the cup holders",
    "Night trains return to {}", "Wildfire spreads near {}", "Chess prodigy from {} wins again",
    "Lithium mine planned outside {}", "Opera house in {} reopens", "Bee colonies recover around {}",
    "Volcano near {} sends up ash", "Tax on {} wine is raised", "Data leak at {} university",
)  # fmt: skip
PLACES = ("Lisbon", "Oslo", "Nairobi", "Osaka", "Lima", "Perth", "Quito", "Dakar", "Leeds", "Austin")
STORY = "{} bakery wins bread prize"


def test_an_alarm_is_due_at_the_first_midnight_after_thirty_days() -> None:
    assert due_at(EVENT) == DUE
    assert due_at(datetime(2025, 3, 12, tzinfo=UTC)) == datetime(2025, 4, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seen", "outcome", "reason"),
    [
        (SEEN, Outcome.CONFIRMED, "9 items of one story in two hours, as rare as 0.2 % of 900 slots"),
        (replace(SEEN, p=0.051), Outcome.WITHDRAWN, "not rare"),
        (replace(SEEN, shares_evidence=False), Outcome.WITHDRAWN, "another story was larger"),
        (replace(SEEN, group_items=2), Outcome.WITHDRAWN, "no group of items"),
        (replace(SEEN, days_after=3), Outcome.WITHDRAWN, "20 before and 3 after"),
        (None, Outcome.WITHDRAWN, "not fully collected"),
    ],
)
def test_the_rule(seen: Seen | None, outcome: Outcome, reason: str) -> None:
    decision = decide(seen)
    assert decision.outcome == outcome
    assert reason in decision.reason


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load_encoder("minilm-int8", tmp_path_factory.mktemp("models"))


def item(title: str, at: datetime, number: int) -> Item:
    guid = f"{number}"
    return Item(
        item_id_of("paper", guid), "paper", guid, title, "", f"https://paper.example/{number}", "", at, None, at,
        DateStatus.OK, at,
    )  # fmt: skip


def month(connection: psycopg.Connection) -> list[Item]:
    """Two months of afternoons with a dozen unlike items each, and eight of one story right after the event."""
    draw = random.Random(4)
    items, windows = [], []
    for day in range(-31, 32):
        start = floor_to(EVENT + timedelta(days=day, hours=-1), WINDOW)
        windows += [Window(start + WINDOW * n) for n in range(50)]
        items += [
            item(draw.choice(SUBJECTS).format(draw.choice(PLACES)), start + timedelta(minutes=draw.uniform(0, 240)), n)
            for n in range(len(items), len(items) + 12)
        ]
    story = [
        item(STORY.format(place), EVENT + timedelta(minutes=5 + 10 * n), 10_000 + n)
        for n, place in enumerate(PLACES[:8])
    ]
    land_items(connection, [*items, *story], None)
    empty = (NARRATIVE.empty(), NARRATIVE_ITEM.empty())
    write_generations(connection, [Write("narratives", w, empty) for w in windows], origin="radar")
    return story


def alarm(name: str, evidence: list[str], verdict: str = "likely", event_at: datetime = EVENT) -> Alert:
    return Alert(
        name, event_at + timedelta(minutes=20), "decree", "Cabinet signs decree on fishing quotas", event_at, "bakery",
        "Oslo bakery wins bread prize", event_at, 9.0, 6.0, verdict, 0.7, 0.4, 0.9, 0.1, 300.0, 7.0, 0.01, evidence, [],
        event_at,
    )  # fmt: skip


def rows(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select alert_id, decision, due_at, days_before, days_after, group_items from live.decision order by alert_id"
    ).fetchall()


def test_alarms_are_decided_once_and_when_they_are_due(store: Store, encoder: Encoder) -> None:
    with store.connection() as c:
        story = month(c)
        own = [one.item_id for one in story[:4]]
        quiet = EVENT + timedelta(days=-1)
        others = [alarm("b", own, "unlikely"), alarm("c", ["x"]), alarm("d", ["y"], event_at=quiet)]
        save_alerts(c, [alarm("a", own), *others])
    with store.connection() as c:
        assert [one.alert_id for one in due_alarms(c, DUE - timedelta(seconds=1))] == ["d"]
        assert [one.alert_id for one in due_alarms(c, DUE)] == ["d", "a", "c"]
        decided = decide_due(c, DUE, encoder)
    with store.connection() as c:
        assert decide_due(c, DUE + timedelta(days=1), encoder) == []
        found = {row[0]: row[1:] for row in rows(c)}
        kinds = c.execute("select kind from ops.event where kind like 'alarm.%' order by kind").fetchall()
        with pytest.raises(psycopg.errors.RaiseException):
            c.execute("delete from live.decision")
        c.rollback()
    assert {one.alarm.alert_id: one.decision.outcome for one in decided} == {
        "a": Outcome.CONFIRMED, "c": Outcome.WITHDRAWN, "d": Outcome.WITHDRAWN
    }  # fmt: skip
    assert found["a"][0] == "confirmed"
    assert found["a"][1] == DUE
    assert found["a"][4] == 8
    assert [days > 20 for days in found["a"][2:4]] == [True, True]
    assert [kind for (kind,) in kinds] == ["alarm.confirmed", "alarm.withdrawn", "alarm.withdrawn"]


def test_without_the_windows_of_its_event_an_alarm_is_withdrawn(store: Store, encoder: Encoder) -> None:
    with store.connection() as c:
        save_alerts(c, [alarm("a", [])])
        decided = decide_due(c, DUE, encoder)
        c.rollback()
    assert [(one.decision.outcome, one.seen) for one in decided] == [(Outcome.WITHDRAWN, None)]
