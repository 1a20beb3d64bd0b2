"""What holds for any input of the collectors."""

from __future__ import annotations

import html
import json
import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from latticeforge.model import DateStatus
from latticeforge.sources.charset import clean, decode, settle
from latticeforge.sources.counts import read_counts
from latticeforge.sources.date_text import read_date
from latticeforge.sources.dates import ClockWatch, judge_date
from latticeforge.sources.faults import UnreadableInput
from latticeforge.sources.feeds import parse_feed, to_item
from latticeforge.sources.html_text import plain
from latticeforge.sources.sections import sections

AT = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
instants = st.integers(31_536_000, 4_070_908_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
words = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=40)

WHOLE = (
    b'<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
    b"<title>F</title><item><title>One &amp; two</title><link>https://e.org/1</link><dc:creator>A</dc:creator>"
    b"<pubDate>Tue, 28 Jan 2025 14:17:00 GMT</pubDate><description><![CDATA[<p>x</p>]]></description></item>"
    b"<item><title>Three</title><guid>g</guid></item></channel></rss>"
)


def storable(text: str) -> bool:
    return "\x00" not in text and text.encode("utf-8").decode("utf-8") == text


def check(payload: bytes, content_type: str = "") -> None:
    """A feed is parsed or refused, never anything else; what is parsed can be stored and shown."""
    try:
        feed = parse_feed(payload, url="https://e.org/feed", content_type=content_type)
    except UnreadableInput as refusal:
        assert 0 < len(str(refusal)) < 600
        return
    assert len({item.guid for item in feed.items}) == len(feed.items)
    for parsed in feed.items:
        item = to_item(parsed, "s", AT)
        assert parsed.guid
        assert parsed.url == "" or parsed.url.startswith(("http://", "https://"))
        assert all(map(storable, (item.title, item.summary, item.author, item.url, item.guid, *item.problems)))
        assert item.title == " ".join(item.title.split())
        assert (item.event_at is not None) == (item.date_status is DateStatus.OK)


@given(st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(payload: bytes) -> None:
    check(payload)
    check(b"<rss><channel><item>" + payload)


@settings(max_examples=300)
@given(st.data())
def test_damaged_feeds_are_parsed_or_refused(data: st.DataObject) -> None:
    payload = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(payload) - 1))
        match data.draw(st.sampled_from(("flip", "cut", "insert", "drop"))):
            case "flip":
                payload[at] = data.draw(st.integers(0, 255))
            case "cut":
                payload = payload[: at + 1]
            case "insert":
                payload[at:at] = data.draw(
                    st.sampled_from(
                        (b"<", b"&", b"]]>", b"<!--", b"<item>", b"\xff", b"</x>", b'"', b"<?xml encoding='x'?>")
                    )
                )
            case "drop":
                del payload[at : at + data.draw(st.integers(1, 20))]
        payload = payload or bytearray(b"<")
    check(bytes(payload), data.draw(st.sampled_from(("", "text/xml; charset=utf-16", "text/xml; charset=koi8-r"))))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
json_items = st.dictionaries(
    st.sampled_from(("id", "url", "title", "content_html", "date_published", "date_modified", "author", "authors")),
    json_values,
)


@given(st.lists(json_items | json_values, max_size=5), json_values)
def test_any_json_feed_is_parsed_or_refused(items: list[object], authors: object) -> None:
    check(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, "authors": authors}).encode())


@given(words, words)
def test_any_title_comes_back_from_every_format(title: str, author: str) -> None:
    wanted = settle(title)
    escaped = html.escape(html.escape(title, quote=False), quote=False)
    rss = f"<rss><channel><item><guid>g</guid><title>{escaped}</title></item></channel></rss>"
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>g</id>'
        f"<title>{html.escape(title, quote=False)}</title></entry></feed>"
    )
    feed = {"items": [{"id": "g", "title": title, "authors": [{"name": author}]}]}
    for payload in (rss.encode(), atom.encode(), atom.encode("utf-16"), json.dumps(feed).encode()):
        assert parse_feed(payload).items[0].title == wanted


