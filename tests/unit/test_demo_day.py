"""The demo day itself: its size, its oddities, what is planted, and that it is the same every time."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import icalendar
import pytest

from latticeforge.demo.content import load_content
from latticeforge.demo.day import DemoDay
from latticeforge.demo.export import write_day
from latticeforge.demo.publishing import Publication
from latticeforge.demo.variant import DAY_END, DAY_START, HISTORY_START, Variant

SCRIPTED = "scripted"
VARIANTS = [SCRIPTED, 3, 11]


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2025-01-28T{clock}:00+00:00")


@pytest.fixture(scope="module")
def day() -> DemoDay:
    return DemoDay.generate()


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def any_day(request: pytest.FixtureRequest, day: DemoDay) -> DemoDay:
    return day if request.param == SCRIPTED else DemoDay.generate(request.param, Variant.shuffled(request.param))


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def planted(day: DemoDay, guids: tuple[str, ...]) -> list[Publication]:
    by_guid = {item.guid: item for item in day.items}
    return [by_guid[guid] for guid in guids]


def test_the_sizes_of_the_day_hold(any_day: DemoDay) -> None:
    days = Counter(item.visible_at.date() for item in any_day.items)
    assert len(any_day.sources) >= 14
    assert days.pop(DAY_START.date()) == len(any_day.on_the_day) >= 8000
    assert len(days) == 7 and all(1400 <= count <= 2200 for count in days.values())
    assert len(any_day.attention.terms) >= 200 and len(set(any_day.attention.terms)) == len(any_day.attention.terms)
    assert any_day.attention.counts.shape == (len(any_day.attention.terms), 1440)
    assert any_day.attention.counts.min() >= 0
    assert 12 <= len(any_day.calendar) <= 20
    assert len({item.story for item in any_day.on_the_day}) >= 60


def test_items_are_distinct_ordered_and_within_the_eight_days(any_day: DemoDay) -> None:
    assert len({(item.source.name, item.guid) for item in any_day.items}) == len(any_day.items)
    seen = [item.visible_at for item in any_day.items]
    assert seen == sorted(seen)
    assert seen[0] >= HISTORY_START
    assert max(item.revisions[-1].visible_at for item in any_day.items) < DAY_END
    assert all(item.visible_at >= item.happened_at for item in any_day.items)
    assert all(
        "{" not in r.title and "}" not in r.title and r.title == r.title.strip() and r.title
        for item in any_day.items
        for r in item.revisions
    )


def test_nights_are_quieter_than_afternoons(any_day: DemoDay) -> None:
    hours = Counter(item.happened_at.hour for item in any_day.items)
    assert sum(hours[h] for h in (23, 0, 1, 2)) < 0.6 * sum(hours[h] for h in (13, 14, 15, 16))
    counts = any_day.attention.counts.sum(axis=0)
    assert counts[:240].sum() < 0.7 * counts[13 * 60 : 17 * 60].sum()


def test_every_planted_oddity_exists(any_day: DemoDay) -> None:
    odd = {
        name: [i for i in any_day.items if name in i.oddities]
        for name in ("late", "undated", "epoch", "corrected", "broken")
    }
    assert all(odd.values())
    assert all(item.published_at is None for item in odd["undated"])
    assert all(item.published_at == datetime(1970, 1, 1, tzinfo=UTC) for item in odd["epoch"])
    assert all(item.visible_at - item.happened_at >= timedelta(minutes=25) for item in odd["late"])
    for item in odd["corrected"]:
        first, second = item.revisions
        assert first.title != second.title and first.visible_at < second.visible_at
    assert all(len(item.revisions) == 1 for item in any_day.items if "corrected" not in item.oddities)


def test_two_clocks_are_wrong_one_ahead_and_one_behind(day: DemoDay) -> None:
    assert sorted(offset > 0 for offset in day.truth.clock_s.values()) == [False, True]
    for item in day.items:
        if item.published_at is not None and "epoch" not in item.oddities:
            off = (item.published_at - item.happened_at).total_seconds()
            assert off == day.truth.clock_s.get(item.source.name, 0)


def test_expected_counts_are_those_of_the_items(day: DemoDay) -> None:
    expected = day.truth.expected
    assert expected["items"] == len(day.items)
    assert expected["revisions"] == len(day.items) + expected["corrected"]
    assert expected["items_on_the_day"] == len(day.on_the_day)
    assert expected["undated"] == sum(item.published_at is None for item in day.items)
    assert expected["dated_after_visible"] == sum(
        item.published_at is not None and item.published_at > item.visible_at for item in day.items
    )
    assert expected["attention_counts"] == 1440 * expected["attention_terms"]


def test_wires_are_copied_almost_word_for_word_by_several_outlets(day: DemoDay) -> None:
    leads = {item.title: item for item in day.items if item.source.tier == "wire" and item.kind == "report"}
    copies = [item for item in day.items if item.kind == "copy"]
    same = [item for item in copies if item.title in leads]
    near = [item for item in copies if any(part in leads for part in (item.title[:-1], item.title.partition(": ")[2]))]
    assert len(copies) > 800 and len(same) > len(copies) / 3 and len(near) > 50
    per_lead = Counter((item.title, item.story) for item in same)
    assert max(per_lead.values()) >= 3


def test_the_scripted_happenings_are_at_their_times(day: DemoDay) -> None:
    truth = day.truth
    assert truth.distraction.event_at == at("14:17") and truth.distraction.onset_at == at("14:22")
    assert truth.outage == (at("14:31"), at("14:33"))
    assert truth.organic.onset_at == at("15:05") and truth.organic.event_at < at("15:05")
    event = next(e for e in day.calendar if e.event_id == truth.distraction.event_id)
    assert event.category == "clemency" and event.impact is not None and event.impact > 0.8
    assert event.occurred_at == event.first_seen_at == at("14:17")
    assert {"drone sighting", "mystery drones"} <= set(truth.distraction.keywords)


def test_the_surge_is_abrupt_few_voiced_and_nearly_one_wording(any_day: DemoDay) -> None:
    truth = any_day.truth.distraction
    items = planted(any_day, truth.guids)
    posts = [item for item in items if item.account]
    after = [(item.happened_at - truth.onset_at).total_seconds() for item in items]
    assert 60 <= len(items) <= 140 and min(after) >= 0 and max(after) <= 3600
    assert sum(0 <= second < 360 for second in after) > 0.7 * len(items)
    assert sum(second < 180 for second in after) >= 35  # enough to be seen within three minutes
    assert 6 <= len(truth.accounts) <= 9 and len(posts) > 0.8 * len(items)
    assert {item.source.tier for item in items} == {"social", "low"}
    words = [frozenset(item.title.lower().split()) for item in items]
    overlap = [len(a & b) / len(a | b) for a, b in pairwise(words)]
    assert sum(overlap) / len(overlap) > 0.6


def test_the_organic_spike_is_told_by_everybody_in_their_own_words(any_day: DemoDay) -> None:
    truth = any_day.truth.organic
    items = planted(any_day, truth.guids)
    after = [(item.happened_at - truth.onset_at).total_seconds() for item in items]
    assert len(items) > 2 * len(any_day.truth.distraction.guids)
    assert len(truth.sources) >= 15 and len(truth.accounts) >= 80
    assert len({item.title for item in items}) > 0.85 * len(items)
    assert sum(second < 300 for second in after) < sum(900 <= second < 1200 for second in after)  # it ramps up
    assert timedelta(0) < truth.onset_at - truth.event_at <= timedelta(minutes=15)


def test_both_planted_topics_had_an_ordinary_past(any_day: DemoDay) -> None:
    for story in (any_day.variant.surge, any_day.variant.organic):
        before = [i for i in any_day.items if i.story == story and i.happened_at < DAY_START]
        assert 8 <= len(before) <= 60


def test_attention_follows_the_surge(any_day: DemoDay) -> None:
    row = any_day.attention.terms.index(any_day.truth.distraction.keywords[0])
    onset = int((any_day.truth.distraction.onset_at - DAY_START).total_seconds() // 60)
    counts = any_day.attention.counts[row]
    assert counts[onset + 1 : onset + 11].sum() > 10 * max(1, counts[onset - 60 : onset - 50].sum())


def test_natural_bursts_happen_in_the_week_before(any_day: DemoDay) -> None:
    history = [item for item in any_day.items if item.happened_at < DAY_START]
    hourly = Counter((item.story, item.happened_at.replace(minute=0, second=0)) for item in history)
    assert sum(count >= 5 for count in hourly.values()) >= 8


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, day: DemoDay) -> None:
    write_day(day, tmp_path / "one")
    command = [sys.executable, "-m", "latticeforge.demo", "--out", str(tmp_path / "two")]
    environment = os.environ | {"PYTHONHASHSEED": "4242", "TZ": "Asia/Tokyo"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert set(digests(tmp_path / "one")) == {"items.jsonl", "attention.csv", "calendar.ics", "truth.json"}


def test_shuffled_days_differ_in_topics_times_and_wording(day: DemoDay) -> None:
    variants = [Variant.shuffled(seed) for seed in range(40)]
    scripted = Variant.scripted()
    assert len({(v.event, v.surge, v.organic) for v in variants}) > 15
    assert len({v.event_at.hour for v in variants}) >= 6
    for variant in variants:
        assert variant.surge != scripted.surge and variant.event != scripted.event
        assert variant.event != variant.second_event and variant.organic != scripted.organic
        assert timedelta(minutes=3) <= variant.surge_at - variant.event_at <= timedelta(minutes=10)
        assert variant.surge_at < variant.outage_from < variant.outage_until
        assert DAY_START + timedelta(hours=6) < min(variant.maintenance_from, variant.second_event_at)
        assert max(variant.organic_at, variant.outage_until) < DAY_END - timedelta(hours=2)
    other = DemoDay.generate(29)
    assert {item.guid for item in other.items}.isdisjoint(item.guid for item in day.items)


def test_written_files_can_be_read_back(tmp_path: Path, day: DemoDay) -> None:
    write_day(day, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == day.truth.expected["revisions"]
    assert list(rows[0]) == ["id", "source", "published_at", "title", "summary", "url", "account", "visible_at"]
    assert [row["visible_at"] for row in rows] == sorted(row["visible_at"] for row in rows)
    lines = (tmp_path / "attention.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "platform,term,observed_at,count"
    assert len(lines) - 1 == day.truth.expected["attention_counts"]
    calendar = icalendar.Calendar.from_ical((tmp_path / "calendar.ics").read_bytes())
    assert len(calendar.walk("VEVENT")) == len(day.calendar)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert truth["distraction"]["onset_at"] == "2025-01-28T14:22:00Z"


def test_an_unwritable_folder_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    command = [sys.executable, "-m", "latticeforge.demo", "--out", str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--out" in done.stderr and "Traceback" not in done.stderr


def test_the_authored_content_is_whole() -> None:
    content = load_content()
    assert len(content.stories) >= 60 and len({story.id for story in content.stories}) == len(content.stories)
    for story in content.stories:
        assert len(story.who) >= 3 and len(story.did) >= 6 and len(story.more) >= 4 and len(story.asides) >= 3
    terms = [term for story in content.stories for term in story.terms] + list(content.wording.background_terms)
    assert len(set(terms)) == len(terms) >= 200
    assert {source.kind for source in content.sources} == {"rss", "atom", "json"}
    assert sum(source.tier == "social" for source in content.sources) == 1
