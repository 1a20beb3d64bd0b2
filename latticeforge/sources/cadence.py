"""How often a source says something new, and when its silence is out of the ordinary.

Here: learning the usual worst silence of one source, and judging the present one. Not here: what follows from it
(``health``), and silence that comes from not being able to ask (a failure, which is a gap of its own).

A source is silent when it answers and has nothing new for almost twice its usual worst silence: the longest of the
last 91 days, or what the catalogue declares if that is longer. A rhythm of days and weeks needs no model of its own,
for nights and week-ends are in the worst silence of any four weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from latticeforge.windows import EPOCH, require_utc

MEMORY_DAYS = 91
LEARNING = timedelta(days=28)  # four week-ends
ENOUGH = 8  # silences to have seen
FACTOR = 2.0
WARY_FACTOR = 6.0  # for a source whose silence was taken for a fault once already within the memory


@dataclass(slots=True)
class Cadence:
    """The silences of one source, in seconds.

    Args:
        declared_s: The longest silence that is usual, where the catalogue says so; it counts from the first day.
    """

    declared_s: float | None = None
    since: datetime | None = None  # first news ever seen
    last: datetime | None = None  # newest news
    blind_s: float = 0.0  # since ``last``, in which the source could not be asked
    silences: int = 0
    worst: dict[int, float] = field(default_factory=dict)  # day since 1970 -> longest silence that ended on it
    surprised_at: datetime | None = None  # when a silence that was flagged turned out to be one

    def usual_worst_s(self, now: datetime) -> float | None:
        """The usual worst silence, or None while it is neither declared nor learned."""
        learned = None
        if self.since and self.silences >= ENOUGH and now - self.since >= LEARNING:
            learned = max((s for day, s in self.worst.items() if day > _day(now) - MEMORY_DAYS), default=None)
        known = [s for s in (self.declared_s, learned) if s is not None]
        return max(known) if known else None

    def silence_s(self, now: datetime) -> float:
        """How long the source has had nothing new, as far as it could be asked; 0 before its first news."""
        return max(0.0, (now - self.last).total_seconds() - self.blind_s) if self.last else 0.0

    def is_silent(self, now: datetime, interval_s: float) -> bool:
        """Whether the next look, ``interval_s`` from now, would come after the silence is out of the ordinary."""
        usual = self.usual_worst_s(now)
        if usual is None:
            return False
        surprised = self.surprised_at is not None and now - self.surprised_at < timedelta(days=MEMORY_DAYS)
        return self.silence_s(now) + interval_s > (WARY_FACTOR if surprised else FACTOR) * max(usual, interval_s)

    def news(self, now: datetime, *, flagged: bool = False, held_back: bool = False) -> None:
        """Something new came at ``now``, after a silence that was ``flagged`` or not.

        A silence in which the source published and only its feed stood still (``held_back``) teaches nothing: it was
        a fault, and next time it is to be found as early.
        """
        if self.last is None:
            self.since = now
        elif not held_back and now > self.last:
            day = _day(now)
            self.worst[day] = max(self.worst.get(day, 0.0), self.silence_s(now))
            self.silences += 1
            self.surprised_at = now if flagged else self.surprised_at
            for old in [d for d in self.worst if d <= day - MEMORY_DAYS]:
                del self.worst[old]
        self.last, self.blind_s = now, 0.0

    def blind(self, seconds: float) -> None:
        """The source could not be asked for ``seconds``: no silence of its own."""
        self.blind_s += max(0.0, seconds)

    def dump(self) -> dict[str, Any]:
        """As JSON for ``ops.source``."""
        times = {"since": self.since, "last": self.last, "surprised_at": self.surprised_at}
        return {
            **{name: at.isoformat() for name, at in times.items() if at},
            "blind_s": round(self.blind_s, 1),
            "silences": self.silences,
            "worst": {str(day): round(s, 1) for day, s in self.worst.items()},
        }

    @classmethod
    def load(cls, stored: Mapping[str, Any] | None, declared_s: float | None = None) -> Self:
        """From what :meth:`dump` gave; anything unreadable in it is learned again."""
        try:
            kept = dict(stored or {})
            times = {n: require_utc(datetime.fromisoformat(kept[n])) for n in _TIMES if n in kept}
            worst = {int(day): float(s) for day, s in dict(kept.get("worst", {})).items()}
            return cls(
                declared_s,
                blind_s=float(kept.get("blind_s", 0.0)),
                silences=int(kept.get("silences", 0)),
                worst=worst,
                **times,
            )
        except (ValueError, TypeError):
            return cls(declared_s)


_TIMES = ("since", "last", "surprised_at")


def _day(at: datetime) -> int:
    return (at - EPOCH).days
