"""Bytes of a feed into clean text.

Here: which encoding the bytes are in, whatever their label says, and which characters cannot stand in XML or Postgres.
Not here: markup (``feed_xml``, ``html_text``).
"""

from __future__ import annotations

import codecs
import re

_XML_LABEL = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_HTTP_LABEL = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What publishers write, and what they mean (WHATWG Encoding Standard, "names and labels").
_MEANT = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "utf8": "utf-8",
    "unicode": "utf-8",
}
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_C1 = {code: bytes([code]).decode("cp1252", "ignore") or None for code in range(0x80, 0xA0)}
_HAS_C1 = re.compile("[\x80-\x9f]")


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are not UTF-8 as Windows-1252: pages pasted together from both are common."""
    assert isinstance(error, UnicodeDecodeError)
    wrong = error.object[error.start : error.end]
    return wrong.decode("cp1252", "replace"), error.end


codecs.register_error("latticeforge.cp1252", _as_cp1252)


def _known(label: str | None) -> str | None:
    """The codec that ``label`` means, or None where there is no such text encoding."""
    if label is None:
        return None
    name = _MEANT.get(label.lower(), label)
    try:
        # "x".encode refuses codecs that are registered but are no text encodings (zlib, rot13)
        "x".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):
        return None


def _wide(payload: bytes) -> str | None:
    """UTF-16 or UTF-32 without a byte order mark, seen from where the zeros of ``<?`` lie."""
    patterns = {b"<\x00\x00\x00": "utf-32-le", b"\x00\x00\x00<": "utf-32-be"}
    if payload[:4] in patterns:
        return patterns[payload[:4]]
    if payload[:1] == b"<" and payload[1:2] == b"\x00":
        return "utf-16-le"
    return "utf-16-be" if payload[:2] == b"\x00<" else None


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def decode(payload: bytes, content_type: str = "") -> tuple[str, list[str]]:
    """The text of ``payload`` and what was wrong with its label.

    Byte order mark first, then the bytes themselves where they are valid UTF-8 beyond ASCII (no other text is, by
    accident), then the XML declaration, the HTTP header, and at last UTF-8 with Windows-1252 for what is not.
    """
    for mark, name in _BOMS:
        if payload.startswith(mark):
            return payload[len(mark) :].decode(name, "replace"), []
    wide = _wide(payload)
    if wide is not None:
        return payload.decode(wide, "replace"), []
    in_xml, in_http = _XML_LABEL.match(payload[:1000].lstrip()), _HTTP_LABEL.search(content_type)
    labels = [in_xml.group(1).decode() if in_xml else None, in_http.group(1) if in_http else None]
    if _is_utf8(payload):
        return _utf8(payload, next(filter(None, labels), None))
    for label in labels:
        codec = _known(label)
        if codec is None or codec.startswith(("utf-16", "utf-32", "utf-8")):
            continue
        text = payload.decode(codec, "replace")
        problems = [f"some bytes are not {label}, as the feed says it is"] if text.count("\ufffd") else []
        return text, problems
    said = next(filter(None, labels), None) or "nothing"
    return payload.decode("utf-8", "latticeforge.cp1252"), [f"labelled {said}, read as Windows-1252"]


def _utf8(payload: bytes, label: str | None) -> tuple[str, list[str]]:
    """Valid UTF-8, unless the label names one of the few encodings that look like ASCII and are not."""
    codec = _known(label)
    if codec is not None and codec.startswith(("iso2022", "hz", "utf-7")):
        return payload.decode(codec, "replace"), []
    wrong = codec not in (None, "utf-8", "ascii") and not payload.isascii()
    return payload.decode("utf-8"), [f"labelled {label}, read as UTF-8"] if wrong else []


def clean(text: str) -> tuple[str, list[str]]:
    """``text`` without characters that neither XML nor Postgres takes, and what was removed.

    >>> clean("a\\x00b")
    ('ab', ['control characters removed'])
    """
    if not _UNWANTED.search(text):
        return text, []
    # a surrogate pair written as two escapes is one character; a lone one is none
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    cleaned = _UNWANTED.sub("", joined)
    return cleaned, ["control characters removed"]


def settle(text: str) -> str:
    """One line: white space collapsed, control characters gone, Windows-1252 punctuation where C1 codes stood."""
    if _HAS_C1.search(text):
        text = text.translate(_C1)
    if _UNWANTED.search(text):
        text = clean(text)[0]
    return " ".join(text.split())
