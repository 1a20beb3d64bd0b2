"""The live alarm on one event: fit its weights, measure its errors, time it.

    python benchmarks/single_event.py          # errors and cost with the shipped weights, about three minutes on two
    cores python benchmarks/single_event.py --fit    # print the weights that latticeforge/narratives/scores.py holds

Everything is made by ``surges.py`` from fixed seeds. Fitting and measuring use different worlds.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize
from surges import (
    START,
    WINDOW_S,
    WINDOWS_A_DAY,
    Archive,
    Surge,
    World,
    frames,
    organic_surge,
    pushed_surge,
    story_vectors,
    windows_of_day,
    world,
)

from latticeforge.narratives import scores
from latticeforge.narratives.amplification import Carriers, carriers
from latticeforge.narratives.baseline import spike_baselines
from latticeforge.narratives.evidence import DETECTORS, features
from latticeforge.narratives.history import History
from latticeforge.narratives.links import correlations
from latticeforge.narratives.scores import distraction_scores
from latticeforge.narratives.spikes import spikes
from latticeforge.windows import Window

FIT_SEEDS, TEST_SEEDS, DAY_SEEDS = range(100, 108), range(200, 206), range(300, 302)
FIT_VARIANTS, TEST_VARIANTS = 80, 60
PENALTY = 0.002
MORE, LESS = (0.0, None), (None, 0.0)  # what a feature may speak for: pushed, or organic
SIGNS = {"amplification": MORE, "onset": MORE, "diversity": LESS, "rarity": LESS, "timing": LESS}
NEW_VOICES = 50_000_000


@dataclass(frozen=True)
class Sample:
    """One link above the floor and what it truly was."""

    pushed: bool
    kind: str
    link: dict[str, Any]
    items: Carriers


def evaluate(made: World, history: History, window: Window, events: pl.DataFrame, vectors: NDArray[np.float32]) -> Any:
    """The whole chain of one window."""
    narrative, items, articles = frames(made, window)
    baselines = spike_baselines(narrative, history, window)
    found = spikes(baselines, narrative, history, window)
    links = correlations(found, narrative, items, articles, events, vectors, history, window)
    return links, distraction_scores(links, found, narrative, items, articles, ()), items, articles


def event_at(seconds: float, name: str = "event") -> pl.DataFrame:
    at = START + timedelta(seconds=round(seconds))
    return pl.DataFrame(
        {
            "event_id": [name],
            "calendar_id": ["c"],
            "title": [""],
            "occurred_at": [at],
            "category": [""],
            "impact": [0.9],
            "time_known": [True],
        }
    )


def variants(seed: int, count: int) -> tuple[list[Sample], Counter[str]]:
    """Surges of both kinds in one world, each seen live part-way or as its aligned windows close."""
    made = world(seed, days=9)
    archive = Archive(made)
    rng = np.random.default_rng(seed + 7)
    samples: list[Sample] = []
    tally: Counter[str] = Counter()
    for i in range(count):
        start = (8 + rng.uniform(0.1, 0.9)) * WINDOWS_A_DAY * WINDOW_S
        story = made.stories.shape[0] - 1 - i
        if rng.random() < 0.5:
            surge = pushed_surge(rng, story, start, NEW_VOICES)
        else:
            surge = organic_surge(rng, story, start, NEW_VOICES, size=int(np.exp(rng.uniform(np.log(20), np.log(250)))))
        lag = 60 + rng.exponential(1200) if surge.pushed else rng.uniform(0, 7000)
        events, vectors = event_at(start - min(lag, 7000)), story_vectors(rng, 1)
        tally[surge.kind] += 1
        near = replace(made, items=made.items.between(start - 7200, start + 7200)).with_surge(surge)
        for window in views(surge, rng):
            links, _, items, articles = evaluate(near, archive.history(window, near), window, events, vectors)
            for link in links.iter_rows(named=True):
                own = carriers(link["narrative_id"], items, articles)
                if scores.has_evidence(link, own.account.size):
                    hit = own.seconds[0] >= START.timestamp() + start - 1 and own.account.size >= 8
                    kind = surge.kind if hit else "background"
                    samples.append(Sample(surge.pushed and kind == surge.kind, kind, link, own))
    return samples, tally


def views(surge: Surge, rng: np.random.Generator) -> list[Window]:
    """Either one live look within the first five minutes or the first three aligned windows."""
    if rng.random() < 0.4:
        seen = START + timedelta(seconds=surge.start + float(rng.uniform(60, 300)))
        return [Window(seen - timedelta(minutes=5))]
    first = Window.holding(START + timedelta(seconds=surge.start))
    return [Window(first.start + timedelta(minutes=5 * i)) for i in range(3)]


def fitted(samples: list[Sample]) -> tuple[dict[str, tuple[float, ...]], tuple[float, ...]]:
    """Logistic regressions, both classes weighing the same: one a detector, then one over the detectors."""
    truth = np.array([s.pushed for s in samples])
    seen = [features(s.link, s.items) for s in samples]
    weights = {name: _logistic(np.array([f[name] for f in seen]), truth, SIGNS[name]) for name in DETECTORS}
    scores.WEIGHTS.update(weights)
    ratios = [scores.detector_log_ratios(f) for f in seen]
    return weights, _logistic(np.array([[r[name] for name in scores.LOOKS] for r in ratios]), truth, (0.0, 1.0))


def _logistic(
    x: NDArray[np.float64], truth: NDArray[np.bool_], bounds: tuple[float | None, float | None]
) -> tuple[float, ...]:
    """Intercept and weights on the features as they are, the weights within ``bounds``.

    A small penalty, on standardised features, keeps weights finite where the classes fall apart.
    """
    centre, width = x.mean(axis=0), x.std(axis=0) + 1e-9
    balance = np.where(truth, 0.5 / truth.mean(), 0.5 / (~truth).mean())
    sign = np.where(truth, 1.0, -1.0)

    def loss(theta: NDArray[np.float64]) -> float:
        odds = theta[0] + (x - centre) @ theta[1:]
        return float(np.mean(balance * np.logaddexp(0.0, -sign * odds)) + PENALTY * np.sum((theta[1:] * width) ** 2))

    found = minimize(loss, np.zeros(x.shape[1] + 1), bounds=[(None, None), *[bounds] * x.shape[1]]).x
    return (round(float(found[0] - found[1:] @ centre), 2), *(round(float(w), 2) for w in found[1:]))


def errors(seeds: range) -> None:
    """Held-out surges: verdicts by kind, and how well the likelihood is calibrated at the stated base rate."""
    found = [variants(seed, TEST_VARIANTS) for seed in seeds]
    samples = [s for part, _ in found for s in part]
    known = [scores.assess(s.link, s.items) for s in samples]
    print(f"surges made: {dict(sum((tally for _, tally in found), Counter()))}; links above the floor by kind:")
    for kind in ("pushed", "breaking", "wire", "live blog", "background"):
        own = [k for s, k in zip(samples, known, strict=True) if s.kind == kind]
        if own:
            low, mid, high = np.percentile([k.likelihood for k in own], [5, 50, 95])
            verdicts = dict(Counter(str(scores.verdict_of(k)) for k in own))
            print(f"  {kind:11} {len(own):4} likelihood 5/50/95 %: {low:.3f} {mid:.3f} {high:.3f}  {verdicts}")
    truth = np.array([s.pushed for s in samples])
    said = np.array([k.likelihood for k in known])
    rng = np.random.default_rng(0)
    alike = [s.link | {"lag_s": rng.uniform(0, 7000)} for s in samples if s.pushed]
    carried = [s.items for s in samples if s.pushed]
    imitators = np.array([scores.assess(link, own).likelihood for link, own in zip(alike, carried, strict=True)])
    print(f"  AUC {auc(said, truth):.3f}", *calibration(said, truth, imitators))


def auc(said: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Chance that a pushed surge is given more than an organic one."""
    return float(np.mean(said[truth][:, None] > said[~truth][None, :]))


