"""Live alarms on placebo events: how often anything is said, and whether p is uniform. Run by ``honesty.py``.

Worlds of ``surges.py`` with six natural bursts a day and nothing pushed. Every window of some days is evaluated once;
placebo events are then laid at random over them, unrelated to every narrative.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from calendar_links import limits
from scipy.stats import kstest, poisson
from single_event import evaluate, event_at
from surges import START, WINDOW_S, WINDOWS_A_DAY, Archive, frames, story_vectors, windows_of_day, world

from latticeforge.narratives import scores
from latticeforge.narratives.amplification import Carriers, carriers
from latticeforge.narratives.baseline import counted, spike_baselines
from latticeforge.narratives.placebo import group_p
from latticeforge.narratives.spikes import predictive_tail

REACH_S = 7200.0
LEVEL = 0.05
_LARGEST = 4  # groups of a window whose growth is looked at: the largest few hold the fastest


@dataclass(frozen=True)
class Alarm:
    """One alarm of a quiet world."""

    end: float  # of its window, seconds since START
    onset: float
    link: dict[str, object]
    items: Carriers


@dataclass
class Watched:
    """What a run over quiet days gave."""

    alarms: list[Alarm]
    p: list[float]  # of the fastest growing group of each window
    naive: list[tuple[float, bool, bool]]  # end of the window; Poisson, negative binomial with Bonferroni over groups
    days: int


def watch(seed: int, days: int, every: int) -> Watched:
    """Evaluate every window of ``days`` days after nine of history; the rank p of each ``every``-th window."""
    made = world(seed, days=9 + days)
    archive, rng = Archive(made), np.random.default_rng(seed)
    vectors = story_vectors(rng, 1)
    seen = Watched([], [], [], days)
    for i, window in enumerate(w for day in range(9, 9 + days) for w in windows_of_day(day)):
        history = archive.history(window)
        end = (window.end - START).total_seconds()
        before = end - REACH_S + 60.0
        links, _, items, articles = evaluate(made, history, window, event_at(before), vectors)
        for link in links.iter_rows(named=True):
            onset = before + link["lag_s"]
            seen.alarms.append(Alarm(end, onset, link, carriers(link["narrative_id"], items, articles)))
        narrative = frames(made, window)[0]
        if narrative.is_empty():
            continue
        counts = counted(narrative, history, window)
        if i % every == 0:
            size = counts.narrative["items"].to_numpy()
            largest = np.argsort(-size, kind="stable")[:_LARGEST]
            seen.p.append(min(group_p(float(size[k]), int(k), counts, history)[0] for k in largest))
        rows = spike_baselines(narrative, history, window).filter(pl.col("scale_minutes") == 5)
        least = LEVEL / (rows.height * REACH_S / WINDOW_S)
        observed, expected = rows["observed"].to_numpy(), rows["expected"].to_numpy()
        alpha, beta = rows["alpha"].to_numpy(), rows["beta"].to_numpy()
        tail = predictive_tail(observed, rows["exposure"].to_numpy(), alpha, beta)
        naive = poisson.sf(np.ceil(observed) - 1, expected)
        seen.naive.append((end, bool((naive <= least).any()), bool((tail <= least).any())))
    return seen


def null_table(seeds: range, days: int, events: int) -> None:
    """What placebo events are told."""
    watched = [watch(seed, days, every=3) for seed in seeds]
    said: Counter[str] = Counter()
    for seed, one in zip(seeds, watched, strict=True):
        rng = np.random.default_rng((seed, 5))
        for at in rng.uniform(9 * WINDOWS_A_DAY * WINDOW_S, (9 + days) * WINDOWS_A_DAY * WINDOW_S, size=events):
            said.update({kind: 1 for kind, held in _told(one, float(at)).items() if held})
    of = events * len(watched)
    for kind in ("above the evidence floor", "contested or likely", "likely", "Poisson", "negative binomial"):
        print(f"| {kind} | {of} | {limits(said[kind], of)} |")
    p = np.array([v for one in watched for v in one.p])
    slots = 1.0 / np.median(p[p > 0].min())
    uniform = kstest(p - np.random.default_rng(0).random(p.size) / slots, "uniform")
    print(f"rank of the fastest growing group, {p.size} windows: KS distance {uniform.statistic:.3f}, ", end="")
    print(f"p <= 0.05 in {np.mean(p <= LEVEL):.3f}, <= 0.01 in {np.mean(p <= 0.01):.3f}", flush=True)


def _told(one: Watched, at: float) -> dict[str, bool]:
    """What the radar says in the two hours after an event, and what naive rules would say."""
    verdicts = set()
    for alarm in one.alarms:
        if at < alarm.end <= at + REACH_S and alarm.onset >= at:
            link = alarm.link | {"lag_s": alarm.onset - at}
            if scores.has_evidence(link, alarm.items.account.size):
                verdicts.add(str(scores.verdict_of(scores.assess(link, alarm.items))))
    near = [row for row in one.naive if at < row[0] <= at + REACH_S]
    return {
        "above the evidence floor": bool(verdicts),
        "contested or likely": bool(verdicts & {"contested", "likely"}),
        "likely": "likely" in verdicts,
        "Poisson": any(row[1] for row in near),
        "negative binomial": any(row[2] for row in near),
    }
