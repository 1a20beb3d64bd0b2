"""Rank the detectors on series that lose their balance at a fold, against series that do not.

    python benchmarks/early_warning.py [--series 200] [--seed 6]

Fold: ``dx = (mu - x^2) dt + s dW`` with mu falling in a straight line to 0 and below over the second half of the rows;
the state at sqrt(mu) is lost where mu passes 0. Nulls: mu constant; and mu constant with the same fall laid over as a
straight line, as a trend is no loss of balance. All draw their first mu and their noise at random. Judged are the rows
before mu is 0 or, if that is earlier, x is: the fall itself would be no early warning. As many of the null. The
constants of the detectors were chosen on other seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.backtest import ranking_score
from latticeforge.detectors.catalogue import DETECTORS
from latticeforge.detectors.protocol import Batch, raises
from latticeforge.signals import early_warning

Floats = NDArray[np.float64]

ROWS, STEPS, TIME_A_ROW, PAST = 2000, 10, 0.1, 1.2
FOLD_ROW = int(ROWS / 2 * (1 + 1 / PAST))  # mu is 0


@dataclass(frozen=True)
class Ensemble:
    """Series and the row at which each is lost (``ROWS`` where never)."""

    values: Floats  # (series, ROWS)
    lost: NDArray[np.int64]


def folds(count: int, seed: int, *, fold: bool, falling: bool = False) -> Ensemble:
    """``count`` series of the fold, or of a null: steady, or falling in a straight line."""
    rng = np.random.default_rng(seed)
    first, noise = rng.uniform(0.4, 1.4, count), rng.uniform(0.02, 0.05, count)
    x, values = np.sqrt(first), np.empty((count, ROWS))
    step = TIME_A_ROW / STEPS
    for row in range(ROWS):
        along = max(0.0, (row - ROWS / 2) / (ROWS / 2)) * PAST if fold else 0.0
        for _ in range(STEPS):
            x = x + (first * (1 - along) - x * x) * step + noise * np.sqrt(step) * rng.normal(size=count)
            x = np.maximum(x, -3.0)
        values[:, row] = x
    if not fold:  # as far as the folds fall, but with the same memory throughout
        values -= (
            falling * np.clip((np.arange(ROWS) - ROWS / 2) / (FOLD_ROW - ROWS / 2), 0, 1) * np.sqrt(first)[:, None]
        )
        return Ensemble(values, np.full(count, ROWS))
    gone = values < 0
    return Ensemble(values, np.minimum(FOLD_ROW, np.where(gone.any(axis=1), gone.argmax(axis=1), ROWS)))


def streaming(name: str) -> Callable[[Floats], tuple[float, float]]:
    """Largest score before the loss, and rows of warning (NaN: none) of a detector at its own threshold."""

    def judged(before: Floats) -> tuple[float, float]:
        watch = DETECTORS[name]()
        scores = watch.ingest(Batch(np.arange(before.size) * 300.0, before)).scores
        raised = raises(scores, watch.threshold, watch.rearm_rows, np.zeros(2))
        raised = raised[raised >= ROWS // 2]  # before that nothing has begun to change
        lead = float(before.size - raised[0]) if raised.size else float("nan")
        finite = scores[np.isfinite(scores)]
        return (float(finite.max()) if finite.size else float("nan")), lead

    return judged


def whole(figure: str) -> Callable[[Floats], tuple[float, float]]:
    """Kendall's tau of an indicator over the whole series, for comparison: it cannot warn."""
    return lambda before: (getattr(early_warning(before), figure), float("nan"))


def methods() -> dict[str, Callable[[Floats], tuple[float, float]]]:
    """Everything that is ranked."""
    found = {name: streaming(name) for name in DETECTORS}
    found |= {f"{f} of the whole series": whole(f) for f in ("tau_variance", "tau_lag1", "tau_skewness")}
    return found


def table(count: int, seed: int, *, falling: bool) -> list[tuple[str, float, float, float, float]]:
    """Method, AUC, share of folds warned of, share of nulls alarmed, median rows of warning; best first."""
    lossy, null = folds(count, seed, fold=True), folds(count, seed + 1000, fold=False, falling=falling)
    cut = int(np.median(lossy.lost))
    rows = []
    for name, judge in methods().items():
        signal = np.array([judge(v[:lost]) for v, lost in zip(lossy.values, lossy.lost, strict=True)])
        chance = np.array([judge(v[:cut]) for v in null.values])
        auc = ranking_score(np.nan_to_num(chance[:, 0]), np.nan_to_num(signal[:, 0]))
        warned, alarmed = np.isfinite(signal[:, 1]), np.isfinite(chance[:, 1])
        lead = float(np.median(signal[warned, 1])) if warned.any() else float("nan")
        rows.append((name, auc, float(warned.mean()), float(alarmed.mean()), lead))
    return sorted(rows, key=lambda row: -row[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=6)
    chosen = parser.parse_args()
    for falling in (False, True):
        print(f"\nnull: {'falling in a straight line' if falling else 'steady'}\n")
        show(table(chosen.series, chosen.seed, falling=falling))


def show(rows: list[tuple[str, float, float, float, float]]) -> None:
    """The table, as it stands in docs/method/early-warning.md."""
    print("| detector | AUC | folds warned of | nulls alarmed | median rows of warning |\n|---|---|---|---|---|")
    for name, auc, warned, alarmed, lead in rows:
        if name.endswith("whole series"):
            print(f"| {name} | {auc:.2f} | - | - | - |")
        else:
            print(f"| {name} | {auc:.2f} | {warned:.2f} | {alarmed:.2f} | {lead:.0f} |")


if __name__ == "__main__":
    main()
