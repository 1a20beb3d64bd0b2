"""Frames of discernment: the answers that exclude each other, and subsets of them as bit masks.

Here: names, bit masks, masses as arrays. Not here: how masses are combined (``beliefs``).

Hypothesis ``i`` of a frame is bit ``1 << i``; a subset is the sum of its bits, from 0 (no answer) to ``2**n - 1`` (any
of them: nothing known). A mass function is a float64 array over all ``2**n`` subsets in that order.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_HYPOTHESES = 8
CONTESTED = 0.7  # a conflict above it is reported as contested
_ROUNDING = 1e-12  # shares that sum to 1 leave no ignorance


@dataclass(frozen=True, slots=True)
class Frame:
    """1 to 8 answers of which exactly one is true.

    Raises:
        ValueError: no answer, more than eight, or two of one name.

    >>> WEATHER = Frame(("rain", "sun"))
    >>> WEATHER.subset("rain"), WEATHER.subset("rain", "sun"), WEATHER.names_of(3)
    (1, 3, ('rain', 'sun'))
    """

    hypotheses: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(set(self.hypotheses)) == len(self.hypotheses) <= MOST_HYPOTHESES:
            raise ValueError(f"a frame has 1 to {MOST_HYPOTHESES} different hypotheses, not {self.hypotheses}")

    @property
    def subsets(self) -> int:
        """How many subsets there are, the empty one and the whole frame included."""
        return 1 << len(self.hypotheses)

    def subset(self, *names: str) -> int:
        """The bit mask of some answers; of all of them where none is named.

        Raises:
            ValueError: a name is not of this frame.
        """
        unknown = set(names) - set(self.hypotheses)
        if unknown:
            raise ValueError(f"{sorted(unknown)} not among the hypotheses {', '.join(self.hypotheses)}")
        return sum(1 << self.hypotheses.index(name) for name in set(names)) or self.subsets - 1

    def names_of(self, subset: int) -> tuple[str, ...]:
        """The answers of a bit mask, in the order of the frame."""
        return tuple(name for i, name in enumerate(self.hypotheses) if subset >> i & 1)

    def mass(self, committed: Mapping[str | Iterable[str], float]) -> Floats:
        """One source's mass function (2**n,) from what it commits to answers; the rest stays with the whole frame.

        Raises:
            ValueError: a name is not of this frame, a mass is negative, or they exceed 1.

        >>> DISTRACTION_FRAME.mass({"distraction": 0.6, "organic": 0.1}).round(3).tolist()
        [0.0, 0.6, 0.1, 0.3]
        """
        made = np.zeros(self.subsets)
        for names, weight in committed.items():
            made[self.subset(*((names,) if isinstance(names, str) else names))] += weight
        rest = 1.0 - math.fsum(made)
        if not (made.min() >= 0.0 and rest >= -1e-9):
            raise ValueError(f"masses must be at least 0 and sum to 1 at most, not {dict(committed)}")
        if rest > _ROUNDING:
            made[-1] += rest
        return made


DISTRACTION_FRAME = Frame(("distraction", "organic"))
MARKET_FRAME = Frame(("bullish", "bearish", "neutral", "unknown"))
FRAMES = {"distraction": DISTRACTION_FRAME, "market": MARKET_FRAME}
