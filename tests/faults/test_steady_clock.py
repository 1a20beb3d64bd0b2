"""The machine's clock jumps by an hour: windows, dates and waits do not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.service import ClockWatcher
from latticeforge.sources.clock import SteadyClock
from latticeforge.store import Store

NOW = datetime(2025, 1, 28, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Wall:
    """A clock that a test sets, and the seconds that really pass."""

    def __init__(self) -> None:
        self.passed_s, self.off = 0.0, timedelta(0)

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.passed_s) + self.off

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clock(wall: Wall) -> SteadyClock:
    return SteadyClock(wall, monotonic=wall.monotonic)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=9000)])
def test_a_jump_that_is_put_right_is_never_seen(wall: Wall, clock: SteadyClock, jump: timedelta) -> None:
    for second in range(60):
        wall.passed_s += 1
        wall.off = jump if 10 <= second < 40 else timedelta(0)
        assert clock.now() == NOW + timedelta(seconds=wall.passed_s)
    assert [(step.by, step.taken) for step in clock.steps] == [(jump, False)]


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_jump_that_stays_is_believed_in_the_end(wall: Wall, clock: SteadyClock, jump: timedelta) -> None:
    wall.off = jump
    seen = []
    for _ in range(20):
        wall.passed_s += 60
        seen.append(clock.now() - NOW - timedelta(seconds=wall.passed_s))
    assert set(seen) == {timedelta(0), jump}
    assert seen.index(jump) == 15
    assert [step.taken for step in clock.steps] == [False, True]


def test_a_drift_is_followed_and_time_never_goes_back(wall: Wall, clock: SteadyClock) -> None:
    before = clock.now()
    for second in range(600):
        wall.passed_s += 1
        wall.off = timedelta(seconds=3 if second % 7 == 3 else second * 0.01)
        now = clock.now()
        assert now >= before
        before = now
    assert abs(clock.now() - wall.now()) <= timedelta(seconds=5)
    assert clock.steps == []


async def test_a_jump_is_told(wall: Wall, clock: SteadyClock, store: Store) -> None:
    stop = asyncio.Event()
    wall.off = -HOUR
    watching = asyncio.create_task(ClockWatcher(clock, StoreLanding(store, clock.now)).run(stop))
    async with asyncio.timeout(20):
        while True:
            with store.connection() as c:
                told = c.execute("select at, severity, message from ops.event where kind = 'clock.stepped'").fetchall()
            if told:
                break
            await asyncio.sleep(0.02)
    stop.set()
    await watching
    at, severity, message = told[0]
    assert severity == "warning"
    assert "jumped by -3600 s" in message
    assert at >= NOW
