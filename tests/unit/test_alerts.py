"""The book of alerts: an alert is said again when a reader would notice a difference, and otherwise not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl

from latticeforge.radar.alerts import MEMORY, Alert, AlertBook
from latticeforge.store.ledger import GAPS

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
NO_GAPS = pl.DataFrame(schema=GAPS)
ALERT = Alert(
    alert_id="20250128T1200Z-001|e1",
    evaluated_at=NOON,
    event_id="e1",
    event_title="A vote",
    event_at=NOON - timedelta(minutes=20),
    label="storm, coast",
    headline="Storm at the coast",
    onset_at=NOON - timedelta(minutes=2),
    ratio=9.0,
    surprise=6.0,
    verdict="likely",
    likelihood=0.71,
    likelihood_low=0.5,
    likelihood_high=0.9,
    conflict_k=0.1,
    lag_s=1080.0,
    effect_items=12.0,
    p_value=0.01,
    evidence=["a", "b"],
    partial=[],
    newest_received_at=NOON,
)


def said(book: AlertBook, alert: Alert, *, gaps: pl.DataFrame = NO_GAPS) -> list[Alert]:
    return book.update([alert], gaps, alert.evaluated_at)


def later(seconds: float, **changes: object) -> Alert:
    return replace(ALERT, evaluated_at=NOON + timedelta(seconds=seconds), **changes)


def test_what_has_not_changed_is_not_said_again() -> None:
    book = AlertBook()
    assert len(said(book, ALERT)) == 1
    assert said(book, later(1)) == []
    assert said(book, later(2, likelihood=0.7149, surprise=6.4, effect_items=13.0)) == [], "nobody would notice"


def test_what_a_reader_would_notice_is_said_under_the_same_name() -> None:
    book = AlertBook()
    said(book, ALERT)
    [weaker] = said(book, later(5, verdict="contested", likelihood=0.55))
    assert (weaker.alert_id, weaker.verdict) == (ALERT.alert_id, "contested")
    assert [a.likelihood for a in said(book, later(6, verdict="contested", likelihood=0.57))] == [0.57]


def test_missing_data_is_said_and_taken_back() -> None:
    book = AlertBook()
    said(book, ALERT)
    gap = pl.DataFrame([("paper", NOON - timedelta(minutes=5), None, "503", "open")], schema=GAPS, orient="row")
    [restated] = book.restate(gap, NOON + timedelta(seconds=3))
    assert restated.partial == ["paper: 503"]
    assert book.restate(gap, NOON + timedelta(seconds=4)) == []
    [whole] = book.restate(NO_GAPS, NOON + timedelta(seconds=5))
    assert whole.partial == []


def test_an_alert_is_forgotten_after_three_hours() -> None:
    book = AlertBook()
    said(book, ALERT)
    assert len(said(book, later(MEMORY.total_seconds() + 1))) == 1
