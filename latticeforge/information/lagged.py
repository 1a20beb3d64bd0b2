"""Informations between a system and itself some steps later, all that the emergence criteria ask for.

Here: I(V;V'), I(X_beta;V'), I(V;X'_alpha), I(X_beta;X'_alpha) from covariances or from counts, and again without each
tenth of the time. Not here: what is made of them (``emergence``).

Gaussian, one variable against one: I = -1/2 log2(1 - r^2), all pairs from one lagged matrix product; a tenth left out
is that product less its own. Sets of variables: I = 1/2 log2(det S_a det S_b / det S_ab).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from latticeforge.information.binned import Symbols, entropy_bits
from latticeforge.information.estimate import BITS, STRETCHES, Floats

Estimator = Literal["gaussian", "discrete"]
Members = NDArray[np.int64]

_CLOSE_TO_ONE = 1.0 - 1e-12
_FAR = 1e-4  # of the squares is left as variance where a mean is 100 spreads from 0
_THIN = -20.0  # nats: a determinant that may be 0 but for the arithmetic


@dataclass(frozen=True, slots=True)
class Terms:
    """In bits; m sets of micro variables; the first of ``b`` entries is of all samples, the others lack a cut each."""

    macro: Floats  # (b,) I(V;V')
    micro_to_macro: Floats  # (b, m) I(X_beta;V')
    macro_to_micro: Floats  # (b, m) I(V;X'_alpha)
    micro_to_micro: Floats  # (b, m, m) I(X_beta;X'_alpha)


def lagged_pairs(table: Floats, lag: int) -> tuple[Floats, Floats]:
    """(samples, columns) now and ``lag`` steps later, of a table (n, columns), where nothing is missing in either.

    Raises:
        ValueError: the lag is not at least 1, or leaves fewer than three samples.
    """
    if not 1 <= lag < len(table) - 2:
        raise ValueError(f"{len(table)} samples do not reach over a lag of {lag}")
    before, after = table[:-lag], table[lag:]
    if np.isnan(table).any():
        keep = ~(np.isnan(before).any(axis=1) | np.isnan(after).any(axis=1))
        before, after = before[keep], after[keep]
    if len(before) < 3:
        raise ValueError("fewer than three samples are complete and complete again after the lag")
    return before, after


def lagged_terms(
    before: Floats, after: Floats, micro: int, order: int, estimator: Estimator, cuts: Sequence[slice]
) -> Terms:
    """The terms of samples (n, micro + macro) in bits. ``cuts``: none, or the ten of ``stretches``."""
    macro = before.shape[1] - micro
    if estimator == "gaussian" and order == macro == 1:
        bits = _pairwise_bits(before, after, bool(cuts))
        return Terms(bits[:, -1, -1], bits[:, :-1, -1], bits[:, -1, :-1], bits[:, :-1, :-1])
    sets, whole = np.array(list(combinations(range(micro), order))), np.arange(micro, micro + macro)[None]
    kept = [np.ones(len(before), np.bool_) for _ in range(1 + len(cuts))]
    for cut, mask in zip(cuts, kept[1:], strict=True):
        mask[cut] = False
    informations = _gaussian_sets if estimator == "gaussian" else _discrete_sets
    made = [informations(before[rows], after[rows]) for rows in kept]
    return Terms(
        np.array([bits(whole, whole)[0, 0] for bits in made]),
        np.array([bits(sets, whole)[:, 0] for bits in made]),
        np.array([bits(whole, sets)[0] for bits in made]),
        np.array([bits(sets, sets) for bits in made]),
    )


def _pairwise_bits(before: Floats, after: Floats, cut: bool) -> Floats:
    """(b, w, w): information of column i on column j later; of all samples and, with ``cut``, without each tenth."""
    moments = _moments(before, after, cut)
    power = _power(moments)
    if (power[0] < _FAR * moments.squares[0]).any():  # far from 0 the differences would lose digits
        centre = before.mean(axis=0)
        moments = _moments(before - centre, after - centre, cut)
        power = _power(moments)
    power[power <= 1e-13 * moments.squares] = np.inf  # a constant tells nothing
    cross = moments.products - moments.sums[:, 0, :, None] * (moments.sums[:, 1, None, :] / moments.n)
    share = cross * cross / (power[:, 0, :, None] * power[:, 1, None, :])
    found: Floats = -0.5 * BITS * np.log1p(-np.minimum(share, _CLOSE_TO_ONE))
    return found


@dataclass(frozen=True, slots=True)
class _Moments:
    """Samples (b, 1, 1), sums and squares before and after (b, 2, w), products (b, w, w)."""

    n: Floats
    sums: Floats
    squares: Floats
    products: Floats


def _moments(before: Floats, after: Floats, cut: bool) -> _Moments:
    """Moments of samples (n, w): of all and, with ``cut``, without each tenth.

    Summed tenth by tenth in any case: a small product handed to several cores costs more than it takes.
    """
    whole = len(before) // STRETCHES * STRETCHES
    shape = (STRETCHES, whole // STRETCHES, before.shape[1])
    tenths = _sums_of_pieces(before[:whole].reshape(shape), after[:whole].reshape(shape))
    rest = _sums_of_pieces(before[None, whole:], after[None, whole:])
    total = [tenth.sum(axis=0, keepdims=True) + more for tenth, more in zip(tenths, rest, strict=True)]
    if cut:
        total = [np.concatenate([t, t - tenth]) for t, tenth in zip(total, tenths, strict=True)]
    return _Moments(*total)


def _sums_of_pieces(before: Floats, after: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """What ``_Moments`` holds, for each of the pieces (b, samples, w)."""
    pieces, size, _ = before.shape
    ones = np.ones((1, size))  # a product with ones is the quickest sum
    sums = np.concatenate([ones @ before, ones @ after], axis=1)
    squares = np.stack([np.einsum("bij,bij->bj", side, side) for side in (before, after)], axis=1)
    return np.full((pieces, 1, 1), float(size)), sums, squares, before.transpose(0, 2, 1) @ after


def _power(moments: _Moments) -> Floats:
    found: Floats = moments.squares - moments.sums**2 / moments.n
    return found


def _gaussian_sets(before: Floats, after: Floats) -> Callable[[Members, Members], Floats]:
    width = before.shape[1]
    joint = np.concatenate([before, after], axis=1)
    joint = joint - joint.mean(axis=0)
    size = np.sqrt(np.einsum("ij,ij->j", joint, joint))
    size[size <= 1e-12 * np.abs(np.concatenate([before, after], axis=1)).max(axis=0) * len(joint) ** 0.5] = np.inf
    joint /= size  # a constant becomes 0: it tells nothing
    cover = joint.T @ joint
    np.fill_diagonal(cover, 1.0)

    def bits(a: Members, b: Members) -> Floats:
        later = b + width
        out = np.empty((len(a), len(b)))
        alone = _log_dets(cover, later)
        for row, one in enumerate(a):
            both = np.concatenate([np.broadcast_to(one, (len(b), len(one))), later], axis=1)
            out[row] = _log_dets(cover, one[None]) + alone - _log_dets(cover, both)
        found: Floats = 0.5 * BITS * np.maximum(out, 0.0)
        return found

    return bits


def _log_dets(cover: Floats, sets: Members) -> Floats:
    """(sets,): log determinants of the blocks of a correlation matrix, with a floor under the eigenvalues."""
    blocks = cover[sets[:, :, None], sets[:, None, :]]
    found: Floats = np.linalg.slogdet(blocks)[1]
    thin = found < _THIN
    if thin.any():
        sizes = np.linalg.eigvalsh(blocks[thin])
        found[thin] = np.log(np.maximum(sizes, 1.0 - _CLOSE_TO_ONE)).sum(axis=1)
    return found


def _discrete_sets(before: Floats, after: Floats) -> Callable[[Members, Members], Floats]:
    now, later = (
        [np.unique(column, return_inverse=True)[1].astype(np.int64) for column in table.T] for table in (before, after)
    )

    def bits(a: Members, b: Members) -> Floats:
        first = [_joined([now[i] for i in one]) for one in a]
        then = [_joined([later[i] for i in one]) for one in b]
        own_first, own_then = ([entropy_bits(code, corrected=False) for code in codes] for codes in (first, then))
        return np.array(
            [
                [p + q - entropy_bits(_joined([x, y]), corrected=False) for y, q in zip(then, own_then, strict=True)]
                for x, p in zip(first, own_first, strict=True)
            ]
        )

    return bits


def _joined(codes: list[Symbols]) -> Symbols:
    joint = codes[0]
    for code in codes[1:]:
        both = joint * (int(code.max(initial=0)) + 1) + code
        joint = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return joint
