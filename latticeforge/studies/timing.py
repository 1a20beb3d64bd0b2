"""Do events of a kind fall on days before busy news? Pr(event) on the next day's news pressure.

Here: the regression with week fixed effects, its placebo days and placebo weeks. Not here: how pressure is measured
(``daily``), errors (``estimates``), words (``reading``).

After Durante and Zhuravskaya, "Attack When the World Is Not Watching?", Journal of Political Economy 126 (2018): they
ask whether attacks came the day before other large news. Method: docs/method/studies.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.studies.daily import contiguous
from latticeforge.studies.estimates import Estimate, Floats, Integers, conditional_logit, within_groups

LEAD = 1  # days from the event to the news
CONTROLS = (0, -1)  # the same day and the day before, as pressure lasts
PLACEBOS = (-7, -6, -5, -4, -3, -2, 2, 3, 4, 5, 6, 7)  # days whose news cannot have been the point
MIN_EVENTS = 10
MIN_WEEKS = 20
_WEEKDAYS = 7


@dataclass(frozen=True)
class Timing:
    """One kind of event. Coefficients are for one standard deviation of pressure over the days used."""

    events: int  # days with an event that entered
    weeks: int
    pressure_sd: float
    next_day: Estimate  # change of Pr(event)
    odds: Estimate | None  # log odds of the conditional logit; None where it cannot be estimated
    controls: dict[int, Estimate]  # by days from the event
    placebos: dict[int, Estimate]
    week_p: float  # (b + 1) / (m + 1): rank of the next day's |t| among whole-week shifts of the pressure
    week_placebos: int  # m


class TooFew(ValueError):
    """The record cannot carry the study; the message says what there is and what is needed."""


@dataclass(frozen=True)
class _Days:
    """Contiguous days: event (n,) 0 or 1 and pressure (n,), NaN where missing, further columns (n, k), week (n,)."""

    event: Floats
    pressure: Floats
    others: Floats
    week: Integers

    def pressure_at(self, lead: int) -> Floats:
        """The pressure ``lead`` days later; NaN beyond the record."""
        moved = np.full(self.pressure.size, np.nan)
        place = np.arange(self.pressure.size) + lead
        inside = (place >= 0) & (place < place.size)
        moved[inside] = self.pressure[place[inside]]
        return moved


def timing(days: pl.DataFrame) -> Timing:
    """The study of one kind of event.

    ``event_t = week + weekday + b0 P(t) + b1 P(t+1) + b2 P(t-1) [+ c log items(t), log items(t+1)] + e_t``: b1 is the
    answer. Each placebo day joins that equation in turn. A linear model, because its coefficient is a change of
    probability and it stands with fixed effects; the conditional logit is beside it.

    Args:
        days: date, event (0 or 1), pressure (null: missing), and if known items (what pressure was computed from: a
            share of three stories is larger among few items). Days in any order; days left out are missing.

    Raises:
        TooFew: fewer than 10 days with an event or 20 weeks, or nothing varies.
    """
    table = _days(days)
    rows = _design(table, ())[1]
    events, weeks = int(table.event[rows].sum()), int(np.unique(table.week[rows]).size)
    if events < MIN_EVENTS or weeks < MIN_WEEKS or events == int(rows.sum()):
        raise TooFew(
            f"{events} days with an event in {weeks} weeks with pressure;"
            f" at least {MIN_EVENTS} in {MIN_WEEKS} weeks are needed, and days without"
        )
    sd = float(np.std(table.pressure[rows]))
    if sd <= 0.0:
        raise TooFew("the news pressure is the same on every day")
    scaled = _Days(table.event, table.pressure / sd, table.others, table.week)
    found = _estimated(scaled, ())
    if not np.isfinite(found[0].statistic):
        raise TooFew("the pressure of the next day cannot be told from that of the days before it")
    week_p, shifts = _week_placebos(scaled, abs(found[0].statistic))
    return Timing(
        events=events,
        weeks=weeks,
        pressure_sd=sd,
        next_day=found[0],
        odds=_odds(scaled),
        controls=dict(zip(CONTROLS, found[1:], strict=False)),
        placebos={lead: _estimated(scaled, (lead,))[1 + len(CONTROLS)] for lead in PLACEBOS},
        week_p=week_p,
        week_placebos=shifts,
    )


def _days(days: pl.DataFrame) -> _Days:
    table = contiguous(days)
    event = table["event"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    weekday = table["date"].dt.weekday().to_numpy()
    columns = [(weekday == day).astype(np.float64) for day in range(2, _WEEKDAYS + 1)]
    if "items" in table.columns:
        log = np.log(np.maximum(table["items"].cast(pl.Float64).fill_null(1.0).to_numpy(), 1.0))
        columns += [log, np.append(log[1:], log[-1:])]
    monday = table["date"].dt.epoch("d").to_numpy().astype(np.int64) - weekday + 1
    return _Days(event, table["pressure"].cast(pl.Float64).fill_null(np.nan).to_numpy(), np.stack(columns, 1), monday)


def _design(days: _Days, extra: Sequence[int]) -> tuple[Floats, NDArray[np.bool_]]:
    """Columns next day, controls, ``extra`` days, others; and the rows of which all is known."""
    pressures = np.stack([days.pressure_at(lead) for lead in (LEAD, *CONTROLS, *extra)], axis=1)
    return np.hstack([pressures, days.others]), np.isfinite(pressures.sum(axis=1) + days.event)


def _estimated(days: _Days, extra: Sequence[int]) -> list[Estimate]:
    x, rows = _design(days, extra)
    return within_groups(days.event[rows], x[rows], days.week[rows])


def _odds(days: _Days) -> Estimate | None:
    x, rows = _design(days, ())
    try:
        found = conditional_logit(days.event[rows], x[rows], days.week[rows])[0]
    except (ValueError, np.linalg.LinAlgError):  # too few weeks have both kinds of day
        return None
    return found if np.isfinite(found.se) and found.se > 0 else None


def _week_placebos(days: _Days, real: float) -> tuple[float, int]:
    """How often pressure moved round by whole weeks gives as large a |t|: weekday and rhythm stay, the match goes."""
    whole = days.pressure.size // _WEEKDAYS * _WEEKDAYS
    pressure, others = days.pressure[:whole], days.others[:whole]
    shifts = range(2 * _WEEKDAYS, whole - _WEEKDAYS, _WEEKDAYS)
    beaten = 0
    for shift in shifts:
        moved = _Days(days.event[:whole], np.roll(pressure, shift), np.roll(others, shift, axis=0), days.week[:whole])
        beaten += abs(_estimated(moved, ())[0].statistic) >= real
    return (beaten + 1) / (len(shifts) + 1), len(shifts)
