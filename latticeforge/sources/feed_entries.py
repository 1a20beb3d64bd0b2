"""What the elements of RSS 0.9x/1.0/2.0 and Atom 0.3/1.0 mean.

Here: one element into one draft of an item, fields still as text. Not here: parsing (``feed_xml``), and what is done
with dates, links and duplicates whatever the format (``feeds``).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from latticeforge.sources.charset import settle
from latticeforge.sources.html_text import plain, text_of

_PREFIXES = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns#": "atom",
    "https://www.w3.org/2005/atom": "atom",
    "http://purl.org/rss/1.0/": "",
    "http://purl.org/net/rss1.1#": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://channel.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://cyber.law.harvard.edu/rss/rss.html": "",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/mrss/": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
}
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ALTERNATE = frozenset(("", "alternate", "http://www.iana.org/assignments/relation/alternate"))
_MAIL_NAME = re.compile(r"\S+@\S+\s*\((.+)\)")
_NAME_MAIL = re.compile(r"(.+?)\s*<[^<>\s]+@[^<>\s]+>")


@dataclass
class Draft:
    """An entry as its format says it, before anything is judged. ``links`` are absolute where a base was known."""

    guid: str = ""
    title: str = ""
    links: list[str] = field(default_factory=list)  # best first
    published: str = ""
    updated: str = ""
    author: str = ""
    summary: str = ""


@functools.lru_cache(maxsize=4096)
def name_of(tag: str) -> str:
    """The canonical ``prefix:name`` of an element, in lower case; RSS's own elements have no prefix."""
    space, _, local = tag.rpartition("}")
    space = space[1:].strip().lower()
    prefix = space[7:] if space.startswith("prefix:") else _PREFIXES.get(space, "?" if space else "")
    return f"{prefix}:{local.lower()}" if prefix else local.lower()


class Fields:
    """The direct children of an element by canonical name; children of children never get mixed in."""

    def __init__(self, element: Any) -> None:
        self.element = element
        self._children: dict[str, list[Any]] = {}
        for child in element.iterchildren("*"):
            self._children.setdefault(name_of(child.tag), []).append(child)

    def all(self, *names: str) -> Iterator[Any]:
        """Every child with one of the names, names in order of preference."""
        for name in names:
            yield from self._children.get(name, ())

    def text(self, *names: str) -> str:
        """The first text that is not blank, as it stands, trimmed."""
        return next(filter(None, (settle("".join(child.itertext())) for child in self.all(*names))), "")

    def html(self, *names: str) -> str:
        """The first content that is not blank, HTML into plain text."""
        return next(filter(None, (rss_text(child) for child in self.all(*names))), "")

    def construct(self, *names: str) -> str:
        """The first Atom text construct that is not blank, as plain text."""
        return next(filter(None, (atom_text(child) for child in self.all(*names))), "")


def rss_text(element: Any) -> str:
    """Text of an RSS element: escaped HTML, HTML as child elements, or neither."""
    return text_of(element) if len(element) else plain(element.text or "")


def atom_text(element: Any) -> str:
    """Text of an Atom text construct or content (RFC 4287, 3.1 and 4.1.3; Atom 0.3 ``mode``).

    ``type="text"`` means what it says: a less-than sign in it is one.
    """
    kind = (element.get("type") or "text").strip().lower()
    if element.get("src") or element.get("mode") == "base64":
        return ""
    if len(element):
        return text_of(element)
    if kind in ("html", "text/html", "xhtml", "application/xhtml+xml"):
        return plain(element.text or "")
    return settle(element.text or "") if kind == "text" or kind.startswith("text/") else ""


def entries(root: Any) -> Iterable[Any]:
    """The elements of all entries in document order, wherever they stand."""
    wanted = ("item", "atom:entry", "entry")
    return (element for element in root.iter("{*}item", "{*}entry", "{*}Item") if name_of(element.tag) in wanted)


def person_name(text: str) -> str:
    """The name in ``mail@host (Name)`` or ``Name <mail@host>``; anything else as it is.

    >>> person_name("desk@example.org (Ada Lovelace)")
    'Ada Lovelace'
    """
    match = _MAIL_NAME.fullmatch(text) or _NAME_MAIL.fullmatch(text)
    return match.group(1).strip().strip('"') if match else text


