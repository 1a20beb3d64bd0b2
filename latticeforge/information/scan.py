"""How many steps does the lead take? Transfer entropy at each of several source lags, with one p-value for all of them.

Here: the scan, its best lag, the chance of so large a best one. Not here: one lag (``ksg``), the embedding of the
target's own past (``lags.ragwitz``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Floats, columns
from latticeforge.information.ksg import Samples, errors_of_samples, local_bits
from latticeforge.information.lags import Embedding, past
from latticeforge.information.surrogates import circular_shifts
from latticeforge.information.ties import dithered

VERSION = "lag-scan/1"


@dataclass(frozen=True, slots=True)
class LagScan:
    """Transfer entropies (lags,) in bits; ``p_value`` of so large a one at any of the lags, (b + 1) / (m + 1).

    ``best_bits`` is the largest less the mean of surrogates at its lag, with its standard error. It was picked as the
    largest, so it is somewhat too large.
    """

    lags: tuple[int, ...]
    bits: Floats
    best_lag: int
    best_bits: float
    std_error_bits: float
    p_value: float
    n: int
    algorithm: str


def scan_lags(
    source: ArrayLike,
    target: ArrayLike,
    lags: Sequence[int] = range(1, 13),
    *,
    embedding: Embedding | None = None,
    k: int = 4,
    surrogates: int = 99,
    seed: int = 0,
) -> LagScan:
    """T(source -> target) with the source ``lag`` steps back, for each of the ``lags``, all on the same samples.

    One search serves all lags and all surrogates (circular shifts): they share the target and its past. The largest
    over the lags of each surrogate is what chance offers. ``embedding``: all but its ``lag`` is used. Wibral et al.,
    PLoS ONE 8, e55809 (2013).

    Raises:
        ValueError: no lags, a lag below 1, or series too short for them.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(600)
    >>> found = scan_lags(x, np.roll(x, 5) + np.random.default_rng(1).standard_normal(600))
    >>> found.best_lag, found.p_value
    (5, 0.01)
    """
    how = embedding or Embedding()
    if not lags or min(lags) < 1:
        raise ValueError(f"lags count in steps of at least 1, not {list(lags)}")
    reach = max(how.reach, max(lags) + (how.source - 1) * how.delay)
    pair = np.column_stack([columns(source, "source")[:, 0], columns(target, "target")[:, 0]])
    if len(pair) - reach < 2:
        raise ValueError(f"{len(pair)} samples are too few for lags that reach back {reach}")
    samples = _samples(dithered(pair, seed), lags, how, reach)
    bits = local_bits(samples, k, 1, "keep").mean(axis=0)
    turns = circular_shifts(np.arange(samples.n), surrogates, seed).astype(np.int64)
    turned = samples.x[:, turns].reshape(how.source, samples.n, -1)
    chance = local_bits(Samples(turned, samples.y, samples.z), k, 1, "keep").mean(axis=0).reshape(surrogates, -1)
    best = int(np.argmax(bits))
    error = errors_of_samples(Samples(samples.x[:, :, [best]], samples.y, samples.z), k)
    return LagScan(
        lags=tuple(lags),
        bits=bits,
        best_lag=lags[best],
        best_bits=float(bits[best] - chance[:, best].mean()),
        std_error_bits=float(error[0]),
        p_value=(1 + int((chance.max(axis=1) >= bits[best]).sum())) / (surrogates + 1),
        n=samples.n,
        algorithm=f"{VERSION} k={k} surrogates={surrogates} {how}",
    )


def _samples(pair: Floats, lags: Sequence[int], how: Embedding, reach: int) -> Samples:
    """A lane for each lag, without the times at which anything is missing."""
    x = np.stack([past(pair[:, :1], how.source, how.delay, lag, reach)[:, :, 0] for lag in lags], axis=2)
    z = past(pair[:, 1:], how.target, how.delay, 1, reach)[:, :, 0]
    y = pair[reach:, 1][None]
    keep = ~(np.isnan(x).any(axis=(0, 2)) | np.isnan(z).any(axis=0) | np.isnan(y[0]))
    return Samples(x[:, keep], y[:, keep], z[:, keep])
