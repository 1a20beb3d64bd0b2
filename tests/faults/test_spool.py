"""The spool and the landing on it: torn, damaged, full, out of disk, and drained in order into a real Postgres."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latticeforge.model import AttentionCount, CalendarEvent, DateStatus, Fetch, Item, Landed, item_id_of
from latticeforge.radar.landing import StoreLanding
from latticeforge.radar.live import remembered
from latticeforge.store import Store
from latticeforge.store.ledger import record_event, save_source
from latticeforge.store.spool import Damage, Record, Spool, SpoolFull, SpoolInUse, framed, read_records
from latticeforge.store.spooled import (
    FetchKey,
    LandAttention,
    LandEvents,
    LandFetch,
    LandItems,
    SetSource,
    Tell,
    from_bytes,
    to_bytes,
)

AT = datetime(2025, 1, 28, 14, 30, tzinfo=UTC)
MB = 1_000_000


def fetch(n: int, payload: bytes = b"<rss/>") -> Fetch:
    at = AT + timedelta(seconds=n)
    return Fetch("desk", "https://desk.example/feed", at, at, 200, {"etag": '"1"'}, payload + str(n).encode())


def item(n: int, title: str = "") -> Item:
    at = AT + timedelta(seconds=n)
    title = title or f"Story {n}"
    return Item(item_id_of("desk", str(n)), "desk", str(n), title, "", "", "", at, None, at, DateStatus.OK, at)


def open_spool(tmp_path: Path, max_bytes: int = MB) -> Spool:
    return Spool(tmp_path / "spool", max_bytes=max_bytes)


def waiting(spool: Spool) -> list[bytes]:
    return [payload for segment in spool.segments() for payload in spool.read(segment)]


@given(st.lists(st.binary(max_size=300), max_size=20), st.data())
def test_a_file_cut_off_anywhere_gives_every_record_before_the_cut(payloads: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(map(framed, payloads))
    cut = data.draw(st.integers(0, len(whole)))
    read = list(read_records(whole[:cut]))
    kept = [part.payload for part in read if isinstance(part, Record)]
    assert kept == payloads[: len(kept)]
    assert (
        sum(len(framed(p)) for p in kept) + sum(part.end - part.start for part in read if isinstance(part, Damage))
        == cut
    )
    assert all(part.torn for part in read if isinstance(part, Damage))


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=12), st.data())
def test_a_flipped_bit_costs_one_record_and_no_other(payloads: list[bytes], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(framed, payloads)))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    read = [part.payload for part in read_records(bytes(whole)) if isinstance(part, Record)]
    hit = next(n for n in range(len(payloads)) if place < sum(len(framed(p)) for p in payloads[: n + 1]))
    assert read == payloads[:hit] + payloads[hit + 1 :]


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    assert all(part.end <= len(data) for part in read_records(data) if isinstance(part, Damage))


def test_what_was_appended_is_there_after_a_restart_and_a_torn_tail_is_not(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([b"one", b"two"])
    spool.close()
    segment = spool.segments()[0]
    with segment.open("ab") as file:
        file.write(framed(b"three")[:-2])
    again = open_spool(tmp_path)
    assert waiting(again) == [b"one", b"two"]
    assert again.torn_bytes == len(framed(b"three")) - 2
    again.append([b"four"])
    assert waiting(again) == [b"one", b"two", b"four"]


def test_a_damaged_record_is_kept_aside(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    spool.append([b"one", b"two", b"three"])
    segment = spool.segments()[0]
    segment.write_bytes(segment.read_bytes().replace(b"two", b"tw0"))
    assert waiting(spool) == [b"one", b"three"]
    assert spool.damaged_bytes == len(framed(b"two"))
    assert [p.read_bytes()[-3:] for p in spool.folder.glob("*.damaged")] == [b"tw0"]


def test_the_limit_holds_and_a_full_spool_keeps_nothing_of_what_it_refuses(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, max_bytes=100)
    spool.append([b"x" * 50])
    with pytest.raises(SpoolFull, match="LF_SPOOL_MAX_MB"):
        spool.append([b"y" * 50])
    assert waiting(spool) == [b"x" * 50]
    spool.drop(spool.segments()[0])
    assert not spool.pending
    spool.append([b"y" * 50])


def test_two_radars_do_not_share_a_spool(tmp_path: Path) -> None:
    first = open_spool(tmp_path)
    with pytest.raises(SpoolInUse, match="LF_HOME"):
        open_spool(tmp_path)
    first.close()
    open_spool(tmp_path).append([b"x"])


_FILL = """
import resource, signal, sys
from pathlib import Path
from latticeforge.store.spool import Spool, SpoolFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
spool = Spool(Path(sys.argv[1]), max_bytes=1_000_000)
kept = 0
try:
    while True:
        spool.append([b"%06d" % kept + b"." * 1_000])
        kept += 1
