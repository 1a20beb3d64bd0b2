"""Speed of the information library beside the usual ways, in the same run: medians, ratios, and that both say the same.

    python benchmarks/information_rows.py [--rounds 9]

infomeasure is measured where it is installed; it is no need of the project. Times are processor time of one thread.
The rows over 380 pairs stand for every ordered pair of 20 signals of 1,000 samples, histories of one step.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import digamma
from signals_rows import Row, medians

from latticeforge.information import effective_transfer_entropy, emergence, sliding_transfer_entropy, transfer_entropies
from latticeforge.information.surrogates import circular_shifts

Floats = NDArray[np.float64]

SIGNALS, SAMPLES, K, SURROGATES, WINDOW = 20, 1000, 4, 200, 1000


def signals(samples: int = SAMPLES, seed: int = 5) -> Floats:
    """(samples, 20) autoregressions of unit spread, each led a little by the one before it."""
    x = np.random.default_rng(seed).standard_normal((samples, SIGNALS))
    for t in range(1, samples):
        x[t] += 0.5 * x[t - 1]
        x[t, 1:] += 0.2 * x[t - 1, :-1]
    return (x - x.mean(axis=0)) / x.std(axis=0)


def unit(table: Floats) -> Floats:
    """Each column with mean 0 and spread 1, as the library brings its samples to one scale."""
    return (table - table.mean(axis=0)) / table.std(axis=0)


def by_trees(source: Floats, target: Floats) -> float:
    """T(source -> target) in bits by scipy's trees, on samples of unit spread."""
    return in_trees(unit(np.column_stack([target[1:], target[:-1], source[:-1]])))


def in_trees(joint: Floats) -> float:
    """I(Y;X|Z) in bits of samples (n, y z x): one search in the joint space, three counts."""
    radius = np.nextafter(cKDTree(joint).query(joint, K + 1, p=np.inf)[0][:, -1], 0)

    def counts(space: Floats) -> Floats:
        return cKDTree(space).query_ball_point(space, radius, p=np.inf, return_length=True)

    n_z, n_yz, n_xz = counts(joint[:, 1:2]), counts(joint[:, :2]), counts(joint[:, 1:])
    return float((digamma(K) + digamma(n_z) - digamma(n_yz) - digamma(n_xz)).mean() / math.log(2))


def all_pairs(transfer: Callable[[Floats, Floats], float], x: Floats) -> Floats:
    """(sources, targets) one pair after another."""
    found = np.full((SIGNALS, SIGNALS), np.nan)
    for i in range(SIGNALS):
        for j in range(SIGNALS):
            if i != j:
                found[i, j] = transfer(x[:, i], x[:, j])
    return found