def _joined(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, names)))


def atom_people(fields: Fields) -> str:
    """The names of all Atom authors (or RSS ``author``), joined by commas."""
    return _joined(_atom_person(child) for child in fields.all("atom:author", "author"))


def _atom_person(element: Any) -> str:
    if not len(element):
        return person_name(plain(element.text or ""))
    inside = Fields(element)
    return inside.text("atom:name", "name") or inside.text("atom:email", "email") or inside.text("atom:uri", "uri")


def _based(element: Any, link: str) -> str:
    """``link`` against the ``xml:base`` in force at ``element``."""
    link = link.strip()
    if not link or "://" in link[:12]:
        return link
    try:
        return urljoin(element.base or "", link)
    except ValueError:
        return link


def atom_links(fields: Fields) -> list[str]:
    """Addresses of the page an entry is about: ``rel="alternate"`` (HTML first); nothing else will do."""
    found: list[tuple[int, str]] = []
    for child in fields.all("atom:link", "link"):
        kind = (child.get("type") or "text/html").lower()
        if child.get("href") and (child.get("rel") or "").strip().lower() in _ALTERNATE:
            found.append((0 if "html" in kind else 1, _based(child, child.get("href"))))
    return [link for _, link in sorted(found, key=lambda pair: pair[0])]


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def atom_draft(element: Any, feed_author: str) -> Draft:
    """One Atom entry. Authors come from the entry, its ``source``, or the feed (RFC 4287, 4.2.1)."""
    fields = Fields(element)
    guid = fields.text("atom:id", "id")
    media = [Fields(group) for group in fields.all("media:group")]
    summary = fields.construct("atom:summary", "summary", "atom:content", "content")
    inherited = [atom_people(Fields(source)) for source in fields.all("atom:source")]
    updated = fields.text("atom:updated", "updated", "atom:modified", "dcterms:modified")
    return Draft(
        guid=guid,
        title=fields.construct("atom:title", "title") or fields.html("dc:title", "media:title"),
        links=[*atom_links(fields), *([guid] if _is_address(guid) else [])],
        published=fields.text("atom:published", "published", "atom:issued", "atom:created", "dc:date", "pubdate"),
        updated=updated,
        author=atom_people(fields) or fields.html("dc:creator") or next(filter(None, inherited), feed_author),
        summary=summary or next(filter(None, (group.html("media:description") for group in media)), ""),
    )


def rss_draft(element: Any) -> Draft:
    """One RSS item, of any version, with the extensions publishers use."""
    fields = Fields(element)
    media = [Fields(group) for group in fields.all("media:group")]
    guid = fields.text("guid") or (element.get(_ABOUT) or "").strip() or fields.text("atom:id", "dc:identifier")
    people = (person_name(rss_text(child)) for child in fields.all("dc:creator"))
    summary = fields.html("description", "content:encoded", "itunes:summary", "dc:description", "media:description")
    return Draft(
        guid=guid,
        title=fields.html("title") or fields.construct("atom:title") or fields.html("dc:title", "itunes:title"),
        links=_rss_links(fields, guid),
        published=fields.text("pubdate", "dc:date", "dcterms:issued", "atom:published", "dcterms:created", "date"),
        updated=fields.text("atom:updated", "dcterms:modified", "lastbuilddate"),
        author=_joined(people) or atom_people(fields) or fields.html("itunes:author"),
        summary=summary
        or fields.construct("atom:summary", "atom:content")
        or next(filter(None, (group.html("media:description") for group in media)), ""),
    )


def _rss_links(fields: Fields, guid: str) -> list[str]:
    """The item's own link, else an Atom link inside it, else its guid where that is an address."""
    links = [_based(child, child.text or child.get("href") or "") for child in fields.all("link")]
    permanent = all((child.get("isPermaLink") or "true").strip().lower() != "false" for child in fields.all("guid"))
    links += atom_links(fields)
    if permanent and _is_address(guid):
        links.append(guid)
    return [link for link in links if link]
