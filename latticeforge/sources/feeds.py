"""Feeds of any format into items.

Here: which format it is, and what holds for all formats: dates, links, identity, duplicates, limits. Not here: fetching
(``client``, ``feed_poller``) and trust in dates (``dates``). Pure: bytes in, items out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urljoin, urlsplit

from lxml import etree

from latticeforge.model import Item, item_id_of
from latticeforge.sources.charset import clean, decode, settle
from latticeforge.sources.date_text import read_date
from latticeforge.sources.dates import DateProblem, judge_date
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feed_entries import (
    Draft,
    Fields,
    atom_draft,
    atom_links,
    atom_people,
    entries,
    name_of,
    rss_draft,
)
from latticeforge.sources.feed_xml import read_tree
from latticeforge.sources.json_feed import authors, json_draft, read_json
from latticeforge.sources.sections import without_comments

MAX_ENTRIES = 20_000
MAX_TITLE = 1_000
MAX_SUMMARY = 20_000
MAX_URL = 4_000
MAX_GUID = 2_000
NAMED = 20  # empty entries that are named one by one
STAND_IN = 200  # characters of a summary that stand in for a missing title

FeedKind = Literal["rss", "rdf", "atom", "json"]
_KINDS: dict[str, FeedKind] = {"rss": "rss", "rdf:rdf": "rdf", "channel": "rss", "atom:feed": "atom"}
_HTML = re.compile(r"\s*(?:<\?xml[^>]*\?>)?\s*<(?:!doctype\s+html|html[\s>])", re.IGNORECASE)
_LINK_TAG = re.compile(r"<link\s[^>]{0,1000}>", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
_SPACE = re.compile(r"[\t\r\n]+")


@dataclass(frozen=True, slots=True)
class ParsedItem:
    """One entry of a feed. Texts are plain, on one line, and still untrusted; times are UTC."""

    guid: str
    title: str
    url: str  # absolute http or https, or empty
    published_at: datetime | None  # the entry's date; its date of change where it has no other
    date_problem: DateProblem | None
    updated_at: datetime | None
    author: str
    summary: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed. ``problems`` are about the feed as a whole, or name an entry that could not become an item."""

    kind: FeedKind
    title: str
    items: tuple[ParsedItem, ...]
    problems: tuple[str, ...] = ()


def parse_feed(payload: bytes, *, url: str = "", content_type: str = "") -> ParsedFeed:
    """Parse a feed of any format; broken ones as far as they can be read.

    Args:
        payload: the body, decompressed.
        url: where it came from; relative links are resolved against it (after ``xml:base``).
        content_type: the HTTP header, for its charset.

    Raises:
        UnreadableInput: it is no feed (an HTML page, other XML or JSON, nothing at all) or a bomb.
    """
    decoded, labels = decode(payload, content_type)
    text, controls = clean(decoded)
    text = text.lstrip("\ufeff \t\r\n")
    if not text:
        raise UnreadableInput("the answer is empty, not a feed; check the address")
    if text[0] in "{[":
        return _from_json(text, url, [*labels, *controls])
    if _HTML.match(without_comments(text[:20_000])):
        raise UnreadableInput(_html_message(text, url))
    return _from_xml(text, url, [*labels, *controls])


def _html_message(text: str, url: str) -> str:
    """Say that it is a page, and which feed it points to, if any."""
    for tag in _LINK_TAG.findall(text[:200_000]):
        href = _HREF.search(tag)
        if href and re.search(r"application/(rss|atom|feed)\+(xml|json)", tag, re.IGNORECASE):
            return f"this is an HTML page, not a feed; it points to the feed {_absolute(href.group(1), url)[:300]}"
    return "this is an HTML page, not a feed; check the address"


def _from_json(text: str, url: str, problems: list[str]) -> ParsedFeed:
    document = read_json(text)
    feed_author = authors(document)
    drafts = (json_draft(item, feed_author) for item in document["items"])
    base = url or str(document.get("feed_url") or document.get("home_page_url") or "")
    title = document.get("title")
    return _finished("json", title if isinstance(title, str) else "", drafts, base, problems)


def _from_xml(text: str, url: str, problems: list[str]) -> ParsedFeed:
    root, mended = read_tree(text)
    name = name_of(root.tag)
    found = list(entries(root))
    kind = _KINDS.get(name) or ("atom" if name.endswith(("feed", "entry")) else "rss")
    if name not in _KINDS and not found:
        tag = etree.QName(root).localname
        what = "an HTML page" if tag.lower() == "html" else f"XML of another kind (<{tag}>)"
        raise UnreadableInput(f"this is {what}, not a feed; check the address")
    channel = Fields(root) if kind == "atom" else Fields(next(root.iter("{*}channel"), root))
    feed_author = atom_people(channel) if kind == "atom" else ""
    drafts = (
        atom_draft(entry, feed_author) if name_of(entry.tag).endswith("entry") else rss_draft(entry) for entry in found
    )
    title = channel.construct("atom:title") or channel.html("title", "dc:title")
    return _finished(kind, title, drafts, url or _own_address(channel), [*problems, *mended])


def _own_address(channel: Fields) -> str:
    """Where a feed read from a file says it lives."""
    own = [child.get("href") or "" for child in channel.all("atom:link") if child.get("rel") == "self"]
    links = [*own, *atom_links(channel), channel.text("link")]
    return next((link for link in links if link.startswith(("http://", "https://"))), "")


