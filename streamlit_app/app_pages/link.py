"""Link: the full story of one event and one narrative, now or as published earlier. All of it is in the address."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from streamlit_app.asking import link as asking
from streamlit_app.database import Row
from streamlit_app.ui import components, link_parts, outside, text
from streamlit_app.ui.text import link as words


def page() -> None:
    """Find the statement, then its parts in the order of a reader's questions."""
    wanted = str(st.query_params.get("link", ""))
    if not wanted:
        st.info(words.PICK, icon=":material/link:")
        return
    story = str(st.query_params.get("story", ""))
    found = components.answered(lambda: asking.statement(wanted, story, None))
    as_of = _published(found[0]["window_start"]) if found else None
    if as_of is not None:
        found = components.answered(lambda: asking.statement(wanted, story, as_of))
    if found:
        _story(found[0], as_of)
    elif found is not None:
        st.info(words.GONE, icon=":material/link_off:")


def _published(window: datetime) -> datetime | None:
    """The instant that the reader chose to read as of; None is the present."""
    found = components.answered(lambda: asking.publications(window)) or []
    options = {"now": words.PUBLISHED_NOW}
    for place, row in enumerate(found):
        reason = outside.plain(row["reason"], 60)
        said = words.publication(row["published_at"], row["origin"], reason, newest=place == 0)
        options[row["published_at"].isoformat()] = said
    wanted = str(st.query_params.get("published", "now"))
    chosen = st.selectbox(
        words.PUBLISHED_LABEL,
        list(options),
        index=list(options).index(wanted) if wanted in options else 0,
        format_func=lambda o: options.get(o, o),
        key="published",
        required=True,
    )
    if chosen != wanted:  # the address names the instant, not the words it is shown with
        st.query_params["published"] = str(chosen)
    return None if chosen in (None, "now") else datetime.fromisoformat(str(chosen))


def _story(row: Row, as_of: datetime | None) -> None:
    if as_of is not None:
        st.warning(words.PAST.format(at=text.moment(as_of)), icon=":material/history:")
    st.markdown(components.badges(row), help=text.GRADE_HELP[row["grade"]])
    st.header(outside.markdown(row["headline"] or row["label"]), anchor=False)
    view = {"link": row["statement_id"], "story": row["story_key"], "published": as_of.isoformat() if as_of else ""}
    link_parts.story(row, view, as_of)


page()
