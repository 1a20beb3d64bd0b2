"""How far the information estimates can be trusted: false leads, weak links found, coverage of the intervals.

    python benchmarks/information_accuracy.py [--quick] [--seed 0]

Five-minute counts with a daily rhythm, a slow autoregression (memory of 20 cells) and bursts of Pareto size (index 1.5,
cut at 50) that die away in 40 minutes. Unrelated pairs have rhythms of their own, or one in common; in related pairs
the first adds to the second a cell later. Prints the tables of docs/method/information.md; --quick: of a tenth of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_lyapunov
from scipy.stats import rankdata

from latticeforge.information import (
    Estimate,
    binned_transfer_entropy,
    copula_transfers,
    effective_transfer_entropy,
    emergence,
    gaussian_information,
    growing_k,
    transfer_entropy,
)
from latticeforge.information.ksg import Samples, embedded_samples, local_bits
from latticeforge.information.lags import Embedding
from latticeforge.information.season import without_season
from latticeforge.information.ties import dithered

Floats = NDArray[np.float64]

ROWS, DAY, RATE, SURROGATES = 1000, 288, 6.0, 99


def rates(rng: np.random.Generator, rows: int, bursts: float, phase: float) -> Floats:
    """(rows,) expected counts of a cell."""
    kernel = np.exp(-np.arange(400) / 20.0)
    slow = np.convolve(rng.normal(size=rows + 400), kernel / np.sqrt((kernel**2).sum()))[400 : 400 + rows]
    rhythm = 0.6 * np.cos(2 * np.pi * np.arange(rows) / DAY + phase)
    size = np.where(rng.random(rows) < bursts, np.minimum(rng.pareto(1.5, rows) + 1, 50) * RATE * 0.7, 0.0)
    burst = np.convolve(size, np.exp(-np.arange(60) / 8.0))[:rows]
    return RATE * np.exp(rhythm + 0.5 * slow - 0.125) + burst


def pair(
    rng: np.random.Generator, *, link: float = 0.0, common: bool = True, bursts: float = 0.01, rows: int = ROWS
) -> Floats:
    """(rows, 2) counts; ``link``: what each count of the first adds to the second a cell later."""
    phases = (0.0, 0.0) if common else rng.uniform(0, 2 * np.pi, 2)
    first = rng.poisson(rates(rng, rows, bursts, phases[0]))
    added = link * np.r_[0.0, first[:-1]]
    return np.column_stack([first, rng.poisson(rates(rng, rows, bursts, phases[1]) + added)]).astype(np.float64)


def shuffled_p(table: Floats, rng: np.random.Generator) -> float:
    """What one would do without thinking: the source's samples in any order."""
    samples = embedded_samples(dithered(table, 0)[:, :1], dithered(table, 0)[:, 1], Embedding())
    orders = np.array([rng.permutation(samples.n) for _ in range(SURROGATES)]).T
    chance = local_bits(Samples(samples.x[:, orders, 0], samples.y, samples.z), 4, 1, "keep").mean(axis=0)
    found = local_bits(samples, 4, 1, "keep").mean()
    return (1 + int((chance >= found).sum())) / (SURROGATES + 1)


def p_values(table: Floats, seed: int) -> list[float]:
    """Of the screen, and by rank and tail among turned sources."""
    screen = float(copula_transfers(table).p_value[0, 1])
    found = effective_transfer_entropy(
        table[:, 0], table[:, 1], surrogates=SURROGATES, k=growing_k(len(table)), seed=seed
    )
    return [screen, found.p_value, found.tail_p_value]


def false_leads(count: int, seed: int) -> None:
    """Share of unrelated pairs called at 5 % (at 1 %)."""
    print(f"\nfalse leads at 5 % (at 1 %), {count} unrelated pairs a row, {ROWS} cells\n")
    print("| counts | plain shuffling | screen alone | surrogates alone | screen 0.2 | default path | season left in |")
    print("|---|---|---|---|---|---|---|")
    for name, how in {
        "a rhythm in common": {},
        "rhythms of their own": {"common": False},
        "in common, three times the bursts": {"bursts": 0.03},
    }.items():
        made = []
        for i in range(count):
            rng = np.random.default_rng([seed, i])
            table = pair(rng, **how)
            screen, _, tail = p_values(without_season(table, DAY), i)
            raw_screen, _, raw_tail = p_values(table, i)
            narrow, wide = (tail if screen <= level else 1.0 for level in (0.2, 0.5))
            raw = raw_tail if raw_screen <= 0.5 else 1.0
            made.append([shuffled_p(table, rng), screen, tail, narrow, wide, raw])
        p = np.array(made)
        shares = [f"{100 * (c <= 0.05).mean():.1f} % ({100 * (c <= 0.01).mean():.1f})" for c in p.T]
        print(f"| {name} | {' | '.join(shares)} |", flush=True)


def ranking(null: Sequence[float], linked: Sequence[float]) -> float:
    """AUC: how often a linked pair has the larger figure."""
    ranks = rankdata(np.r_[null, linked])[len(null) :]
    return float((ranks.sum() - len(linked) * (len(linked) + 1) / 2) / (len(null) * len(linked)))


