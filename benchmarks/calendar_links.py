"""The confirmed link on calendars: placebo calendars, injected effects, reliability. Run by ``honesty.py``.

Limits are two-sided 95 % by Clopper & Pearson; calendars of one feed share one background, so the true uncertainty is
somewhat larger.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from newsfeeds import REAL, Feed, simulated, with_effect
from numpy.typing import NDArray
from scipy.stats import beta, kstest, norm, poisson

from latticeforge.embedding import load_encoder
from latticeforge.embedding.cache import encode_cached
from latticeforge.narratives.calendar_counts import DAY_SLOTS, HOUR_SLOTS, WINDOW_SLOTS, normal_scores
from latticeforge.narratives.calendar_test import CalendarTest, placebos, run_test
from latticeforge.narratives.calibration import EFFECT_SD, EFFECT_SHARE, calibrate
from latticeforge.narratives.placebo import benjamini_hochberg

LEVEL = 0.05
ORDERS = REAL.parent / "calendar.csv"
# Real executive orders (``orders_gate``): each closes 13 % of the narratives, and of those that one closes another
# closes 31 %. A correlation of 0.42 between the nearness of two orders to a narrative gives that.
ORDERS_CLOSE = 0.13
ORDERS_ALIKE = 0.42

CALENDARS = ((10, ""), (30, ""), (60, ""), (30, "19-20 UTC"), (30, "threes in 48 h"))


@dataclass(frozen=True)
class Size:
    """How much is computed."""

    feeds: int
    nulls: int
    injections: int
    mixed: int
    assumed: int  # calendars for each assumption
    draws: int


QUICK = Size(feeds=1, nulls=60, injections=20, mixed=40, assumed=10, draws=399)
FULL = Size(feeds=3, nulls=334, injections=100, mixed=200, assumed=300, draws=399)


@dataclass(frozen=True)
class Case:
    """One calendar that was tested."""

    test: CalendarTest
    narrative: int  # that had the effect; -1: none
    truth: float  # realised extra items per unrelated event
    likelihood: float
    naive: tuple[bool, ...]


def case(
    feed: Feed,
    n: int,
    seed: Sequence[int],
    draws: int,
    sd: float = 0.0,
    share: float = 0.0,
    likelihood: bool = False,
    times: str = "",
    subject: str = "",
    lasting: bool = True,
) -> Case:
    """A random calendar of n events, with an effect of ``sd`` after a ``share`` of them.

    ``times`` and ``subject``: see TIMES and GATES. A ``lasting`` effect is in the feed, and so in later baselines and
    in the placebo windows that overlap; else it is in the windows of the events alone.
    """
    rng = np.random.default_rng(seed)
    slots, gate = TIMES[times](feed, n, rng), GATES[subject](feed, n, rng)
    narrative, truth = -1, 0.0
    if sd > 0:
        open_to = np.flatnonzero(gate.sum(axis=0) >= n / 2)
        narrative = int(rng.choice(open_to))
        hit = rng.permutation(n) < round(share * n)
        more = np.floor(sd * feed.baseline.spread[narrative] + rng.random(n)).astype(np.int64)
        more = more * (hit & gate[:, narrative])
        feed = (with_effect if lasting else in_events_only)(feed, slots, narrative, more, rng)
        truth = float(more[gate[:, narrative]].mean())
    where = placebos(slots, feed.usable, HOUR_SLOTS)
    own = np.zeros(gate.shape)
    test = run_test(feed.field, where, gate, own, (*seed, 1), draws=draws)
    p = 0.0
    if likelihood:
        p = calibrate(test, feed.field, gate, (*seed, 2)).likelihood(float(test.margin[test.best]))[0]
    return Case(test, narrative, truth, p, naive(feed, slots, gate))


def evening(feed: Feed, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Event slots between 19 and 20 UTC."""
    open_slots = np.flatnonzero(feed.usable)
    hour = open_slots[open_slots % DAY_SLOTS // HOUR_SLOTS == 19]
    return np.sort(rng.choice(hour, n, replace=False))


def clustered(feed: Feed, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Event slots in threes within 48 hours."""
    first = rng.choice(np.flatnonzero(feed.usable)[: -48 * HOUR_SLOTS], n // 3, replace=False)
    later = first[:, None] + rng.integers(1, 48 * HOUR_SLOTS, size=(first.size, 2))
    return np.sort(np.concatenate([first, later.ravel()]))


TIMES: dict[str, Callable[[Feed, int, np.random.Generator], NDArray[np.int64]]] = {
    "": lambda feed, n, rng: feed.slots(n, rng),
    "19-20 UTC": evening,
    "threes in 48 h": clustered,
}


def one_subject(feed: Feed, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n, K) the same gate for all events."""
    return np.repeat(feed.gates(1, rng), n, axis=0)


def as_orders(feed: Feed, n: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """(n, K) gates as alike as those of real executive orders."""
    k = feed.panel.narratives
    near = np.sqrt(ORDERS_ALIKE) * rng.normal(size=k) + np.sqrt(1 - ORDERS_ALIKE) * rng.normal(size=(n, k))
    return near.argsort(axis=1).argsort(axis=1) >= round(ORDERS_CLOSE * k)


GATES: dict[str, Callable[[Feed, int, np.random.Generator], NDArray[np.bool_]]] = {
    "": lambda feed, n, rng: feed.gates(n, rng),
    "as executive orders": as_orders,
    "one subject": one_subject,
}


def in_events_only(
    feed: Feed, slots: NDArray[np.int64], narrative: int, more: NDArray[np.int64], rng: np.random.Generator
) -> Feed:
    """The feed with ``more[e]`` items in the window of ``slots[e]`` itself, and in no baseline and no other window."""
    del rng  # where in the window they lie changes nothing
    old, rows = feed.field, feed.field.rows(slots)
    counts, score = old.counts.copy(), old.score.copy()
    score[rows, narrative] = old.rescored(rows, np.full(rows.size, narrative), more.astype(np.float64))
    counts[rows, narrative] += more
    return replace(feed, field=replace(old, counts=counts, score=score))


def naive(feed: Feed, slots: NDArray[np.int64], gate: NDArray[np.bool_]) -> tuple[bool, ...]:
    """Whether rules without placebos see a link: Poisson, negative binomial; on totals, and after any event alone."""
    rows = feed.field.rows(slots)
    y, mu = (m[rows].astype(np.float64) for m in (feed.field.counts, feed.field.expected))
    least = LEVEL / y.shape[1]
    tail = poisson.sf((y * gate).sum(axis=0) - 1, (mu * gate).sum(axis=0))
    raw = normal_scores(y, mu, feed.baseline.a, feed.baseline.b)
    total = norm.sf((raw * gate).sum(axis=0) / np.sqrt(np.maximum(gate.sum(axis=0), 1)))
    alone = poisson.sf(y - 1, mu), norm.sf(raw)
    return *(bool((p <= least).any()) for p in (tail, total)), *(bool(((p <= least) & gate).any()) for p in alone)


Forecast = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]  # said, true, weight


def limits(hits: int, of: int) -> str:
    """Share with its 95 % limits."""
    low = beta.ppf(0.025, hits, of - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, of - hits) if hits < of else 1.0
    return f"{hits / of:.3f} ({low:.3f}-{high:.3f})"


def nulls(feeds: Sequence[Feed], size: Size, only: Sequence[tuple[int, str]] = CALENDARS) -> dict[int, list[Case]]:
    """Placebo calendars."""
    print(f"\nplacebo calendars ({size.draws} draws); naive rules with Bonferroni over narratives")
    print("| events | calendars | with any link (95 % limits) | KS distance, p | ", end="")
    print("Poisson, totals | neg. bin., totals | Poisson, any event | neg. bin., any event | ms |")
    print("|---|---|---|---|---|---|---|---|---|")
    found: dict[int, list[Case]] = {}
    for n, times in only:
        began = time.perf_counter()
        count = size.nulls if not times else size.nulls // 2
        plain = n == 30 and not times
        cases = [
            case(feed, n, (7, f, n, i), size.draws, likelihood=plain, times=times)
            for f, feed in enumerate(feeds)
            for i in range(count)
        ]
        took = (time.perf_counter() - began) / len(cases) * 1e3
        p = np.array([c.test.p for c in cases])
        ties = p - np.random.default_rng(n).random(p.size) / (size.draws + 1)
        rules = " | ".join(f"{np.mean([c.naive[i] for c in cases]):.2f}" for i in range(4))
        uniform = kstest(ties, "uniform")
        any_link = limits(int((p <= LEVEL).sum()), p.size)
        name = f"{n}, {times}" if times else f"{n}"
        print(f"| {name} | {p.size} | {any_link} | {uniform.statistic:.3f}, {uniform.pvalue:.2f} ", end="")
        print(f"| {rules} | {took:.0f} |", flush=True)
        if not times:
            found[n] = cases
    return found


def gate_nulls(feeds: Sequence[Feed], size: Size) -> None:
    """Placebo calendars whose gates are alike."""
    print("\nplacebo calendars with gates that are alike")
    print("| gates | events | calendars | with any link (95 % limits) |")
    print("|---|---|---|---|")
    for subject in filter(None, GATES):
        for n in (10, 30, 60):
            p = [
                case(feed, n, (14, f, n, i), size.draws, subject=subject).test.p
                for f, feed in enumerate(feeds)
                for i in range(size.nulls)
            ]
            print(f"| {subject} | {n} | {len(p)} | {limits(sum(x <= LEVEL for x in p), len(p))} |", flush=True)


def power(feeds: Sequence[Feed], size: Size) -> dict[tuple[int, float], list[Case]]:
    """Effects of 2 sd, and what their intervals cover."""
    print("\n2 sd after the events")
    print(
        "| events | followed | calendars | recall (95 % limits) | wrong of flagged | interval covers | flagged only |"
    )
    print("|---|---|---|---|---|---|---|")
    found = {}
    for n, share in ((10, 1.0), (30, 1.0), (30, 0.5), (60, 0.5)):
        cases = [
            case(feed, n, (8, f, n, int(share * 10), i), size.draws, 2.0, share)
            for f, feed in enumerate(feeds)
            for i in range(size.injections)
        ]
        flagged = [np.flatnonzero(c.test.narrative_p <= LEVEL) for c in cases]
        hit = [c.narrative in k for c, k in zip(cases, flagged, strict=True)]
        wrong = sum(int((k != c.narrative).sum()) for c, k in zip(cases, flagged, strict=True))
        all_flagged = sum(k.size for k in flagged)
        covered = [c.test.effect_low[c.narrative] <= c.truth <= c.test.effect_high[c.narrative] for c in cases]
        chosen = [c for c, h in zip(covered, hit, strict=True) if h]
        fdr = f"{wrong / max(all_flagged, 1):.3f}"
        after = limits(sum(chosen), len(chosen)) if chosen else "-"
        row = f"| {n} | {share:.0%} | {len(cases)} | {limits(sum(hit), len(hit))} | {fdr} "
        print(row + f"| {limits(sum(covered), len(covered))} | {after} |", flush=True)
        found[n, share] = cases
    return found


def orders_gate(feed: Feed, cache: Path) -> None:
    """Print how alike the gates of real executive orders are, distinct titles only."""
    if feed.book is None or not ORDERS.exists():
        return
    with ORDERS.open(encoding="utf-8") as file:
        titles = sorted({row["title"] for row in csv.DictReader(file)})
    vectors = encode_cached(titles, load_encoder("minilm-int8", cache / "models"), cache / "encodings")
    closed = ~feed.book.unrelated(vectors)
    n, times = len(closed), closed.sum(axis=0)
    again = (times * (times - 1)).sum() / ((n - 1) * times.sum())
    print(f"\n{n} executive orders: each closes {closed.mean():.3f} of the narratives, another {again:.2f} of the same")


def assumptions(feeds: Sequence[Feed], n: int, share: float, count: int, draws: int) -> None:
    """Recall of 2 sd on the same calendars, one assumption at a time."""
    longer = [simulated(seed, days=112) for seed in range(len(feeds))] if feeds[0].book is None else []
    asked: list[tuple[str, Sequence[Feed], str, bool]] = [
        ("as above, other calendars", feeds, "", True),
        ("gates as of executive orders", feeds, "as executive orders", True),
        ("one gate for all events", feeds, "one subject", True),
        ("effects in the windows of the events alone", feeds, "", False),
        ("one gate, and effects in those windows alone", feeds, "one subject", False),
    ]
    if longer:
        asked.append(("tested on 84 days, not 28", longer, "", True))
        asked.append(("on 84 days, gates as of executive orders", longer, "as executive orders", True))
    print(f"\n2 sd after {share:.0%} of {n} events, one assumption at a time")
    print("| assumption | calendars | recall (95 % limits) |")
    print("|---|---|---|")
    for name, used, subject, lasting in asked:
        found = [
            case(feed, n, (13, f, n, i), draws, 2.0, share, subject=subject, lasting=lasting)
            for f, feed in enumerate(used)
            for i in range(count)
        ]
        hits = sum(bool(c.test.narrative_p[c.narrative] <= LEVEL) for c in found)
        print(f"| {name} | {len(found)} | {limits(hits, len(found))} |", flush=True)


def many(null: Sequence[Case], true: Sequence[Case], label: str) -> None:
    """Benjamini-Hochberg over many calendars, made by drawing from both pools."""
    rng = np.random.default_rng(9)
    p0, p1 = (np.array([c.test.p for c in cases]) for cases in (null, true))
    right = np.array([c.test.best == c.narrative for c in true])
    recall, fdr = [], []
    for _ in range(500):
        i, j = rng.choice(p0.size, 32, replace=False), rng.choice(p1.size, 8, replace=False)
        q = np.array(benjamini_hochberg([*p1[j], *p0[i]], 40))
        good = int(((q[:8] <= LEVEL) & right[j]).sum())
        all_found = int((q <= LEVEL).sum())
        recall.append(good / 8)
        fdr.append((all_found - good) / max(all_found, 1))
    print(f"| {label} | 40, 8 true | {np.mean(recall):.3f} | {np.mean(fdr):.3f} |")


def probability(feeds: Sequence[Feed], null: Sequence[Case], size: Size) -> Forecast:
    """Calibration of the likelihood of 30-event calendars at a 5 % base rate, and off the stated prior.

    Returns the forecasts of the stated case.
    """
    print("\nlikelihood, 30 events, best narrative of each calendar")
    print("| effects | base rate | calendars | ECE | Brier skill | reliability - resolution + uncertainty |")
    print("|---|---|---|---|---|---|")
    draw = np.random.default_rng(10)
    count = size.mixed * len(feeds)
    sds, shares = draw.uniform(*EFFECT_SD, count), draw.uniform(*EFFECT_SHARE, count)
    mixed = [
        case(feeds[i % len(feeds)], 30, (11, i), size.draws, float(sds[i]), float(shares[i]), likelihood=True)
        for i in range(count)
    ]
    few = count // 2
    weak, strong = (
        [case(feeds[i % len(feeds)], 30, (12, int(sd), i), size.draws, sd, share, likelihood=True) for i in range(few)]
        for sd, share in ((1.0, 0.5), (3.0, 1.0))
    )
    stated = None
    for label, cases, rate in (
        ("1-3 sd after 30-100 % (stated)", mixed, 0.05),
        ("the same", mixed, 0.01),
        ("1 sd after half", weak, 0.05),
        ("3 sd after all", strong, 0.05),
    ):
        p = np.array([c.likelihood for c in [*null, *cases]])
        y = np.array([0.0] * len(null) + [float(c.test.best == c.narrative) for c in cases])
        w = np.array([(1 - rate) / len(null)] * len(null) + [rate / len(cases)] * len(cases))
        ece, skill, parts = murphy(p, y, w)
        stated = stated or (p, y, w)
        print(f"| {label} | {rate:.0%} | {p.size} | {ece:.4f} | {skill:.2f} | {parts} |")
    by_size = [
        np.mean([c.likelihood for c, s in zip(mixed, sds, strict=True) if a <= s < a + 0.5])
        for a in (1.0, 1.5, 2.0, 2.5)
    ]
    print("mean likelihood by size, 1-1.5 / 1.5-2 / 2-2.5 / 2.5-3 sd:", " ".join(f"{v:.2f}" for v in by_size))
    assert stated is not None
    return stated


def murphy(
    p: NDArray[np.float64], y: NDArray[np.float64], w: NDArray[np.float64], bins: int = 15
) -> tuple[float, float, str]:
    """Expected calibration error over bins of equal weight, Brier skill, and the Murphy (1973) decomposition."""
    order = np.argsort(p, kind="stable")
    bin_of = np.minimum((np.cumsum(w[order]) * bins).astype(np.int64), bins - 1)
    p, y, w = p[order], y[order], w[order]
    mass = np.bincount(bin_of, weights=w)
    held = mass > 0
    mean_p, mean_y = (np.bincount(bin_of, weights=w * v)[held] / mass[held] for v in (p, y))
    base = float((w * y).sum())
    uncertainty = base * (1 - base)
    reliability = float((mass[held] * (mean_p - mean_y) ** 2).sum())
    resolution = float((mass[held] * (mean_y - base) ** 2).sum())
    brier = float((w * (p - y) ** 2).sum())
    ece = float((mass[held] * np.abs(mean_p - mean_y)).sum())
    return ece, 1 - brier / uncertainty, f"{reliability:.4f} - {resolution:.4f} + {uncertainty:.4f}"


def describe(feeds: Sequence[Feed]) -> None:
    """What the feeds of one kind are like."""
    first = feeds[0]
    print(f"\n## {', '.join(feed.name for feed in feeds)}")
    print(f"K = {first.panel.narratives}, 1 sd = {np.median(first.baseline.spread):.2f} items in two hours (median),")
    weights = " ".join(f"{w:.2f}" for w in first.baseline.weights)
    print(f"{first.field.total.mean():.1f} items a window of {WINDOW_SLOTS // HOUR_SLOTS} h,")
    print(f"weights {weights}, a {first.baseline.a}, b {first.baseline.b}")
