"""The dashboard as one web application: the pages, the data beside them, and the headers of both.

    python -m streamlit run streamlit_app/app.py --server.port 8501 --server.address 127.0.0.1 \\
        --server.headless true --browser.gatherUsageStats false

It reads ``LF_DASHBOARD_DATABASE_URL``; where that is empty, ``LF_DATABASE_URL`` or the embedded server of ``LF_HOME``,
as role ``lf_reader``. Here: putting the parts together. Not here: navigation (``dashboard``), the data routes
(``data``), the headers (``headers``).
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from streamlit_app.assets import KeptAssets
from streamlit_app.downloads.routes import ROUTES
from streamlit_app.headers import SafeHeaders
from streamlit_app.ui import link_parts

COLLECT_EVERY_S = 30.0
LOADED = (link_parts,)  # with polars, altair and scipy: no reader waits for them


@asynccontextmanager
async def settled(_app: st.App) -> AsyncIterator[None]:
    """Take what is loaded out of the collection of garbage, and collect in full every half minute."""
    gc.collect()
    gc.freeze()
    collecting = asyncio.create_task(_collect())
    yield
    collecting.cancel()


async def _collect() -> None:
    """Closed tabs leave circles of objects; the configuration stops Streamlit from looking for them at every look."""
    while True:
        await asyncio.sleep(COLLECT_EVERY_S)
        gc.collect()


app = st.App(
    Path(__file__).with_name("dashboard.py"),
    routes=ROUTES,
    middleware=[Middleware(SafeHeaders), Middleware(KeptAssets)],
    lifespan=settled,
)
