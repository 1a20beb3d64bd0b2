"""The feeds of the demo day's sources as RSS 2.0, Atom 1.0 and JSON Feed 1.1.

Here: what a source answers at a given instant, with the validators of conditional GET. Not here: HTTP (``publishers``).

A newcomer (no validator) gets everything a source ever published that is visible; a returning reader gets what its
validator has not seen and a few older entries, newest first. So nothing is missed however seldom a reader calls.
"""

from __future__ import annotations

import html
import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime
from itertools import groupby
from xml.sax.saxutils import escape

from latticeforge.demo.content import Source
from latticeforge.demo.publishing import Publication, Revision

OVERLAP = 4  # entries a returning reader sees again, by which it can tell that it missed none
MEDIA_TYPE = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A feed as served: body None means "not modified"."""

    body: bytes | None
    headers: dict[str, str]


class FeedOf:
    """One source's feed; rendering is done once, an answer only joins pieces."""

    def __init__(self, source: Source, items: Iterable[Publication]) -> None:
        self.source = source
        entries = sorted(
            ((revision.visible_at, item, revision) for item in items for revision in item.revisions),
            key=lambda entry: (entry[0], entry[1].guid),
        )
        render = _RENDER[source.kind]
        self._visible_at = [at for at, _, _ in entries]
        self._guids = [item.guid for _, item, _ in entries]
        self._pieces = [render(item, revision) for _, item, revision in entries]

    def visible(self, now: datetime) -> int:
        """How many entries (items and corrections) are out at ``now``."""
        return bisect_right(self._visible_at, now)

    def answer(self, now: datetime, etag: str = "", since: str = "") -> Answer:
        """The feed at ``now`` for a reader with these validators (If-None-Match, If-Modified-Since; "" for none)."""
        count = self.visible(now)
        seen = self._seen(etag, since)
        if seen is not None and seen == count:
            return Answer(None, self._headers(count))
        first = 0 if seen is None or seen > count else max(0, seen - OVERLAP)
        text = _WRAP[self.source.kind](self.source, self._newest_first(first, count))
        headers = self._headers(count) | {"content-type": self._media_type()}
        return Answer(text.encode(self.source.encoding, errors="xmlcharrefreplace"), headers)

    def _newest_first(self, first: int, count: int) -> list[str]:
        """The entries of [first, count); of an item and its corrections only the newest."""
        newest = {self._guids[n]: n for n in range(first, count)}
        return [self._pieces[n] for n in sorted(newest.values(), reverse=True)]

    def _seen(self, etag: str, since: str) -> int | None:
        """How many entries the reader's validator stands for; None without a usable one."""
        if etag:
            digits = etag.removeprefix("W/").strip('"').rpartition("-")[2]
            return int(digits) if digits.isdigit() else None
        if since:
            try:
                return self.visible(parsedate_to_datetime(since))
            except ValueError:
                return None
        return None

    def _headers(self, count: int) -> dict[str, str]:
        headers = {}
        if "etag" in self.source.validators:
            headers["etag"] = f'"{self.source.name}-{count}"'
        if "modified" in self.source.validators and count:
            headers["last-modified"] = format_datetime(self._visible_at[count - 1], usegmt=True)
        return headers

    def _media_type(self) -> str:
        """Feeds in windows-1252 leave the charset to the XML declaration, as such publishers do."""
        plain = self.source.encoding == "utf-8"
        return f"{MEDIA_TYPE[self.source.kind]}; charset=utf-8" if plain else "application/xml"


def feeds(sources: Sequence[Source], items: Sequence[Publication]) -> dict[str, FeedOf]:
    """The feed of every source, by name."""
    by_name = sorted(items, key=lambda item: item.source.name)
    grouped = {name: list(group) for name, group in groupby(by_name, key=lambda item: item.source.name)}
    return {source.name: FeedOf(source, grouped.get(source.name, [])) for source in sources}


def _zone(text: str) -> timezone:
    digits = text.replace(":", "")
    if digits in ("Z", "GMT"):
        return UTC
    sign = -1 if digits[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5])))


def _rfc822(at: datetime, source: Source) -> str:
    return format_datetime(at.astimezone(_zone(source.zone)), usegmt=source.zone == "GMT")


def _rfc3339(at: datetime, source: Source) -> str:
    text = at.astimezone(_zone(source.zone)).isoformat()
    return text.replace("+00:00", "Z") if source.zone == "Z" else text


def _rss_item(item: Publication, revision: Revision) -> str:
    date = f"<pubDate>{_rfc822(item.published_at, item.source)}</pubDate>" if item.published_at else ""
    title, summary = escape(revision.title), escape(revision.summary)
    if "broken" in item.oddities:  # a bare ampersand and a tag that is never closed, as hand-made feeds have them
        title, summary = html.unescape(title), f"<b>{summary} Read more & share"
    return (
        f'<item><title>{title}</title><link>{item.url}</link><guid isPermaLink="false">{item.guid}</guid>'
        f"{date}<description>{summary}</description></item>"
    )


def _atom_entry(item: Publication, revision: Revision) -> str:
    date = _rfc3339(item.published_at, item.source) if item.published_at else ""
    dates = f"<published>{date}</published><updated>{date}</updated>" if date else ""
    return (
        f"<entry><title>{escape(revision.title)}</title><id>{item.guid}</id>"
        f'<link rel="alternate" href="{item.url}"/>{dates}<summary>{escape(revision.summary)}</summary></entry>'
    )


def _json_item(item: Publication, revision: Revision) -> str:
    row: dict[str, object] = {"id": item.guid, "url": item.url, "title": revision.title}
    row["content_text"] = revision.summary or revision.title
    if item.published_at:
        row["date_published"] = _rfc3339(item.published_at, item.source)
    if item.account:
        row["authors"] = [{"name": item.account}]
    return json.dumps(row, ensure_ascii=False)


def _rss(source: Source, pieces: list[str]) -> str:
    return (
        f'<?xml version="1.0" encoding="{source.encoding}"?>\n<rss version="2.0"><channel><title>{escape(source.title)}'
        f"</title><link>https://{source.name}.example/</link><description>{escape(source.title)}</description>"
        f"<language>{source.language}</language>\n" + "\n".join(pieces) + "\n</channel></rss>\n"
    )


def _atom(source: Source, pieces: list[str]) -> str:
    home = f"https://{source.name}.example/"
    return (
        f'<?xml version="1.0" encoding="{source.encoding}"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>'
        f'{escape(source.title)}</title><id>{home}</id><link rel="alternate" href="{home}"/>\n'
        + "\n".join(pieces)
        + "\n</feed>\n"
    )


def _json(source: Source, pieces: list[str]) -> str:
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source.title,
        "home_page_url": f"https://{source.name}.example/",
        "language": source.language,
    }
    return json.dumps(head)[:-1] + ', "items": [\n' + ",\n".join(pieces) + "\n]}\n"


_RENDER: dict[str, Callable[[Publication, Revision], str]] = {"rss": _rss_item, "atom": _atom_entry, "json": _json_item}
_WRAP: dict[str, Callable[[Source, list[str]], str]] = {"rss": _rss, "atom": _atom, "json": _json}
