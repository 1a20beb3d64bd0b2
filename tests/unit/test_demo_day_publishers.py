"""The demo day over loopback HTTP: formats, conditional GET, the simulated clock, the scripted outage."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import feedparser
import httpx2 as httpx
import pytest
from websockets.asyncio.client import connect

from latticeforge.demo.calendar import CALENDAR_ID
from latticeforge.demo.day import DemoDay
from latticeforge.demo.publishers import Feed, PublisherServer
from latticeforge.demo.variant import DAY_END, DAY_START
from latticeforge.sources.calendar import parse_calendar
from latticeforge.sources.counts import read_counts
from latticeforge.sources.feeds import ParsedFeed, parse_feed


class Hand:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.at = DAY_START

    def __call__(self) -> datetime:
        return self.at


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2025-01-28T{clock}+00:00")


@pytest.fixture(scope="module")
def day() -> DemoDay:
    return DemoDay.generate()


@pytest.fixture(scope="module")
def hand() -> Hand:
    return Hand()


@pytest.fixture(scope="module")
def server(day: DemoDay, hand: Hand) -> Iterator[PublisherServer]:
    with PublisherServer(day, hand) as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=30) as opened:
        yield opened


def feed_named(server: PublisherServer, name: str) -> Feed:
    return next(feed for feed in server.feeds() if feed.name == name)


def guids(feed: Feed, answer: httpx.Response) -> list[str]:
    return [item.guid for item in read(feed, answer).items]


def read(feed: Feed, answer: httpx.Response) -> ParsedFeed:
    return parse_feed(answer.content, url=feed.url, content_type=answer.headers["content-type"])


def validators(answer: httpx.Response) -> dict[str, str]:
    names = {"etag": "if-none-match", "last-modified": "if-modified-since"}
    return {names[name]: value for name, value in answer.headers.items() if name in names}


def test_every_source_is_listed_in_one_of_three_formats(day: DemoDay, server: PublisherServer) -> None:
    feeds = server.feeds()
    assert [feed.name for feed in feeds] == [source.name for source in day.sources]
    assert {feed.kind for feed in feeds} == {"rss", "atom", "json"}
    assert all(feed.url.startswith("http://127.0.0.1:") and feed.interval_s > 0 for feed in feeds)
    assert any(feed.political for feed in feeds) and not all(feed.political for feed in feeds)


def test_a_newcomer_gets_all_that_is_visible_and_nothing_else(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = at("06:00:00")
    for feed in server.feeds():
        answer = client.get(feed.url)
        expected = {i.guid for i in day.items if i.source.name == feed.name and i.visible_at <= hand.at}
        assert set(guids(feed, answer)) == expected, feed.name


def test_feedparser_reads_rss_and_atom_without_complaint(
    server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = DAY_START - timedelta(days=6)
    for feed in server.feeds():
        if feed.kind != "json" and feed.name != "click-beacon":
            answer = client.get(feed.url)
            parsed = feedparser.parse(answer.content, response_headers=dict(answer.headers))
            assert not parsed.bozo and len(parsed.entries) >= 10, feed.name
            assert parsed.version == {"rss": "rss20", "atom": "atom10"}[feed.kind]
            assert all(entry.title and entry.link and entry.id for entry in parsed.entries)


def test_json_feeds_carry_the_account_of_a_post(server: PublisherServer, hand: Hand, client: httpx.Client) -> None:
    hand.at = at("01:00:00")
    document = client.get(feed_named(server, "town-square").url).json()
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert all(item["authors"][0]["name"] and item["id"] and item["title"] for item in document["items"])
    assert len({item["authors"][0]["name"] for item in document["items"]}) > 200


def test_a_returning_reader_gets_only_what_is_new_and_some_overlap(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    for name in ("meridian-wire", "harbor-times", "pacific-courier"):  # both validators, Last-Modified only, both
        feed = feed_named(server, name)
        hand.at = at("09:00:00")
        first = client.get(feed.url)
        asked = validators(first)
        assert client.get(feed.url, headers=asked).status_code == 304
        hand.at = at("10:00:00")
        second = client.get(feed.url, headers=asked)
        new = {
            i.guid
            for i in day.items
            if i.source.name == name
            for r in i.revisions
            if at("09:00:00") < r.visible_at <= hand.at
        }
        listed = set(guids(feed, second))
        assert new <= listed and len(listed) <= len(new) + 4
        assert listed & set(guids(feed, first))


def test_polling_the_whole_day_misses_nothing_and_shows_nothing_early(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    for name in ("click-beacon", "lakeside-tribune", "hill-dispatch"):
        feed = feed_named(server, name)
        own = {item.guid: item for item in day.items if item.source.name == name}
        titles: dict[str, list[str]] = {}
        hand.at, asked = DAY_START, {}
        while hand.at <= DAY_END:
            answer = client.get(feed.url, headers=asked)
            if answer.status_code == 200 and "html" not in answer.headers["content-type"]:
                asked = validators(answer)
                for item in read(feed, answer).items:
                    assert own[item.guid].visible_at <= hand.at
                    if item.title not in titles.setdefault(item.guid, []):
                        titles[item.guid].append(item.title)
            hand.at += timedelta(minutes=20)
        assert titles.keys() == own.keys(), name
        for guid, item in own.items():
            shown = [revision.title for revision in item.revisions]
            assert titles[guid] in (shown, shown[-1:]), name  # a quick correction may hide the first headline


def test_dates_are_what_the_source_claims(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = at("12:00:00")
    claimed = {item.guid: item.published_at for item in day.items}
    for feed in server.feeds():
        for item in read(feed, client.get(feed.url)).items:
            assert item.published_at == claimed[item.guid], feed.name


def test_some_markup_is_broken_and_some_text_is_windows_1252(
    server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = at("12:00:00")
    broken = client.get(feed_named(server, "click-beacon").url)
    assert feedparser.parse(broken.content).bozo
    answer = client.get(feed_named(server, "lakeside-tribune").url)
    assert b'encoding="windows-1252"' in answer.content and "charset" not in answer.headers["content-type"]
    assert b"\x96" in answer.content  # an en dash in windows-1252, no valid UTF-8
    with pytest.raises(UnicodeDecodeError):
        answer.content.decode()


def test_one_source_answers_with_a_page_while_it_is_maintained(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    feed = feed_named(server, "hill-dispatch")
    hand.at = day.truth.maintenance[0]
    assert client.get(feed.url).text.startswith("<!DOCTYPE html>")
    hand.at = day.truth.maintenance[1]
    assert len(guids(feed, client.get(feed.url))) > 10


def test_gzip_is_used_where_the_reader_takes_it(server: PublisherServer, hand: Hand, client: httpx.Client) -> None:
    hand.at = at("02:00:00")
    url = feed_named(server, "meridian-wire").url
    packed, plain = client.get(url), client.get(url, headers={"accept-encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert packed.content == plain.content


def test_the_calendar_lists_surprises_only_once_they_happened(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = at("14:16:59")
    before = client.get(server.calendar_url)
    hand.at = at("14:17:00")
    after = client.get(server.calendar_url, headers={"if-none-match": before.headers["etag"]})
    again = client.get(server.calendar_url, headers={"if-none-match": after.headers["etag"]})
    early, late = (parse_calendar(answer.content, CALENDAR_ID, hand.at) for answer in (before, after))
    assert day.truth.distraction.event_id not in {event.event_id for event in early.events}
    assert day.truth.distraction.event_id in {event.event_id for event in late.events}
    assert again.status_code == 304
    hand.at = DAY_END
    whole = parse_calendar(client.get(server.calendar_url).content, CALENDAR_ID, hand.at)
    assert not whole.problems
    assert whole.events == tuple(dataclasses.replace(event, first_seen_at=hand.at) for event in day.calendar)


def test_attention_comes_in_pages_of_whole_minutes_in_order(
    day: DemoDay, server: PublisherServer, hand: Hand, client: httpx.Client
) -> None:
    hand.at = at("01:05:30")
    since, minutes, more = DAY_START, [], True
    while more:
        answer = client.get(server.attention_url, params={"since": since.isoformat()})
        page = read_counts(answer.content, since)
        minutes += [count.observed_at for count in page.counts]
        since, more = page.next_since, page.more
    terms = len(day.attention.terms)
    assert minutes == [DAY_START + timedelta(minutes=m) for m in range(65) for _ in range(terms)]
    assert since == at("01:05:00")
    row = client.get(server.attention_url, params={"since": "2025-01-28T01:04:00Z"}).json()["counts"]
    assert [r["count"] for r in row] == day.attention.counts[:, 64].tolist()
    assert client.get(server.attention_url, params={"since": "soon"}).status_code == 400


def test_the_attention_outage_goes_by_the_script(server: PublisherServer, hand: Hand, client: httpx.Client) -> None:
    url = server.attention_url
    hand.at = at("14:30:59")
    assert client.get(url).status_code == 200
    hand.at = at("14:31:00")
    refused = client.get(url)
    assert refused.status_code == 429 and refused.headers["retry-after"] == "20"
    hand.at = at("14:31:50")
    assert client.get(url).status_code == 503
    hand.at = at("14:32:59")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(url)
    hand.at = at("14:33:00")
    answer = client.get(url, params={"since": "2025-01-28T14:31:00Z"})
    assert {row["minute"] for row in answer.json()["counts"]} == {"2025-01-28T14:31:00Z", "2025-01-28T14:32:00Z"}


def test_an_undisturbed_run_has_no_outage(day: DemoDay, client: httpx.Client) -> None:
    hand = Hand()
    hand.at = at("14:32:00")
    with PublisherServer(day, hand, disturbed=False) as server:
        assert client.get(server.attention_url).status_code == 200
        hand.at = day.truth.maintenance[0]
        assert "xml" in client.get(feed_named(server, "hill-dispatch").url).headers["content-type"]


async def test_the_stream_sends_posts_as_their_time_comes(day: DemoDay, server: PublisherServer, hand: Hand) -> None:
    posts = [item for item in day.items if item.account and at("14:21:00") <= item.visible_at <= at("14:25:00")]
    hand.at = at("14:22:30")
    cursor = int(at("14:21:00").timestamp() * 1e6)
    async with connect(f"{server.stream_url}?cursor={cursor}", proxy=None) as stream:
        out = [item for item in posts if item.visible_at <= hand.at]
        first = [json.loads(await stream.recv()) for _ in out]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.recv(), 0.2)
        hand.at = at("14:25:00")
        rest = [json.loads(await stream.recv()) for _ in posts[len(out) :]]
    assert [m["commit"]["record"]["text"] for m in first + rest] == [item.title for item in posts]
    times = [message["time_us"] for message in first + rest]
    assert times == sorted(set(times))
    assert {m["commit"]["collection"] for m in first} == {"app.bsky.feed.post"}


def test_an_unknown_feed_is_not_found(server: PublisherServer, client: httpx.Client) -> None:
    assert client.get(f"{server.url}/feeds/nowhere").status_code == 404