def _finished(kind: FeedKind, title: str, drafts: Iterable[Draft], base: str, problems: list[str]) -> ParsedFeed:
    items: list[ParsedItem] = []
    empty: list[int] = []
    for number, draft in enumerate(drafts, 1):
        if number > MAX_ENTRIES:
            problems.append(f"more than {MAX_ENTRIES:,} entries: the rest is left out")
            break
        if draft.guid or draft.title or draft.links or draft.summary:
            items.append(_item(draft, base))
        else:
            empty.append(number)
    problems += [f"entry {number} has no id, title, link or text and cannot be kept" for number in empty[:NAMED]]
    if len(empty) > NAMED:
        problems.append(f"nor can {len(empty) - NAMED:,} further entries without anything in them")
    kept = tuple(_without_duplicates(items, problems))
    return ParsedFeed(kind, settle(title), kept, tuple(problems))


def _item(draft: Draft, base: str) -> ParsedItem:
    problems: list[str] = []
    url = _first_link(draft.links, base, problems)
    title = _cut(draft.title, MAX_TITLE, "title", problems)
    published_at, date_problem, updated_at = _dates(draft, problems)
    if not title:
        problems.append("no title")
    summary = _cut(draft.summary, MAX_SUMMARY, "summary", problems)
    guid = _cut(draft.guid, MAX_GUID, "id", problems) or url
    if not guid:
        problems.append("no id and no link; identified by its title and date")
        parts = (draft.title, draft.published or draft.updated, "" if draft.title else draft.summary)
        guid = "sha256:" + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
    return ParsedItem(
        guid, title, url, published_at, date_problem, updated_at, _cut(draft.author, 500, "author", problems), summary,
        tuple(problems),
    )  # fmt: skip


def _cut(text: str, most: int, what: str, problems: list[str]) -> str:
    if len(text) <= most:
        return text
    problems.append(f"{what} of {len(text):,} characters cut to {most:,}")
    return text[:most].rstrip()


def _dates(draft: Draft, problems: list[str]) -> tuple[datetime | None, DateProblem | None, datetime | None]:
    """When it was published (or last changed, where only that is said), what is wrong with it, and when changed."""
    updated = read_date(draft.updated) if draft.updated else None
    if draft.updated and updated is None:
        problems.append(f"unreadable date of change: {draft.updated[:60]!r}")
    text = draft.published or draft.updated
    if not text:
        problems.append("no date")
        return None, DateProblem.MISSING, None
    read = read_date(text)
    updated_at = None if updated is None else updated.at
    if read is None:
        if draft.published:
            problems.append(f"unreadable date: {text[:60]!r}")
        return None, DateProblem.UNREADABLE, updated_at
    if read.problem is not None:
        problems.append(read.problem)
    return read.at, DateProblem.NO_TIME if read.day_only else None, updated_at


def _first_link(links: list[str], base: str, problems: list[str]) -> str:
    """The first address that a page may link to; what was passed over is named."""
    for link in links:
        address = _absolute(_SPACE.sub("", link).strip().replace("&amp;", "&").replace(" ", "%20"), base)
        if len(address) <= MAX_URL and _is_web(address):
            return address
        problems.append(f"link dropped, not a full http address: {link[:80]!r}")
    return ""


def _absolute(link: str, base: str) -> str:
    if link.startswith("//") and not base:
        return f"https:{link}"
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _without_duplicates(items: list[ParsedItem], problems: list[str]) -> Iterator[ParsedItem]:
    """Each entry once. Two different entries under one id (other title and other link) are both kept, apart."""
    first: dict[str, ParsedItem] = {}
    repeats = 0
    for item in items:
        known = first.setdefault(item.guid, item)
        if known is item:
            yield item
        elif known.title != item.title and known.url != item.url:
            told_apart = f"{item.guid}#{hashlib.sha256(f'{item.url}{item.title}'.encode()).hexdigest()[:8]}"
            other = replace(item, guid=told_apart, problems=(*item.problems, "shares its id with another entry"))
            if first.setdefault(told_apart, other) is other:
                yield other
            else:
                repeats += 1
        else:
            repeats += 1
    if repeats:
        problems.append(f"{repeats} repeated {'entry' if repeats == 1 else 'entries'} left out")


def to_item(parsed: ParsedItem, source: str, received_at: datetime, clock_offset_s: float | None = None) -> Item:
    """The record to land: the parsed entry, and how far its date can be trusted."""
    event_at, status = judge_date(parsed.published_at, parsed.date_problem, received_at, clock_offset_s)
    title, problems = parsed.title, parsed.problems
    if not title:
        title = parsed.summary[:STAND_IN]
        problems = (*problems, "the beginning of the summary stands in for the title") if title else problems
    return Item(
        item_id=item_id_of(source, parsed.guid),
        source=source,
        guid=parsed.guid,
        title=title,
        summary=parsed.summary,
        url=parsed.url,
        author=parsed.author,
        published_at=parsed.published_at,
        updated_at=parsed.updated_at,
        event_at=event_at,
        date_status=status,
        first_seen_at=received_at,
        problems=problems,
    )
