"""Transfer entropy in a window that moves one step at a time, without counting everything again.

Here: a ring of samples, each with its k-th distance and its neighbour counts. A step touches every sample once, and
searches anew only for the few whose k nearest changed (the newcomer's and the leaver's neighbours). Not here: estimates
on one stretch (``ksg``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.information.estimate import BITS, Estimate, Floats, columns
from latticeforge.information.ksg import Samples, digammas, errors_of_samples
from latticeforge.information.ties import dithered
from latticeforge.machine_code import compiled

Singles = NDArray[np.float32]
Counts = NDArray[np.int32]

VERSION = "sliding-ksg/1"


class SlidingTransferEntropy:
    """T(source -> target) in bits over the last ``window`` transitions, histories of one step, variant 1.

    ``source_unit`` and ``target_unit`` bring both to one scale and stay as given: a window cannot be rescaled without
    counting anew. Flat memory: about 50 bytes a sample. The result is that of ``ksg`` on the scaled window, in float32.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal(400)
    >>> y = np.r_[0.0, x[:-1]] + 0.1 * np.random.default_rng(1).standard_normal(400)
    >>> live = SlidingTransferEntropy(window=300)
    >>> [round(live.push(a, b), 1) for a, b in zip(x, y)][-1] > 1.5
    True
    """

    def __init__(self, window: int, k: int = 4, source_unit: float = 1.0, target_unit: float = 1.0) -> None:
        if not 1 <= k < window:
            raise ValueError(f"k = {k} neighbours need a window of more than {k} transitions, not {window}")
        if not (source_unit > 0.0 and target_unit > 0.0):
            raise ValueError("units must be positive")
        self._k, self._units = k, (source_unit, target_unit)
        self._points = np.zeros((3, window), np.float32)
        self._radius = np.zeros(window, np.float32)
        self._counts = np.zeros((3, window), np.int32)
        self._psi = digammas(window + 1)
        self._seen = 0
        self._last: tuple[float, float] | None = None

    def push(self, source: float, target: float) -> float:
        """Take the next sample of both; the transfer entropy in bits, NaN until the window is full.

        A missing value (NaN) ends a transition: the window then waits for the next whole one.
        """
        x, y = source / self._units[0], target / self._units[1]
        whole = self._last is not None and not np.isnan([x, y, *self._last]).any()
        if whole and self._last is not None:
            before_x, before_y = self._last
            new = np.array([y, before_y, before_x], np.float32)
            _step(self._points, self._radius, self._counts, self._seen, new, self._k)
            self._seen += 1
        self._last = (x, y)
        full = self._seen >= self._points.shape[1]
        return _mean(self._counts, self._psi, self._k) * BITS if full else float("nan")

    def estimate(self) -> Estimate:
        """The window's transfer entropy with its standard error; the error is searched for anew, as in ``ksg``.

        Raises:
            ValueError: the window is not full yet.
        """
        window = self._points.shape[1]
        if self._seen < window:
            raise ValueError(f"the window holds {self._seen} of {window} transitions")
        y, z, x = np.roll(self._points, -(self._seen % window), axis=1).astype(np.float64)[:, None]
        error = float(errors_of_samples(Samples(x[:, :, None], y, z), self._k)[0])
        return Estimate(_mean(self._counts, self._psi, self._k) * BITS, error, window, f"{VERSION} k={self._k}")


def sliding_transfer_entropy(source: ArrayLike, target: ArrayLike, window: int, *, k: int = 4, seed: int = 0) -> Floats:
    """(n,): entry t is T(source -> target) in bits over the ``window`` transitions up to t; NaN before.

    Both series (n,) are divided by their spread over the whole; repeated values are dithered (seeded).

    Raises:
        ValueError: a value is missing, or the series are shorter than a window.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((300, 2))
    >>> int(np.isnan(sliding_transfer_entropy(x[:, 0], x[:, 1], 200)).sum())
    200
    """
    pair = np.column_stack([columns(source, "source")[:, 0], columns(target, "target")[:, 0]])
    if np.isnan(pair).any():
        raise ValueError("a sliding window over a whole series has no place for missing values")
    if not 1 <= k < window < len(pair):
        raise ValueError(f"a window of {window} transitions needs more than {window} samples and than k = {k}")
    pair = dithered(pair, seed)
    spread = pair.std(axis=0)
    pair = ((pair - pair.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0)).astype(np.float32)
    points = np.ascontiguousarray([pair[1:, 1], pair[:-1, 1], pair[:-1, 0]])
    out = np.full(len(pair), np.nan)
    _slide(points, window, k, digammas(window + 1), out[1:])
    return out * BITS


@compiled
def _slide(points: Singles, window: int, k: int, psi: Floats, out: Floats) -> None:
    held = np.zeros((3, window), np.float32)
    radius = np.zeros(window, np.float32)
    counts = np.zeros((3, window), np.int32)
    for t in range(points.shape[1]):
        _step(held, radius, counts, t, points[:, t], k)
        if t >= window - 1:
            out[t] = _mean(counts, psi, k)


@compiled
def _mean(counts: Counts, psi: Floats, k: int) -> np.float64:
    total = np.float64(0.0)
    n = counts.shape[1]
    for i in range(n):
        total += psi[counts[0, i] + 1] - psi[counts[1, i] + 1] - psi[counts[2, i] + 1]
    return np.float64(psi[k] + total / n)


@compiled
def _step(points: Singles, radius: Singles, counts: Counts, seen: int, new: Singles, k: int) -> None:
    """Let ``new`` (y', y, x) take the place of the oldest sample in the ring of ``points`` (3, window)."""
    window = points.shape[1]
    slot = seen % window
    if seen < window:  # filling: count everything once, when full
        points[:, slot] = new
        if seen == window - 1:
            for i in range(window):
                _count_anew(points, radius, counts, i, k)
        return
    touched = np.zeros(window, np.uint8)
    old = points[:, slot].copy()
    radius[slot] = np.float32(-1.0)  # neither leaver nor newcomer counts itself
    _shift_counts(points, radius, counts, old, np.int32(-1), touched)
    _shift_counts(points, radius, counts, new, np.int32(1), touched)
    points[:, slot] = new
    touched[slot] = 1
    for i in range(window):
        if touched[i]:
            _count_anew(points, radius, counts, i, k)


@compiled
def _shift_counts(
    points: Singles, radius: Singles, counts: Counts, point: Singles, sign: np.int32, touched: NDArray[np.uint8]
) -> None:
    """Add ``sign`` to the counts of every sample that has the point within its radius; mark whose k-th may change."""
    a, b, c = points[0], points[1], points[2]
    pa, pb, pc = point[0], point[1], point[2]
    n_z, n_yz, n_xz = counts[0], counts[1], counts[2]
    zero = np.int32(0)
    for i in range(a.shape[0]):
        dz, r = abs(b[i] - pb), radius[i]
        near_z = dz < r
        n_z[i] += sign if near_z else zero
        n_yz[i] += sign if near_z & (abs(a[i] - pa) < r) else zero
        n_xz[i] += sign if near_z & (abs(c[i] - pc) < r) else zero
        touched[i] |= np.uint8(1) if (dz <= r) & (abs(a[i] - pa) <= r) & (abs(c[i] - pc) <= r) else np.uint8(0)


@compiled
def _count_anew(points: Singles, radius: Singles, counts: Counts, i: int, k: int) -> None:
    """Search sample i's k-th distance and its counts among all samples of the ring."""
    a, b, c = points[0], points[1], points[2]
    pa, pb, pc = a[i], b[i], c[i]
    apart = np.empty(a.shape[0], np.float32)
    for j in range(a.shape[0]):
        d, e, f = abs(b[j] - pb), abs(a[j] - pa), abs(c[j] - pc)
        d = d if d > e else e
        apart[j] = d if d > f else f
    apart[i] = np.inf
    r = _kth(apart, k)
    n_z, n_yz, n_xz = np.int32(-1), np.int32(-1), np.int32(-1)  # without the sample itself
    if not r > 0.0:
        n_z, n_yz, n_xz = np.int32(0), np.int32(0), np.int32(0)
    one, zero = np.int32(1), np.int32(0)
    for j in range(a.shape[0]):
        near_z = abs(b[j] - pb) < r
        n_z += one if near_z else zero
        n_yz += one if near_z & (abs(a[j] - pa) < r) else zero
        n_xz += one if near_z & (abs(c[j] - pc) < r) else zero
    radius[i] = r
    counts[0, i], counts[1, i], counts[2, i] = n_z, n_yz, n_xz


@compiled
def _kth(apart: Singles, k: int) -> np.float32:
    """The k-th least of the distances, by keeping the k least sorted; after the first few it is one comparison each."""
    best = np.full(k, np.inf, np.float32)
    last = np.float32(np.inf)
    for j in range(apart.shape[0]):
        if apart[j] < last:
            place = k - 1
            while place > 0 and best[place - 1] > apart[j]:
                best[place] = best[place - 1]
                place -= 1
            best[place] = apart[j]
            last = best[k - 1]
    return last
