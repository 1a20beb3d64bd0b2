"""Broken, mislabelled and hostile feeds: mended where they can be, refused cheaply where they must be."""

from __future__ import annotations

import time

import pytest

from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import ParsedFeed, parse_feed


def titles(feed: ParsedFeed) -> list[str]:
    return [item.title for item in feed.items]


def channel(inside: str, head: str = "") -> bytes:
    return f"{head}<rss version='2.0'><channel>{inside}</channel></rss>".encode()


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("<item><title>Tom & Jerry</title></item>", ["Tom & Jerry"]),
        ("<item><title>a &nbsp;&mdash; b</title></item>", ["a — b"]),
        ("<item><title>1 < 2</title></item>", ["1 < 2"]),
        ("<item><title>x &unknown; y</title></item>", ["x &unknown; y"]),
        ("<item><title>nul &#0; and &#x1F;</title></item>", ["nul and"]),
        ("<item><title>smile &#xD83D;&#xDE00; &#xD800;</title></item>", ["smile 😀"]),
        ("<item><media:title>no</media:title><title>prefix</title></item>", ["prefix"]),
        (
            "<item><title>one</title><description>a<br>b</description></item><item><title>two</title></item>",
            ["one", "two"],
        ),
        (
            "<item><title>one</title><description><p>x</description></item><item><title>two</title></item>",
            ["one", "two"],
        ),
        ("<item><title><![CDATA[open</title></item><item><title>two</title></item>", ["open", "two"]),
        ("<item><title>one</title><item><title>two</title></item>", ["one", "two"]),
        ("<item><title>a ]]> b</title></item>", ["a ]]> b"]),
        ("<item><title>one</title><x a=1></item><item><title>two</title></item>", ["one", "two"]),
        ("<!-- a -- b --><item><title>one</title></item>", ["one"]),
    ],
)
def test_broken_markup_is_mended_and_told(inside: str, expected: list[str]) -> None:
    feed = parse_feed(channel(inside))
    assert titles(feed) == expected
    assert any("broken markup" in problem for problem in feed.problems)


def test_a_feed_that_is_cut_off_keeps_what_came() -> None:
    whole = channel("".join(f"<item><title>t{n}</title><link>https://e.org/{n}</link></item>" for n in range(5)))
    feed = parse_feed(whole[: whole.index(b"t4") + 2])
    assert titles(feed) == ["t0", "t1", "t2", "t3", "t4"]
    assert feed.items[3].url == "https://e.org/3"


def test_fields_after_the_damage_are_kept() -> None:
    item = parse_feed(
        channel(
            "<item><title>T</title><description><div><p>x</description><pubDate>2025-01-28T14:17:00Z</pubDate></item>"
        )
    ).items[0]
    assert item.summary == "x"
    assert item.published_at is not None


def test_declarations_in_odd_places() -> None:
    inner = "&lt;?xml version='1.0' encoding='utf-16'?>&lt;p>in HTML&lt;/p>"
    text = (
        f"<!-- c --><?xml version='1.0' encoding='utf-16'?>{channel(f'<item><title>{inner}</title></item>').decode()}"
    )
    assert titles(parse_feed(text.encode())) == ["in HTML"]


