"""Markup into the text a reader sees.

Here: plain text of HTML, as a string or as parsed elements. Not here: documents (``feed_xml``). The result is text and
still untrusted: pages must escape it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from latticeforge.sources.charset import settle

MAX_MARKUP = 300_000  # characters of one field that are looked at; a summary needs no more
_INLINE_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike "
    "strong sub sup time tt u var wbr ruby rt rp"
)
_BLOCK_NAMES = (
    "address article aside audio blockquote body br button caption center dd details div dl dt embed fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hr html iframe img input li link main meta nav "
    "noscript object ol option p param picture pre section select source summary svg table tbody td textarea tfoot "
    "th thead title tr track ul video"
)
_INLINE = frozenset(_INLINE_NAMES.split())
_SILENT = frozenset(("script", "style", "template", "head", "iframe", "object", "noembed", "svg"))
_ELEMENTS = _INLINE | _SILENT | frozenset(_BLOCK_NAMES.split())
_TAG = re.compile(r"<(?:!--|/?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>]))")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def is_markup(text: str) -> bool:
    """Whether ``text`` holds a tag of HTML (and not just a less-than sign, or a word in angle brackets)."""
    return any(name is None or name.lower() in _ELEMENTS for name in _tag_names(text))


def _tag_names(text: str) -> Iterator[str | None]:
    for match in _TAG.finditer(text):
        yield match.group(1)


def plain(text: str) -> str:
    """The text of a piece of HTML, on one line; scripts, styles and tags gone, entities resolved once.

    >>> plain("<p>AT&amp;T &lt;b&gt; rises<br>3&nbsp;%</p><script>alert(1)</script>")
    'AT&T <b> rises 3 %'
    >>> plain("profit < loss & 3 > 2")
    'profit < loss & 3 > 2'
    """
    if "<" in text and is_markup(text):
        parser = etree.HTMLParser(encoding="utf-8", no_network=True)
        root = etree.fromstring(_escaped_strays(text[:MAX_MARKUP]).encode("utf-8", "replace"), parser)
        return "" if root is None else text_of(root)
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match.group()), text)
    return settle(text)


def _escaped_strays(text: str) -> str:
    """Angle brackets around words that are no HTML element are text, not tags to be dropped."""

    def kept(match: re.Match[str]) -> str:
        name = match.group(1)
        return match.group() if name is None or name.lower() in _ELEMENTS else "&lt;" + match.group()[1:]

    return _TAG.sub(kept, text)


def text_of(element: Any) -> str:
    """The text inside a parsed element (HTML, or XHTML inside a feed), on one line."""
    return settle("".join(_pieces(element)))


def _pieces(element: Any) -> Iterator[str]:
    """Text in document order; a space where a block begins or ends. Not recursive: nesting is up to a stranger."""
    silent = 0
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if not silent:
                yield node.tail or ""
            continue
        name = local_name(node)
        if event == "start":
            silent += name in _SILENT
            if not silent:
                yield _space(name)
                yield node.text or ""
            continue
        if not silent:
            yield _space(name)
        silent -= name in _SILENT
        if not silent and node is not element:
            yield node.tail or ""


def _space(name: str) -> str:
    return "" if name in _INLINE else " "


def local_name(node: Any) -> str:
    """The element's name without namespace, in lower case; empty for what is no element."""
    tag = node.tag
    return tag.rpartition("}")[2].rpartition(":")[2].lower() if isinstance(tag, str) else ""
