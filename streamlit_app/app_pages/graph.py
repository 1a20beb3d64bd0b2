"""Graph: events, stories and sources of a period with their ties. Period, end and chosen dot live in the address."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from latticeforge.windows import parse_instant
from streamlit_app import mesh, queries
from streamlit_app.asking import day as asking
from streamlit_app.ui import components, figure, mesh_chart, outside, text
from streamlit_app.ui.figure import Figure
from streamlit_app.ui.text import graph as words

KEY = "mesh"
CHOICE = "follow"
SOURCES_DRAWN = 3  # of each story, while everything is shown; all of them once a dot is followed


def page() -> None:
    """Controls, drawing, and what hangs on the chosen dot."""
    st.header(words.HEADING, anchor=False)
    status = components.answered(queries.status)
    now = components.data_now(status) if status else None
    if now is None:
        return
    end = _end(now)
    period = str(
        st.segmented_control(
            words.PERIOD, list(words.PERIODS), default="3 h", required=True, key="period", bind="query-params"
        )
    )
    start = end - timedelta(hours=words.PERIODS[period])
    whole = components.answered(lambda: _mesh(start, end))
    if whole is None:
        return
    if not whole.nodes:
        st.info(words.EMPTY, icon=":material/hub:")
        return
    chosen = _choice(whole)
    shown = whole.only(whole.near(chosen)) if chosen else whole
    view = {"period": period, "until": end.isoformat(), "node": chosen}
    _draw(shown, chosen, view, end)
    if chosen:
        _ties(whole, chosen)
    elif len(whole.nodes) >= sum(mesh.MAX_NODES.values()) // 2:
        st.caption(words.CUT.format(n=sum(mesh.MAX_NODES.values())))


def _end(now: datetime) -> datetime:
    """The end of the period: the one in the address, else a round instant of the newest data."""
    try:
        return min(parse_instant(str(st.query_params.get("until", ""))[:40]), now)
    except ValueError:
        return queries.rounded(now)


@st.cache_data(ttl=queries.PAGE_TTL, max_entries=16, show_spinner=False)
def _mesh(start: datetime, end: datetime) -> mesh.Mesh:
    stories = asking.largest(start, end, 400)
    if stories.is_empty():
        return mesh.placed((), ())
    links = asking.links(start, end)
    linked = set(links["narrative_id"]) if links.height else set()
    few = stories.head(mesh.MAX_NODES["story"])
    narratives = tuple(sorted({n for row in few["narratives"] for n in row} | {n for n in linked if n}))
    return mesh.build(asking.events(start, end), stories, links, asking.carriers(start, end, narratives))


def _choice(whole: mesh.Mesh) -> str:
    """The dot that is followed: picked in the drawing, chosen in the list, or named by the address; empty for none."""
    named = {n.key: f"{words.KINDS[n.kind]}: {outside.plain(n.name, 80)}" for n in whole.nodes}
    options = ["", *named]
    wanted = str(st.query_params.get("node", ""))
    if CHOICE not in st.session_state or st.session_state[CHOICE] not in options:
        st.session_state[CHOICE] = wanted if wanted in options else ""
    chosen = str(
        st.selectbox(words.FOLLOW, options, format_func=lambda k: named.get(k, words.EVERYTHING), key=CHOICE) or ""
    )
    if chosen != wanted:
        if chosen:
            st.query_params["node"] = chosen
        else:
            st.query_params.pop("node", None)
    return chosen


def _picked() -> None:
    """A dot was clicked: follow it."""
    picked = st.session_state[f"chart-{KEY}"]["selection"].get(mesh_chart.PICK) or []
    if picked and "key" in picked[0]:
        st.session_state[CHOICE] = str(picked[0]["key"])


def _draw(shown: mesh.Mesh, chosen: str, view: dict[str, str], until: datetime) -> None:
    dots, lines = mesh_chart.nodes(shown, chosen), mesh_chart.edges(shown, None if chosen else SOURCES_DRAWN)
    kinds = [n.kind for n in shown.nodes]
    said = words.SPOKEN.format(
        events=kinds.count("event"), stories=kinds.count("story"), sources=kinds.count("source"), edges=len(shown.edges)
    )
    with st.container(key="mesh"):
        figure.show(
            Figure(
                key=KEY,
                title=words.TITLE,
                counts=words.COUNTS,
                interval=words.INTERVAL,
                spoken=said,
                chart=mesh_chart.drawing(dots, lines, dark=st.context.theme.type == "dark"),
                data=lines,
                page="graph",
                view=view,
                until=until,
                method="links",
                heading=False,
            ),
            on_select=_picked,
        )


def _ties(whole: mesh.Mesh, chosen: str) -> None:
    """The same in words, with a way to the evidence."""
    nodes = {n.key: n for n in whole.nodes}
    node = nodes[chosen]
    st.subheader(f"{words.TIES}: {outside.markdown(node.name, 80)}", anchor=False)
    if node.detail:
        st.caption(outside.markdown(node.detail))
    lines = []
    for edge in sorted(whole.edges, key=lambda e: (e.verdict == "", -e.weight)):
        if chosen in (edge.left, edge.right):
            other = nodes[edge.right if edge.left == chosen else edge.left]
            lines.append(_tie(edge, outside.markdown(other.name, 100)))
    st.markdown(components.bullets(lines[:60]))
    if node.kind == "story":
        st.page_link(
            "app_pages/narratives.py", label=words.NARRATIVE, icon=":material/forum:", query_params={"pick": node.name}
        )


def _tie(edge: mesh.Edge, other: str) -> str:
    if not edge.verdict:
        return words.ITEMS.format(n=edge.weight, other=other)
    statement, story = edge.statement.split("\x1f")
    address = figure.permalink("link", {"link": statement, "story": story})
    said = words.TESTED.format(verdict=text.VERDICTS[edge.verdict], other=other)
    return f"{said} – [{words.STORY_OF_LINK}](<{address}>)"


page()
