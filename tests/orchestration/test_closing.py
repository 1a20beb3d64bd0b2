"""A window is closed when its grace for late items is over, and not a second before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from latticeforge.embedding import Encoder
from latticeforge.radar.core import RadarCore
from latticeforge.store import Store
from latticeforge.windows import WINDOW

NOON = datetime(2025, 1, 28, 12, tzinfo=UTC)
GRACE = timedelta(seconds=90)


def test_a_window_stays_open_for_late_items_as_long_as_was_said(store: Store, encoder: Encoder) -> None:
    core = RadarCore(store, encoder, lateness=GRACE)
    core.resume(NOON, begin=NOON)
    assert core.tick(NOON + WINDOW).closed == []
    assert core.tick(NOON + WINDOW + GRACE - timedelta(seconds=1)).closed == []
    [closed] = core.tick(NOON + WINDOW + GRACE).closed
    assert (closed.window_start, closed.watermark) == (NOON, NOON + WINDOW)
