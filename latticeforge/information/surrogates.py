"""Is it more than chance? Sources that keep their own course and lose the link to the target.

Here: circular shifts and shuffled blocks, effective transfer entropy, p-values, false discovery among many pairs. Not
here: the estimate (``ksg``). Plain shuffling is not offered: it destroys the source's own memory, and on bursty counts
it called 12 to 18 % of unrelated pairs significant at 5 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Estimate, Floats, columns
from latticeforge.information.ksg import Samples, Ties, embedded_samples, local_bits, transfer_entropy
from latticeforge.information.lags import Embedding
from latticeforge.information.ties import dithered

Kind = Literal["circular", "block"]

VERSION = "effective-transfer/2"
_LEAST_P = 1e-300


@dataclass(frozen=True, slots=True)
class EffectiveTransfer:
    """Transfer entropy beyond what surrogates of the source show, in bits.

    ``bits`` = estimate - mean of surrogates; ``std_error_bits`` counts the error of either. ``p_value`` is the rank
    (b + 1) / (m + 1); ``tail_p_value`` places the estimate in a distribution with the surrogates' mean, spread and
    skewness, and can be smaller than 1/m.
    """

    bits: float
    std_error_bits: float
    estimate: Estimate
    surrogate_mean_bits: float
    surrogate_sd_bits: float
    p_value: float
    tail_p_value: float
    surrogates: int
    algorithm: str


def circular_shifts(series: ArrayLike, count: int, seed: int, least: int | None = None) -> Floats:
    """(n, count): the series (n,) turned round by ``count`` different steps of at least ``least`` (n/20 if None).

    Keeps everything of the series but its place in time. Theiler et al., Physica D 58, 77 (1992); Quian Quiroga et al.,
    Phys. Rev. E 65, 041903 (2002).

    Raises:
        ValueError: the series has fewer than ``count`` such shifts.

    >>> circular_shifts([1.0, 2.0, 3.0, 4.0], 3, seed=0).sum(axis=0).tolist()
    [10.0, 10.0, 10.0]
    """
    values = columns(series, "series")[:, 0]
    n = len(values)
    least = max(1, n // 20) if least is None else least
    choices = np.arange(least, n - least + 1)
    if len(choices) < count:
        raise ValueError(f"{n} samples have {len(choices)} shifts of at least {least}, not {count}")
    shifts = np.random.default_rng(seed).choice(choices, size=count, replace=False)
    turned: Floats = values[(np.arange(n)[:, None] + shifts) % n]
    return turned


def shuffled_blocks(series: ArrayLike, count: int, seed: int, block: int) -> Floats:
    """(n, count): the series (n,) cut at a random start into blocks of ``block`` steps, which change places.

    For series too short to be shifted; memory beyond a block is lost. Künsch, Ann. Statist. 17, 1217 (1989).

    >>> sorted(shuffled_blocks([1.0, 2.0, 3.0, 4.0, 5.0], 1, seed=0, block=2)[:, 0].tolist())
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    values = columns(series, "series")[:, 0]
    n, chance = len(values), np.random.default_rng(seed)
    if not 1 <= block < n:
        raise ValueError(f"a block has 1 to {n - 1} steps, not {block}")
    out = np.empty((n, count))
    for column in range(count):
        turned = np.roll(np.arange(n), -int(chance.integers(n)))
        pieces = [turned[i : i + block] for i in range(0, n, block)]
        out[:, column] = values[np.concatenate([pieces[i] for i in chance.permutation(len(pieces))])]
    return out


