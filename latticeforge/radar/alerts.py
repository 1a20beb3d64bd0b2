"""Alerts: what the radar says now about one event and one story, restated while it changes.

Here: which scores belong to the same alert, and when saying something again is worth a row. Not here: the score itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import datetime, timedelta

import polars as pl
import psycopg
from psycopg import sql

from latticeforge.instants import instant
from latticeforge.model import Verdict
from latticeforge.narratives.events import LINK_SPAN
from latticeforge.radar.stages import LONGEST_SCALE, Evaluation
from latticeforge.store.ledger import partial_reasons

REPORTED = (Verdict.LIKELY, Verdict.CONTESTED, Verdict.UNLIKELY)
MEMORY = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Alert:
    """One statement about one event and one story (a row of ``live.alert``)."""

    alert_id: str
    evaluated_at: datetime
    event_id: str
    event_title: str
    event_at: datetime
    label: str
    headline: str
    onset_at: datetime
    ratio: float
    surprise: float
    verdict: str
    likelihood: float | None
    likelihood_low: float | None
    likelihood_high: float | None
    conflict_k: float
    lag_s: float
    effect_items: float
    p_value: float
    evidence: list[str]
    partial: list[str]
    newest_received_at: datetime

    @property
    def statement(self) -> tuple[object, ...]:
        """What a reader would notice if it changed: verdict, likelihood to a hundredth, data that is missing."""
        rounded = None if self.likelihood is None else round(self.likelihood, 2)
        return self.verdict, rounded, tuple(self.partial)


class AlertBook:
    """The alerts of the last three hours. The newest statement of an alert is the one that counts."""

    def __init__(self) -> None:
        self._alerts: dict[str, Alert] = {}

    def load(self, connection: psycopg.Connection, now: datetime) -> None:
        """Go on where an earlier process stopped."""
        rows = connection.execute(
            sql.SQL(
                "select distinct on (alert_id) {} from live.alert where evaluated_at > %s order by alert_id, seq desc"
            ).format(_COLUMNS),
            (now - MEMORY,),
        ).fetchall()
        self._alerts = {alert.alert_id: alert for alert in (Alert(*row) for row in rows)}

    def update(self, found: Sequence[Alert], gaps: pl.DataFrame, now: datetime) -> list[Alert]:
        """Take in new findings (their ``alert_id`` is only a proposal); return the statements worth publishing.

        Args:
            gaps: Gaps of the last hours that are not filled; each statement names those that touch it.
        """
        self._alerts = {k: a for k, a in self._alerts.items() if a.evaluated_at > now - MEMORY}
        changed = []
        for alert in (replace(a, partial=_missing(a, gaps, now)) for a in found):
            known = self._same(alert)
            if known is not None:
                alert = replace(alert, alert_id=known.alert_id)
            if known is None or known.statement != alert.statement:
                changed.append(alert)
                self._alerts[alert.alert_id] = alert
        return changed

    def restate(self, gaps: pl.DataFrame, now: datetime) -> list[Alert]:
        """Say again every alert whose list of missing data is no longer true."""
        missing = {a.alert_id: _missing(a, gaps, now) for a in self._alerts.values()}
        stale = [a for a in self._alerts.values() if a.partial != missing[a.alert_id]]
        restated = [replace(a, partial=missing[a.alert_id], evaluated_at=now) for a in stale]
        self._alerts |= {a.alert_id: a for a in restated}
        return restated

    def _same(self, alert: Alert) -> Alert | None:
        evidence = set(alert.evidence)
        for known in self._alerts.values():
            if known.event_id == alert.event_id and not evidence.isdisjoint(known.evidence):
                return known
        return None


def _missing(alert: Alert, gaps: pl.DataFrame, now: datetime) -> list[str]:
    """What is missing in the time an alert speaks of: an hour before its onset to two hours after its event."""
    return partial_reasons(gaps, alert.onset_at - LONGEST_SCALE, min(now, alert.event_at + LINK_SPAN))


def alerts_of(evaluation: Evaluation, now: datetime, newest: datetime) -> list[Alert]:
    """The alerts that a window's scores amount to: for each event and narrative the most certain of its scales."""
    score = evaluation.frames["distraction_scores"][0]
    if not score.is_empty():
        score = score.filter(pl.col("verdict").is_in([v.value for v in REPORTED]))
    if score.is_empty():
        return []
    spike = evaluation.frames["spikes"][0].select("spike_id", "onset_at", "ratio", "surprise")
    narrative = evaluation.frames["narratives"][0].select("narrative_id", "headline")
    link = evaluation.frames["correlations"][0].select("link_id", "spike_id")
    rows = (
        score.join(link, on="link_id")
        .join(spike, on="spike_id")
        .join(narrative, on="narrative_id")
        .join(evaluation.around.events.select("event_id", event_title="title", event_at="occurred_at"), on="event_id")
        .sort("likelihood", "surprise", "link_id", descending=[True, True, False], nulls_last=True)
        .unique(["event_id", "narrative_id"], keep="first", maintain_order=True)
        .with_columns(alert_id="link_id", evaluated_at=instant(now), newest_received_at=instant(newest))
    )
    return [Alert(*row) for row in rows.select(f.name for f in fields(Alert)).iter_rows()]


def save_alerts(connection: psycopg.Connection, alerts: Sequence[Alert]) -> None:
    """Append statements to ``live.alert``."""
    if not alerts:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL("insert into live.alert ({}) values ({})").format(
                _COLUMNS, sql.SQL(", ").join(sql.Placeholder() * len(fields(Alert)))
            ),
            [astuple(a) for a in alerts],
        )


_COLUMNS = sql.SQL(", ").join(sql.Identifier(f.name) for f in fields(Alert))
