"""Repeated values, which nearest-neighbour estimators cannot order.

Here: dithering of counts. Not here: the estimator that takes ties as they are (``ksg``, ``ties="inclusive"``).
"""

from __future__ import annotations

import numpy as np

from latticeforge.information.estimate import Floats

_STREAM = 0x7135  # of its own: a caller who drew the data from the same seed must not meet it again


def dithered(table: Floats, seed: int) -> Floats:
    """Add uniform noise of the width of the smallest gap to each column (n, dimensions) that repeats a value.

    A count plus independent noise on [-1/2, 1/2) is rounded back to the count, so the noise neither adds nor removes
    information about anything else: I(X + U; Y) = I(X; Y). Columns without repeats, and constant ones, stay untouched.

    >>> import numpy as np
    >>> counts = np.array([[3.0], [1.0], [3.0], [2.0]])
    >>> bool((np.round(dithered(counts, seed=7)) == counts).all())
    True
    """
    noise = np.random.default_rng([seed, _STREAM])
    out = table.copy()
    for column in range(table.shape[1]):
        draw = noise.random(len(table)) - 0.5  # drawn for every column: one column's ties do not move another's noise
        gaps = np.diff(np.unique(table[:, column][~np.isnan(table[:, column])]))
        if len(gaps) and len(gaps) + 1 < np.count_nonzero(~np.isnan(table[:, column])):
            out[:, column] += gaps.min() * draw
    return out
