"""What feeds of every format say, read exactly."""

from __future__ import annotations

from datetime import UTC, datetime

import feedparser
import pytest

from latticeforge.model import DateStatus
from latticeforge.sources.dates import DateProblem
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import ParsedItem, parse_feed, to_item

AT = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/"'
    ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:atom="http://www.w3.org/2005/Atom"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:dcterms="http://purl.org/dc/terms/"'
)


def rss_item(inside: str, url: str = "https://e.org/feed") -> ParsedItem:
    feed = parse_feed(f'<rss version="2.0" {SPACES}><channel><item>{inside}</item></channel></rss>'.encode(), url=url)
    assert feed.problems == ()
    return feed.items[0]


def atom_entry(inside: str, head: str = "") -> ParsedItem:
    text = f'<feed xmlns="http://www.w3.org/2005/Atom" {SPACES}>{head}<entry>{inside}</entry></feed>'
    feed = parse_feed(text.encode(), url="https://e.org/dir/feed.atom")
    assert feed.problems == ()
    return feed.items[0]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Plain", "Plain"),
        ("  two\n\t lines  ", "two lines"),
        ("AT&amp;T", "AT&T"),
        ("AT&amp;amp;T", "AT&T"),
        ("<![CDATA[AT&amp;T & <b>bold</b> it]]>", "AT&T & bold it"),
        ("a &lt;b&gt;bold&lt;/b&gt; move", "a bold move"),
        ("5 &lt; 6 &amp; 7 &gt; 3", "5 < 6 & 7 > 3"),
        ("What &lt;T&gt; means", "What <T> means"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Hello", "Hello"),
        ("&lt;p&gt;one&lt;/p&gt;&lt;p&gt;two&lt;br/&gt;three", "one two three"),
        ("&#8220;caf&#233;&#8221; &amp;eacute;", "“café” é"),
        ("it&#146;s", "it’s"),
        ("R&amp;D for Q&amp;A", "R&D for Q&A"),
        ("Un<em>unescaped</em> tag", "Ununescaped tag"),
        ("<!-- note -->after", "after"),
        ("<![CDATA[a]]> and <![CDATA[b]]>", "a and b"),
        ("&amp;lt;b&amp;gt; shown", "<b> shown"),
    ],
)
def test_titles_of_rss(written: str, read: str) -> None:
    assert rss_item(f"<title>{written}</title>").title == read


@pytest.mark.parametrize(
    ("kind", "written", "read"),
    [
        ("", "AT&amp;T &lt;b&gt;", "AT&T <b>"),
        (' type="text"', "1 &lt; 2 &amp;amp; so on", "1 < 2 &amp; so on"),
        (' type="html"', "&lt;i&gt;AT&amp;amp;T&lt;/i&gt; &amp;lt;b&amp;gt;", "AT&T <b>"),
        (' type="html"', "<![CDATA[<b>x</b> &mdash; y]]>", "x — y"),
        (' type="xhtml"', '<div xmlns="http://www.w3.org/1999/xhtml">a <b>b</b> &lt; c</div>', "a b < c"),
    ],
)
def test_titles_of_atom(kind: str, written: str, read: str) -> None:
    assert atom_entry(f"<id>1</id><title{kind}>{written}</title>").title == read


def test_an_rss_item_in_full() -> None:
    item = rss_item(
        "<media:title>not this</media:title><title>This</title><link> https://e.org/a?b=1&amp;c=2 </link>"
        "<guid isPermaLink='false'> id-1 </guid><pubDate>Tue, 28 Jan 2025 09:17:00 EST</pubDate>"
        "<dc:creator><![CDATA[Jane Doe]]></dc:creator><author>x@e.org (Not Used)</author>"
        "<description>&lt;p&gt;Short &lt;b&gt;text&lt;/b&gt;.&lt;/p&gt;</description>"
        "<content:encoded><![CDATA[<p>Long</p>]]></content:encoded><media:content url='x'><media:title>no</media:title>"
        "</media:content><dcterms:modified>2025-01-28T15:00:00Z</dcterms:modified>"
    )
    expected = ParsedItem(
        "id-1", "This", "https://e.org/a?b=1&c=2", AT, None, AT.replace(hour=15, minute=0), "Jane Doe", "Short text."
    )
    assert item == expected


