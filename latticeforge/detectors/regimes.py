"""Labels for how several series behave together, shown only where the whole says more than its parts.

Here: the labels, their validation, the streaming detector. Not here: the measure of emergence: the caller hands in Psi
(``latticeforge.information.emergence`` has it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latticeforge.detectors.protocol import SCORE, Watch
from latticeforge.detectors.synchrony import LEAST_KNOWN, LEAST_SERIES, robust_rows
from latticeforge.signals.phases import kuramoto_order

Floats = NDArray[np.float64]

VERSION = "regimes/1"
LEAST_PSI_BITS = 0.1
NOT_AN_ATTRACTOR = "not an attractor"
LABELS = ("steady", "synchronised", "shifted", "heated", "quiet")


@dataclass(frozen=True, slots=True)
class Regime:
    """A label and whether it may be shown."""

    label: str  # one of LABELS: what the figures alone say
    verdict: str  # the label, or "not an attractor"
    shown: bool
    psi_bits: float
    least_psi_bits: float
    version: str = VERSION


def validated(label: str, psi_bits: float, least_psi_bits: float = LEAST_PSI_BITS) -> Regime:
    """The label where emergence bears it out.

    Psi (Rosas, Mediano et al., PLoS Comput. Biol. 16 (2020) e1008289) is what the macro variable tells of its own
    future beyond what its parts tell one by one, in bits. At or below 0 nothing follows; below the threshold a label
    names a coincidence of the parts, not a state of the whole. A Psi that is not known (NaN) shows nothing.

    >>> validated("synchronised", 0.4).verdict, validated("synchronised", 0.02).verdict
    ('synchronised', 'not an attractor')

    Raises:
        ValueError: no such label, or a threshold that is no number.
    """
    if label not in LABELS or not math.isfinite(least_psi_bits):
        raise ValueError(f"a label is one of {', '.join(LABELS)} and the threshold a number: {label!r}")
    shown = psi_bits >= least_psi_bits
    return Regime(label, label if shown else NOT_AN_ATTRACTOR, shown, psi_bits, least_psi_bits)


def label_of(order: float, order_parameter: float, variance_bits: float) -> str:
    """The label of a window's second half against its first, the first that holds.

    ``synchronised``: order parameter R >= 0.7. ``shifted``: mean of all moved by 3 standard deviations of the first
    half or more. ``heated`` / ``quiet``: its variance at least doubled / halved. ``steady``: nothing of these.

    >>> label_of(0.3, 0.5, 1.4), label_of(0.9, 4.0, 0.0)
    ('heated', 'synchronised')
    """
    if order >= 0.7:
        return "synchronised"
    if abs(order_parameter) >= 3:
        return "shifted"
    if abs(variance_bits) >= 1:
        return "heated" if variance_bits > 0 else "quiet"
    return "steady"


class RegimeWatch(Watch):
    """Warns when several series enter a regime other than steady that emergence bears out.

    Every ``every_rows`` rows the last ``window_rows`` are made robust and labelled (``label_of``), and ``psi`` is
    called with them: (series, rows) in standard deviations, missing rows 0, answer in bits. The mean of all series is
    the macro variable the label speaks of; hand in a Psi of that.

    Score: Psi in bits where the label is not ``steady``, else 0. Figures: ``psi_bits``, ``label`` (its place in
    ``LABELS``), ``order``, ``order_parameter``, ``variance_bits``. ``regime`` is the validated label now.

    >>> from latticeforge.detectors.protocol import Batch
    >>> rows, rng = np.arange(300.0), np.random.default_rng(1)
    >>> together = np.sin(rows / 5)[:, None] + 0.2 * rng.normal(size=(300, 5))
    >>> for bits in (0.02, 0.5):
    ...     watch = RegimeWatch(lambda window: bits, window_rows=128)
    ...     state = watch.ingest(Batch(rows, together))
    ...     watch.regime.verdict, watch.query(300.0) is not None
    ('not an attractor', False)
    ('synchronised', True)
    """

    version: ClassVar[str] = VERSION
    names: ClassVar[tuple[str, ...]] = (SCORE, "psi_bits", "label", "order", "order_parameter", "variance_bits")
    series: ClassVar[str] = "several"

    def __init__(
        self,
        psi: Callable[[Floats], float],
        threshold: float = LEAST_PSI_BITS,
        *,
        window_rows: int = 256,
        every_rows: int = 64,
    ) -> None:
        super().__init__(threshold, every_rows)
        if window_rows < 32 or not 1 <= every_rows <= window_rows:
            raise ValueError(f"32 rows at least, looked at every 1 to window_rows rows: {window_rows}, {every_rows}")
        self._psi, self._window_rows, self._every_rows = psi, window_rows, every_rows
        self._ring = np.empty((0, 0))
        self._seen = 0
        self._found = np.full(len(self.names), np.nan)
        self.regime: Regime | None = None  # None until a first window is full

    def _advance(self, times_s: Floats, values: Floats, out: Floats) -> None:
        if not self._ring.size and values.size:
            self._ring = np.full((values.shape[1], self._window_rows), np.nan)
        if values.size and values.shape[1] != self._ring.shape[0]:
            raise ValueError(f"{values.shape[1]} series follow {self._ring.shape[0]}; their number must stay")
        for row, figures in zip(values, out, strict=True):
            self._ring[:, self._seen % self._window_rows] = row
            self._seen += 1
            if self._seen >= self._window_rows and self._seen % self._every_rows == 0:
                self._found = self._look()
            figures[:] = self._found if not np.isnan(row).all() else np.nan

    def _look(self) -> Floats:
        ordered = np.roll(self._ring, -(self._seen % self._window_rows), axis=1)
        usable = ordered[np.isfinite(ordered).mean(axis=1) >= LEAST_KNOWN]
        made = np.empty_like(usable)
        if usable.shape[0] < LEAST_SERIES or not robust_rows(usable, made):
            self.regime = None
            return np.full(len(self.names), np.nan)
        half = self._window_rows // 2
        order = float(kuramoto_order(made)[half : -(self._window_rows // 16)].mean())
        macro = made.mean(axis=0)
        before, now = float(macro[:half].var()), float(macro[half:].var())
        moved = float(macro[half:].mean() - macro[:half].mean()) / math.sqrt(before) if before > 0 else 0.0
        bits = math.log2(now / before) if now > 0 and before > 0 else 0.0
        self.regime = validated(label_of(order, moved, bits), float(self._psi(made)), self.threshold)
        place, psi = LABELS.index(self.regime.label), self.regime.psi_bits
        return np.array([psi if place else 0.0, psi, place, order, moved, bits])

    def _reason(self, figures: Mapping[str, float]) -> str:
        return f"the series together are {LABELS[int(figures['label'])]}, with {figures['psi_bits']:.2f} bits emergent"
