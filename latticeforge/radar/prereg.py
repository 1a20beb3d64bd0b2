"""Pre-registration: what is going to be tested, written down before looking.

Here: the plan, its canonical form and SHA-256, the append-only register under ``LF_HOME``, what lies outside a plan.
Not here: the tests.

A plan is a JSON object. ``topics``: words of narratives, or "*" for any (its tests are corrected for the choice);
``windows_h``: hours counted after an event; ``lags_s``: [least, most] median seconds from event to item; ``statistic``:
"calendar", "group" or "event"; ``q``: the false-discovery rate; ``calendars`` (optional): event types, else any.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from latticeforge.model import Grade, Verdict
from latticeforge.sources.faults import UnreadableInput

REGISTER = "preregistrations.jsonl"
STATISTICS = ("calendar", "group", "event")
ANY = "*"
_KEYS = ("topics", "windows_h", "lags_s", "statistic", "q")


@dataclass(frozen=True, slots=True)
class Plan:
    """What counts as registered; everything else is exploratory."""

    topics: tuple[str, ...]
    windows_h: tuple[float, ...]
    lags_s: tuple[float, float]
    statistic: str
    q: float
    calendars: tuple[str, ...] = (ANY,)

    @property
    def canonical(self) -> str:
        """JSON with sorted keys and lists, no spaces, NFC: equal plans give equal bytes."""
        fields = asdict(self) | {name: sorted(getattr(self, name)) for name in ("topics", "windows_h", "calendars")}
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return unicodedata.normalize("NFC", text)

    @property
    def sha256(self) -> str:
        """Of the canonical form, in hexadecimal."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    def holds(self, row: dict[str, Any], statistic: str, window_h: float) -> bool:
        """Whether a finding of ``lf analyze`` is one that was registered."""
        named = set(str(row["narrative"]).casefold().split())
        topical = any(topic == ANY or set(topic.casefold().split()) <= named for topic in self.topics)
        lag = row.get("lag_s")
        return (
            topical
            and statistic == self.statistic
            and window_h in self.windows_h
            and (ANY in self.calendars or row["calendar_id"] in self.calendars)
            and (lag is None or self.lags_s[0] <= lag <= self.lags_s[1])
            and row.get("q") is not None
            and row["q"] <= self.q
        )


@dataclass(frozen=True, slots=True)
class Registration:
    """One line of the register."""

    sha256: str
    registered_at: datetime
    plan: Plan
    previous: str  # SHA-256 of the line before, empty for the first: no line can be taken out unseen


def read_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        UnreadableInput: it is no such plan; the message says what is wrong with it.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise UnreadableInput(f"{path} is not JSON ({error}); a plan is one JSON object") from error
    try:
        return _plan(found)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise UnreadableInput(f"{path} is no plan: {error}") from error


def _plan(found: Any) -> Plan:
    missing = [key for key in _KEYS if key not in found]
    unknown = sorted(set(found) - {*_KEYS, "calendars"})
    if missing or unknown:
        what = f"it lacks {missing[0]!r}" if missing else f"{unknown[0]!r} is no part of a plan"
        raise ValueError(f"{what}; needed are {', '.join(_KEYS)}, and calendars if you like")
    low, high = (float(v) for v in found["lags_s"])
    plan = Plan(
        topics=_texts(found["topics"], "topics"),
        windows_h=tuple(float(v) for v in found["windows_h"]),
        lags_s=(low, high),
        statistic=str(found["statistic"]),
        q=float(found["q"]),
        calendars=_texts(found.get("calendars", [ANY]), "calendars"),
    )
    if plan.statistic not in STATISTICS:
        raise ValueError(f"statistic {plan.statistic!r} is none of {', '.join(STATISTICS)}")
    if not 0.0 < plan.q <= 0.5 or low > high or not plan.windows_h:
        raise ValueError("q must be in (0, 0.5], lags_s [least, most], and windows_h not empty")
    return plan


def _texts(values: Any, name: str) -> tuple[str, ...]:
    if not isinstance(values, list) or not values or not all(isinstance(v, str) and v.strip() for v in values):
        raise ValueError(f"{name} must be a list of texts")
    return tuple(" ".join(unicodedata.normalize("NFC", v).split()) for v in values)


def registrations(home: Path) -> list[Registration]:
    """Every registration, oldest first.

    Raises:
        UnreadableInput: a line was changed or taken out.
    """
    path = home / REGISTER
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found: list[Registration] = []
    previous = ""
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        plan = _plan(row["plan"])
        if row["previous"] != previous or row["sha256"] != plan.sha256:
            raise UnreadableInput(f"{path}, line {number} was changed or one before it is gone; restore the file")
        found.append(Registration(row["sha256"], datetime.fromisoformat(row["registered_at"]), plan, previous))
        previous = hashlib.sha256(line.encode()).hexdigest()
    return found


def register(plan: Plan, home: Path, now: datetime) -> Registration:
    """Append a plan; one that is registered already keeps its first time."""
    known = registrations(home)
    for one in known:
        if one.sha256 == plan.sha256:
            return one
    path = home / REGISTER
    lines = path.read_text(encoding="utf-8").splitlines() if known else []
    previous = hashlib.sha256(lines[-1].encode()).hexdigest() if lines else ""
    line = {
        "sha256": plan.sha256,
        "registered_at": now.astimezone(UTC).isoformat(),
        "plan": json.loads(plan.canonical),
        "previous": previous,
    }
    home.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, sort_keys=True, ensure_ascii=False) + "\n")
    return Registration(plan.sha256, now.astimezone(UTC), plan, previous)


def registered(plan: Plan, home: Path) -> Registration:
    """The registration of a plan.

    Raises:
        UnreadableInput: it was never registered.
    """
    for one in registrations(home):
        if one.sha256 == plan.sha256:
            return one
    raise UnreadableInput(f"this plan (SHA-256 {plan.sha256[:12]}) is not registered; run lf prereg on it first")


def graded(
    rows: Sequence[dict[str, Any]], plan: Plan, statistic: str, windows_h: Sequence[float]
) -> list[dict[str, Any]]:
    """The rows of one kind of test; those outside the plan are exploratory. ``windows_h``: hours of each row's test."""
    return [
        row
        if row.get("verdict") == str(Verdict.NO_EVIDENCE) or plan.holds(row, statistic, hours)
        else row | {"grade": str(Grade.EXPLORATORY)}
        for row, hours in zip(rows, windows_h, strict=True)
    ]
