"""Method: what is measured and what is not, in a reader's words."""

from __future__ import annotations

import streamlit as st

from streamlit_app.ui import method, text, theme


def page() -> None:
    """Chance, measure, verdicts, base rate, grades, glossary."""
    st.header(text.PAGE_METHOD, anchor=False)
    st.markdown(method.LEAD)
    with st.container(border=True, key="figure"):
        st.caption(method.CHANCE_HEADING)
        st.header(method.CHANCE_FIGURE, anchor=False)
        st.markdown(method.CHANCE)
    for heading, lines in (
        (method.MEASURED_HEADING, method.MEASURED),
        (method.UNMEASURED_HEADING, method.UNMEASURED),
    ):
        st.subheader(heading, anchor=False)
        st.markdown(_list(lines))
    st.subheader(method.VERDICTS_HEADING, anchor=False)
    st.markdown(_list([f"{_badge(verdict)} &ensp; {meaning}" for verdict, meaning in method.VERDICTS.items()]))
    st.subheader(method.BASE_RATE_HEADING, anchor=False)
    st.markdown(method.BASE_RATE_TEXT)
    st.subheader(method.GRADES_HEADING, anchor=False)
    st.markdown(_list(method.GRADES))
    st.subheader(method.GLOSSARY_HEADING, anchor=False)
    st.markdown(_list([f"**{term}**: {meaning}" for term, meaning in method.GLOSSARY.items()]))
    st.caption(method.VERSION)


def _badge(verdict: str) -> str:
    return f":{theme.VERDICT_BADGES[verdict]}-badge[{theme.VERDICT_ICONS[verdict]} {text.VERDICTS[verdict]}]"


def _list(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


page()
