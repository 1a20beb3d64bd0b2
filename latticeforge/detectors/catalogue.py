"""The detectors of one series by name, and which of them warns best.

Here: names. Not here: how they were ranked (``benchmarks/early_warning.py``; the table is in
docs/method/early-warning.md).
"""

from __future__ import annotations

from collections.abc import Callable

from latticeforge.detectors.compression import Compression
from latticeforge.detectors.critical_slowing import CriticalSlowing
from latticeforge.detectors.phase_transition import PhaseTransition
from latticeforge.detectors.protocol import Watch
from latticeforge.detectors.surge_watch import SurgeWatch

DETECTORS: dict[str, Callable[[], Watch]] = {
    "critical-slowing": CriticalSlowing,
    "phase-transition": PhaseTransition,
    "compression": Compression,
    "surge": SurgeWatch,
}
DEFAULT = "compression"


def detector(name: str = DEFAULT, threshold: float | None = None) -> Watch:
    """A fresh detector; with its own threshold, or the one given.

    Raises:
        ValueError: no detector has that name.

    >>> detector("surge").version
    'surge/1'
    """
    if name not in DETECTORS:
        raise ValueError(f"no detector {name!r}; there are {', '.join(DETECTORS)}")
    made = DETECTORS[name]()
    if threshold is not None:
        made.threshold = threshold
    return made
