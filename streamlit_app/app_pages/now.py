"""Now: the scored links of the 24 hours before the newest data, most surprising first. Updates by itself."""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from streamlit_app import queries
from streamlit_app.database import Row
from streamlit_app.ui import components, text

REFRESH = timedelta(seconds=2)
PERIOD = timedelta(hours=24)


@st.fragment(run_every=REFRESH)
def live() -> None:
    """What may change from one second to the next. The rest of the page keeps its place."""
    status = components.answered(queries.status)
    if status is None:
        return
    components.state_of_the_data(status)
    now = components.data_now(status)
    if now is None:
        return
    # A round instant, so that viewers within the same minute share one cached answer.
    since = now.replace(second=0, microsecond=0) - PERIOD
    cards = components.answered(lambda: queries.board(since))
    if cards is None:
        return
    evidence = components.answered(lambda: queries.evidence(cards)) or {}
    activity = components.answered(lambda: queries.activity(since))
    _board(cards, evidence, activity)


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
live()
st.subheader(text.DISCLAIMER_HEADING, anchor=False)
st.markdown(text.DISCLAIMER)