@pytest.mark.parametrize("junk", ["\n\n", "Warning: mysql_connect() in db.php line 3\n", "\ufeff"])
def test_text_before_the_feed(junk: str) -> None:
    assert titles(parse_feed(channel("<item><title>T</title></item>", junk))) == ["T"]


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        ('<?xml version="1.0" encoding="iso-8859-1"?>{}'.encode("cp1252"), ""),
        (b'<?xml version="1.0" encoding="utf-8"?>{}', "text/xml; charset=iso-8859-1"),
        (b"{}", "text/xml; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_labels_are_not_believed(payload: bytes, content_type: str, encoding: str) -> None:
    text = channel("<item><title>café “quoted” €</title></item>").decode()
    feed = parse_feed(payload.replace(b"{}", text.encode(encoding)), content_type=content_type)
    assert titles(feed) == ["café “quoted” €"]


@pytest.mark.parametrize(
    ("encoding", "label", "word"),
    [
        ("utf-16", "utf-16", "Ночь"),
        ("utf-16-le", "utf-16", "Ночь"),
        ("utf-16-be", "utf-16", "Ночь"),
        ("utf-32", "utf-32", "Ночь"),
        ("utf-8-sig", "utf-8", "Ночь"),
        ("koi8-r", "koi8-r", "Ночь"),
        ("windows-1251", "windows-1251", "Ночь"),
        ("shift_jis", "Shift_JIS", "日本"),
        ("euc-jp", "euc-jp", "日本"),
        ("gb18030", "gb2312", "中国"),
        ("iso2022_jp", "ISO-2022-JP", "日本"),
        ("utf-8", "utf-16", "Ночь"),
        ("utf-8", "no-such-charset", "Ночь"),
        ("utf-8", "zlib", "Ночь"),
    ],
)
def test_encodings(encoding: str, label: str, word: str) -> None:
    text = f'<?xml version="1.0" encoding="{label}"?>' + channel(f"<item><title>{word}</title></item>").decode()
    assert titles(parse_feed(text.encode(encoding))) == [word]


def test_harmless_entities_of_a_document_type_are_read() -> None:
    head = '<!DOCTYPE rss [<!ENTITY corp "A &#38; B"><!ENTITY ldquo "&#8220;">]>'
    feed = parse_feed(
        channel("<item><title>&corp; &ldquo;</title><description><![CDATA[&corp;]]></description></item>", head)
    )
    assert titles(feed) == ["A & B “"]
    assert feed.problems == ()


BOMBS = {
    "billion laughs": channel(
        "<item><title>&e9;</title></item>",
        "<!DOCTYPE x [<!ENTITY e0 'lol'>"
        + "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10))
        + "]>",
    ),
    "quadratic": channel(f"<item><title>{'&a;' * 100_000}</title></item>", f"<!DOCTYPE x [<!ENTITY a '{'a' * 400}'>]>"),
    "file": channel("<item><title>&f;</title></item>", "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]>"),
    "parameter": channel("<item/>", "<!DOCTYPE x [<!ENTITY % p SYSTEM 'http://127.0.0.1/x'> %p;]>"),
    "attributes": channel("<item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "><title>t</title></item>"),
    "depth": channel("<item>" + "<a>" * 100_000),
    "depth, closed": channel("<item>" + "<a>" * 50_000 + "</a>" * 50_000 + "</item>"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    with pytest.raises(UnreadableInput, match="refused"):
        parse_feed(BOMBS[name])


SLOW = {
    "attributes": BOMBS["attributes"],
    "namespaces": channel(
        "<item " + " ".join(f"xmlns:n{n}='u{n}'" for n in range(50_000)) + "><title>t</title></item>"
    ),
    "open angle brackets": channel("<item><title>t</title><description>" + "<" * 1_000_000),
    "open items": channel("<item" * 200_000),
    "items without end": channel("<item><title>x" * 40_000),
    "broken, then titles": channel("<item><x a=1>" + "<title>" * 140_000 + "</item><item></x></item>"),
    "closed comments": b"<!-- --> " * 100_000 + channel("<item><title>t</title></item>"),
    "titles without end": channel("<item>" + "<title>" * 140_000 + "</item"),
    "open references": channel("&" * 1_000_000),
    "open comments": channel("<!--" * 250_000),
    "open data": channel("<![CDATA[" * 110_000),
    "markup in one field": channel("<item><description>" + "&lt;b&gt;" * 110_000 + "</description></item>"),
    "quotes in tags": channel("<item><description>" + "&lt;a href=&quot;" * 60_000 + "</description></item>"),
    "blanks": b" " * 1_000_000 + channel("<item><title>t</title></item>"),
    "doctype": b"<!DOCTYPE " * 100_000 + channel(""),
    "doctype, open": b"<!DOCTYPE x [" + b"<!ENTITY a 'b'>" * 60_000,
    "one long word": channel("<item><pubDate>" + "1" * 1_000_000 + "</pubDate></item>"),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_feed_of_a_megabyte_takes_out_of_proportion(name: str) -> None:
    """Against an honest feed of the same size, so that the speed of the machine does not matter."""
    honest = channel("<item><title>A story about things</title><link>https://e.org/1</link></item>" * 14_000)
    started = time.process_time()
    parse_feed(honest)
    usual = time.process_time() - started
    started = time.process_time()
    try:
        parse_feed(SLOW[name])
    except UnreadableInput as refusal:
        assert len(str(refusal)) < 300
    assert time.process_time() - started < 8 * usual + 0.5
