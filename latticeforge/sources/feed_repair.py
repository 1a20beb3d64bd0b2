"""Broken markup of feeds, mended.

Here: text in, text or elements out, for documents that are not well-formed XML. Not here: well-formed ones, and what
elements mean. Damage must stay where it is: one unclosed tag may spoil one entry, never the entries after it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from lxml import etree

from latticeforge.sources.sections import sections, without_comments

_REFERENCE = re.compile(r"&(?:#(\d{1,9});|#[xX]([0-9a-fA-F]{1,8});|([A-Za-z][\w.-]{0,40});)?")
_PAIR = re.compile(r"&#(?:x(d[89ab]\w\w)|(5[56]\d{3}));&#(?:x(d[c-f]\w\w)|(5[67]\d{3}));", re.IGNORECASE | re.ASCII)
_STRAY_LESS = re.compile(r"<(?![A-Za-z_/!?])")
_VOID = re.compile(r"<(br|hr|img|wbr|input|embed)((?:\s[^<>]{0,2000})?)(?<!/)>(?!\s*</\1\s*>)", re.IGNORECASE)
_FIVE = {"amp": "&amp;", "lt": "&lt;", "gt": "&gt;", "quot": "&quot;", "apos": "&apos;"}
_START = re.compile(r"<((?:[\w-]+:)?(?:item|entry))((?:\s[^<>]{0,2000})?)(?<!/)>", re.IGNORECASE)
_END = re.compile(r"</(?:[\w-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_ATTRIBUTE = re.compile(r"""\s(xmlns(?::[\w.-]+)?|xml:base)\s*=\s*("[^"<]*"|'[^'<]*')""")
_FIELD_TAG = re.compile(
    r"<(/?)(title|description|summary|subtitle|content|content:encoded|itunes:summary|media:title|media:description"
    r"|author|dc:creator|link|guid)(?:\s[^<>]{0,2000})?>"
)
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,40}):(?=[A-Za-z_])|\s([A-Za-z_][\w.-]{0,40}):[\w.-]{1,60}\s*=\s*[\"']")


def parse(text: str, *, recover: bool = False) -> Any:
    """One run of libxml2: the root element, without comments and processing instructions; None for no text.

    Raises:
        lxml.etree.XMLSyntaxError: the text is not well-formed, and ``recover`` is off.
    """
    parser = etree.XMLParser(
        encoding="utf-8",  # whatever a declaration inside says: this is what it is encoded in below
        recover=recover,
        no_network=True,
        resolve_entities=False,
        load_dtd=False,
        huge_tree=False,
        collect_ids=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(text.encode(), parser) if text.strip() else None


def mend(text: str) -> str:
    """Undeclared entities, bare ampersands and less-than signs, impossible characters, undeclared prefixes."""
    return _declare_prefixes(outside_cdata(text, _mend_markup))


def outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to everything but its character-data sections."""
    parts = sections(text, "<![CDATA[", "]]>")
    parts[::2] = map(change, parts[::2])
    return "".join(parts)


def _mend_markup(part: str) -> str:
    part = replace_references(without_comments(part), {}).replace("]]>", "]]&gt;")
    return _VOID.sub(r"<\1\2/>", _STRAY_LESS.sub("&lt;", part))


def replace_references(text: str, declared: dict[str, str]) -> str:
    """Resolve what is no entity of XML: those ``declared`` by the feed, those of HTML; escape bare ampersands."""

    def one(match: re.Match[str]) -> str:
        decimal, hexadecimal, name = match.groups()
        if name is not None:
            return _FIVE.get(name) or _named(name, declared)
        if decimal is None and hexadecimal is None:
            return "&amp;"
        return match.group() if _is_xml_char(int(decimal) if decimal else int(hexadecimal, 16)) else ""

    return _REFERENCE.sub(one, _PAIR.sub(_join_surrogates, text))


def _named(name: str, declared: dict[str, str]) -> str:
    reference = f"&{name};"
    value = html.unescape(declared.get(name, reference))
    return html.escape(value) if value != reference else f"&amp;{name};"


def _is_xml_char(code: int) -> bool:
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or 0x10000 <= code <= 0x10FFFF


def _join_surrogates(match: re.Match[str]) -> str:
    """Two references that are halves of one character (``&#xD83D;&#xDE00;``) become that character."""
    high_hex, high_dec, low_hex, low_dec = match.groups()
    high = int(high_hex, 16) if high_hex else int(high_dec)
    low = int(low_hex, 16) if low_hex else int(low_dec)
    if not (0xD800 <= high <= 0xDBFF and 0xDC00 <= low <= 0xDFFF):
        return match.group()
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _declare_prefixes(text: str) -> str:
    """Declare prefixes that are used without being declared; their elements are then known by the prefix."""
    root = re.search(r"<[A-Za-z_][\w.:-]*", text)
    if root is None:
        return text
    used = {one or two for one, two in _PREFIX.findall(text)} - {"xml", "xmlns"}
    unknown = sorted(prefix for prefix in used if f"xmlns:{prefix}" not in text)[:50]
    added = "".join(f' xmlns:{prefix}="prefix:{prefix}"' for prefix in unknown)
    return text[: root.end()] + added + text[root.end() :]


def by_entry(text: str) -> Any:
    """A tree of entries parsed one at a time, under the feed's own root; None where there is nothing at all."""
    starts = list(_START.finditer(text))
    if not starts:
        return parse(text, recover=True)
    head = text[: starts[0].start()]
    root = parse(_safe_fields(head), recover=True)
    if root is None:
        return None
    spaces = " ".join(f"{name}={value}" for name, value in dict(_ROOT_ATTRIBUTE.findall(head)).items())
    bounds = [match.start() for match in starts[1:]] + [len(text)]
    for match, bound in zip(starts, bounds, strict=True):
        end = _END.search(text, match.end(), bound)
        body = text[match.end() : end.start() if end else bound]
        entry = _one_entry(match.group(1), match.group(2), body, spaces)
        if entry is not None:
            root.append(entry)
    return root


def _one_entry(name: str, attributes: str, body: str, spaces: str) -> Any:
    """The element of one entry: as it stands, else with its text fields quoted, else whatever can be recovered."""
    for text in (body, _safe_fields(body)):
        try:
            return parse(f"<wrap {spaces}><{name}{attributes}>{text}</{name}></wrap>")[0]
        except etree.XMLSyntaxError:
            continue
    wrap = parse(f"<wrap {spaces}><{name}{attributes}>{_safe_fields(body)}</{name}></wrap>", recover=True)
    return wrap[0] if wrap is not None and len(wrap) else None


def _safe_fields(body: str) -> str:
    """Text fields that hold unbalanced markup, or a character-data section without its end, properly quoted."""
    tags = list(_FIELD_TAG.finditer(body))
    ends: list[re.Match[str] | None] = []
    nearest: dict[str, re.Match[str]] = {}
    for tag in reversed(tags):
        ends.append(nearest.get(tag.group(2)))
        if tag.group(1):
            nearest[tag.group(2)] = tag
    parts, at = [], 0
    for tag, end in zip(tags, reversed(ends), strict=True):
        if tag.start() >= at and end is not None and not tag.group(1) and not tag.group().endswith("/>"):
            parts += [body[at : tag.end()], _quoted(body[tag.end() : end.start()])]
            at = end.start()
    return "".join([*parts, body[at:]])


def _quoted(inner: str) -> str:
    if "<![CDATA[" in inner:
        return inner if "]]>" in inner else f"{inner}]]>"
    return f"<![CDATA[{inner}]]>" if "<" in inner else inner
