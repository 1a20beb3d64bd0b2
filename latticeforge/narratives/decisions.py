"""Alarms confirmed or withdrawn: what becomes of a live alarm once there are slots on both sides of its event.

Here: when an alarm is decided, by what rule, and the sentence that says why. Not here: the test (``groups``), and
reading slots and alarms (``radar.decisions``).

A live alarm knows only what came before. Its date of decision follows from the event's time alone, so that it is
published with the alarm and nobody can choose it. Method: docs/method/links.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from latticeforge.narratives.groups import MIN_GROUP
from latticeforge.windows import DAY, ceil_to

METHOD_VERSION = "2025.1"
WAIT = timedelta(days=30)
MAX_P = 0.05  # of three hours on sixty days, in which the alarm's own story stands more than once
MIN_DAYS = 7  # comparable days on each side: with fewer, one unusual week decides


class Outcome(StrEnum):
    """What is said of an alarm in the end."""

    CONFIRMED = "confirmed"  # rarer than chance at this hour; by one event, and never more than that
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Seen:
    """The event's slot among those of the same hour +- 1 h and weekday class on both sides."""

    p: float  # (b + 1) / (slots + 1)
    slots: int
    days_before: int
    days_after: int
    group_items: int  # of the largest group of one story in the two hours after the event
    shares_evidence: bool  # whether that group holds items that the alarm rested on


@dataclass(frozen=True, slots=True)
class Decision:
    """What is published."""

    outcome: Outcome
    reason: str


def due_at(event_at: datetime) -> datetime:
    """When an alarm is decided: the first midnight UTC that is 30 days or more after its event."""
    return ceil_to(event_at + WAIT, DAY)


def decide(seen: Seen | None) -> Decision:
    """The decision; an alarm that cannot be tested is withdrawn, for an alarm in force must be one that was tested.

    Confirmed is an alarm whose story is the largest group of the two hours after the event, at p <= 0.05.
    """
    if seen is None:
        return Decision(Outcome.WITHDRAWN, "the two hours after the event were not fully collected")
    if min(seen.days_before, seen.days_after) < MIN_DAYS:
        return Decision(
            Outcome.WITHDRAWN,
            f"too few comparable days: {seen.days_before} before and {seen.days_after} after the event,"
            f" {MIN_DAYS} are needed on each side",
        )
    among = f"{seen.slots} slots at this hour on {seen.days_before} days before and {seen.days_after} after"
    group = f"{seen.group_items} items of one story in two hours"
    if seen.group_items < MIN_GROUP:
        return Decision(Outcome.WITHDRAWN, f"no group of items: at most {group}")
    if seen.p > MAX_P:
        return Decision(Outcome.WITHDRAWN, f"not rare: {group} or rarer in {_share(seen.p)} of {among}")
    if not seen.shares_evidence:
        return Decision(Outcome.WITHDRAWN, f"another story was larger: {group}, none of them the alarm's")
    return Decision(Outcome.CONFIRMED, f"{group}, as rare as {_share(seen.p)} of {among}")


def _share(p: float) -> str:
    """
    >>> _share(0.0123)
    '1.23 %'
    """
    return f"{100 * p:.3g} %"
