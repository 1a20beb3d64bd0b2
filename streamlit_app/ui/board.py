"""The board of Now: its cards in two parts, and how much was looked at to report so few.

Here: layout; the cards are written once for all tabs that show the same board. Not here: when it is drawn
(``app_pages.now``), and one card (``card``).
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from streamlit_app import queries
from streamlit_app.database import Row
from streamlit_app.ui import card, text


@dataclass(frozen=True)
class Written:
    """The cards of a board: those worth a look, and those that read as ordinary attention."""

    reported: list[card.Card]
    ordinary: list[card.Card]


def draw(board: queries.Board) -> None:
    """Put the board on the page."""
    cards = _written(board.stamp, board)
    _looked_at(board.activity)
    if not cards.reported:
        st.info(text.QUIET if board.activity["tests"] > 0 else text.EMPTY, icon=":material/nights_stay:")
    if board.cards:
        st.caption(text.LIKELIHOOD_EXPLAINED)
    for heading, written in ((text.REPORTED_HEADING, cards.reported), (text.UNLIKELY_HEADING, cards.ordinary)):
        if written:
            st.subheader(heading, anchor=False)
        for one in written:
            card.show(one)
    if len(board.cards) == queries.BOARD_LIMIT:
        st.caption(text.only_first(queries.BOARD_LIMIT))
    if board.activity["no_evidence"]:
        st.caption(text.no_evidence(board.activity["no_evidence"]))


def _looked_at(activity: Row) -> None:
    if activity["windows"]:
        st.markdown(text.activity(activity["items"], activity["windows"], activity["tests"], activity["reported"]))


@st.cache_resource(max_entries=4, show_spinner=False)
def _written(stamp: str, _board: queries.Board) -> Written:
    reported: list[card.Card] = []
    ordinary: list[card.Card] = []
    for row in _board.cards:
        written = card.written(row, _board.evidence.get(row["statement_id"], []))
        (ordinary if row["verdict"] == "unlikely" else reported).append(written)
    return Written(reported, ordinary)
