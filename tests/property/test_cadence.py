"""Silent sources: found in time, and hardly ever without cause, whatever their rhythm (simulated polls)."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from latticeforge.sources.cadence import FACTOR, LEARNING, Cadence

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY_S = 86_400.0
QUARTER_S = 91 * DAY_S
INTERVAL_S = 300.0
QUARTERS = 3

Times = list[float]


def steady(rng: random.Random, end: float) -> Times:
    """Poisson, with nights more or less quiet."""
    rate, depth = 10 ** rng.uniform(0.5, 2) / DAY_S, rng.uniform(0.3, 1)
    return _thinned(rng, end, 2 * rate, lambda t: (1 - depth * math.cos(2 * math.pi * t / DAY_S)) / 2)


def office(rng: random.Random, end: float) -> Times:
    """Working hours of working days, with a public holiday a month."""
    rate = 10 ** rng.uniform(0.5, 1.8) / 36_000
    holidays = {rng.randrange(int(end / DAY_S)) for _ in range(int(end / DAY_S / 35))}

    def open_at(t: float) -> float:
        day, hour = int(t // DAY_S), t % DAY_S / 3600
        return float(day % 7 < 5 and day not in holidays and 8 <= hour < 18)

    return _thinned(rng, end, rate, open_at)


def bursty(rng: random.Random, end: float) -> Times:
    """Stories by day, each with a train of follow-ups."""
    found: Times = []
    for t in _thinned(
        rng, end, rng.uniform(8, 60) / DAY_S, lambda t: (1 - 0.9 * math.cos(2 * math.pi * t / DAY_S)) / 2
    ):
        for _ in range(1 + int(rng.expovariate(1 / 6))):
            found.append(t)
            t += rng.expovariate(1 / 600)
    return sorted(found)


def lognormal(rng: random.Random, end: float) -> Times:
    """Independent waits of very different length."""
    mean, sigma = 10 ** rng.uniform(3.3, 4.7), rng.uniform(0.8, 1.6)
    return _renewal(end, lambda: mean * rng.lognormvariate(-sigma * sigma / 2, sigma))


def heavy(rng: random.Random, end: float) -> Times:
    """Waits without a usual worst: power laws down to an exponent of 1.6."""
    exponent, least = rng.uniform(1.6, 3), 10 ** rng.uniform(3, 4)
    return _renewal(end, lambda: least * rng.paretovariate(exponent))


def daily(rng: random.Random, end: float) -> Times:
    """One bulletin a day, now and then none."""
    days = [d for d in range(int(end / DAY_S)) if rng.random() < 0.97]
    return [d * DAY_S + 43_200 + rng.gauss(0, 3600) for d in days]


def weekly(rng: random.Random, end: float) -> Times:
    """One bulletin a week."""
    return [d * DAY_S + 43_200 + rng.gauss(0, 7200) for d in range(0, int(end / DAY_S), 7)]


def _thinned(rng: random.Random, end: float, rate: float, keep: Callable[[float], float]) -> Times:
    return [t for t in _renewal(end, lambda: rng.expovariate(rate)) if rng.random() < keep(t)]


def _renewal(end: float, wait: Callable[[], float]) -> Times:
    t, found = 0.0, []
    while (t := t + wait()) < end:
        found.append(t)
    return found


def at(t: float) -> datetime:
    return START + timedelta(seconds=t)


def false_alarms(times: Times) -> list[float]:
    """When a source that never fails would be flagged. Between two news the rule is tried at the last poll only."""
    cadence, flagged = Cadence(), []
    polls = sorted({math.ceil(t / INTERVAL_S) * INTERVAL_S for t in times})
    for before, now in zip([None, *polls], polls, strict=False):
        alarm = before is not None and cadence.is_silent(at(now - INTERVAL_S), INTERVAL_S)
        flagged += [now] * alarm
        cadence.news(at(now), flagged=alarm)
    return flagged


KINDS = [steady, office, bursty, lognormal, heavy, daily, weekly]


@pytest.mark.parametrize("sources", [8, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_at_most_one_false_alarm_a_source_a_quarter(
    kind: Callable[[random.Random, float], Times], sources: int
) -> None:
    """Sources of a kind for three quarters, their first weeks included."""
    a_quarter = []
    for seed in range(sources):
        alarms = false_alarms(kind(random.Random(f"{kind.__name__}{seed}"), QUARTERS * QUARTER_S))
        counts = [0] * QUARTERS
        for t in alarms:
            counts[min(int(t // QUARTER_S), QUARTERS - 1)] += 1
        a_quarter += counts
    assert max(a_quarter) <= 1
    assert sum(a_quarter) / len(a_quarter) < 0.4


@pytest.mark.parametrize("kind", [steady, office, bursty, lognormal, heavy, daily], ids=lambda k: k.__name__)
def test_a_source_that_falls_silent_is_flagged_within_twice_its_usual_worst_silence(
    kind: Callable[[random.Random, float], Times],
) -> None:
    for seed in range(5):
        times = kind(random.Random(f"{kind.__name__}{seed}"), QUARTER_S)
        stop = random.Random(seed).uniform(35 * DAY_S, QUARTER_S)
        cadence, polls = Cadence(), sorted({math.ceil(t / INTERVAL_S) * INTERVAL_S for t in times if t < stop})
        for now in polls:
            cadence.news(at(now))
        usual = max(b - a for a, b in pairwise(polls))
        now = polls[-1]
        while not cadence.is_silent(at(now), INTERVAL_S):
            now += INTERVAL_S
        assert usual < now - polls[-1] + INTERVAL_S <= FACTOR * usual + INTERVAL_S


@given(st.lists(st.floats(1, 3e6), min_size=1, max_size=60), st.booleans())
def test_what_was_learned_survives_a_restart(waits: list[float], surprised: bool) -> None:
    one, now = Cadence(3600.0), START
    for wait in waits:
        now += timedelta(seconds=wait)
        one.news(now, flagged=surprised)
    one.blind(12.5)
    other = Cadence.load(one.dump(), 3600.0)
    for hours in (0, 1, 5, 50, 5000):
        later = now + timedelta(hours=hours)
        assert other.is_silent(later, INTERVAL_S) == one.is_silent(later, INTERVAL_S)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda c: st.dictionaries(st.text(), c), max_leaves=8))
def test_nonsense_in_the_store_is_learned_again(stored: object) -> None:
    kept = {"since": stored, "worst": stored, "blind_s": stored, "silences": stored}
    assert Cadence.load(kept, 60.0).declared_s == 60.0


def test_a_declared_rhythm_counts_from_the_first_day() -> None:
    cadence = Cadence(declared_s=3600.0)
    cadence.news(START)
    assert not cadence.is_silent(START + timedelta(minutes=110), INTERVAL_S)
    assert cadence.is_silent(START + timedelta(minutes=116), INTERVAL_S)
    assert not Cadence().is_silent(START + timedelta(days=99), INTERVAL_S), "nothing declared, nothing learned"


def test_time_in_which_nobody_could_ask_is_no_silence() -> None:
    cadence = Cadence(declared_s=3600.0)
    cadence.news(START)
    cadence.blind(7200.0)
    assert not cadence.is_silent(START + timedelta(hours=3.5), INTERVAL_S)
    assert cadence.is_silent(START + timedelta(hours=4), INTERVAL_S)


def test_a_feed_that_stood_still_teaches_no_silence() -> None:
    cadence, now = Cadence(), START
    while now < START + LEARNING + timedelta(days=1):
        now += timedelta(hours=1)
        cadence.news(now)
    now += timedelta(hours=30)
    cadence.news(now, flagged=True, held_back=True)
    assert cadence.usual_worst_s(now) == 3600.0
    now += timedelta(hours=30)
    cadence.news(now, flagged=True)
    assert cadence.usual_worst_s(now) == 30 * 3600.0
