"""A feed's text into a tree of elements.

Here: bombs refused, the document type removed, libxml2 called within bounds. Not here: mending what is broken
(``feed_repair``) and what the elements mean (``feed_entries``).

libxml2 runs without network, external files or entities: what a feed declares for itself is put in as text first,
within bounds. It bounds nesting at 256; attributes are bounded here. So cost stays linear in the size of the input.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feed_repair import by_entry, mend, outside_cdata, parse, replace_references
from latticeforge.sources.sections import sections, without_comments

MAX_ATTRIBUTES = 256
MAX_ENTITIES = 300
MAX_ENTITY_CHARS = 500
MAX_GROWTH_CHARS = 2_000_000
HEAD_CHARS = 100_000  # where a document type and the root element must begin

_DOCTYPE = re.compile(r"<!DOCTYPE\b[^\[>]*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_ENTITY = re.compile(r"""<!ENTITY\s+([\w.-]{1,60})\s+(?:"([^"]*)"|'([^']*)')\s*>""")
_NESTED = re.compile(r"%|&(?!#\d{1,7};|#x[0-9a-fA-F]{1,6};)")
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_ROOT = re.compile(r"<(?:[\w-]+:)?(?:rss|feed|rdf|channel|entry)(?=[\s>])", re.IGNORECASE)


def read_tree(text: str) -> tuple[Any, list[str]]:
    """The root element of ``text`` (clean of control characters), and what had to be mended.

    Raises:
        UnreadableInput: no markup at all, or markup built to exhaust its reader.
    """
    problems: list[str] = []
    text = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)
    text = _from_root(_without_doctype(text), problems)
    if "<" not in text[:HEAD_CHARS]:
        raise UnreadableInput("this is no feed: there is no markup in it; check the address")
    try:
        return _bounded(parse(text)), problems
    except etree.XMLSyntaxError as error:
        if "Excessive depth" in str(error):
            raise UnreadableInput("elements are nested more than 256 deep: refused; this is no feed") from error
        what = str(error).removesuffix(" (<string>, line 1)").partition(" (<string>")[0]
    return _read_broken(text, problems, what)


def _read_broken(text: str, problems: list[str], what: str) -> tuple[Any, list[str]]:
    mended = mend(text)
    try:
        return _bounded(parse(mended)), [*problems, f"broken markup mended: {what}"]
    except etree.XMLSyntaxError:
        return _bounded(by_entry(mended)), [*problems, f"broken markup, read entry by entry: {what}"]


def _from_root(text: str, problems: list[str]) -> str:
    """Drop what stands before the root: warnings of the publisher's own software, mostly."""
    start = _ROOT.search(text, 0, HEAD_CHARS)
    if start is None:
        return text
    before = "".join(sections(without_comments(text[: start.start()]), "<?", "?>")[::2]).strip()
    if not before:
        return text
    problems.append(f"text before the feed ignored: {before[:60]!r}")
    return text[start.start() :]


def _bounded(root: Any) -> Any:
    """The same root.

    Raises:
        UnreadableInput: nothing was parsed, or an element has more attributes than any feed has.
    """
    if root is None:
        raise UnreadableInput("this is no feed: nothing in it could be parsed; check the address")
    if root.xpath(f"boolean(//*[count(@*) > {MAX_ATTRIBUTES}])"):
        raise UnreadableInput(f"an element has more than {MAX_ATTRIBUTES} attributes: refused; this is no feed")
    return root


def _without_doctype(text: str) -> str:
    """The text without its document type; plain entities declared there are put in.

    Raises:
        UnreadableInput: an entity is made of others or of a file (nobody needs that in a feed; bombs do).
    """
    start = text.upper().find("<!DOCTYPE", 0, HEAD_CHARS)
    head = _DOCTYPE.match(text, start) if start >= 0 else None
    if head is None:
        return text
    declared = {name: one or two for name, one, two in _ENTITY.findall(head.group())}
    text = text[:start] + text[head.end() :]
    growth = sum(text.count(f"&{name};") * len(value) for name, value in declared.items())
    nested = head.group().count("<!ENTITY") > len(declared) or any(map(_NESTED.search, declared.values()))
    too_big = len(declared) > MAX_ENTITIES or max(map(len, declared.values()), default=0) > MAX_ENTITY_CHARS
    if nested or too_big or growth > MAX_GROWTH_CHARS:
        raise UnreadableInput("the feed declares entities made of entities or too much text: refused (an XML bomb?)")
    return outside_cdata(text, lambda part: replace_references(part, declared)) if declared else text
