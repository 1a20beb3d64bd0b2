"""JSON Feed 1.0 and 1.1 (jsonfeed.org).

Here: a JSON document into drafts of items. Not here: dates, links and duplicates (``feeds``).
"""

from __future__ import annotations

import json
from typing import Any

from latticeforge.sources.charset import settle
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feed_entries import Draft
from latticeforge.sources.html_text import plain


def read_json(text: str) -> dict[str, Any]:
    """The document as an object with a list of items.

    Raises:
        UnreadableInput: not JSON, or JSON of another kind.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(f"this looks like JSON but is not ({str(error)[:120]}); check the address") from error
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        return document
    raise UnreadableInput("this is JSON but no JSON Feed: it has no list 'items'; check the address")


def _text(value: object) -> str:
    """A string, or a number that should have been one (JSON Feed 1.1: coerce ids); nothing else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return settle(str(value))


def _html(value: object) -> str:
    return plain(value) if isinstance(value, str) else ""


def authors(holder: dict[str, Any]) -> str:
    """The names under ``authors`` (1.1) or ``author`` (1.0), joined by commas."""
    listed = holder.get("authors")
    people = listed if isinstance(listed, list) and listed else [holder.get("author")]
    names = (_text(one.get("name") or one.get("url")) if isinstance(one, dict) else _text(one) for one in people)
    return ", ".join(dict.fromkeys(filter(None, names)))


def json_draft(item: object, feed_author: str) -> Draft:
    """One item; what is no object gives an empty draft, to be reported."""
    if not isinstance(item, dict):
        return Draft()
    summary = _text(item.get("summary")) or _text(item.get("content_text")) or _html(item.get("content_html"))
    return Draft(
        guid=_text(item.get("id")),
        title=_text(item.get("title")),
        links=[link for name in ("url", "external_url") if (link := _text(item.get(name)))],
        published=_text(item.get("date_published")),
        updated=_text(item.get("date_modified")),
        author=authors(item) or feed_author,
        summary=summary,
    )
