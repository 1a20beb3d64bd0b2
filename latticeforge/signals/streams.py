"""Many live counts at once: rows as they come, cells as they close, windows that never grow.

Here: counting into the open cell, the ring of closed ones, their sliding moments. Not here: where rows come from, when
a cell closes (the caller's watermark says so), alarms (``latticeforge.detectors``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latticeforge.machine_code import compiled
from latticeforge.signals.moments import FIELDS, FIGURES, VERSION, Window, push

Floats = NDArray[np.float64]


class Streams:
    """Counts of a fixed set of names on a grid of ``step_s``, with the moments of the last ``rows`` closed cells.

    Memory: 13 ``rows`` numbers a name, fixed from the start. A row for a closed cell is late: it is counted in ``late``
    and changes nothing, so that what was said of a cell stays true. A row for a cell not open yet waits in at most
    ``ahead`` cells; one beyond is counted in ``early``.

    >>> streams = Streams(["a", "b"], start_s=0.0, step_s=60.0, rows=3)
    >>> streams.count(np.array([0, 0, 1]), np.array([5.0, 61.0, 70.0]))
    >>> streams.close(120.0)
    array([[1., 0.],
           [1., 1.]])
    """

    version = VERSION

    def __init__(self, names: Sequence[str], *, start_s: float, step_s: float, rows: int, ahead: int = 8) -> None:
        if rows < 2 or step_s <= 0 or ahead < 1 or len(set(names)) != len(names):
            raise ValueError("streams need different names, a step above 0, 2 rows or more and 1 cell ahead or more")
        many = len(names)
        self.names = tuple(names)
        self.open_s, self.step_s = start_s, step_s  # the open cell begins at open_s
        self._waiting = np.zeros((ahead, many))  # ring of open cells
        self._first = 0
        # one block of places for all names: one compiled call closes a cell for all of them
        self._rings, self._ends = np.full((many, rows), np.nan), np.zeros((many, rows, FIELDS))
        self._running, self._places = np.zeros((many, FIELDS)), np.zeros((many, 1), dtype=np.int64)
        self.figures = np.full((many, FIGURES), np.nan)  # columns as in moments: rows, mean, variance, ...
        self.late, self.early, self.closed = 0, 0, 0

    @property
    def nbytes(self) -> int:
        """Bytes held; the same after any number of rows."""
        held = (self._waiting, self._rings, self._ends, self._running, self._places, self.figures)
        return sum(array.nbytes for array in held)

    def count(self, index: NDArray[np.int64], times_s: Floats, amounts: Floats | None = None) -> None:
        """Add rows: the name's index, the time and the amount (1 where none is given) of each (n,)."""
        cell = np.floor((np.asarray(times_s, dtype=np.float64) - self.open_s) / self.step_s).astype(np.int64)
        ahead = self._waiting.shape[0]
        inside = (cell >= 0) & (cell < ahead)
        self.late += int((cell < 0).sum())
        self.early += int((cell >= ahead).sum())
        add = np.ones(cell.size) if amounts is None else np.asarray(amounts, dtype=np.float64)
        np.add.at(self._waiting, ((self._first + cell[inside]) % ahead, np.asarray(index)[inside]), add[inside])

    def close(self, until_s: float, missing: NDArray[np.bool_] | None = None) -> Floats:
        """Close every cell that ends by ``until_s``: (cells, names) of their counts, NaN where ``missing`` (names,)."""
        due = max(0, int(np.floor((until_s - self.open_s) / self.step_s)))
        out = np.empty((due, len(self.names)))
        for row in out:
            row[:] = self._waiting[self._first]
            if missing is not None:
                row[missing] = np.nan
            self._waiting[self._first] = 0
            self._first = (self._first + 1) % self._waiting.shape[0]
            self.open_s += self.step_s
            _push_each(self._rings, self._ends, self._running, self._places, row, self.figures)
        self.closed += due
        return out

    def last(self, rows: int) -> Floats:
        """(names, rows) of the last closed cells, oldest first; NaN before the first."""
        size = self._rings.shape[1]
        if not 0 <= rows <= size:
            raise ValueError(f"the ring holds {size} rows, not {rows}")
        place = int(self._places[0, 0]) if self.names else 0
        order = (np.arange(place - rows, place)) % size
        return self._rings[:, order]


@compiled
def _push_each(
    rings: Floats, ends: Floats, running: Floats, places: NDArray[np.int64], values: Floats, out: Floats
) -> None:
    for i in range(values.size):
        push(Window(rings[i], ends[i], running[i], places[i]), values[i], out[i])
