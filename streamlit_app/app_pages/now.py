"""Now: the scored links of the 24 hours before the newest data, most surprising first. Updates by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from streamlit_app import queries, redraw
from streamlit_app.database import DashboardFault, Row
from streamlit_app.ui import board as boards
from streamlit_app.ui import components, text

REFRESH = timedelta(seconds=2)
PERIOD = timedelta(hours=24)
BOARD = "now-board"
SHOWN = "now-shown"  # what the open tab shows: the stamp of its board


@st.fragment(run_every=REFRESH)
def watch() -> None:
    """The state of the data, every two seconds; the board is drawn anew only when something on it has changed.

    So a look costs one line instead of thirty cards, and many tabs can be open.
    """
    status = components.answered(queries.status)
    if status is None:
        return
    components.state_of_the_data(status)
    now = components.data_now(status)
    if now is None:
        return
    found = components.answered(lambda: _found(status, now))
    if found is not None and found.stamp != st.session_state.get(SHOWN):
        redraw.part(BOARD)


@st.fragment(key=BOARD)
def board() -> None:
    """The cards of the 24 hours before the newest data."""
    st.session_state[SHOWN] = ""
    try:
        status = queries.status()
        if status["data_now"] is None:
            return
        found = _found(status, status["data_now"])
    except DashboardFault:
        return  # ``watch`` says so, and draws the board as soon as there is an answer
    st.session_state[SHOWN] = found.stamp
    boards.draw(found)


def _found(status: Row, now: datetime) -> queries.Board:
    return queries.board(queries.rounded(now) - PERIOD, str(status.get("version")))


st.header(text.NOW_HEADING, anchor=False)
state = st.container()
board()
with state:
    watch()  # after the board, so that it compares with what is shown
st.subheader(text.DISCLAIMER_HEADING, anchor=False)
st.markdown(text.DISCLAIMER)