def weak_links(count: int, seed: int) -> None:
    """AUC of each estimate on linked against unrelated pairs, the season taken out."""
    figures: dict[str, Callable[[Floats], float]] = {
        "KSG, k = 4": lambda t: transfer_entropy(t[:, 0], t[:, 1], k=4).bits,
        f"KSG, k = {growing_k(ROWS)} (grows with n)": lambda t: (
            transfer_entropy(t[:, 0], t[:, 1], k=growing_k(ROWS)).bits
        ),
        "Gaussian copula": lambda t: float(copula_transfers(t).bits[0, 1]),
        "four bins": lambda t: binned_transfer_entropy(t[:, 0], t[:, 1], bins=4).bits,
    }
    print(f"\nAUC of weak links, {count} pairs of each kind, {ROWS} cells\n")
    print("| each count adds | " + " | ".join(figures) + " |\n|---|" + "---|" * len(figures))
    tables = [without_season(pair(np.random.default_rng([seed, 1, i])), DAY) for i in range(count)]
    null = {name: [figure(t) for t in tables] for name, figure in figures.items()}
    for link in (0.05, 0.1, 0.2):
        tables = [without_season(pair(np.random.default_rng([seed, 2, i]), link=link), DAY) for i in range(count)]
        aucs = [f"{ranking(null[name], [figure(t) for t in tables]):.2f}" for name, figure in figures.items()]
        print(f"| {link:g} | {' | '.join(aucs)} |", flush=True)


def coverage(count: int, seed: int) -> None:
    """How often the 95 % interval of one estimate holds what long series show."""
    estimates: dict[str, Callable[[Floats], Estimate]] = {
        "KSG, k = 4": lambda t: transfer_entropy(t[:, 0], t[:, 1], k=4),
        f"KSG, k = {growing_k(ROWS)}": lambda t: transfer_entropy(t[:, 0], t[:, 1], k=growing_k(ROWS)),
        "four bins": lambda t: binned_transfer_entropy(t[:, 0], t[:, 1], bins=4),
        "Gaussian copula": lambda t: gaussian_information(t[:-1, 0], t[1:, 1], t[:-1, 1]),
    }
    print(f"\n95 % intervals of the transfer entropy, {count} linked pairs, {ROWS} cells\n")
    print("| estimate | long series, bits | mean, bits | scatter, bits | mean error, bits | covers |")
    print("|---|---|---|---|---|---|")
    long = [without_season(pair(np.random.default_rng([seed, 3, i]), link=0.3, rows=20_000), DAY) for i in range(8)]
    tables = [without_season(pair(np.random.default_rng([seed, 4, i]), link=0.3), DAY) for i in range(count)]
    for name, estimate in estimates.items():
        truth = float(np.mean([estimate(t).bits for t in long]))
        found = [estimate(t) for t in tables]
        bits, errors = np.array([f.bits for f in found]), np.array([f.std_error_bits for f in found])
        held = np.mean([low <= truth <= high for low, high in (f.interval() for f in found)])
        figures = (truth, bits.mean(), bits.std(), errors.mean())
        print(f"| {name} | {' | '.join(f'{one:.3f}' for one in figures)} | {100 * held:.1f} % |", flush=True)


def emergence_coverage(count: int, seed: int) -> None:
    """How often the intervals of Psi, Delta, Gamma hold the closed form of a linear system, V the sum."""
    print(f"\n95 % intervals of Psi, Delta, Gamma, {count} linear systems a row, V = sum of the parts\n")
    print("| parts | samples | memory | coupling | Psi | Delta | Gamma |\n|---|---|---|---|---|---|---|")
    for parts, n, memory, coupling in (
        (5, 1000, 0.5, 0.0),
        (20, 1000, 0.5, 0.0),
        (20, 1000, 0.8, 0.005),
        (20, 1000, 0.5, 0.02),
        (5, 500, 0.8, 0.03),
    ):
        step = memory * np.eye(parts) + coupling * (1 - np.eye(parts))
        start = solve_discrete_lyapunov(step, np.eye(parts))
        see = np.vstack([np.eye(parts), np.ones(parts)])
        now, later = see @ start @ see.T, see @ start @ step.T @ see.T
        bits = -0.5 * np.log2(1 - later**2 / np.outer(np.diag(now), np.diag(now)))
        gains = bits[-1, :-1] - bits[:-1, :-1].sum(axis=0)
        truth = (bits[-1, -1] - bits[:-1, -1].sum(), gains.max(), bits[-1, :-1].max())
        held = np.zeros(3)
        for i in range(count):
            x = simulated(step, start, n, np.random.default_rng([seed, parts, i]))
            found = emergence(x, x.sum(axis=1))
            limits = (found.psi_interval_bits, found.delta_interval_bits, found.gamma_interval_bits)
            held += [low <= value <= high for (low, high), value in zip(limits, truth, strict=True)]
        shares = " | ".join(f"{100 * h / count:.1f} %" for h in held)
        print(f"| {parts} | {n} | {memory} | {coupling} | {shares} |", flush=True)


def simulated(step: Floats, start: Floats, n: int, rng: np.random.Generator) -> Floats:
    """(n, parts) of x' = step x + noise, from its stationary state on."""
    x = rng.standard_normal((n, len(step)))
    x[0] = np.linalg.cholesky(start) @ x[0]
    for t in range(1, n):
        x[t] += step @ x[t - 1]
    return x


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the pairs")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    share = 10 if chosen.quick else 1
    emergence_coverage(1000 // share, chosen.seed)
    coverage(400 // share, chosen.seed)
    weak_links(300 // share, chosen.seed)
    false_leads(400 // share, chosen.seed)


if __name__ == "__main__":
    main()
