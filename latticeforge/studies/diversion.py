"""Does one topic follow the coverage of another, and does that coverage then shrink? Two lagged equations.

Here: the pair of regressions and the same for placebo topics. Not here: the daily series (``daily``), errors
(``estimates``), words (``reading``).

After Lewandowsky, Jetter and Ecker, "Using the president's tweets to understand political diversion in the age of
social media", Nature Communications 11 (2020). Method: docs/method/studies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.studies.daily import contiguous
from latticeforge.studies.estimates import Estimate, Floats, newey_west, newey_west_lags
from latticeforge.studies.timing import TooFew

OWN_LAGS = 7  # days of a series' own past that are held constant
MIN_DAYS = 150  # below, 5 % tests of two unrelated series are found at 8 %
_WEEKDAYS = 7


@dataclass(frozen=True, slots=True)
class Pair:
    """Coefficients for one standard deviation, in standard deviations."""

    response: Estimate  # coverage of yesterday on the other topic today: a diversion has it above 0
    suppression: Estimate  # the other topic of yesterday on coverage today: below 0
    same_day: Estimate  # coverage of today on the other topic today; who was first cannot be told


@dataclass(frozen=True)
class Diversion:
    """The pair of the study and those of the placebo topics."""

    days: int  # that entered
    lags: int  # of autocorrelation that the errors allow for
    pair: Pair
    placebos: dict[str, Pair]
    response_p: float  # (b + 1) / (m + 1): placebo topics whose response has a t at least as large
    suppression_p: float  # ... whose suppression has a t at least as low

    @property
    def both(self) -> bool:
        """Whether both coefficients have the sign of a diversion at two-sided p <= 0.05: an intersection of tests."""
        response, suppression = self.pair.response, self.pair.suppression
        signs = response.coefficient > 0 > suppression.coefficient
        return bool(signs and max(response.p, suppression.p) <= 0.05)


def diversion(days: pl.DataFrame, placebos: Sequence[str] = ()) -> Diversion:
    """The study of one pair of topics.

    ``other_t = a + b coverage_(t-1) + own 7 lags + weekday + trend`` and
    ``coverage_t = c + d other_(t-1) + own 7 lags + weekday + trend``, each by least squares with Newey-West errors.

    Args:
        days: date, coverage, diversion and the columns named in ``placebos``; null: missing. Any order.

    Raises:
        TooFew: fewer than 150 days without a hole in their past week, or a series that does not vary.
    """
    table = contiguous(days)
    series = {name: _standardised(table[name], name) for name in ("coverage", "diversion")}
    weekday = table["date"].dt.weekday().to_numpy()
    pair, used, lags = _pair(series["coverage"], series["diversion"], weekday)
    others = {name: _or_none(table[name]) for name in placebos}
    known = {
        name: _pair(series["coverage"], other, weekday)[0]
        for name, other in others.items()
        if other is not None and _rows(series["coverage"], other).sum() >= MIN_DAYS
    }
    response_t = [p.response.statistic for p in known.values()]
    suppression_t = [p.suppression.statistic for p in known.values()]
    return Diversion(
        days=used,
        lags=lags,
        pair=pair,
        placebos=known,
        response_p=(sum(t >= pair.response.statistic for t in response_t) + 1) / (len(known) + 1),
        suppression_p=(sum(t <= pair.suppression.statistic for t in suppression_t) + 1) / (len(known) + 1),
    )


def _standardised(column: pl.Series, name: str) -> Floats:
    scaled = _or_none(column)
    if scaled is None:
        raise TooFew(f"the series {name} is the same on every day, or missing on all")
    return scaled


def _or_none(column: pl.Series) -> Floats | None:
    values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    known = values[~np.isnan(values)]
    sd = float(known.std()) if known.size else 0.0
    return (values - known.mean()) / sd if sd > 0 else None


def _pair(coverage: Floats, other: Floats, weekday: NDArray[np.int8]) -> tuple[Pair, int, int]:
    rows = _rows(coverage, other)
    n = int(rows.sum())
    if n < MIN_DAYS:
        raise TooFew(f"{n} days have both series and a past week without a hole; at least {MIN_DAYS} are needed")
    rest = [(weekday == day).astype(np.float64) for day in range(2, _WEEKDAYS + 1)]
    rest += [np.linspace(-1.0, 1.0, coverage.size), np.ones(coverage.size)]
    lags = newey_west_lags(n)

    def estimate(effect: Floats, cause: Floats) -> Estimate:
        own = [_lagged(effect, lag) for lag in range(1, OWN_LAGS + 1)]
        return newey_west(effect[rows], np.stack([cause, *own, *rest], axis=1)[rows], lags)[0]

    response = estimate(other, _lagged(coverage, 1))
    suppression = estimate(coverage, _lagged(other, 1))
    return Pair(response, suppression, estimate(other, coverage)), n, lags


def _rows(coverage: Floats, other: Floats) -> NDArray[np.bool_]:
    """Days on which both series and both of their past weeks are known."""
    known = [_lagged(series, lag) for series in (coverage, other) for lag in range(OWN_LAGS + 1)]
    total: Floats = np.stack(known).sum(axis=0)
    return np.isfinite(total)


def _lagged(series: Floats, lag: int) -> Floats:
    """The value ``lag`` days before; NaN before the record."""
    return np.concatenate([np.full(lag, np.nan), series[: series.size - lag]])
