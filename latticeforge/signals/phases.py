"""Do many signals beat together? Phases, the Kuramoto order parameter, the coupling that holds them.

Here: whole series. Not here: the streaming form with alarms (``latticeforge.detectors.synchrony``).

Sources: Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), chapter 5; A. Pikovsky, M. Rosenblum, J.
Kurths, Synchronization (2001), appendix A2 (phases by the Hilbert transform).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

Real = TypeVar("Real", np.float32, np.float64)

VERSION = "kuramoto/1"
_TOGETHER = 8  # signals transformed at a time: they stay in the cache, whatever their number
_EDGE = 0.1  # share of the rows at each end where the Hilbert transform leans on values that are not there


@dataclass(frozen=True, slots=True)
class Synchrony:
    """How far signals move together. Means leave out a tenth of the rows at each end."""

    order: Floats  # (n,) Kuramoto order parameter R, [0, 1]
    mean_order: float
    growth_per_row: float  # least-squares slope of R
    coupling_per_row: float  # mean-field K, radians a row; NaN where it cannot be told
    chance_order: float  # sqrt(pi / (4 m)): the mean R of m independent phases
    signals: int
    version: str = VERSION


def quadrature(signals: NDArray[Real]) -> NDArray[Real]:
    """(m, n) Hilbert transforms of (m, n) signals, each less its mean, in the precision they come in.

    Real in, real out: ``-i`` times the half spectrum. Half the work of ``scipy.signal.hilbert``, the same result to
    1e-12 of the range (single precision: 1e-6).
    """
    from scipy.fft import irfft, rfft

    n = signals.shape[1]
    spectrum = rfft(signals, axis=1)
    spectrum *= spectrum.dtype.type(-1j)
    spectrum[:, 0] = 0
    if n % 2 == 0:
        spectrum[:, -1] = 0
    turned: NDArray[Real] = irfft(spectrum, n, axis=1, overwrite_x=True)
    return turned


def phases(signals: Floats) -> Floats:
    """(m, n) phases in (-pi, pi] of (m, n) finite signals: the angle of ``x - mean + i H(x)``.

    A phase means something where the signal has one dominant rhythm; for broad noise it is an angle and no more.

    >>> rows = np.arange(400)
    >>> angle = phases(np.cos(2 * np.pi * rows / 40)[None])
    >>> bool(np.allclose(np.exp(1j * angle), np.exp(2j * np.pi * rows / 40)))
    True
    """
    signals = _checked(signals)
    centred = signals - signals.mean(axis=1, keepdims=True)
    return np.asarray(np.arctan2(quadrature(signals), centred), dtype=np.float64)


def kuramoto_order(signals: Floats) -> Floats:
    """(n,) order parameter ``R(t) = |mean over j of exp(i theta_j(t))|`` of (m, n) finite signals, in [0, 1].

    1: all phases equal; about ``sqrt(pi / (4 m))``: independent. The angles are never formed: ``exp(i theta)`` is the
    analytic signal over its length. A signal of length 0 at a row (constant) counts as no phase there. Signals are
    scaled to 1 and carried in single precision: R is that of double precision to 1e-5.

    Raises:
        ValueError: the array is not two-dimensional, empty, or holds a missing value.

    >>> rows = np.arange(400)
    >>> bool(kuramoto_order(np.cos(2 * np.pi * (rows / 40 + np.array([[0.0], [0.5]])))).max() < 1e-5)
    True
    """
    signals = _checked(signals)
    means = signals.mean(axis=1)
    sizes = np.maximum(signals.max(axis=1) - means, means - signals.min(axis=1))
    scales = np.where(sizes > 0, 1 / np.where(sizes > 0, sizes, 1.0), 0.0)
    sums = np.zeros((2, signals.shape[1]), dtype=np.float32)
    for begin in range(0, signals.shape[0], _TOGETHER):
        part = slice(begin, begin + _TOGETHER)
        single = np.empty(signals[part].shape, dtype=np.float32)
        _to_single(signals[part], means[part], scales[part], single)
        _add_directions(single, quadrature(single), sums)
    lengths = np.hypot(sums[0], sums[1]).astype(np.float64)
    return np.asarray(np.minimum(1.0, lengths / signals.shape[0]))


def mean_field_coupling(angles: Floats) -> float:
    """K of ``d theta_j / dt = omega_j + K R sin(psi - theta_j)``, radians a row, from (m, n) phases.

    Least squares over all rows with an own frequency ``omega_j`` each: the steps of the phases against ``R sin(psi -
    theta_j)``, both less their mean over time. Phases locked so firmly that the sine does not vary tell nothing of K:
    NaN. Noise in the phases biases K (a step back to the mean looks like a pull), so compare it with that of signals
    shifted against each other. Steps of more than half a turn are taken the short way round.

    >>> rows = np.arange(300)
    >>> bool(np.isnan(mean_field_coupling(np.array([0.1 * rows, 0.1 * rows]))))
    True
    """
    angles = _checked(angles)
    field = np.exp(1j * angles[:, :-1]).mean(axis=0)
    pull = (field * np.exp(-1j * angles[:, :-1])).imag
    step = np.angle(np.exp(1j * np.diff(angles, axis=1)))
    pull -= pull.mean(axis=1, keepdims=True)
    step -= step.mean(axis=1, keepdims=True)
    power = float((pull * pull).sum())
    return float((pull * step).sum() / power) if power > 1e-12 * pull.size else float("nan")


def synchrony(signals: Floats) -> Synchrony:
    """The order parameter of (m, n) finite signals, its growth and the mean-field coupling.

    >>> rows = np.arange(400)
    >>> round(synchrony(np.cos(2 * np.pi * rows / 40)[None].repeat(3, axis=0)).mean_order, 6)
    1.0
    """
    signals = _checked(signals)
    order = kuramoto_order(signals)
    m, n = signals.shape
    edge = int(_EDGE * n)
    inner = order[edge : n - edge]
    rows = np.arange(inner.size) - (inner.size - 1) / 2
    growth = float(rows @ inner / max(float(rows @ rows), 1.0))
    coupling = mean_field_coupling(phases(signals)[:, edge : n - edge]) if n - 2 * edge > 1 else float("nan")
    return Synchrony(order, float(inner.mean()), growth, coupling, chance_order(m), m)


def order_p_value(signals: Floats, *, seed: int, shifts: int = 199) -> float:
    """Chance of so high a mean order parameter if the signals were unrelated: (1 + as high) / (1 + shifts).

    Each signal is shifted around by an amount of its own: it keeps its rhythm and its bursts, only their timing against
    the others is lost. Signals that share a season stay alike at some shifts of whole seasons; take it out first
    (``whiten.deseasoned``).

    >>> rows = np.arange(300)
    >>> noise = np.random.default_rng(1).normal(size=(6, 300))
    >>> order_p_value(noise, seed=1) > 0.05, order_p_value(noise + noise[:1], seed=1) <= 0.01
    (True, True)
    """
    signals = _checked(signals)
    rng = np.random.default_rng(seed)
    edge = int(_EDGE * signals.shape[1])
    inner = slice(edge, signals.shape[1] - edge)
    seen = kuramoto_order(signals)[inner].mean()
    as_high = 0
    for _ in range(shifts):
        amounts = rng.integers(0, signals.shape[1], size=(signals.shape[0],))
        moved = np.stack([np.roll(signals[j], int(amounts[j])) for j in range(signals.shape[0])])
        as_high += int(kuramoto_order(moved)[inner].mean() >= seen)
    return (1 + as_high) / (1 + shifts)


def chance_order(signals: int) -> float:
    """Mean R of ``signals`` independent uniform phases, ``sqrt(pi / (4 m))`` for all but the smallest m.

    >>> round(chance_order(50), 3)
    0.125
    """
    return float(np.sqrt(np.pi / (4 * signals)))


def _checked(signals: Floats) -> Floats:
    signals = np.ascontiguousarray(signals, dtype=np.float64)
    if signals.ndim != 2 or not signals.size:
        raise ValueError(f"signals must be (signals, rows), not {signals.shape}")
    if not np.isfinite(signals).all():
        raise ValueError("a signal has missing values; fill or cut them first")
    return signals


@compiled
def _to_single(signals: Floats, means: Floats, scales: Floats, out: NDArray[np.float32]) -> None:
    m, n = signals.shape
    for j in range(m):
        for i in range(n):
            out[j, i] = np.float32((signals[j, i] - means[j]) * scales[j])


@compiled
def _add_directions(signals: NDArray[np.float32], turned: NDArray[np.float32], sums: NDArray[np.float32]) -> None:
    """Add ``exp(i theta)`` of each signal to the (2, n) sums of cosines and sines."""
    m, n = signals.shape
    one, least = np.float32(1), np.float32(1e-30)
    for j in range(m):
        for i in range(n):
            x, y = signals[j, i], turned[j, i]
            scale = one / np.sqrt(x * x + y * y + least)
            sums[0, i] += x * scale
            sums[1, i] += y * scale
