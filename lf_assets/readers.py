"""The way from a materialisation to what readers see of it.

Here: addresses of the dashboard for metadata. Not here: the dashboard.
"""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from latticeforge.settings import Settings
from latticeforge.state_model import STATE_ASSETS


def dashboard_page(asset: str, at: datetime) -> dg.MetadataValue:
    """The page that shows what ``asset`` holds of the hour or day of ``at``: Signals for the state, else Day."""
    page = "signals" if asset in STATE_ASSETS else f"day?date={at:%Y-%m-%d}"
    return dg.MetadataValue.url(f"http://127.0.0.1:{Settings().dashboard_port}/{page}")