@given(instants, st.integers(-12 * 60, 14 * 60))
def test_any_instant_comes_back_from_every_spelling(at: datetime, offset_minutes: int) -> None:
    sign, minutes = "-" if offset_minutes < 0 else "+", abs(offset_minutes)
    local = at.astimezone(UTC).replace(tzinfo=None) + timedelta(minutes=offset_minutes)
    zone = f"{sign}{minutes // 60:02}{minutes % 60:02}"
    for text in (f"{local:%a, %d %b %Y %H:%M:%S} {zone}", f"{local:%Y-%m-%dT%H:%M:%S}{zone[:3]}:{zone[3:]}"):
        read = read_date(text)
        assert read is not None
        assert (read.at, read.problem) == (at, None)


@given(st.text(max_size=120))
def test_any_text_is_a_date_or_none(text: str) -> None:
    read = read_date(text)
    assert read is None or read.at.tzinfo is UTC


@given(st.binary(max_size=200), st.text(max_size=30))
def test_any_bytes_become_storable_text(payload: bytes, label: str) -> None:
    text, _ = clean(decode(payload, f"text/xml; charset={label}")[0])
    assert storable(text)
    assert storable(settle(text))


@given(st.text(max_size=300) | st.text("<>/&;#pbri !-?xml=\"'", max_size=60))
def test_plain_text_is_storable_and_on_one_line(text: str) -> None:
    found = plain(text)
    assert storable(found)
    assert found == " ".join(found.split())


@given(st.text("<!->ab", max_size=60))
def test_sections_lose_nothing(text: str) -> None:
    parts = sections(text, "<!--", "-->")
    assert "".join(parts) == text
    assert all(part.startswith("<!--") and part.endswith("-->") for part in parts[1::2])


@given(st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_answer_of_an_attention_api_is_read_or_refused(payload: bytes) -> None:
    try:
        page = read_counts(payload, AT)
    except UnreadableInput:
        return
    assert page.next_since >= AT


@given(instants, instants, st.none() | st.floats(-1e6, 1e6))
def test_only_plausible_dates_are_counted(published: datetime, received: datetime, offset_s: float | None) -> None:
    event_at, status = judge_date(published, None, received, offset_s)
    assert (event_at is not None) == (status is DateStatus.OK)
    if event_at is not None:
        assert event_at == published
        assert datetime(2000, 1, 1, tzinfo=UTC) <= event_at <= received + timedelta(minutes=5)


@given(st.integers(0, 2**32), st.floats(1, 60), st.floats(0, 14))
def test_an_honest_clock_is_never_accused(seed: int, interval_minutes: float, held_back_minutes: float) -> None:
    """Items at any time between polls, held back for up to 14 minutes, now and then a late one."""
    rng, watch = random.Random(seed), ClockWatch()
    gap = timedelta(minutes=interval_minutes)
    for poll in range(40):
        received = AT + poll * gap
        late = 600 if rng.random() < 0.1 else 0
        lag = timedelta(minutes=rng.uniform(0, interval_minutes) + rng.uniform(0, held_back_minutes) + late)
        watch.observe(received - lag, received, gap)
        assert watch.offset_s is None


@given(st.integers(0, 2**32), st.floats(1, 30), st.floats(50, 700), st.booleans())
def test_a_wrong_clock_is_always_found(seed: int, interval_minutes: float, off_minutes: float, ahead: bool) -> None:
    rng, watch = random.Random(seed), ClockWatch()
    gap = timedelta(minutes=interval_minutes)
    shift = timedelta(minutes=off_minutes if ahead else -off_minutes)
    for poll in range(12):
        received = AT + poll * gap
        watch.observe(received - gap * rng.random() + shift, received, gap)
    assert watch.offset_s is not None
    assert abs(watch.offset_s - shift.total_seconds()) <= gap.total_seconds()
