"""Information from covariances: exact for Gaussian dependence, a fast screen for any monotone one.

Here: ranks turned to normal scores (the Gaussian copula), information by determinants, all pairs at once. Not here:
dependence that no monotone change of the variables makes linear (``ksg``).

    I(X;Y|Z) = 1/2 log2( det S_xz det S_yz / (det S_z det S_xyz) )      S: covariance matrices

References: Barnett, Barrett & Seth, Phys. Rev. Lett. 103, 238701 (2009), for transfer entropy as Granger causality;
Ince et al., Human Brain Mapping 38, 1541 (2017), for the copula.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.information.estimate import BITS, Estimate, Floats, columns, complete, errors_of_parts, stretches
from latticeforge.information.lags import Embedding, past

VERSION = "gaussian/1"
_NOTHING = 1e-8  # of a column's length


@dataclass(frozen=True, slots=True)
class CopulaScreen:
    """Transfer entropies in bits, their standard errors (NaN unless asked for) and p-values of no transfer.

    All (sources, targets), NaN on the diagonal.
    """

    bits: Floats
    std_error_bits: Floats
    p_value: Floats
    n: int
    embedding: Embedding
    algorithm: str = VERSION


def normal_scores(table: Floats) -> Floats:
    """Each column (n, dimensions) through its ranks to the standard normal; equal values share their mean rank.

    Missing values (NaN) stay missing and have no rank.

    >>> import numpy as np
    >>> normal_scores(np.array([[5.0], [1.0], [100.0]])).round(3).ravel().tolist()
    [0.0, -0.674, 0.674]
    """
    from scipy.special import ndtri

    out = np.full_like(table, np.nan)
    for column in range(table.shape[1]):
        known = ~np.isnan(table[:, column])
        _, place, times = np.unique(table[known, column], return_inverse=True, return_counts=True)
        mean_rank = np.cumsum(times) - (times - 1) / 2.0
        out[known, column] = ndtri(mean_rank[place] / (len(place) + 1.0))
    return out


def gaussian_information(x: ArrayLike, y: ArrayLike, z: ArrayLike | None = None, *, copula: bool = True) -> Estimate:
    """I(X;Y|Z) in bits, at least 0, of samples (n,) or (n, dimensions); with ``copula`` the margins do not matter.

    Where Y is a function of Z nothing is left to tell, and the answer is 0.

    Raises:
        ValueError: the samples differ in length or hold an infinite value.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(4000)
    >>> y = 0.6 * x + 0.8 * np.random.default_rng(1).standard_normal(4000)
    >>> abs(gaussian_information(x, np.exp(y)).bits - 0.322) < 0.03
    True
    """
    first = columns(x, "x")
    tables = (first, columns(y, "y"), np.zeros((len(first), 0)) if z is None else columns(z, "z"))
    xs, ys, zs = complete(*tables)
    bits = gaussian_bits(xs, ys, zs, copula)
    parts = np.array([[gaussian_bits(xs[s], ys[s], zs[s], copula)] for s in stretches(len(xs))]).reshape(-1, 1)
    return Estimate(bits, float(errors_of_parts(parts)[0]), len(xs), f"{VERSION} copula={copula}")


def copula_transfers(series: ArrayLike, embedding: Embedding | None = None, *, errors: bool = False) -> CopulaScreen:
    """T(i -> j) of every ordered pair of columns (n, m), by the Gaussian copula, with the p-value of an F test.

    F = (R^2 / p) / ((1 - R^2) / (n - p - q - 1)), R^2 of what source i's past (p values) adds to target j's own (q).
    The test takes the target's noise as white given its own past: it screens, ``surrogates`` decide. ``errors``: from
    ten stretches of time, ten times the work.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((500, 3)); x[1:, 2] += 0.5 * x[:-1, 0]
    >>> found = copula_transfers(x)
    >>> bool(found.p_value[0, 2] < 1e-6 < found.p_value[2, 0])
    True
    """
    from scipy.special import fdtrc

    how = embedding or Embedding()
    scores = normal_scores(columns(series, "series"))
    reach = how.reach
    whole = ~np.isnan(past(scores, reach + 1, 1, 0, reach)).any(axis=(0, 2))  # a hole also spoils the steps after it
    n, p = int(whole.sum()), how.source
    spare = n - p - how.target - 1
    share = _shares(scores, how, np.flatnonzero(whole))
    ratio = (share / p) / ((1.0 - share) / spare)
    times = [np.flatnonzero(whole)[s] for s in stretches(n)] if errors else []
    parts = np.array([_bits_of_share(_shares(scores, how, part)).ravel() for part in times]).reshape(-1, share.size)
    spread = errors_of_parts(parts).reshape(share.shape)
    return CopulaScreen(_bits_of_share(share), spread, fdtrc(p, spare, ratio), n, how)


def _bits_of_share(share: Floats) -> Floats:
    found: Floats = -0.5 * BITS * np.log1p(-share)
    return found


def _shares(scores: Floats, how: Embedding, times: NDArray[np.intp]) -> Floats:
    """(sources, targets) added R^2 over these times, counted from the first that has a past; NaN on the diagonal."""
    count, reach = scores.shape[1], how.reach
    sources = past(scores, how.source, how.delay, how.lag, reach)[:, times]
    share = np.full((count, count), np.nan)
    for target in range(count):
        own = past(scores[:, [target]], how.target, how.delay, 1, reach)[:, times, 0].T
        share[:, target] = _added_share(sources, scores[reach:, target][times], own)
    np.fill_diagonal(share, np.nan)
    return share


def _added_share(sources: Floats, follows: Floats, own: Floats) -> Floats:
    """R^2 in [0, 1) of what each source (p, n, m) adds to the own past (n, q) in foretelling (n,)."""
    given = np.column_stack([np.ones(len(own)), own])
    basis = np.linalg.qr(given)[0]
    left = follows - basis @ (basis.T @ follows)
    flat = sources.transpose(1, 0, 2).reshape(len(own), -1)
    rest = (flat - basis @ (basis.T @ flat)).reshape(len(own), sources.shape[0], -1)
    cross = np.einsum("nps,n->sp", rest, left)
    inner = np.einsum("nps,nqs->spq", rest, rest)
    weights = np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ cross[:, :, None]
    power = max(float(left @ left), np.finfo(np.float64).tiny)
    found: Floats = np.clip((cross[:, None, :] @ weights)[:, 0, 0] / power, 0.0, 1.0 - 1e-15)
    return found


def gaussian_bits(x: Floats, y: Floats, z: Floats, copula: bool = False) -> float:
    """I(X;Y|Z) in bits of complete samples (n, dimensions).

    Through the canonical correlations of what Z leaves of X and Y: safe where either is a function of Z.
    """
    if copula:
        x, y, z = normal_scores(x), normal_scores(y), normal_scores(z)
    x, y, z = _unit_columns(x), _unit_columns(y), _unit_columns(z)
    left, right = _orthonormal_rest(x, z), _orthonormal_rest(y, z)
    if not (left.shape[1] and right.shape[1]):
        return 0.0
    canonical = np.linalg.svd(left.T @ right, compute_uv=False)
    return float(-0.5 * BITS * np.log1p(-(np.minimum(canonical, 1.0 - 1e-12) ** 2)).sum())


def _unit_columns(table: Floats) -> Floats:
    """Each column less its mean, of length 1; a constant becomes 0, less what arithmetic leaves of it."""
    centred = table - table.mean(axis=0)
    length = np.linalg.norm(centred, axis=0)
    length[length <= 1e-13 * np.linalg.norm(table, axis=0)] = np.inf
    found: Floats = centred / length
    return found


def _orthonormal_rest(table: Floats, given: Floats) -> Floats:
    """A basis of what is left of the columns (n, d) of length 1 beyond those given; none where nothing is left."""
    basis, sizes, _ = np.linalg.svd(given, full_matrices=False)
    basis = basis[:, sizes > _NOTHING]  # columns that say the same count once
    vectors, sizes, _ = np.linalg.svd(table - basis @ (basis.T @ table), full_matrices=False)
    found: Floats = vectors[:, sizes > _NOTHING]
    return found