def effective_transfer_entropy(
    source: ArrayLike,
    target: ArrayLike,
    *,
    surrogates: int = 200,
    kind: Kind = "circular",
    block: int | None = None,
    embedding: Embedding | None = None,
    k: int = 4,
    ties: Ties = "dither",
    seed: int = 0,
) -> EffectiveTransfer:
    """T(source -> target) less the mean over surrogates of the source (Marschinski & Kantz, Eur. Phys. J. B 30, 2002).

    ``block``: steps of a block, sqrt(n) if None. Series (n,), oldest first; a time at which a value is missing is left
    out of estimate and surrogates alike.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(500)
    >>> y = np.roll(x, 1) + np.random.default_rng(1).standard_normal(500)
    >>> effective_transfer_entropy(x, y, surrogates=99).p_value
    0.01
    """
    how = embedding or Embedding()
    pair = np.column_stack([columns(source, "source")[:, 0], columns(target, "target")[:, 0]])
    pair = dithered(pair, seed) if ties == "dither" else pair
    estimate = transfer_entropy(pair[:, 0], pair[:, 1], embedding=how, k=k, ties=ties, seed=seed)
    samples = embedded_samples(pair[:, :1], pair[:, 1], how)  # turned as samples: a hole is cut out once, not shifted
    steps = np.arange(samples.n)
    if kind == "circular":
        others = circular_shifts(steps, surrogates, seed)
    else:
        others = shuffled_blocks(steps, surrogates, seed, block or math.isqrt(len(pair)))
    turned = Samples(samples.x[:, others.astype(np.int64), 0], samples.y, samples.z)
    by_chance = local_bits(turned, k, 1, ties).mean(axis=0)
    mean, spread = float(by_chance.mean()), float(by_chance.std(ddof=1))
    return EffectiveTransfer(
        bits=estimate.bits - mean,
        std_error_bits=math.hypot(estimate.std_error_bits, spread / math.sqrt(surrogates)),
        estimate=estimate,
        surrogate_mean_bits=mean,
        surrogate_sd_bits=spread,
        p_value=(1 + int((by_chance >= estimate.bits).sum())) / (surrogates + 1),
        tail_p_value=_tail(estimate.bits, by_chance),
        surrogates=surrogates,
        algorithm=f"{VERSION} {kind} {estimate.algorithm}",
    )


def _tail(estimate: float, by_chance: Floats) -> float:
    """P(a further surrogate exceeds its kin by this much): Pearson's type III with their mean, spread and skewness.

    Estimates of information are skewed: a symmetric tail calls too many. The spread of few surrogates is itself unsure,
    so the distance first goes through Student's t. Skewness within [0, 2], from normal to exponential.
    """
    from scipy.special import gammaincc, ndtr, ndtri, stdtr

    count, spread = len(by_chance), float(by_chance.std(ddof=1))
    if not spread > 0.0:
        return 1.0
    apart = (by_chance - by_chance.mean()) / spread
    away = (estimate - float(by_chance.mean())) / (spread * math.sqrt(1.0 + 1.0 / count))
    sure = -float(ndtri(max(float(stdtr(count - 1, -away)), _LEAST_P)))
    skewness = min(float((apart**3).mean()), 2.0)
    if skewness < 0.01:
        return max(float(ndtr(-sure)), _LEAST_P)
    shape = 4.0 / skewness**2
    return max(float(gammaincc(shape, max(0.0, shape + sure * math.sqrt(shape)))), _LEAST_P)


def benjamini_yekutieli(p_values: ArrayLike) -> Floats:
    """q-values in [0, 1] that hold the false discovery rate under any dependence; missing p-values stay missing.

    q_(i) = min over j >= i of p_(j) m c / j, c = 1 + 1/2 + ... + 1/m. Benjamini & Yekutieli, Ann. Statist. 29 (2001).

    >>> benjamini_yekutieli([0.01, 0.5]).round(3).tolist()
    [0.03, 0.75]
    """
    p = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(p.ravel()))
    out = np.full(p.size, np.nan)
    order = known[np.argsort(p.ravel()[known], kind="stable")]
    m = len(order)
    if m:
        rank = np.arange(1, m + 1)
        scaled = p.ravel()[order] * m * float((1.0 / rank).sum()) / rank
        out[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return out.reshape(p.shape)
