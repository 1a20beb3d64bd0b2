"""Do many signals beat together? Phases, the Kuramoto order parameter, the coupling that holds them.

Here: whole series. Not here: the streaming form with alarms (``latticeforge.detectors.synchrony``).

Sources: Y. Kuramoto, Chemical Oscillations, Waves, and Turbulence (1984), chapter 5; A. Pikovsky, M. Rosenblum, J.
Kurths, Synchronization (2001), appendix A2 (phases by the Hilbert transform).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled

Floats = NDArray[np.float64]

VERSION = "kuramoto/1"
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


def quadrature(signals: Floats) -> Floats:
    """(m, n) Hilbert transforms of (m, n) signals, each less its mean.

    The transform is linear and keeps real signals real, so two of them go through one complex FFT: half the work of
    ``scipy.signal.hilbert``. Same result to 1e-12 of the range.
    """
    from scipy.fft import fft, ifft

    m, n = signals.shape
    pairs = np.empty(((m + 1) // 2, n), dtype=np.complex128)
    pairs.real = signals[0::2]
    pairs.imag[: m // 2] = signals[1::2]
    pairs.imag[m // 2 :] = 0
    spectrum = fft(pairs, axis=1, overwrite_x=True)
    half = (n + 1) // 2
    spectrum[:, 0] = 0
    spectrum[:, 1:half] *= -1j
    spectrum[:, n // 2 + 1 :] *= 1j
    if n % 2 == 0:
        spectrum[:, n // 2] = 0
    turned = ifft(spectrum, axis=1, overwrite_x=True)
    out = np.empty((m, n))
    out[0::2] = turned.real
    out[1::2] = turned.imag[: m // 2]
    return out


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
    analytic signal over its length. A signal of length 0 at a row (constant) counts as no phase there.

    Raises:
        ValueError: the array is not two-dimensional, empty, or holds a missing value.

    >>> rows = np.arange(400)
    >>> bool(kuramoto_order(np.cos(2 * np.pi * (rows / 40 + np.array([[0.0], [0.5]])))).max() < 1e-9)
    True
    """
    signals = _checked(signals)
    turned = quadrature(signals)
    out = np.empty(signals.shape[1])
    _order(signals, turned, signals.mean(axis=1), out)
    return out


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
def _order(signals: Floats, turned: Floats, means: Floats, out: Floats) -> None:
    m, n = signals.shape
    block = 512  # rows at a time: sums stay in the nearest cache
    real, imaginary = np.empty(block), np.empty(block)
    for begin in range(0, n, block):
        size = min(block, n - begin)
        real[:] = 0
        imaginary[:] = 0
        for j in range(m):
            for i in range(size):
                x = signals[j, begin + i] - means[j]
                y = turned[j, begin + i]
                length = np.sqrt(x * x + y * y)
                scale = 1 / length if length > 0 else 0.0
                real[i] += x * scale
                imaginary[i] += y * scale
        for i in range(size):
            out[begin + i] = min(1.0, np.sqrt(real[i] ** 2 + imaginary[i] ** 2) / m)
