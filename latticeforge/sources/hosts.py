"""How the hosts are doing: a circuit breaker, a quota and a budget for each host and port.

Here: whether a host may be asked now, and what its answers say about that. Not here: asking (``client``), and waiting
for a single source (``health``).

Closed: asked at will, within the budget. After five failures in a row the circuit opens and nobody asks; when it has
been open long enough (exponential with full jitter) one probe goes through, half-open; it closes the circuit or opens
it again for longer (Nygard, *Release It!*, 2nd ed., 5.2). The budget falls by half when a host says 429 and recovers
by one request a minute with each good answer (additive increase, multiplicative decrease: Chiu and Jain, 1989).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from latticeforge.sources.backoff import ASKED_CAP_S, CAP_S, delay_s, retry_after_s
from latticeforge.sources.faults import HostPaused
from latticeforge.sources.ratelimit import quota

THRESHOLD = 5  # failures in a row
OPEN_S = 30.0  # most that the first opening may last
PROBE_S = 10.0  # others look again this long after a probe went out
MAX_WAIT_S = 30.0  # for a place in the budget; longer waits are given back to the source
BUSY = frozenset({429, 503})

CircuitState = Literal["closed", "open", "half-open"]


@dataclass(frozen=True, slots=True)
class HostRecord:
    """What is kept of a host across restarts."""

    host: str  # name and port
    state: CircuitState = "closed"
    failures: int = 0  # in a row
    opened: int = 0  # times in a row that the circuit opened
    open_until: datetime | None = None
    hold_until: datetime | None = None  # its quota is used up until then
    a_minute: float = 60.0  # requests a minute it may be asked
    last_fault: str | None = None


@dataclass(slots=True)
class _Host:
    record: HostRecord
    tokens: float
    filled_at: datetime
    probing_since: datetime | None = None
    busy: set[str] = field(default_factory=set)  # addresses that said 429 or 503 since the last good answer
    pace: tuple[float, datetime] | None = None  # (requests a minute, until): what its quota leaves


async def _nowhere(_: HostRecord) -> None: ...


class Hosts:
    """The book of hosts.

    Args:
        rng: Spreads openings in time.
        a_minute: Requests a minute to one host when all is well; as many may go out at once after a rest.
        known: What was kept before a restart.
        save: Told of every change worth keeping.
    """

    def __init__(
        self,
        rng: random.Random | None = None,
        *,
        a_minute: float = 60.0,
        known: Iterable[HostRecord] = (),
        save: Callable[[HostRecord], Awaitable[None]] = _nowhere,
    ) -> None:
        self._rng, self._a_minute, self._save = rng or random.Random(0), a_minute, save
        self._known = {record.host: record for record in known}
        self._hosts: dict[str, _Host] = {}

    def record(self, host: str) -> HostRecord | None:
        """What is known of ``host`` (name and port)."""
        return self._hosts[host].record if host in self._hosts else self._known.get(host)

    def admit(self, host: str, now: datetime) -> float:
        """Take a place in the budget of ``host``; return the seconds to wait for it (0: ask now).

        Raises:
            HostPaused: it is not to be asked now, with the seconds until it may be.
        """
        h = self._of(host, now)
        self._check_circuit(h, now)
        rate = self._rate(h, now) / 60
        burst = max(1.0, self._rate(h, now))
        h.tokens = min(burst, h.tokens + max(0.0, (now - h.filled_at).total_seconds()) * rate)
        h.filled_at = max(now, h.filled_at)
        wait_s = max(0.0, (1 - h.tokens) / rate)
        if wait_s > MAX_WAIT_S:
            h.probing_since = None
            raise HostPaused(f"{host} has had its {60 * rate:.3g} requests a minute; asked again later", wait_s)
        h.tokens -= 1
        return wait_s

    def _check_circuit(self, h: _Host, now: datetime) -> None:
        r = h.record
        if r.hold_until and now < r.hold_until:
            left_s = (r.hold_until - now).total_seconds()
            raise HostPaused(f"{r.host} asked for no request until {r.hold_until:%H:%M:%S} UTC; obeyed", left_s)
        if r.state == "closed":
            return
        if r.open_until and now < r.open_until:
            left_s = (r.open_until - now).total_seconds()
            raise HostPaused(f"{r.host} failed {r.failures} times in a row ({r.last_fault}); left alone", left_s)
        if h.probing_since and now - h.probing_since < timedelta(seconds=2 * MAX_WAIT_S):
            raise HostPaused(f"{r.host} is being tried by another source", PROBE_S)
        h.record, h.probing_since = replace(r, state="half-open"), now

    async def answered(self, host: str, url: str, status: int, headers: Mapping[str, str], now: datetime) -> None:
        """Note an answer; ``headers`` with names in lower case."""
        h = self._of(host, now)
        before = h.record
        self._note_quota(h, headers, now)
        if status < 500 and status not in (408, 425, 429):
            h.busy.clear()
            a_minute = min(self._a_minute, h.record.a_minute + 1)
            h.record = HostRecord(before.host, hold_until=h.record.hold_until, a_minute=a_minute)
            h.probing_since = None
        else:
            if status in BUSY:
                self._note_busy(h, url, headers, now)
            self._failed(h, f"answers {status}", now)
        await self._keep(before, h.record)

    async def failed(self, host: str, why: str, now: datetime) -> None:
        """Note that no answer came."""
        h = self._of(host, now)
        before = h.record
        self._failed(h, why, now)
        await self._keep(before, h.record)

    async def _keep(self, before: HostRecord, after: HostRecord) -> None:
        worth = ("state", "opened", "open_until", "hold_until")
        if any(getattr(before, name) != getattr(after, name) for name in worth):
            await self._save(after)

    def _note_quota(self, h: _Host, headers: Mapping[str, str], now: datetime) -> None:
        stated = quota(headers, now)
        if stated is None:
            return
        until = now + timedelta(seconds=stated.reset_s)
        if stated.remaining == 0:
            h.record = replace(h.record, hold_until=until)
        elif stated.reset_s > 0:
            h.pace = (60 * stated.remaining / stated.reset_s, until)
            h.tokens = min(h.tokens, float(stated.remaining))

    def _note_busy(self, h: _Host, url: str, headers: Mapping[str, str], now: datetime) -> None:
        """One address that is too busy is its source's affair; a second one makes it the host's."""
        h.busy.add(url)
        if len(h.busy) == 1:
            return
        h.record = replace(h.record, a_minute=max(1.0, h.record.a_minute / 2))
        asked_s = retry_after_s(headers.get("retry-after"), now)
        if asked_s:
            until = now + timedelta(seconds=min(ASKED_CAP_S, asked_s))
            h.record = replace(h.record, hold_until=max(until, h.record.hold_until or until))

    def _failed(self, h: _Host, why: str, now: datetime) -> None:
        r = replace(h.record, failures=h.record.failures + 1, last_fault=why[:200])
        if r.state == "half-open" or r.failures >= THRESHOLD:
            wait_s = delay_s(r.opened + 1, self._rng, base_s=OPEN_S)
            r = replace(r, state="open", opened=r.opened + 1, open_until=now + timedelta(seconds=wait_s))
            h.probing_since = None
        h.record = r

    def _rate(self, h: _Host, now: datetime) -> float:
        """Requests a minute: the budget, or less while a quota is short."""
        if h.pace and now < h.pace[1]:
            return min(h.record.a_minute, max(h.pace[0], 60 / CAP_S))
        return h.record.a_minute

    def _of(self, host: str, now: datetime) -> _Host:
        h = self._hosts.get(host)
        if h is None:
            record = self._known.get(host) or HostRecord(host, a_minute=self._a_minute)
            h = self._hosts[host] = _Host(_plausible(record, now), record.a_minute, now)
        return h


def _plausible(record: HostRecord, now: datetime) -> HostRecord:
    """After a restart: nothing lasts longer than we would ever have asked for, whatever the clock said then."""
    open_until = _not_after(record.open_until, now + timedelta(seconds=CAP_S))
    hold_until = _not_after(record.hold_until, now + timedelta(seconds=ASKED_CAP_S))
    state: CircuitState = "closed" if record.state == "closed" else "open"
    return replace(record, state=state, open_until=open_until, hold_until=hold_until)


def _not_after(at: datetime | None, latest: datetime) -> datetime | None:
    return min(at, latest) if at else None