def test_fallbacks_of_rss() -> None:
    item = rss_item(
        "<dc:title>T</dc:title><guid>https://e.org/p/1</guid><dc:date>2025-01-28T15:17:00+01:00</dc:date>"
        "<author>desk@e.org (Ann B.)</author><description/><content:encoded>&lt;p&gt;Body&lt;/p&gt;</content:encoded>"
    )
    assert (item.title, item.url, item.guid, item.published_at) == ("T", "https://e.org/p/1", "https://e.org/p/1", AT)
    assert (item.author, item.summary) == ("Ann B.", "Body")


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("<link>/a</link>", "https://e.org/a"),
        ("<link>//cdn.e.org/a</link>", "https://cdn.e.org/a"),
        ("<link/><atom:link rel='self' href='/self'/><atom:link href='/atom'/>", "https://e.org/atom"),
        ("<link>https://e.org/a\n b</link>", "https://e.org/a%20b"),
        ("<guid>not an address</guid>", ""),
        ("<guid isPermaLink='false'>https://e.org/x</guid>", ""),
        ("<link xml:base='https://other.org/dir/'>page</link>", "https://other.org/dir/page"),
        ("<link>https://e.org/a?x=1&amp;amp;y=2</link>", "https://e.org/a?x=1&y=2"),
    ],
)
def test_links_of_rss(link: str, url: str) -> None:
    assert rss_item(f"<title>t</title>{link}").url == url


@pytest.mark.parametrize("bad", ["javascript:alert(1)", "data:text/html,x", "mailto:a@b.c", "http://", "https://[bad"])
def test_links_that_no_page_may_show_are_dropped(bad: str) -> None:
    item = rss_item(f"<title>t</title><link>{bad}</link>")
    assert item.url == ""
    assert any("link dropped" in problem for problem in item.problems)


def test_an_atom_entry_in_full() -> None:
    item = atom_entry(
        '<id>tag:e.org,2025:1</id><title>T</title><link rel="edit" href="/edit"/><link rel="enclosure" href="/e.mp3"/>'
        '<link rel="alternate" type="application/json" href="/json"/>'
        '<link rel="alternate" type="text/html" href="page"/><author><name>A</name><email>a@e.org</email></author>'
        "<author><name>B</name></author><published>2025-01-28T14:17:00Z</published>"
        '<updated>2025-01-28T16:17:00+01:00</updated><summary type="html">&lt;b&gt;S&lt;/b&gt;</summary>'
        "<content>C</content><source><title>Elsewhere</title><id>other</id></source>"
    )
    assert item == ParsedItem(
        "tag:e.org,2025:1", "T", "https://e.org/dir/page", AT, None, AT.replace(hour=15), "A, B", "S"
    )


def test_fallbacks_of_atom() -> None:
    head = "<author><name>The Feed</name></author>"
    item = atom_entry(
        "<id>https://e.org/1</id><title>T</title><updated>2025-01-28T14:17:00Z</updated>"
        '<content type="html">&lt;p&gt;c&lt;/p&gt;</content>',
        head,
    )
    assert (item.author, item.url, item.published_at, item.updated_at) == ("The Feed", "https://e.org/1", AT, AT)
    assert item.summary == "c"
    sourced = atom_entry("<id>1</id><title>T</title><source><author><name>Origin</name></author></source>", head)
    assert sourced.author == "Origin"


def test_xml_base_is_nested() -> None:
    text = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://e.org/a/"><entry xml:base="b/"><id>1</id>'
        '<title>T</title><link href="c"/></entry></feed>'
    )
    assert parse_feed(text.encode()).items[0].url == "https://e.org/a/b/c"


def test_a_feed_from_a_file_is_resolved_against_its_own_address() -> None:
    text = "<rss><channel><link>https://e.org/news/</link><item><title>T</title><link>one</link></item></channel></rss>"
    assert parse_feed(text.encode()).items[0].url == "https://e.org/news/one"


def test_rdf() -> None:
    text = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="c"><title>R</title></channel>'
        '<item rdf:about="https://e.org/1"><title>T</title><link>https://e.org/1?x</link>'
        "<dc:date>2025-01-28T14:17Z</dc:date><dc:creator>Z</dc:creator></item></rdf:RDF>"
    )
    feed = parse_feed(text.encode())
    assert (feed.kind, feed.title) == ("rdf", "R")
    assert feed.items == (ParsedItem("https://e.org/1", "T", "https://e.org/1?x", AT, None, None, "Z", ""),)


def test_media_of_a_video_feed() -> None:
    item = atom_entry(
        "<id>v</id><title>T</title><media:group><media:title>M</media:title><media:description>D</media:description></media:group>"
    )
    assert (item.title, item.summary) == ("T", "D")


