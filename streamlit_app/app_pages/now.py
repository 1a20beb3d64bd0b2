"""Now: the scored links of the 24 hours before the newest data, most surprising first. Updates by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from streamlit_app import queries
from streamlit_app.database import DashboardFault, Row
from streamlit_app.ui import components, text

REFRESH = timedelta(seconds=2)
PERIOD = timedelta(hours=24)
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
    stamp = components.answered(lambda: queries.board_stamp(_since(now)))
    if stamp is not None and stamp != st.session_state.get(SHOWN):
        st.session_state[SHOWN] = stamp
        st.rerun()


def board() -> None:
    """The cards of the 24 hours before the newest data."""
    st.session_state[SHOWN] = ""
    try:
        now = queries.status()["data_now"]
        if now is None:
            return
        st.session_state[SHOWN] = queries.board_stamp(_since(now))
        cards = queries.board(_since(now))
        evidence = queries.evidence(cards)
        activity = queries.activity(_since(now))
    except DashboardFault:
        return  # ``watch`` says so, and draws the board as soon as there is an answer
    _board(cards, evidence, activity)


def _since(now: datetime) -> datetime:
    return queries.rounded(now) - PERIOD


def _board(cards: list[Row], evidence: dict[str, list[Row]], activity: Row | None) -> None:
    if activity and activity["windows"]:
        st.markdown(text.activity(activity["items"], activity["windows"], activity["tests"], activity["reported"]))
    reported = [c for c in cards if c["verdict"] != "unlikely"]
    ordinary = [c for c in cards if c["verdict"] == "unlikely"]
    if not reported:
        tested = activity is not None and activity["tests"] > 0
        st.info(text.QUIET if tested else text.EMPTY, icon=":material/nights_stay:")
    if cards:
        st.caption(text.LIKELIHOOD_EXPLAINED)
    for heading, rows in ((text.REPORTED_HEADING, reported), (text.UNLIKELY_HEADING, ordinary)):
        if rows:
            st.subheader(heading, anchor=False)
        for row in rows:
            components.card(row, evidence.get(row["statement_id"], []))
    if len(cards) == queries.BOARD_LIMIT:
        st.caption(text.only_first(queries.BOARD_LIMIT))
    if activity and activity["no_evidence"]:
        st.caption(text.no_evidence(activity["no_evidence"]))


st.header(text.NOW_HEADING, anchor=False)
state = st.container()
board()
with state:
    watch()  # after the board, so that it compares with what is shown
st.subheader(text.DISCLAIMER_HEADING, anchor=False)
st.markdown(text.DISCLAIMER)
