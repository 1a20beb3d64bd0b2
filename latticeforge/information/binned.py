"""Information from counts of symbols: for data that are symbols, or cut into bins of equal content.

Here: plug-in entropies, with the Miller-Madow correction or without. Not here: estimators without bins (``ksg``,
``gaussian``).

    I(X;Y|Z) = H(XZ) + H(YZ) - H(Z) - H(XYZ),   H = -sum p log2 p + (symbols seen - 1) / (2 n ln 2)

References: G. Miller, Note on the bias of information estimates (1955); L. Paninski, Neural Comput. 15, 1191 (2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from latticeforge.information.estimate import BITS, Estimate, Floats, columns, complete, errors_of_parts, stretches
from latticeforge.information.lags import Embedding, past

Symbols = NDArray[np.int64]

VERSION = "binned/1"


def symbols(table: Floats, bins: int | None) -> Symbols:
    """One whole number for each row (n, dimensions). ``bins`` of equal content a column; None: each value is a symbol.

    >>> import numpy as np
    >>> symbols(np.array([[0.1], [5.0], [0.2], [9.0]]), bins=2).tolist()
    [0, 1, 0, 1]
    """
    code = np.zeros(len(table), np.int64)
    for column in table.T:
        if bins is None:
            cut = np.unique(column, return_inverse=True)[1]
        else:
            cut = np.searchsorted(np.quantile(column, np.arange(1, bins) / bins), column, side="right")
        code = np.unique(code * (int(cut.max(initial=0)) + 1) + cut, return_inverse=True)[1].astype(np.int64)
    return code


def entropy_bits(code: Symbols, corrected: bool = True) -> float:
    """Entropy of symbols (n,) in bits, Miller-Madow where ``corrected``.

    >>> import numpy as np
    >>> entropy_bits(np.array([0, 1, 2, 3]), corrected=False)
    2.0
    """
    times = np.bincount(code)
    times = times[times > 0]
    share = times / times.sum()
    plain = float(-(share * np.log2(share)).sum())
    return plain + (len(times) - 1) * BITS / (2.0 * len(code)) if corrected else plain


def binned_information(
    x: ArrayLike, y: ArrayLike, z: ArrayLike | None = None, *, bins: int | None = None, corrected: bool = True
) -> Estimate:
    """I(X;Y|Z) in bits of samples (n,) or (n, dimensions) cut into ``bins`` a variable; None takes values as symbols.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).integers(0, 2, 1000)
    >>> round(binned_information(x, x).bits, 2)
    1.0
    """
    first = columns(x, "x")
    tables = (first, columns(y, "y"), np.zeros((len(first), 0)) if z is None else columns(z, "z"))
    xs, ys, zs = (symbols(table, bins) for table in complete(*tables))
    bits = _bits(xs, ys, zs, corrected)
    parts = np.array([[_bits(xs[s], ys[s], zs[s], corrected)] for s in stretches(len(xs))]).reshape(-1, 1)
    return Estimate(bits, float(errors_of_parts(parts)[0]), len(xs), f"{VERSION} bins={bins} corrected={corrected}")


def binned_transfer_entropy(
    source: ArrayLike, target: ArrayLike, *, bins: int | None = None, embedding: Embedding | None = None
) -> Estimate:
    """T(source -> target) in bits from bins of equal content (None: each value is a symbol); series (n,).

    A time at which anything of it is missing (NaN) is left out.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).integers(0, 2, 2000)
    >>> round(binned_transfer_entropy(x, np.roll(x, 1)).bits, 2)
    1.0
    """
    how = embedding or Embedding()
    x, y = columns(source, "source")[:, :1], columns(target, "target")[:, :1]
    if len(x) != len(y):
        raise ValueError(f"series must have one length, not {[len(x), len(y)]}")
    before = past(x, how.source, how.delay, how.lag, how.reach)[:, :, 0].T
    own = past(y, how.target, how.delay, 1, how.reach)[:, :, 0].T
    return binned_information(before, y[how.reach :], own, bins=bins)


def binned_bits(x: Floats, y: Floats, z: Floats) -> float:
    """Plug-in I(X;Y|Z) in bits, at least 0, of complete samples (n, dimensions) whose values are symbols."""
    return max(0.0, _bits(symbols(x, None), symbols(y, None), symbols(z, None), corrected=False))


def _bits(x: Symbols, y: Symbols, z: Symbols, corrected: bool) -> float:
    def joint(*parts: Symbols) -> float:
        code = parts[0]
        for part in parts[1:]:
            code = code * (int(part.max(initial=0)) + 1) + part
        return entropy_bits(np.unique(code, return_inverse=True)[1].astype(np.int64), corrected)

    return joint(x, z) + joint(y, z) - joint(z) - joint(x, y, z)
