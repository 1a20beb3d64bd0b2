"""The feed of new links that newsrooms can subscribe to (Atom, RFC 4287).

Here: XML. Not here: which links there are (``queries.board``'s rule: the statement that holds for each story,
reported ones only). Text from outside is cleaned and stands in text nodes, never as markup.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as Tree

from starlette.requests import Request
from starlette.responses import Response

from streamlit_app.database import Row, ask, where
from streamlit_app.downloads.answers import cache_headers, conditional
from streamlit_app.ui import outside, text
from streamlit_app.ui.figure import permalink_at
from streamlit_app.ui.text import data as words

_SPACE = "http://www.w3.org/2005/Atom"
DAYS = 7
ENTRIES = 100


def respond(request: Request) -> Response:
    """The feed, or 304."""
    body = feed(newest(), str(request.base_url).rstrip("/"))
    return conditional(request, body, "application/atom+xml", cache_headers(body))


def newest() -> list[Row]:
    """Links reported in the seven days before the newest data, the statement that holds for each story."""
    return ask(
        where(),
        """
        select * from (
            select distinct on (story_key) b.*
            from marts.link_board as b, marts.system_status as s
            where b.window_start >= s.data_now - %(days)s * interval '1 day'
            order by story_key, (stage = 'committed') desc, window_start desc
        ) as held
        where verdict in ('likely', 'contested')
        order by evaluated_at desc, statement_id limit %(limit)s
        """,
        {"days": DAYS, "limit": ENTRIES},
    )


def feed(rows: list[Row], origin: str) -> bytes:
    """The document."""
    Tree.register_namespace("", _SPACE)
    root = Tree.Element(f"{{{_SPACE}}}feed")
    changed = [row["published_at"] or row["evaluated_at"] for row in rows]
    _add(root, "title", words.FEED_TITLE)
    _add(root, "subtitle", words.FEED_SUBTITLE)
    _add(root, "id", f"{origin}/data/links.atom")
    _add(root, "updated", _iso(max(changed, default=datetime(1970, 1, 1, tzinfo=UTC))))
    _add(_add(root, "author"), "name", text.TITLE)
    _link(root, "self", f"{origin}/data/links.atom")
    _link(root, "alternate", f"{origin}/")
    for row in rows:
        _entry(root, row, origin)
    body: bytes = Tree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _entry(root: Tree.Element, row: Row, origin: str) -> None:
    entry = _add(root, "entry")
    label, event = outside.plain(row["label"], 80), outside.plain(row["event_title"], 140)
    said = text.sentence(label, row["ratio"], row["lag_s"], event, row["event_at"], row["p_value"])
    sure = text.certainty(row["likelihood"], row["likelihood_low"], row["likelihood_high"])
    address = permalink_at(origin, "link", {"link": row["statement_id"], "story": row["story_key"]})
    _add(entry, "id", f"{origin}/link?story={row['story_key']}")
    _add(entry, "title", f"{text.VERDICTS[row['verdict']]}: {outside.plain(row['headline'] or row['label'])}")
    _add(entry, "updated", _iso(row["published_at"] or row["evaluated_at"]))
    _add(entry, "published", _iso(row["evaluated_at"]))
    _link(entry, "alternate", address)
    summary = f"{said} {sure} {text.GRADES[row['grade']]}. {text.DISCLAIMER}".replace("**", "")
    _add(entry, "summary", summary).set("type", "text")


def _add(parent: Tree.Element, name: str, said: str | None = None) -> Tree.Element:
    found = Tree.SubElement(parent, f"{{{_SPACE}}}{name}")
    found.text = said
    return found


def _link(parent: Tree.Element, relation: str, address: str) -> None:
    _add(parent, "link").attrib.update({"rel": relation, "href": address})


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
