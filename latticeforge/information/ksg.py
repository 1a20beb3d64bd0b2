"""Mutual information, conditional mutual information and transfer entropy from nearest neighbours, in bits.

Here: the two estimators of Kraskov, Stögbauer & Grassberger, one estimate or many sources at once. Not here:
significance (``surrogates``), the search itself (``neighbours``, ``rectangles``).

With psi the digamma function and <> the mean over samples (Chebyshev distance, every variable brought to unit spread):

    1:  I(X;Y|Z) = psi(k) + <psi(n_z+1) - psi(n_xz+1) - psi(n_yz+1)>, n counted strictly within the k-th distance
    2:  I(X;Y|Z) = psi(k) - 2/k + <psi(n_z) - psi(n_xz) + 1/n_xz - psi(n_yz) + 1/n_yz>, n within the rectangle
        I(X;Y) = psi(k) - 1/k + psi(n) - <psi(n_x) + psi(n_y)>

Variant 1 of I(X;Y) is the same with an empty Z, where n_z + 1 = n. Estimates scatter about the truth and may fall
below 0.
References: Kraskov, Stögbauer, Grassberger, Phys. Rev. E 69, 066138 (2004); Frenzel & Pompe, Phys. Rev. Lett. 99,
204101 (2007); Schreiber, Phys. Rev. Lett. 85, 461 (2000); ties: Mesner & Shalizi, IEEE Trans. Inf. Theory 67 (2021).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.information.estimate import (
    BITS,
    STRETCHES,
    Estimate,
    Floats,
    columns,
    complete,
    errors_of_parts,
    stretches,
)
from latticeforge.information.lags import Embedding, past
from latticeforge.information.ties import dithered

Ties = Literal["dither", "inclusive", "keep"]

VERSION = "ksg/1"
_WIDTH = 64  # sources searched for together: their rows stay in the nearest cache
_EULER = 0.5772156649015329


@dataclass(frozen=True, slots=True)
class TransferMatrix:
    """Transfer entropies in bits, (sources, targets), NaN on the diagonal, with their standard errors."""

    bits: Floats
    std_error_bits: Floats
    n: int
    k: int
    embedding: Embedding
    algorithm: str = VERSION


def digammas(n: int) -> Floats:
    """psi(0..n+1) for whole numbers, by psi(m + 1) = psi(m) + 1/m; entry 0 is never met and reads 0."""
    table = np.zeros(n + 2)
    table[1] = -_EULER
    table[2:] = -_EULER + np.cumsum(1.0 / np.arange(1, n + 1))
    return table


def growing_k(n: int) -> int:
    """Neighbours for weak links: 1.6 sqrt(n), at least 4. 50 at n = 1000, where 4 misses links that 50 finds.

    k/n falls to 0 as n grows, so the estimate still converges (its bias grows with k/n, its scatter falls with k).

    >>> growing_k(1000), growing_k(10)
    (51, 5)
    """
    return max(4, round(1.6 * math.sqrt(n)))


def mutual_information(
    x: ArrayLike, y: ArrayLike, *, k: int = 4, variant: int = 1, ties: Ties = "dither", seed: int = 0
) -> Estimate:
    """I(X;Y) in bits of paired samples (n,) or (n, dimensions); see the module for the formula.

    Rows with a missing value (NaN) are left out. ``ties``: ``dither`` repeated values by their resolution (seeded),
    count ``inclusive`` of the radius (discrete and mixed data), or ``keep`` them as they are.

    Raises:
        ValueError: k is not in 1..n-1, the series differ in length, or variant is not 1 or 2.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(2000)
    >>> y = 0.6 * x + 0.8 * np.random.default_rng(1).standard_normal(2000)
    >>> abs(mutual_information(x, y).bits - 0.322) < 0.05    # -log2(1 - 0.6^2) / 2
    True
    """
    return conditional_mutual_information(x, y, None, k=k, variant=variant, ties=ties, seed=seed)


def conditional_mutual_information(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike | None,
    *,
    k: int = 4,
    variant: int = 1,
    ties: Ties = "dither",
    seed: int = 0,
) -> Estimate:
    """I(X;Y|Z) in bits; options and errors as ``mutual_information``. ``z=None`` conditions on nothing."""
    first = columns(x, "x")
    tables = [first, columns(y, "y"), np.zeros((len(first), 0)) if z is None else columns(z, "z")]
    xs, ys, zs = complete(*(_untied(table, ties, seed + place) for place, table in enumerate(tables)))
    return _estimate(Samples(xs.T[:, :, None], ys.T, zs.T), k, variant, ties, "")


def transfer_entropy(
    source: ArrayLike,
    target: ArrayLike,
    *,
    embedding: Embedding | None = None,
    k: int = 4,
    variant: int = 1,
    ties: Ties = "dither",
    seed: int = 0,
) -> Estimate:
    """T(source -> target) = I(target[t]; past of source | past of target) in bits, of series (n,), oldest first.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(1000)
    >>> y = np.roll(x, 1) + 0.5 * np.random.default_rng(1).standard_normal(1000)
    >>> transfer_entropy(x, y).bits > 0.8 > 0.1 > transfer_entropy(y, x).bits
    True
    """
    how = embedding or Embedding()
    series = np.column_stack([columns(source, "source")[:, 0], columns(target, "target")[:, 0]])
    series = _untied(series, ties, seed)
    return _estimate(embedded_samples(series[:, :1], series[:, 1], how), k, variant, ties, f" {how}")


def transfer_entropies(
    series: ArrayLike,
    *,
    embedding: Embedding | None = None,
    k: int = 4,
    ties: Ties = "dither",
    seed: int = 0,
    errors: bool = True,
) -> TransferMatrix:
    """Every ordered pair of the columns of ``series`` (n, m), variant 1: entry [i, j] is T(i -> j) in bits.

    All sources of one target are searched for together. A time at which any series is missing is left out. Without
    ``errors`` their standard errors read NaN, and it takes two thirds of the time.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((500, 3)); x[1:, 2] += x[:-1, 0]
    >>> found = transfer_entropies(x).bits
    >>> int(np.nanargmax(found)), found.shape    # 0 -> 2
    (2, (3, 3))
    """
    how = embedding or Embedding()
    table = _untied(columns(series, "series"), ties, seed)
    count = table.shape[1]
    bits, spread = np.full((count, count), np.nan), np.full((count, count), np.nan)
    n = 0
    for target in range(count):
        others = [source for source in range(count) if source != target]
        samples = embedded_samples(table[:, others], table[:, target], how)
        bits[others, target], n = local_bits(samples, k, 1, ties).mean(axis=0), samples.n
        if errors:
            spread[others, target] = errors_of_samples(samples, k, 1, ties)
    return TransferMatrix(bits, spread, n, k, how)


def local_transfer(
    sources: Floats, target: Floats, embedding: Embedding, k: int, variant: int = 1, ties: Ties = "keep"
) -> Floats:
    """Local transfer entropies in bits, (times, sources), of sources (n, sources) to one target (n,); time order.

    Their mean is the estimate. Times at which any series is missing are left out.
    """
    return local_bits(embedded_samples(sources, target, embedding), k, variant, ties)


@dataclass(frozen=True, slots=True)
class Samples:
    """Joint samples in time order: x (dimensions, n, lanes), y (r, n), z (q, n)."""

    x: Floats
    y: Floats
    z: Floats

    @property
    def n(self) -> int:
        return int(self.y.shape[1])

    def part(self, times: slice) -> Samples:
        return Samples(self.x[:, times], self.y[:, times], self.z[:, times])


def embedded_samples(sources: Floats, target: Floats, embedding: Embedding) -> Samples:
    reach = embedding.reach
    if len(target) - reach < 2:
        raise ValueError(f"{len(target)} samples are too few for an embedding that reaches back {reach}")
    x = past(sources, embedding.source, embedding.delay, embedding.lag, reach)
    z = past(target[:, None], embedding.target, embedding.delay, 1, reach)[:, :, 0]
    y = target[reach:][None]
    keep = ~(np.isnan(x).any(axis=(0, 2)) | np.isnan(z).any(axis=0) | np.isnan(y[0]))
    return Samples(x[:, keep], y[:, keep], z[:, keep])


def _estimate(samples: Samples, k: int, variant: int, ties: Ties, how: str) -> Estimate:
    bits = float(local_bits(samples, k, variant, ties).mean())
    error = float(errors_of_samples(samples, k, variant, ties)[0])
    return Estimate(bits, error, samples.n, f"{VERSION} variant={variant} k={k} ties={ties}{how}")


def errors_of_samples(samples: Samples, k: int, variant: int = 1, ties: Ties = "keep") -> Floats:
    """Standard errors (lanes,) in bits, from stretches of time, with a k as much smaller as they are shorter."""
    fewer = max(min(k, 3), round(k / STRETCHES))
    found = [local_bits(samples.part(s), fewer, variant, ties).mean(axis=0) for s in stretches(samples.n)]
    return errors_of_parts(np.array(found).reshape(-1, samples.x.shape[2]))


def local_bits(samples: Samples, k: int, variant: int, ties: Ties) -> Floats:
    """Local values (n, lanes) in time order."""
    if not 1 <= k < samples.n:
        raise ValueError(f"k = {k} neighbours need more than {k} samples, not {samples.n}")
    if variant not in (1, 2):
        raise ValueError(f"KSG has the variants 1 and 2, not {variant}")
    x, y, z = (_unit_spread(v, 1) for v in (samples.x, samples.y, samples.z))
    if variant == 2:
        return _second_variant(x, y, z, k)
    parts = [_first_variant(x[:, :, s : s + _WIDTH], y, z, k, ties) for s in range(0, x.shape[2], _WIDTH)]
    return np.concatenate(parts, axis=1)


def _first_variant(x: Floats, y: Floats, z: Floats, k: int, ties: Ties) -> Floats:
    from latticeforge.information.lanes import LANES
    from latticeforge.information.neighbours import conditional_counts, local_values

    dimensions, n, lanes = x.shape
    row = -(-lanes // LANES) * LANES
    condition = z if len(z) else np.zeros((1, n))
    order = np.argsort(condition[0], kind="stable")
    wide = np.empty((dimensions, n, row), np.float32)
    wide[:, :, :lanes] = x[:, order]
    wide[:, :, lanes:] = wide[:, :, :1]  # a spare lane repeats the first, so that it never searches farther
    counts = np.empty((4, n, row), np.int32)
    inclusive = ties == "inclusive"
    sizes = np.array([dimensions, row, k, inclusive], np.int64)
    conditional_counts(wide.reshape(-1), _single(y[:, order]), _single(condition[:, order]), sizes, counts)
    local = np.empty((n, lanes))
    local_values(counts, order, digammas(n + 1) * BITS, 0 if inclusive else 1, local)
    return local


def _second_variant(x: Floats, y: Floats, z: Floats, k: int) -> Floats:
    from latticeforge.information.rectangles import rectangle_counts

    n, lanes = x.shape[1:]
    psi, local = digammas(n + 1), np.empty((n, lanes))
    for lane in range(lanes):
        counts = np.empty((3, n), np.int64)
        rectangle_counts(np.ascontiguousarray(x[:, :, lane]), y, z, k, counts)
        n_z, n_yz, n_xz = counts
        local[:, lane] = psi[k] - 1.0 / k + psi[n_z] - psi[n_xz] - psi[n_yz]
        if len(z):
            local[:, lane] += 1.0 / n_xz + 1.0 / n_yz - 1.0 / k
    bits: Floats = local * BITS
    return bits


def _untied(table: Floats, ties: Ties, seed: int) -> Floats:
    return dithered(table, seed) if ties == "dither" else table


def _unit_spread(values: Floats, axis: int) -> Floats:
    spread = values.std(axis=axis, keepdims=True)
    scaled: Floats = (values - values.mean(axis=axis, keepdims=True)) / np.where(spread > 0.0, spread, 1.0)
    return scaled


def _single(values: Floats) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, dtype=np.float32)
