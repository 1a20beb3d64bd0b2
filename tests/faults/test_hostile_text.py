"""Hostile text in every field, through the whole path into a real database; and any bytes at all into every parser."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import register_feeds
from latticeforge.sources.backoff import ASKED_CAP_S, retry_after_s
from latticeforge.sources.calendar import parse_calendar
from latticeforge.sources.catalogue import FeedSource, load_catalogue
from latticeforge.sources.client import FeedClient, checked_url, typed_loopback
from latticeforge.sources.counts import read_counts
from latticeforge.sources.date_text import read_date
from latticeforge.sources.faults import PermanentFault, UnreadableInput
from latticeforge.sources.feed_poller import FeedPoller
from latticeforge.sources.feeds import MAX_TITLE, parse_feed
from latticeforge.sources.files import read_items
from latticeforge.sources.jetstream import read_post
from latticeforge.sources.ratelimit import MAX_RESET_S, quota

AT = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)

HOSTILE = [
    "'); drop table landing.item; --",
    "\\'; select pg_sleep(10); --",
    "$$; drop schema core cascade; $$",
    "%s %(x)s {0} {x} :x ?",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "javascript:alert(document.cookie)",
    "\u202egnp.exe\u2066 \ufeff \u200b",
    "=cmd|'/c calc'!A1",
    "{{7*7}} ${jndi:ldap://x} `id` $(id)",
    "../../../etc/passwd\r\nSet-Cookie: a=b",
    "\U0001f4a9" * 50,
    "a" * 1_000_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_text_is_data_wherever_it_stands(publisher, clock, store, text: str) -> None:
    said, when = escape(text), f"{clock.at:%a, %d %b %Y %H:%M:%S} GMT"
    publisher.pages["/feed"] = publisher.answer(
        200,
        f"<rss version='2.0'><channel><title>{said}</title><item><title>{said}</title><guid>{said}</guid>"
        f"<link>{said}</link><author>{said}</author><description>{said}</description><pubDate>{said}</pubDate></item>"
        f"<item><title>Good</title><guid>good</guid><pubDate>{when}</pubDate></item></channel></rss>".encode(),
    )
    landing = StoreLanding(store, clock.now)
    source = FeedSource("desk", "The Desk", publisher.url + "/feed", interval_s=60.0)
    with store.connection() as c:
        register_feeds(c, [source])
    async with FeedClient(clock, allow_loopback=True) as client:
        poll = await FeedPoller(source, client, clock, landing, rng=random.Random(1)).poll_once()
    assert (poll.landed.new, poll.fault) == (2, None)
    with store.connection() as c:
        title, url, event_at = c.execute(
            "select title, url, event_at from landing.item where guid <> 'good'"
        ).fetchone()
        assert c.execute("select count(*) from landing.item").fetchone() == (2,)
    assert len(title) <= MAX_TITLE
    assert "\x00" not in title and "<script" not in title
    assert url == "" or url.startswith(("http://", "https://"))
    assert event_at is None, "a date that is none is never guessed"


ROOTS = [
    b"<rss><channel><item>",
    b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry>',
    b'{"items":[',
]
ROOTS += [b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"id,title,occurred_at\n", b""]
PIECES = [b"<title>", b"</title>", b"<![CDATA[", b"]]>", b"&#xD800;", b"&amp;", b"\xed\xa0\x80", b"\xff\xfe", b"\x00"]
PIECES += [b'{"id":', b'"\\ud800"', b"[", b"]", b"}", b",", b"1e999", b"-0", b"null", b"9" * 400, b"<item>", b"</item>"]
PIECES += [
    b"DTSTART:2025",
    b"RRULE:FREQ=SECONDLY\r\n",
    b"SUMMARY:",
    b"\r\n ",
    b"END:VEVENT\r\n",
    b"<!--",
    b"<!DOCTYPE x [",
]
PIECES += [
    b"<pubDate>Tue, 99 Jan 99999 99:99:99 +9999</pubDate>",
    b"2025-02-30T25:61:61Z",
    b"\xe2\x80\xae",
    b"a" * 5000,
]
broken = st.builds(
    lambda root, pieces: root + b"".join(pieces),
    st.sampled_from(ROOTS),
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=25),
)
labels = st.sampled_from(["", "text/xml", "application/json; charset=utf-16", "text/calendar; charset=\x00", "x" * 300])


@given(broken, labels)
@settings(max_examples=150)
@example(b"\xff\xfe<\x00", "")
def test_any_bytes_as_a_feed(payload: bytes, label: str) -> None:
    try:
        feed = parse_feed(payload, content_type=label)
    except UnreadableInput as refusal:
        assert 0 < len(str(refusal)) < 500
        return
    for item in feed.items:
        for text in (item.guid, item.title, item.summary, item.url, item.author):
            text.encode("utf-8")
            assert "\x00" not in text


@given(broken, labels)
@settings(max_examples=80, deadline=None)
def test_any_bytes_as_a_calendar(payload: bytes, label: str) -> None:
    try:
        parsed = parse_calendar(payload, "c", AT, label)
    except UnreadableInput as refusal:
        assert 0 < len(str(refusal)) < 500
        return
    for event in parsed.events:
        assert event.occurred_at.tzinfo is not None
        event.title.encode("utf-8")


@given(broken)
@settings(max_examples=150)
def test_any_bytes_as_counts(payload: bytes) -> None:
    try:
        page = read_counts(payload, AT)
    except UnreadableInput as refusal:
        assert 0 < len(str(refusal)) < 500
        return
    assert all(count.count >= 0 for count in page.counts)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json_values, json_values, json_values)
@settings(max_examples=150)
def test_any_json_as_a_post(record: object, did: object, time_us: object) -> None:
    commit = {"operation": "create", "collection": "app.bsky.feed.post", "rkey": did, "record": record}
    for message in (
        record,
        {"did": did, "time_us": time_us, "commit": commit},
        {"did": did, "time_us": 1, "commit": commit},
    ):
        try:
            _, item = read_post(json.dumps(message), "s", AT)
        except ValueError as refusal:
            assert len(str(refusal)) < 500
        else:
            assert item is None or "\x00" not in item.title


@given(st.sampled_from([".csv", ".jsonl", ".csv.gz", ".parquet"]), broken)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_as_a_file_of_items(tmp_path: Path, ending: str, payload: bytes) -> None:
    file = tmp_path / f"items{ending}"
    file.write_bytes(payload)
    try:
        read_items(file)
    except UnreadableInput as refusal:
        assert "items" in str(refusal)


@given(broken | st.text().map(lambda t: t.encode("utf-8", "replace")))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_bytes_as_a_list_of_feeds(tmp_path: Path, payload: bytes) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_bytes(payload)
    with pytest.raises(UnreadableInput, match=r"feeds\.yaml"):
        load_catalogue(file)


@given(st.text() | st.sampled_from(["Tue, 99 Jan 99999 99:99:99 +9999", "9" * 5000, "2025-01-28T14:17:00+99:99"]))
@settings(max_examples=200)
def test_any_text_as_a_date(text: str) -> None:
    read = read_date(text)
    assert read is None or read.at.utcoffset() is not None


@given(st.text(max_size=60) | st.integers().map(str) | st.floats().map(str))
@settings(max_examples=200)
@example("Tue, 28 Jan 99999 00:00:00 GMT")
@example("9" * 5000)
def test_any_text_as_how_long_to_wait(text: str) -> None:
    waits = [retry_after_s(text, AT)]
    for names in (
        ("ratelimit",),
        ("ratelimit-remaining", "ratelimit-reset"),
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ):
        found = quota(dict.fromkeys(names, text), AT)
        waits.append(found.reset_s if found else None)
        assert found is None or found.remaining >= 0
    assert all(wait is None or 0 <= wait <= max(ASKED_CAP_S, MAX_RESET_S) for wait in waits)


@given(
    st.text(max_size=80)
    | st.text(max_size=40).map(lambda t: f"http://{t}")
    | st.text(max_size=9).map(lambda t: f"http://[{t}]/")
)
@settings(max_examples=200)
def test_any_text_as_an_address(text: str) -> None:
    try:
        url = checked_url(text)
    except PermanentFault as refusal:
        assert len(str(refusal)) < 500
    else:
        assert url.scheme in ("http", "https") and url.host
    assert typed_loopback(text) in (True, False)


def test_the_database_takes_any_text_that_a_parser_lets_through(store) -> None:
    feed = parse_feed(b"<rss><channel><item><title>a&#xD800;b&#0;c\xed\xa0\x80</title></item></channel></rss>")
    with store.connection() as c:
        assert c.execute("select %s::text", (feed.items[0].title,)).fetchone() == (feed.items[0].title,)
        with pytest.raises(psycopg.DataError):
            c.execute("select %s::text", ("\x00",))
