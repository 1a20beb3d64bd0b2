"""Which series lead which: the default path from many series to few links.

Here: a fast screen, a careful estimate, a test by surrogates, and the false discovery rate over all pairs. Each stage
also stands alone (``gaussian``, ``ksg``, ``surrogates``). Not here: the graph of the links (``graphs``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from latticeforge.information.estimate import Floats, columns
from latticeforge.information.gaussian import copula_transfers
from latticeforge.information.ksg import growing_k
from latticeforge.information.lags import Embedding
from latticeforge.information.season import without_season
from latticeforge.information.surrogates import Kind, benjamini_yekutieli, effective_transfer_entropy

VERSION = "leads/2"


@dataclass(frozen=True, slots=True)
class Lead:
    """One ordered pair that passed the screen. ``bits``: effective transfer entropy; ``q_value`` counts every pair."""

    source: str
    target: str
    bits: float
    std_error_bits: float
    screen_p_value: float
    p_value: float
    tail_p_value: float
    q_value: float


@dataclass(frozen=True, slots=True)
class Leads:
    """The pairs that passed the screen, least q first, of ``pairs`` that were tested."""

    found: tuple[Lead, ...]
    pairs: int
    n: int
    k: int
    algorithm: str

    def significant(self, level: float = 0.05) -> tuple[Lead, ...]:
        """Those expected to hold at most this share of false ones."""
        return tuple(lead for lead in self.found if lead.q_value <= level)


def find_leads(
    series: ArrayLike,
    names: Sequence[str],
    *,
    embedding: Embedding | None = None,
    k: int | None = None,
    season_rows: float | None = None,
    screen: float = 0.5,
    surrogates: int = 200,
    kind: Kind = "circular",
    seed: int = 0,
) -> Leads:
    """Links among the columns of ``series`` (n, m): copula screen, then KSG with k growing with n, then surrogates.

    ``season_rows``: rows of a day, which goes first; without it, series that share a rhythm lead one another. So do
    series that share a slow drift: take their own memory out before (``signals.lags.innovations``). A missing value
    (NaN) costs the times it touches. Pairs whose screening p-value exceeds ``screen`` keep p = 1 and still count as
    tests; a narrow screen is fast, calls fewer than it may, and misses what is not monotone. q-values:
    Benjamini-Yekutieli on the tail p-values, since a rank among m surrogates is at least 1/(m + 1).

    Raises:
        ValueError: names and columns differ in number, or the series are too short.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).standard_normal((400, 3)); x[1:, 2] += 0.6 * x[:-1, 0]
    >>> [(lead.source, lead.target) for lead in find_leads(x, ["a", "b", "c"]).significant()]
    [('a', 'c')]
    """
    table, how = columns(series, "series"), embedding or Embedding()
    if len(names) != table.shape[1]:
        raise ValueError(f"{len(names)} names for {table.shape[1]} series")
    table = table if season_rows is None else without_season(table, season_rows, seed)
    fast = copula_transfers(table, how)
    neighbours = growing_k(fast.n) if k is None else k
    p_values = np.where(np.isnan(fast.p_value), np.nan, 1.0)
    careful = {}
    for i, j in np.argwhere(fast.p_value <= screen).tolist():
        careful[i, j] = effective_transfer_entropy(
            table[:, i], table[:, j], surrogates=surrogates, kind=kind, embedding=how, k=neighbours, seed=seed
        )
        p_values[i, j] = careful[i, j].tail_p_value
    q_values: Floats = benjamini_yekutieli(p_values)
    found = [
        Lead(
            source=names[i],
            target=names[j],
            bits=one.bits,
            std_error_bits=one.std_error_bits,
            screen_p_value=float(fast.p_value[i, j]),
            p_value=one.p_value,
            tail_p_value=one.tail_p_value,
            q_value=float(q_values[i, j]),
        )
        for (i, j), one in careful.items()
    ]
    found.sort(key=lambda lead: (lead.q_value, -lead.bits, lead.source, lead.target))
    pairs = int(np.isfinite(p_values).sum())
    name = f"{VERSION} season={season_rows} screen={screen} surrogates={surrogates} {kind}"
    return Leads(tuple(found), pairs, fast.n, neighbours, name)
