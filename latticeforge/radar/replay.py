"""Replay: real timestamped items from files through the same path as live ones.

Here: planning what to replay, landing it hour by hour, ticking the radar. Not here: reading files (``sources.files``),
the work of a tick (``core``). The simulated present is the end of the hour being replayed, so the result does not
depend on when or how fast a file is replayed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from latticeforge.embedding import Encoder
from latticeforge.model import CalendarEvent, Fetch, Landed
from latticeforge.radar.core import RadarCore, Tick
from latticeforge.sources.calendar import parse_calendar
from latticeforge.sources.dates import judge_date
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import ParsedItem, to_item
from latticeforge.sources.files import FileItem, read_items
from latticeforge.store import Store
from latticeforge.store.landing import land_events, land_fetch, land_items
from latticeforge.store.ledger import save_source
from latticeforge.windows import HOUR, ceil_to, floor_to


@dataclass(frozen=True, slots=True)
class Timed:
    """An item and the instant it is replayed at (its publication), or None where its date is of no use."""

    at: datetime | None
    source: str
    item: ParsedItem


@dataclass(frozen=True)
class Plan:
    """What will be replayed: items by hour, oldest first; items without a usable date come in the first hour."""

    start: datetime
    end: datetime
    items: Sequence[Timed]
    events: Sequence[CalendarEvent]
    problems: Sequence[str]

    @property
    def hours(self) -> int:
        """How many hours the replay covers."""
        return (self.end - self.start) // HOUR

    def by_hour(self) -> Iterator[tuple[datetime, list[Timed]]]:
        """(end of the hour, its items) for every hour, empty ones too."""
        at, place = self.start, 0
        while at < self.end:
            at += HOUR
            begin = place
            while place < len(self.items) and (self.items[place].at or self.start) < at:
                place += 1
            yield at, list(self.items[begin:place])


def plan(files: Sequence[Path], calendar: Path | None, start: datetime | None, end: datetime | None) -> Plan:
    """Read the files and lay out the hours.

    Raises:
        UnreadableInput: a file cannot be read, or nothing is left between ``start`` and ``end``.
    """
    items: list[Timed] = []
    problems: list[str] = []
    now = datetime.now(UTC)
    for path in files:
        read = read_items(path)
        items += [_timed(one, now) for one in read.items]
        problems += [f"{path.name}: {p}" for p in read.problems]
    kept = [one for one in items if _inside(one.at, start, end)]
    dated = [one.at for one in kept if one.at is not None]
    if not dated:
        raise UnreadableInput("no dated item between --from and --to; look at the dates in the file")
    first = floor_to(start or min(dated), HOUR)
    last = ceil_to(end or max(dated) + timedelta(seconds=1), HOUR)
    kept.sort(key=lambda one: (one.at or first, one.source, one.item.guid))
    events = _events(calendar, first) if calendar else []
    return Plan(first, last, kept, events, problems)


def _timed(one: FileItem, now: datetime) -> Timed:
    """A date of 1970 or 2099 is no time to replay at: it would make the replay decades long."""
    at, _ = judge_date(one.item.published_at, one.item.date_problem, now)
    return Timed(at, one.source, one.item)


def _inside(at: datetime | None, start: datetime | None, end: datetime | None) -> bool:
    if at is None:
        return start is None and end is None
    return (start is None or at >= start) and (end is None or at < end)


def _events(path: Path, now: datetime) -> Sequence[CalendarEvent]:
    try:
        payload = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read ({error.strerror}); check the path") from error
    return parse_calendar(payload, path.stem, now).events


def run_replay(
    work: Plan,
    store: Store,
    encoder: Encoder,
    *,
    speed: float = 0.0,
    on_hour: Callable[[Tick], None] = lambda _: None,
) -> dict[str, Any]:
    """Land and evaluate every hour of ``work``; return counts for the summary.

    Args:
        speed: Times real time; 0 is as fast as it goes.
    """
    began = time.perf_counter()
    core = RadarCore(store, encoder, lateness=timedelta(0), origin="replay")
    core.resume(work.start, begin=work.start)
    _register(store, work)
    landed, windows, alerts = Landed(), 0, 0
    for now, items in work.by_hour():
        landed += _land(store, items, now - HOUR)
        tick = core.tick(now)
        windows, alerts = windows + len(tick.closed) + len(tick.recomputed), alerts + len(tick.published)
        on_hour(tick)
        if speed:
            time.sleep(HOUR.total_seconds() / speed)
    return {
        "items_in": len(work.items),
        "items_new": landed.new,
        "items_duplicate": landed.duplicate,
        "items_revised": landed.revised,
        "items_lost": len(work.items) - landed.new - landed.duplicate - landed.revised,
        "windows": windows,
        "statements": alerts,
        "from": work.start.isoformat(),
        "to": work.end.isoformat(),
        "wall_s": round(time.perf_counter() - began, 1),
    }


def _register(store: Store, work: Plan) -> None:
    with store.connection() as c:
        for source in sorted({one.source for one in work.items}):
            save_source(c, source, title=source, kind="file")
        land_events(c, work.events, None)


def _land(store: Store, items: Sequence[Timed], first_instant: datetime) -> Landed:
    """Land one hour: the rows as read, then the items. An item is seen the moment it was published."""
    if not items:
        return Landed()
    records = [to_item(one.item, one.source, one.at or first_instant) for one in items]
    seen_at = max(r.first_seen_at for r in records)
    payload = "\n".join(json.dumps(asdict(one), default=str, ensure_ascii=False) for one in items).encode()
    with store.connection() as c:
        fetch_id = land_fetch(c, Fetch("replay", "file:", seen_at, seen_at, 200, {}, payload))
        return land_items(c, records, fetch_id)