def transfers_of_pairs(rounds: int) -> Row:
    """Transfer entropies of 380 pairs, k = 4, beside scipy's trees."""
    x = signals()
    ours, peer = (lambda: transfer_entropies(x, k=K, errors=False).bits), (lambda: all_pairs(by_trees, x))
    times = medians(ours, peer, max(3, rounds // 3))
    apart = float(np.nanmax(np.abs(ours() - peer())))
    return Row("transfer entropy, KSG k=4, 380 pairs", "scipy cKDTree", *times, 10, 40, apart)


def transfers_infomeasure(rounds: int) -> Row:
    """The same by infomeasure, which does not bring the samples to one scale: they are of unit spread already."""
    import infomeasure

    infomeasure.Config.set_log_level("ERROR")
    x = signals()

    def peer_pair(source: Floats, target: Floats) -> float:
        made = infomeasure.estimator(source, target, measure="te", approach="metric", k=K, base=2, noise_level=0)
        return float(made.result())

    ours, peer = (lambda: transfer_entropies(x, k=K, errors=False).bits), (lambda: all_pairs(peer_pair, x))
    times = medians(ours, peer, max(3, rounds // 3))
    apart = float(np.nanmax(np.abs(ours() - peer())))
    return Row("transfer entropy, KSG k=4, 380 pairs", "infomeasure", *times, 10, 40, apart)


def transfer_with_surrogates(rounds: int) -> Row:
    """One pair with 200 turned sources, beside scipy's trees on each of them."""
    x = signals()
    source, target = x[:, 0], x[:, 1]
    turns = circular_shifts(np.arange(SAMPLES - 1.0), SURROGATES, seed=0).astype(int)

    def ours() -> tuple[float, float]:
        found = effective_transfer_entropy(source, target, surrogates=SURROGATES, k=K)
        return found.estimate.bits, found.surrogate_mean_bits

    def peer() -> tuple[float, float]:
        samples = unit(np.column_stack([target[1:], target[:-1], source[:-1]]))
        chance = [in_trees(np.column_stack([samples[:, :2], samples[turn, 2]])) for turn in turns.T]
        return by_trees(source, target), float(np.mean(chance))

    times = medians(ours, peer, max(3, rounds // 3))
    apart = float(np.abs(np.subtract(ours(), peer())).max())
    return Row("the same with 200 surrogates, a pair", "scipy cKDTree", *times, 10, 40, apart)


def sliding_window(rounds: int) -> Row:
    """A step of a window of 1,000 transitions, beside scipy's trees on the window; 2,000 steps, filling included."""
    x = signals(3 * WINDOW)
    source, target = x[:, 0], x[:, 1]

    def ours() -> Floats:
        return sliding_transfer_entropy(source, target, WINDOW, k=K)

    def peer() -> float:  # on the scale of the whole series, as a sliding window must be
        return in_trees(np.column_stack([target[1:], target[:-1], source[:-1]])[-WINDOW:])

    whole, window = medians(ours, peer, rounds)
    apart = abs(float(ours()[-1]) - peer())
    return Row("sliding transfer entropy, window 1,000, a step", "scipy cKDTree", whole / 2000, window, 100, 400, apart)


def reference_information(a: Floats, b: Floats) -> float:
    """Gaussian information in bits of two tables, as the authors' code has it: a correlation matrix, three factors."""
    cover, size = np.corrcoef(np.hstack([a, b]).T), a.shape[1]

    def log_det(block: Floats) -> float:
        return 2.0 * float(np.log(np.diag(np.linalg.cholesky(block))).sum())

    nats = 0.5 * (log_det(cover[:size, :size]) + log_det(cover[size:, size:]) - log_det(cover))
    return nats / math.log(2)


def reference_emergence(x: Floats, v: Floats) -> tuple[float, float, float]:
    """Psi, Delta, Gamma one after another, as the authors' three functions go through them."""
    parts = range(x.shape[1])
    now, later = [x[:-1, [i]] for i in parts], [x[1:, [i]] for i in parts]
    v_now, v_later = v[:-1, None], v[1:, None]
    psi = reference_information(v_now, v_later) - sum(reference_information(part, v_later) for part in now)
    to_parts = [reference_information(v_now, part) for part in later]
    gains = [
        own - sum(reference_information(one, part) for one in now) for own, part in zip(to_parts, later, strict=True)
    ]
    return psi, max(gains), max(reference_information(v_now, part) for part in later)


def emergence_criteria(rounds: int) -> Row:
    """Psi, Delta, Gamma of 20 variables of 1,000 samples, Gaussian."""
    x = signals()
    v = x.sum(axis=1)

    def ours() -> tuple[float, float, float]:
        found = emergence(x, v, errors=False)
        return found.psi_bits, found.delta_bits, found.gamma_bits

    _, peer_ms = medians(ours, lambda: reference_emergence(x, v), rounds)
    many, _ = medians(lambda: [ours() for _ in range(50)], lambda: None, rounds)  # too short to be timed one by one
    apart = float(np.abs(np.subtract(ours(), reference_emergence(x, v))).max())
    return Row(
        "Psi, Delta, Gamma, 20 x 1,000, Gaussian", "the authors' formulas in numpy", many / 50, peer_ms, 100, 500, apart
    )


ROWS: list[Callable[[int], Row]] = [
    transfers_of_pairs,
    transfers_infomeasure,
    transfer_with_surrogates,
    sliding_window,
    emergence_criteria,
]


def rows(rounds: int) -> list[Row]:
    """Every row whose peer is installed."""
    missing = {} if importlib.util.find_spec("infomeasure") else {transfers_infomeasure}
    return [measure(rounds) for measure in ROWS if measure not in missing]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")
    print("| work | peer | ours | peer's | ratio | at least | aim | apart |\n|---|---|---|---|---|---|---|---|")
    for row in rows(rounds):
        print(
            f"| {row.work} | {row.peer} | {row.ours_ms:.3g} ms | {row.peer_ms:.3g} ms | {row.ratio:.0f} | "
            f"{row.at_least:g} | {row.aim:g} | {row.apart:.1g} |"
        )


if __name__ == "__main__":
    main()
