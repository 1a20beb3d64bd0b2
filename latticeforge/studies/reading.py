"""What a study found: one table of coefficients, and a reading in plain words.

Here: rows and sentences. Not here: estimating (``timing``, ``diversion``). A reading speaks of timing, never of motive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from latticeforge.model import Schema
from latticeforge.studies.diversion import Diversion, Pair
from latticeforge.studies.estimates import Estimate
from latticeforge.studies.timing import LEAD, Timing

LEVEL = 0.05

COEFFICIENTS: Schema = {
    "subject": pl.String,  # the calendar, or the pair of topics
    "equation": pl.String,  # linear, logit, response, suppression, same day
    "role": pl.String,  # main, control, placebo
    "term": pl.String,  # what the coefficient belongs to
    "lag_days": pl.Int32,  # days from the outcome to what explains it; positive: it comes later
    "n": pl.Int64,  # days used
    "coefficient": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "statistic": pl.Float64,
    "p": pl.Float64,
}

NEVER_MOTIVE = "This is timing, never motive: it says when things happened, not why."

Row = dict[str, Any]


def coefficients(rows: list[Row]) -> pl.DataFrame:
    """COEFFICIENTS rows, rounded to nine digits that count."""
    frame = pl.DataFrame(rows, schema=COEFFICIENTS)
    return frame.with_columns(pl.col(pl.Float64).round_sig_figs(9))


def timing_rows(subject: str, found: Timing) -> Iterator[Row]:
    """The next day first, then controls and placebos."""
    yield _row(subject, "linear", "main", "pressure of the next day", LEAD, found.next_day)
    if found.odds is not None:
        yield _row(subject, "logit", "main", "pressure of the next day", LEAD, found.odds)
    for role, days in (("control", found.controls), ("placebo", found.placebos)):
        for lead, estimate in sorted(days.items()):
            yield _row(subject, "linear", role, f"pressure {_when(lead)}", lead, estimate)


def diversion_rows(subject: str, found: Diversion) -> Iterator[Row]:
    """The pair of the study, then those of the placebo topics."""
    yield from _pair_rows(subject, "main", "diversion", found.pair)
    for name, pair in sorted(found.placebos.items()):
        yield from _pair_rows(subject, "placebo", name, pair)


def timing_reading(subject: str, found: Timing, q: float) -> str:
    """A few sentences; ``q`` is Benjamini-Hochberg over all calendars of the run."""
    main = found.next_day
    large = sum(one.p <= LEVEL for one in found.placebos.values())
    chance = 1 - (1 - LEVEL) ** len(found.placebos)
    facts = (
        f"{found.events} days with an event in {found.weeks} weeks. Where news pressure of the next day is one standard"
        f" deviation ({found.pressure_sd:.3f}) higher, the chance of an event differs by {100 * main.coefficient:+.1f}"
        f" points (95 % {100 * main.low:.1f} to {100 * main.high:.1f}; p {main.p:.3g}, q {q:.3g})."
        f" Whole-week placebos: p {found.week_p:.3g} of {found.week_placebos}. Placebo days: {large} of"
        f" {len(found.placebos)} at p <= {LEVEL} (at least one comes by chance in {chance:.0%} of such studies)."
    )
    return f"{subject}: {_timing_verdict(found, q, large)} {facts} {NEVER_MOTIVE}"


def _timing_verdict(found: Timing, q: float, large: int) -> str:
    if q > LEVEL or found.week_p > LEVEL:
        return "Events do not keep to days before busy or quiet news more than chance does."
    if large > 2:  # of 12 at 5 %, more than two come by chance in 2 % of studies
        return "Days that should not matter matter too: read this as a rhythm both share, not as timing."
    side = "busier" if found.next_day.coefficient > 0 else "quieter"
    return f"Events fall on days before {side} news more often than chance gives."


def diversion_reading(subject: str, found: Diversion) -> str:
    """A few sentences."""
    response, suppression = found.pair.response, found.pair.suppression
    facts = (
        f"{found.days} days, in standard deviations: the day after coverage is one higher, the other topic differs by"
        f" {_measured(response)}; the day after that topic is one higher, coverage differs by {_measured(suppression)}."
    )
    return f"{subject}: {_diversion_verdict(found)} {facts} {_placebo_words(found)} {NEVER_MOTIVE}"


def _diversion_verdict(found: Diversion) -> str:
    if not found.both:
        return "No pattern of diversion: it takes both a response and a suppression at p <= 0.05."
    if not found.placebos:
        return "The other topic follows the coverage, and coverage shrinks after it; no placebo topic was compared."
    if max(found.response_p, found.suppression_p) > 1.0 / min(len(found.placebos) + 1, 20):
        return "Both coefficients have the sign of a diversion, but placebo topics do the same."
    return "The other topic follows the coverage, and coverage shrinks after it, more than for placebo topics."


def _placebo_words(found: Diversion) -> str:
    if not found.placebos:
        return "No placebo topics."
    return (
        f"Of {len(found.placebos)} placebo topics, the rank of the response has p {found.response_p:.3g}, that of the"
        f" suppression p {found.suppression_p:.3g}."
    )


def _pair_rows(subject: str, role: str, name: str, pair: Pair) -> Iterator[Row]:
    yield _row(subject, "response", role, f"coverage of the day before on {name}", -1, pair.response)
    yield _row(subject, "suppression", role, f"{name} of the day before on coverage", -1, pair.suppression)
    yield _row(subject, "same day", role, f"coverage of the same day on {name}", 0, pair.same_day)


def _row(subject: str, equation: str, role: str, term: str, lag_days: int, one: Estimate) -> Row:
    return {
        "subject": subject,
        "equation": equation,
        "role": role,
        "term": term,
        "lag_days": lag_days,
        "n": one.n,
        "coefficient": one.coefficient,
        "se": one.se,
        "low": one.low,
        "high": one.high,
        "statistic": one.statistic,
        "p": one.p,
    }


def _when(lead: int) -> str:
    if lead == 0:
        return "of the same day"
    return f"{abs(lead)} day{'s' if abs(lead) > 1 else ''} {'later' if lead > 0 else 'before'}"


def _measured(one: Estimate) -> str:
    return f"{one.coefficient:+.2f} (95 % {one.low:.2f} to {one.high:.2f}; p {one.p:.3g})"
