"""The simulated clock moves only when everyone sleeps, and is the same every time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from latticeforge.radar.clock import SimulatedClock

START = datetime(2025, 1, 28, tzinfo=UTC)


async def test_time_waits_for_real_work_and_jumps_over_sleep() -> None:
    clock = SimulatedClock(START)
    seen: list[tuple[str, float]] = []

    async def participant(name: str, every_s: float, times: int) -> None:
        for _ in range(times):
            await clock.sleep(every_s)
            at = clock.now()
            await asyncio.sleep(0.005)  # real work: the clock must stand still meanwhile
            assert clock.now() == at
            seen.append((name, (at - START).total_seconds()))

    began = asyncio.get_running_loop().time()
    await asyncio.gather(clock.join(participant("hour", 3600, 3)), clock.join(participant("half", 1800, 6)))
    assert asyncio.get_running_loop().time() - began < 60, "three hours must not take three hours"
    assert sorted(seen) == sorted(
        [("half", 1800.0 * n) for n in range(1, 7)] + [("hour", 3600.0 * n) for n in range(1, 4)]
    )
    assert clock.now() == START + timedelta(hours=3)


async def test_one_who_leaves_does_not_hold_up_the_others() -> None:
    clock = SimulatedClock(START)

    async def brief() -> None:
        await clock.sleep(1)

    async def long() -> None:
        for _ in range(5):
            await clock.sleep(10)

    await asyncio.gather(clock.join(brief()), clock.join(long()))
    assert clock.now() == START + timedelta(seconds=50)


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = SimulatedClock(START)

    async def sleeper() -> None:
        await clock.sleep(10_000)

    async def other() -> None:
        await clock.sleep(5)
        task.cancel()
        await asyncio.sleep(0)
        await clock.sleep(5)

    task = clock.join(sleeper())
    await clock.join(other())
    assert clock.now() == START + timedelta(seconds=10)
