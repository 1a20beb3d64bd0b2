"""Text and addresses of strangers, made fit for a page.

Here: cleaning, cutting, escaping for Markdown and HTML, and the decision which addresses may become links. Not here:
our own words (``text``). Nothing from outside may reach a page but through this module.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import escape
from urllib.parse import quote, urlsplit

TITLE_LIMIT = 220
ADDRESS_LIMIT = 2000
KEPT = 4096  # texts and addresses, cut before they are kept: every open tab shows the same ones
_JOINERS = {"\u200c", "\u200d"}  # some scripts and emoji need them
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit turns these into emoji, icons and links after Markdown has been read, so escaping alone does not stop it.
_LIVE = re.compile(r"(?<=:)(?=[\w+/-])|(?<=www)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)
_WORD_JOINER = "\u2060"


def plain(text: str | None, limit: int = TITLE_LIMIT) -> str:
    """One line of at most ``limit`` characters, without control, direction-changing or invisible characters.

    >>> plain("safe\\u202egpj.exe")
    'safegpj.exe'
    """
    return _plain((text or "")[: 8 * limit], limit)


@lru_cache(maxsize=KEPT)
def _plain(text: str, limit: int) -> str:
    kept = "".join(_visible(c) for c in text)
    line = re.sub(r"([\u0300-\u036f]{2})[\u0300-\u036f]+", r"\1", " ".join(kept.split()))
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return "" if category in ("Cf", "Cs", "Co", "Cn") and character not in _JOINERS else character


def markdown(text: str | None, limit: int = TITLE_LIMIT) -> str:
    """The same as ``plain``, for a place where Markdown or HTML is read: every mark of punctuation stands for itself.

    >>> markdown("<b>*x*</b>")
    '&#60;b&#62;&#42;x&#42;&#60;&#47;b&#62;'
    """
    return _escaped(plain(text, limit))


@lru_cache(maxsize=KEPT)
def _escaped(text: str) -> str:
    line = _LIVE.sub(_WORD_JOINER, text)
    escaped = _PUNCTUATION.sub(lambda m: f"&#{ord(m[1])};", line)
    # A title written from right to left must not turn round the words beside it.
    return f"\u2068{escaped}\u2069" if any(unicodedata.bidirectional(c) in ("R", "AL") for c in line) else escaped


def web_address(url: str | None) -> str | None:
    """The address, percent-encoded, if it is a plain http or https one; else None."""
    return _web_address(url) if url and len(url) <= ADDRESS_LIMIT else None


@lru_cache(maxsize=KEPT)
def _web_address(url: str) -> str | None:
    if plain(url, ADDRESS_LIMIT) != url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return None
    return quote(url, safe="/:?#@!$&*+,;=%~-._[]") if usable else None


def link(text: str | None, url: str | None, limit: int = TITLE_LIMIT) -> str:
    """Markdown for a link where the address may be one; else the text alone."""
    address = web_address(url)
    return f"[{markdown(text, limit)}](<{address}>)" if address else markdown(text, limit)


def anchor(text: str | None, url: str | None, limit: int = TITLE_LIMIT) -> str:
    """HTML for a link where the address may be one, which opens beside the page; else the text alone.

    >>> anchor("A & B", "https://a.example/?x=1&y=2")
    '<a href="https://a.example/?x=1&amp;y=2" target="_blank" rel="noopener noreferrer">A &#38; B</a>'
    """
    address, shown = web_address(url), markdown(text, limit)
    if not address:
        return shown
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer">{shown}</a>'