def calibration(said: NDArray[np.float64], truth: NDArray[np.bool_], imitators: NDArray[np.float64]) -> tuple[str, str]:
    """Expected calibration error and Brier skill, reweighted to the base rate, with imitators.

    A share IMITATION of the others imitates: pushed surges at a random time after the event stand for them.
    """
    p = np.concatenate([said, imitators])
    y = np.concatenate([truth, np.zeros(int(truth.sum()), dtype=np.bool_)])
    organic = 1 - scores.BASE_RATE
    weight = np.concatenate(
        [
            np.where(truth, scores.BASE_RATE / truth.sum(), organic * (1 - scores.IMITATION) / (~truth).sum()),
            np.full(int(truth.sum()), organic * scores.IMITATION / truth.sum()),
        ]
    )
    bins = np.digitize(p, np.linspace(0, 1, 11)[1:-1])
    gap = [abs(np.sum(weight[bins == b] * (p - y)[bins == b])) for b in range(10)]
    skill = 1 - np.sum(weight * (p - y) ** 2) / (scores.BASE_RATE * organic)
    return f"ECE {sum(gap):.4f}", f"Brier skill {skill:.2f} at base rate {scores.BASE_RATE}"


def quiet_days(seeds: range, days: int) -> None:
    """Verdicts over days in which nothing was pushed, with five events a day."""
    verdicts: Counter[str] = Counter()
    tests = alarms = 0
    for seed in seeds:
        made = world(seed, days=8 + days)
        archive, rng = Archive(made), np.random.default_rng(seed)
        at = np.sort(rng.uniform(8, 8 + days, size=5 * days)) * WINDOWS_A_DAY * WINDOW_S
        events = pl.concat([event_at(t, f"e{i:03d}") for i, t in enumerate(at)])
        vectors = story_vectors(rng, len(at))
        for window in (w for day in range(8, 8 + days) for w in windows_of_day(day)):
            links, found, _, _ = evaluate(made, archive.history(window), window, events, vectors)
            verdicts.update(found["verdict"])
            tests += links.height
            alarms += links["spike_id"].n_unique()
    print(f"{len(seeds) * days} days without a pushed surge: {tests} links of {alarms} alarms, {dict(verdicts)}")


