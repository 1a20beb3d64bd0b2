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
from sklearn.linear_model import LogisticRegression
from surges import START, WINDOW_S, WINDOWS_A_DAY, Archive, Surge, World, frames, organic_surge, pushed_surge,
story_vectors from surges import windows_of_day, world

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
VARIANTS_A_WORLD = 250
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
        {"event_id": [name], "calendar_id": ["c"], "title": [""], "occurred_at": [at], "category": [""],
         "impact": [0.9], "time_known": [True]}
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
    weights = {name: _logistic(np.array([f[name] for f in seen]), truth) for name in DETECTORS}
    scores.WEIGHTS.update(weights)
    return weights, _logistic(np.array([scores.detector_log_ratios(f) for f in seen]), truth)


def _logistic(x: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, ...]:
    """Intercept and weights on the features as they are; the penalty acts on standardised ones."""
    centre, width = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.05, class_weight="balanced").fit((x - centre) / width, truth)
    weight = model.coef_[0] / width
    return (round(float(model.intercept_[0] - weight @ centre), 3), *(round(float(w), 3) for w in weight))
