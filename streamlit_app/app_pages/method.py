"""Method: what is measured and what is not, in a reader's words."""

from __future__ import annotations

import streamlit as st

from streamlit_app import queries
from streamlit_app.ui import components, method, text, theme

SHOWN = 200


def page() -> None:
    """Chance, measure, verdicts, base rate, grades, glossary."""
    st.header(text.PAGE_METHOD, anchor=False)
    part = method.PARTS.get(str(st.query_params.get("part", "")))
    if part:
        st.info(part, icon=":material/help:")
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
    _calibration()
    st.subheader(method.CHANGES_HEADING, anchor=False)
    st.markdown(_list(method.CHANGES))
    _corrections()
    st.subheader(method.GLOSSARY_HEADING, anchor=False)
    st.markdown(_list([f"**{term}**: {meaning}" for term, meaning in method.GLOSSARY.items()]))
    st.caption(method.VERSION)


def _calibration() -> None:
    st.subheader(method.CALIBRATION_HEADING, anchor=False)
    st.markdown(method.CALIBRATION)
    if theme.RELIABILITY.is_file():
        st.image(str(theme.RELIABILITY), caption=method.CALIBRATION_SPOKEN, alt=method.CALIBRATION_SPOKEN)


def _corrections() -> None:
    st.subheader(method.CORRECTIONS_HEADING, anchor=False)
    st.markdown(method.CORRECTIONS_SAID)
    found = components.answered(lambda: queries.corrections(SHOWN))
    if found is None:
        return
    if found.is_empty():
        st.caption(method.CORRECTIONS_NONE)
        return
    shown = found.with_columns(components.cleaned("label"), components.cleaned("why"))
    times = {
        name: st.column_config.DatetimeColumn(
            method.CORRECTION_COLUMNS[name], format="YYYY-MM-DD HH:mm", timezone="UTC"
        )
        for name in ("changed_at", "window_start")
    }
    st.dataframe(
        shown.select(list(method.CORRECTION_COLUMNS)),
        hide_index=True,
        placeholder="–",
        column_config=components.columns_of(method.CORRECTION_COLUMNS, **times),
        alt=method.CORRECTIONS_HEADING,
    )


def _badge(verdict: str) -> str:
    return f":{theme.VERDICT_BADGES[verdict]}-badge[{theme.VERDICT_ICONS[verdict]} {text.VERDICTS[verdict]}]"


def _list(lines: tuple[str, ...] | list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


page()
