"""The pages and the way between them.

Here: navigation. Not here: the web application around it (``app``).
"""

from __future__ import annotations

import streamlit as st

from streamlit_app.ui import components, text, theme
from streamlit_app.ui.text import confirmed as confirmed_words
from streamlit_app.ui.text import days as day_words
from streamlit_app.ui.text import graph as graph_words
from streamlit_app.ui.text import link as link_words
from streamlit_app.ui.text import signals as signal_words

st.set_page_config(page_title=text.TITLE, page_icon=str(theme.MARK), layout="centered")
theme.apply_style()
page = st.navigation(
    [
        st.Page("app_pages/now.py", title=text.PAGE_NOW, icon=":material/radar:", default=True),
        st.Page("app_pages/link.py", title=link_words.PAGE, icon=":material/link:"),
        st.Page("app_pages/confirmed.py", title=confirmed_words.PAGE, icon=":material/verified:"),
        st.Page("app_pages/narratives.py", title=text.PAGE_NARRATIVES, icon=":material/forum:"),
        st.Page("app_pages/graph.py", title=graph_words.PAGE, icon=":material/hub:"),
        st.Page("app_pages/signals.py", title=signal_words.PAGE, icon=":material/ssid_chart:"),
        st.Page("app_pages/day.py", title=day_words.PAGE, icon=":material/today:"),
        st.Page("app_pages/sources.py", title=text.PAGE_SOURCES, icon=":material/rss_feed:"),
        st.Page("app_pages/method.py", title=text.PAGE_METHOD, icon=":material/menu_book:"),
    ],
    position="top",
)
components.masthead()
page.run()