def test_json_feed() -> None:
    text = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "authors": [{"name": "Feed"}], "items": [
        {"id": 7, "url": "/one", "title": "AT&amp;T <b>", "content_html": "<p>a<br>b</p>",
         "date_published": "2025-01-28T09:17:00-05:00", "date_modified": "2025-01-28T15:17:00Z"},
        {"id": "x", "external_url": "https://e.org/x", "content_text": "1 < 2", "author": {"name": "Old"}}, 3]}"""
    feed = parse_feed(text.encode(), url="https://e.org/feed.json")
    first, second = feed.items
    assert first == ParsedItem("7", "AT&amp;T <b>", "https://e.org/one", AT, None, AT.replace(hour=15), "Feed", "a b")
    assert (second.author, second.summary, second.title) == ("Old", "1 < 2", "")
    assert feed.problems == ("entry 3 has no id, title, link or text and cannot be kept",)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "is empty"),
        (b"  \n ", "is empty"),
        (b"just words", "no markup"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "HTML page"),
        (b"<!-- x --><HTML lang='en'></HTML>", "HTML page"),
        (b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "HTML page"),
        (b'<opml version="1.0"><body/></opml>', "another kind (<opml>)"),
        (b'{"a": 1}', "no JSON Feed"),
        (b'{"items": [', "looks like JSON"),
        (b"[" * 100_000, "looks like JSON"),
    ],
)
def test_what_is_no_feed_says_so(payload: bytes, said: str) -> None:
    with pytest.raises(UnreadableInput, match=said.replace("(", r"\(").replace(")", r"\)")):
        parse_feed(payload)


def test_duplicates_inside_one_feed() -> None:
    one = "<item><guid>g</guid><title>A</title><link>https://e.org/a</link></item>"
    other = "<item><guid>g</guid><title>B</title><link>https://e.org/b</link></item>"
    feed = parse_feed(f"<rss><channel>{one}{one}{other}{other}</channel></rss>".encode())
    assert [item.title for item in feed.items] == ["A", "B"]
    assert len({item.guid for item in feed.items}) == 2
    assert feed.items[0].guid == "g"
    assert feed.problems == ("2 repeated entries left out",)


def test_an_item_without_anything_to_know_it_by() -> None:
    item = rss_item("<title>Only a title</title>")
    again = rss_item("<title>Only a title</title><description>changed</description>")
    assert item.guid.startswith("sha256:")
    assert item.guid == again.guid
    assert item.date_problem is DateProblem.MISSING


def test_long_titles_are_cut_and_said() -> None:
    item = rss_item(f"<title>{'word ' * 400}</title>")
    assert len(item.title) <= 1000
    assert "title of 1,999 characters cut to 1,000" in item.problems


def test_records_to_land() -> None:
    received = AT.replace(hour=15)
    item = to_item(rss_item("<guid>g</guid><description>No title here</description>"), "desk", received)
    assert (item.title, item.event_at, item.date_status) == ("No title here", None, DateStatus.MISSING)
    assert "the beginning of the summary stands in for the title" in item.problems
    dated = to_item(rss_item("<title>T</title><pubDate>2025-01-28</pubDate>"), "desk", received)
    assert (dated.event_at, dated.date_status) == (None, DateStatus.UNREADABLE)
    assert dated.published_at == AT.replace(hour=0, minute=0)


def test_a_second_reader_agrees_on_well_formed_feeds() -> None:
    items = "".join(
        f"<item><title>Story {n} &amp;amp; more &#8211; “q”</title><link>https://e.org/{n}</link><guid>https://e.org/{n}</guid>"
        f"<pubDate>Tue, 28 Jan 2025 {n % 24:02}:17:00 +0{n % 10}00</pubDate><dc:creator>Author {n}</dc:creator></item>"
        for n in range(60)
    )
    payload = (
        f'<?xml version="1.0"?><rss version="2.0" {SPACES}><channel><title>F</title>{items}</channel></rss>'.encode()
    )
    ours, theirs = parse_feed(payload).items, feedparser.parse(payload).entries
    assert len(ours) == len(theirs) == 60
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.title == other.title.replace("&amp;", "&")
        assert (mine.url, mine.guid, mine.author) == (other.link, other.id, other.author)
        assert mine.published_at is not None
        assert mine.published_at.timetuple()[:6] == other.published_parsed[:6]
