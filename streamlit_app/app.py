"""The dashboard's entry point: navigation between the pages, and nothing else.

    python -m streamlit run streamlit_app/app.py --server.port 8501 --server.address 127.0.0.1 \\
        --server.headless true --browser.gatherUsageStats false

It reads ``LF_DASHBOARD_DATABASE_URL``; where that is empty, ``LF_DATABASE_URL`` or the embedded server of ``LF_HOME``,
as role ``lf_reader``.
"""

from __future__ import annotations

import streamlit as st

from streamlit_app.ui import components, text, theme

st.set_page_config(page_title=text.TITLE, page_icon=str(theme.MARK), layout="centered")
theme.apply_style()
page = st.navigation(
    [
        st.Page("app_pages/now.py", title=text.PAGE_NOW, icon=":material/radar:", default=True),
        st.Page("app_pages/narratives.py", title=text.PAGE_NARRATIVES, icon=":material/forum:"),
        st.Page("app_pages/sources.py", title=text.PAGE_SOURCES, icon=":material/rss_feed:"),
        st.Page("app_pages/method.py", title=text.PAGE_METHOD, icon=":material/menu_book:"),
    ],
    position="top",
)
components.masthead()
page.run()