def cost() -> None:
    """Milliseconds of the chain for one window, small and large; CPU time is what a busy machine cannot blur."""
    for name, rate, live in (("30 items", 30.0, 60), ("2,000 items", 2000.0, 330)):
        made = world(1, days=9, items_per_window=rate, live=live, hours=range(5, 14))
        archive = Archive(made)
        windows = windows_of_day(8)[144:154]
        histories = [archive.history(window) for window in windows]
        busy = time.process_time()
        taken = [timed(made, history, window) for history, window in zip(histories, windows, strict=True)]
        busy = 1000 * (time.process_time() - busy) / len(windows)
        clusters = archive.history(windows[0]).items.size
        parts = ", ".join(f"{k} {1000 * np.median([t[k] for t in taken]):.1f}" for k in taken[0])
        total = [1000 * sum(t.values()) for t in taken]
        narratives = frames(made, windows[0])[0].height
        print(f"{name}, {narratives} narratives, {clusters} clusters in the history: {parts}; ", end="")
        print(f"sum median {np.median(total):.1f} ms, worst {max(total):.1f} ms; CPU {busy:.0f} ms with input frames")


def timed(made: World, history: History, window: Window) -> dict[str, float]:
    """Seconds of each function, in a window with a pushed surge and an event."""
    start = (window.start - START).total_seconds()
    pushed = pushed_surge(np.random.default_rng(0), len(made.stories) - 1, start + 20, NEW_VOICES)
    near = replace(made, items=made.items.between(start, start + WINDOW_S)).with_surge(pushed)
    narrative, items, articles = frames(near, window)
    surge = event_at(start - 600)
    vectors = story_vectors(np.random.default_rng(0), 1)
    marks = [time.perf_counter()]
    baselines = spike_baselines(narrative, history, window)
    marks.append(time.perf_counter())
    found = spikes(baselines, narrative, history, window)
    marks.append(time.perf_counter())
    links = correlations(found, narrative, items, articles, surge, vectors, history, window)
    marks.append(time.perf_counter())
    distraction_scores(links, found, narrative, items, articles, ())
    marks.append(time.perf_counter())
    return dict(zip(("baselines", "spikes", "links", "scores"), np.diff(marks).tolist(), strict=True))


def main() -> None:
    if "--fit" in sys.argv[1:]:
        samples = [s for seed in FIT_SEEDS for s in variants(seed, FIT_VARIANTS)[0]]
        weights, stack = fitted(samples)
        print(f"{len(samples)} links\nWEIGHTS = {weights}\nSTACK = {stack}")
        return
    errors(TEST_SEEDS)
    quiet_days(DAY_SEEDS, days=5)
    cost()


if __name__ == "__main__":
    main()
