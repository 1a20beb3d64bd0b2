"""What a narrative did around the events of a calendar, and what it does around placebo calendars.

Here: mean items by time from the event, with quantiles over placebo calendars. Not here: the test itself
(``calendar_test``), which looks at the window after the event alone; a fan only shows what it saw. The events' own
coverage is not taken out here.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from latticeforge.narratives.calendar_counts import Floats, Slots

FANS = 6  # narratives of a calendar, those with the highest scores
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)
COLUMNS = ("minute", "real", "low", "quarter", "middle", "three_quarters", "high")
_STEPS_A_WINDOW = 4
_SLOT_MINUTES = 5


def calendar_fan(
    cumulative: NDArray[np.int64], real: Slots, drawn: Slots, unrelated: NDArray[np.bool_], span: int
) -> pl.DataFrame:
    """A row a quarter of a window, from one window before the events to two windows after them.

    Args:
        cumulative: (T + 1,) items of one narrative at or before each slot.
        real: (n,) slots of the events.
        drawn: (B, n) slots of placebo calendars.
        unrelated: (n,) events that are not the narrative's own subject; at least one.
        span: slots of the window that was tested.

    Returns:
        minute (start of the step, from the event), and items per event in the step: ``real``, and five quantiles over
        the placebo calendars. A step outside the record is left out of an event's mean, or of the fan.
    """
    step = span // _STEPS_A_WINDOW
    rows = []
    for offset in range(-span, 2 * span, step):
        here = _mean_items(cumulative, real[None, unrelated] + offset, step)
        chance = _mean_items(cumulative, drawn[:, unrelated] + offset, step)
        known = chance[~np.isnan(chance)]
        if known.size and not np.isnan(here[0]):
            rows.append((offset * _SLOT_MINUTES, float(here[0]), *np.quantile(known, QUANTILES)))
    schema = {name: pl.Int64 if name == "minute" else pl.Float64 for name in COLUMNS}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _mean_items(cumulative: NDArray[np.int64], slots: Slots, step: int) -> Floats:
    """(B,) items per event in the step after each of the slots (B, n); nan where no event's step was recorded."""
    inside = (slots >= 0) & (slots + step < cumulative.size)
    low = np.where(inside, slots, 0)
    high = np.where(inside, slots + step, 0)
    events = inside.sum(axis=1)
    items = ((cumulative[high] - cumulative[low]) * inside).sum(axis=1)
    return np.where(events > 0, items / np.maximum(events, 1), np.nan)