except SpoolFull as full:
    assert "make room on its disk" in str(full), full
sys.stdout.write(str(kept))
"""


def test_a_full_disk_refuses_a_record_whole(tmp_path: Path) -> None:
    """A quota of the kernel stands in for the disk: the write that crosses it is cut short, as on a full disk."""
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path / "spool")], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    kept = waiting(open_spool(tmp_path))
    assert [int(payload[:6]) for payload in kept] == list(range(int(done.stdout)))
    assert 0 < len(kept) < 20


def _told() -> list[object]:
    counts = (AttentionCount("square", "drones", AT, 3),)
    events = (CalendarEvent("e", "c", "T", AT, "law", None, AT, False),)
    return [
        LandFetch(fetch(1, b"\x00\xff")),
        LandItems((item(1, "a\x1fb \N{PILE OF POO}"),), 7),
        Tell("k", "m", "s", "info", AT, {"n": 1, "deep": {"list": (1, None, "x")}}),
        SetSource("s", {"last_attempt_at": AT, "etag": None, "cadence": {"worst": {"1": 2.0}}}),
        LandAttention(counts, FetchKey.of(fetch(1)), AT),
        LandEvents(events, 7),
    ]


@pytest.mark.parametrize("told", _told(), ids=lambda told: type(told).__name__)
def test_records_come_back_as_they_were(told) -> None:
    assert from_bytes(to_bytes(told)) == told


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8), lambda c: st.lists(c) | st.dictionaries(st.text(max_size=3), c)
    )
)
@settings(max_examples=100)
def test_other_json_is_no_record(value: object) -> None:
    with pytest.raises(ValueError):
        from_bytes(json.dumps(value).encode())


class Outage:
    """A landing on a store that a test takes away and gives back."""

    def __init__(self, store: Store, spool: Spool | None) -> None:
        self.store, self.url = store, store.url
        self.gone = False
        outage = self

        class Gone:
            def connection(self):
                if outage.gone:
                    raise psycopg.OperationalError("the server is away")
                return store.connection()

        self.landing = StoreLanding(Gone(), lambda: AT, spool)


@pytest.fixture
def outage(store: Store, tmp_path: Path) -> Outage:
    with store.connection() as c:
        save_source(c, "desk", title="The Desk", kind="rss")
    return Outage(store, open_spool(tmp_path, 20 * MB))


def rows(store: Store, query: str) -> list[tuple]:
    with store.connection() as c:
        return c.execute(query).fetchall()


async def collect(landing: StoreLanding, *numbers: int) -> None:
    for n in numbers:
        fetch_id = await landing.land_fetch(fetch(n))
        await landing.land_items([item(n), item(n - 1)], fetch_id)
        await landing.source_state("desk", failures=n)


async def test_what_comes_while_the_database_is_away_is_drained_in_order(outage, store) -> None:
    await collect(outage.landing, 1)
    outage.gone = True
    await collect(outage.landing, 2, 3)
    gap = await outage.landing.open_gap("desk", AT, "feed not readable")
    assert gap < 0
    counted = await outage.landing.land_fetch(fetch(9))
    await outage.landing.land_attention([AttentionCount("square", "drones", AT, 3)], counted, AT)
    outage.gone = False
    assert await outage.landing.land_items([item(4)], counted) == Landed(), "nothing overtakes what waits on disk"
    assert await outage.landing.drain() == 10
    await outage.landing.close_gap(gap, AT + timedelta(minutes=1), "filled")
    await collect(outage.landing, 5)
    assert rows(store, "select guid from landing.item order by seq") == [(n,) for n in "102345"]
    assert rows(store, "select count(*), count(distinct received_at) from landing.fetch") == [(5, 5)]
    assert rows(store, "select state, to_at from ops.gap") == [("filled", AT + timedelta(minutes=1))]
    assert rows(store, "select failures from ops.source") == [(5,)]
    assert rows(store, "select count from landing.attention") == [(3,)]
    assert rows(store, "select kind, detail ->> 'records' from ops.event") == [("spool.drained", "10")]
    assert rows(store, "select reader from ops.cursor") == []


async def test_a_drain_that_is_cut_off_goes_on_and_applies_nothing_twice(outage, store, monkeypatch) -> None:
    monkeypatch.setattr("latticeforge.radar.landing.DRAIN_BATCH", 2)
    outage.gone = True
    for n in range(6):
        await outage.landing.record_event("k", "same", source="desk", severity="info", at=AT, detail={"n": n})
        await outage.landing.land_fetch(fetch(n))
    outage.gone = False
    calls = 0
    connection = store.connection

    def cut(*arguments):
        nonlocal calls
        calls += 1
        if calls == 4:
            raise psycopg.OperationalError("away again")
        return connection(*arguments)

    monkeypatch.setattr(store, "connection", cut)
    with pytest.raises(psycopg.OperationalError):
        await outage.landing.drain()
    assert rows(store, "select seq from ops.cursor where reader like 'spool %'") == [(4,)]
    await outage.landing.drain()
    assert rows(store, "select count(*) from landing.fetch") == [(6,)]
    assert len(rows(store, "select from ops.event where kind = 'k'")) == 1, "one instant, one text: told once"


async def test_a_commit_whose_answer_was_lost_is_not_applied_again(outage, store) -> None:
    with store.connection() as c:
        number = LandFetch(fetch(1)).apply(c)
        LandItems((item(1),), number).apply(c)
        record_event(c, "k", "m", at=AT, source="desk")
    outage.gone = True
    await outage.landing.land_items([item(1)], await outage.landing.land_fetch(fetch(1)))
    await outage.landing.record_event("k", "m", source="desk", severity="info", at=AT, detail={})
    outage.gone = False
    await outage.landing.drain()
    assert rows(store, "select count(*) from landing.fetch") == [(1,)]
    assert rows(store, "select count(*) from landing.item") == [(1,)]
    assert rows(store, "select count(*) from ops.event where kind = 'k'") == [(1,)]


async def test_a_record_the_database_refuses_is_kept_aside_and_said(outage, store) -> None:
    outage.gone = True
    await outage.landing.land_fetch(fetch(1))
    await outage.landing.record_event("bad\x00", "m", source="desk", severity="info", at=AT, detail={})
    await outage.landing.land_fetch(fetch(2))
    outage.gone = False
    await outage.landing.drain()
    assert rows(store, "select count(*) from landing.fetch") == [(2,)]
    (said,) = rows(store, "select severity, message from ops.event where kind = 'spool.refused'")
    assert said[0] == "error"
    assert "is refused and kept in" in said[1]


async def test_a_full_spool_holds_collecting_back_and_says_so(store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("latticeforge.radar.landing.RETRY_S", 0.02)
    outage = Outage(store, open_spool(tmp_path, 3_000))
    outage.gone = True
    work = asyncio.create_task(collect(outage.landing, *range(1, 8)))
    while outage.landing.full_since is None:
        await asyncio.sleep(0.01)
    held = outage.landing.waiting_bytes
    await asyncio.sleep(0.1)
    assert outage.landing.waiting_bytes == held <= 3_000
    assert not work.done()
    outage.gone = False
    stop = asyncio.Event()
    draining = asyncio.create_task(outage.landing.keep_draining(stop))
    await asyncio.wait_for(work, 30)
    while outage.landing.waiting_bytes:
        await asyncio.sleep(0.02)
    stop.set()
    await asyncio.wait_for(draining, 10)
    assert rows(store, "select count(*) from landing.fetch") == [(7,)]
    assert rows(store, "select count(*) from landing.item") == [(8,)]
    said = rows(store, "select message from ops.event where kind = 'spool.drained' and detail ? 'full_since'")
    assert "the spool was full" in said[0][0]


async def test_after_a_restart_the_spool_is_drained_first_and_the_open_gap_is_known(outage, store, tmp_path) -> None:
    outage.gone = True
    await collect(outage.landing, 1)
    await outage.landing.open_gap("desk", AT, "feed not readable")
    outage.landing._spool.close()
    again = StoreLanding(store, lambda: AT, open_spool(tmp_path))
    assert again.drain_now() == 4
    assert again.drain_now() == 0
    with store.connection() as c:
        known = remembered(c)["desk"]
    assert (known.failures, known.gap.from_at, known.gap.silent) == (1, AT, False)


_DIE = """
import sys, os, signal, threading, random, time
from pathlib import Path
from latticeforge.store.spool import Spool
spool = Spool(Path(sys.argv[1]), max_bytes=50_000_000)
delay = float(sys.argv[2])
threading.Thread(target=lambda: (time.sleep(delay), os.kill(os.getpid(), signal.SIGKILL))).start()
n = int(sys.argv[3])
while True:
    spool.append([b"%08d" % n + os.urandom(5_000)])
    os.write(1, b"%d\\n" % n)
    n += 1
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    acknowledged = -1
    for life in range(5):
        done = subprocess.run(
            [sys.executable, "-c", _DIE, str(tmp_path / "spool"), str(0.03 + life * 0.041), str(acknowledged + 1)],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
        lines = done.stdout.split()
        acknowledged = int(lines[-1]) if lines else acknowledged
        spool = open_spool(tmp_path, 50 * MB)
        numbers = [int(payload[:8]) for payload in waiting(spool)]
        assert numbers == list(range(len(numbers)))
        assert len(numbers) - 1 in (acknowledged, acknowledged + 1), "at most one was on disk and not yet told"
        acknowledged = len(numbers) - 1
        spool.close()
    assert acknowledged > 0
