"""A small, made-up afternoon of 28 January 2025 in a database: what the tests of the marts and of the dashboard read.

Here: rows, written through the store as the radar writes them. Not here: numbers that mean anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import psycopg

from latticeforge.model import ASSETS, CalendarEvent, DateStatus, Item, Table, item_id_of
from latticeforge.store.generations import Write, write_generations
from latticeforge.store.landing import land_events, land_items
from latticeforge.store.ledger import ClosedWindow, beat, close_gap, open_gap, save_source, save_windows
from latticeforge.windows import Window, windows_between

NOW = datetime(2025, 1, 28, 14, 27, 3, tzinfo=UTC)
LAST = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))
CLEMENCY = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
VOTE = datetime(2025, 1, 28, 13, 2, tzinfo=UTC)

SOURCES = {
    "harbor-post": "The Harbor Post",
    "meridian": "Meridian Wire",
    "northgate": "Northgate Tribune",
    "valley-star": "Valley Star",
    "civic-ledger": "Civic Ledger",
    "coastline": "Coastline Radio",
    "plainview": "Plainview Daily",
    "open-square": "Open Square (social)",
}
STORIES: dict[str, tuple[str, ...]] = {
    "clemency · pardons": (
        "Governor's office announces executive clemency for twelve people",
        "Twelve people pardoned as clemency list is published",
        "What we know about the clemency list",
    ),
    "drone sightings": (
        "Mysterious drones seen over three counties, residents report",
        "Drone sightings reported over three counties",
        "Mysterious drones seen over three counties",
        "Lights in the sky: residents film unknown drones",
    ),
    "budget committee": ("Budget committee sends bill to the floor", "Spending bill clears committee in narrow vote"),
    "singer · tributes": (
        "Singer Mara Ellison dies at 81",
        "Tributes for Mara Ellison, voice of a generation",
        "Five songs that made Mara Ellison unforgettable",
        "Radio stations change their programme for Mara Ellison",
    ),
    "winter storm": ("Winter storm warning for the northern valleys", "Snow closes two mountain passes"),
    "ferry strike": ("Ferry crews begin second day of strike", "Talks in the ferry dispute resume at noon"),
    "rate decision": ("Central bank leaves rates unchanged", "Markets calm after the rate decision"),
    "cup final": ("Harbor United reach the cup final", "Late goal sends Harbor United through"),
    "heat pumps": ("Heat pump subsidies extended to 2027", "Installers short of staff as subsidies grow"),
    "school meals": ("Free school meals trial widened", "Parents welcome the school meals trial"),
}
LABELS = tuple(STORIES)


def seed(connection: psycopg.Connection) -> None:
    """The whole afternoon: two hours of closed windows, three scored links, a gap, and a radar that has just beaten."""
    _sources(connection)
    land_events(connection, _calendar(), None)
    for window in windows_between(LAST.start - timedelta(hours=2), LAST.end):
        commit_window(connection, window)
    open_gap(connection, "open-square", _at(14, 21), "answers 429, asked to wait")
    filled = open_gap(connection, "valley-star", _at(12, 40), "connection refused")
    close_gap(connection, filled, _at(13, 5), "filled", _at(13, 6))
    lost = open_gap(connection, "plainview", _at(13, 30), "no answer within 20 s")
    close_gap(connection, lost, _at(13, 42), "lost", _at(13, 50))
    calendars(connection)
    alive(connection)


def calendars(connection: psycopg.Connection) -> None:
    """A published analysis: a calendar that a narrative follows, and one that nothing follows."""
    connection.execute(
        "insert into core.calendar_analysis values ('a1', %s, 48000, %s, 1999, 128, null, 'latticeforge 0.1')",
        (NOW - timedelta(days=2), NOW - timedelta(days=120)),
    )
    for calendar, narrative, p, effect, found in (
        ("clemency", "n004 drone sightings", 0.0005, 3.9, True),
        ("clemency", "n011 ferry strike", 0.61, 0.2, False),
        ("committee votes", "n007 rate decision", 0.42, 0.4, False),
    ):
        connection.execute(
            "insert into core.calendar_link values ('a1', 'items in 2 h', %s, %s, %s, 'A central title', 24, %s, %s,"
            " %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                calendar, narrative, narrative[5:], p, 0.0005 if calendar == "clemency" else 0.42,
                0.001 if calendar == "clemency" else 0.42, effect, effect - 0.5, effect + 0.6,
                *(("confirmed", "likely", 0.93, 0.81, 0.97, 0.1, 2400.0) if found else
                  ("exploratory", "no evidence", None, None, None, None, None)),
            ),
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.executemany(
                "insert into core.calendar_fan values ('a1', 'items in 2 h', %s, %s, %s, %s, 0.2, 0.4, 0.6, 0.8, 1.1)",
                [
                    (calendar, narrative, minute, 0.6 + effect / 4 * (0 <= minute < 120) + 0.1 * (minute % 90 == 0))
                    for minute in range(-120, 240, 30)
                ],
            )


def _at(hour: int, minute: int) -> datetime:
    return NOW.replace(hour=hour, minute=minute, second=0)


def alive(connection: psycopg.Connection, *, ago: timedelta = timedelta()) -> None:
    """The radar's last sign of life: wall clock, ``ago`` before now."""
    at = datetime.now(UTC) - ago
    beat(connection, "radar", started_at=at - timedelta(hours=3), beat_at=at, watermark=NOW)


def _sources(connection: psycopg.Connection) -> None:
    for place, (source, title) in enumerate(SOURCES.items()):
        save_source(
            connection,
            source,
            title=title,
            kind="stream" if source == "open-square" else "rss",
            url=f"https://{source}.example/feed.xml",
            country="US",
            language="en",
            state="backing off" if source == "open-square" else "ok",
            failures=3 if source == "open-square" else 0,
            last_attempt_at=NOW - timedelta(seconds=20),
            last_success_at=NOW - timedelta(minutes=place),
            clock_offset_s=3600.0 if source == "coastline" else None,
        )


def _calendar() -> list[CalendarEvent]:
    first = NOW - timedelta(days=1)
    return [
        CalendarEvent("cal-clemency", "demo", "Executive clemency announced", CLEMENCY, "clemency", 0.8, first),
        CalendarEvent("cal-vote", "demo", "Budget committee vote", VOTE, "vote", 0.5, first),
    ]


def items_of(window: Window) -> list[tuple[str, Item]]:
    """(label, item) of a window: a steady afternoon, with two surges."""
    found = []
    for rank, label in enumerate(LABELS):
        for n in range(_count(label, window)):
            titles = STORIES[label]
            copies = label == "drone sightings" and window == LAST
            title = titles[0] if copies and n % 5 else titles[n % len(titles)]
            source = "open-square" if copies and n % 3 else list(SOURCES)[(n + rank) % len(SOURCES)]
            at = window.start + timedelta(seconds=(n * 37 + rank * 11) % 290)
            if copies:
                at = window.start + timedelta(seconds=120 + (n * 13) % 170)
            account = f"user{n % 3}" if copies else ""
            found.append((label, make_item(source, f"{window}-{rank}-{n}", title, at, account=account)))
    return found


def _count(label: str, window: Window) -> int:
    minutes = (window.start - LAST.start) // timedelta(minutes=1)
    rank, step = LABELS.index(label), minutes // 5
    wave = (rank * 7 + step * (rank * 3 + 2) + step * step // (rank + 2)) % 5
    if label == "drone sightings":
        return 24 if minutes == 0 else wave // 2
    if label == "clemency · pardons":
        return 8 if minutes == 0 else (5 if minutes == -5 else 0)
    if label == "singer · tributes":
        return 22 if -70 <= minutes < -45 else (6 if minutes >= -45 else 0)
    return 2 + wave


def make_item(
    source: str, guid: str, title: str, at: datetime | None, *, url: str | None = None, account: str = ""
) -> Item:
    """An item as a collector would land it; without a date it is kept and flagged."""
    item_id = item_id_of(source, guid)
    return Item(
        item_id=item_id,
        source=source,
        guid=guid,
        title=title,
        summary="",
        url=f"https://{source}.example/{item_id}" if url is None else url,
        author="",
        published_at=at,
        updated_at=None,
        event_at=at,
        date_status=DateStatus.OK if at else DateStatus.MISSING,
        first_seen_at=at or NOW,
        account=account,
    )


def commit_window(connection: psycopg.Connection, window: Window, *, origin: str = "radar", reason: str = "") -> None:
    """Land a window's items and commit its articles, narratives, spikes, links and scores."""
    items = items_of(window)
    land_items(connection, [i for _, i in items], None)
    if window == LAST:
        land_items(connection, [make_item("plainview", f"undated-{n}", "Undated notice", None) for n in range(3)], None)
    narratives, members = _narratives(window, items)
    spikes = _spikes(window, narratives)
    correlations, scores = _links(window, narratives, items)
    frames = {
        "articles": (_articles(window, items),),
        "narratives": (narratives, members),
        "spike_baselines": (_baselines(window, narratives),),
        "spikes": (spikes, ASSETS["spikes"].tables[1].empty()),
        "correlations": (correlations,),
        "distraction_scores": (scores,),
    }
    write_generations(connection, [Write(a, window, f) for a, f in frames.items()], origin=origin, reason=reason)
    closed = window.end + timedelta(seconds=61)
    save_windows(
        connection,
        [
            ClosedWindow(
                window.start, closed, window.end, origin, len(items), narratives.height, spikes.height,
                correlations.height, scores.height, 0.21, 0.4, 0.9, 1.4,
            )
        ],
    )  # fmt: skip


def _frame(table: Table, rows: Sequence[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(table.columns))


def _articles(window: Window, items: Sequence[tuple[str, Item]]) -> pl.DataFrame:
    return _frame(
        ASSETS["articles"].tables[0],
        [
            {
                "window_start": window.start, "item_id": i.item_id, "source": i.source, "account": i.account,
                "event_at": i.event_at, "date_status": "ok", "counted": True, "title": i.title, "summary": "",
                "url": i.url, "text_hash": i.text_hash,
            }
            for _, i in items
        ],
    )  # fmt: skip


def narrative_id(window: Window, label: str) -> str:
    """As the pipeline names it: window and rank."""
    return f"{window.start:%Y%m%dT%H%MZ}-{LABELS.index(label):03d}"


def _narratives(window: Window, items: Sequence[tuple[str, Item]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    groups: dict[str, list[Item]] = {}
    for label, item in items:
        groups.setdefault(label, []).append(item)
    narratives, members = [], []
    for label, group in groups.items():
        first: dict[str, str] = {}
        for item in group:
            voice = first.setdefault(item.title, item.item_id)
            members.append(
                {
                    "window_start": window.start, "narrative_id": narrative_id(window, label), "item_id": item.item_id,
                    "voice_id": voice, "similarity": 0.9,
                }
            )  # fmt: skip
        times = [i.first_seen_at for i in group]
        vector = np.random.default_rng(LABELS.index(label)).normal(size=384)
        narratives.append(
            {
                "window_start": window.start, "narrative_id": narrative_id(window, label), "label": label,
                "headline": STORIES[label][0], "items": len(group), "voices": len(first),
                "sources": len({i.source for i in group}), "accounts": len({(i.source, i.account) for i in group}),
                "copy_share": 1 - len(first) / len(group), "source_hhi": 0.3, "first_at": min(times),
                "last_at": max(times), "centroid": (vector / np.linalg.norm(vector)).astype(np.float32).tolist(),
            }
        )  # fmt: skip
    tables = ASSETS["narratives"].tables
    return _frame(tables[0], narratives), _frame(tables[1], members)


_SURGES = {"drone sightings": (6.1, 11.4), "singer · tributes": (9.3, 24.0), "ferry strike": (2.4, 3.1)}


def _baselines(window: Window, narratives: pl.DataFrame) -> pl.DataFrame:
    exposure = float(narratives["items"].sum())
    return _frame(
        ASSETS["spike_baselines"].tables[0],
        [
            {
                "window_start": window.start, "narrative_id": n, "scale_minutes": scale, "observed": float(items),
                "exposure": exposure, "expected": 3.9, "alpha": 3.9, "beta": exposure, "history_windows": 156,
                "missing_windows": 0,
            }
            for n, items in narratives.select("narrative_id", "items").iter_rows()
            for scale in (5, 15, 60)
        ],
    )  # fmt: skip


def _spikes(window: Window, narratives: pl.DataFrame) -> pl.DataFrame:
    rows = []
    for n, label, items, first in narratives.select("narrative_id", "label", "items", "first_at").iter_rows():
        ratio, surprise = _SURGES.get(label, (1.1, 0.4))
        rows += [
            {
                "window_start": window.start, "spike_id": f"{n}-{scale}m", "narrative_id": n, "label": label,
                "scale_minutes": scale, "observed": float(items), "expected": 3.9, "ratio": ratio,
                "p_value": 10**-surprise, "surprise": surprise, "onset_at": first, "is_onset": ratio > 2 and items > 9,
            }
            for scale in (5, 15)
        ]  # fmt: skip
    return _frame(ASSETS["spikes"].tables[0], rows)


Link = tuple[Window, str, datetime, str, str, tuple[float | None, ...], float, float, float, float, int]
# window, event, its time, label, verdict, likelihood with its interval, p, q, conflict, unrelatedness, sources
_LINKS: tuple[Link, ...] = (
    (LAST, "cal-clemency", CLEMENCY, "drone sightings", "likely", (0.82, 0.71, 0.90), 0.018, 0.054, 0.12, 0.93, 3),
    (Window.holding(VOTE + timedelta(minutes=10)), "cal-vote", VOTE, "singer · tributes", "unlikely",
     (0.07, 0.03, 0.16), 0.004, 0.03, 0.31, 0.97, 8),
    (LAST, "cal-clemency", CLEMENCY, "ferry strike", "contested", (0.44, 0.18, 0.71), 0.11, 0.22, 0.74, 0.88, 5),
    (LAST, "cal-clemency", CLEMENCY, "winter storm", "no evidence", (None, None, None), 0.61, 0.8, 0.2, 0.9, 6),
)  # fmt: skip


def _links(
    window: Window, narratives: pl.DataFrame, items: Sequence[tuple[str, Item]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    correlations, scores = [], []
    present = set(narratives["label"])
    for at, event, event_at, label, verdict, likelihood, p, q, conflict, unrelated, sources in _LINKS:
        if at != window or label not in present:
            continue
        n = narrative_id(window, label)
        cited = sorted((i for story, i in items if story == label), key=lambda i: (i.first_seen_at, i.item_id))
        lag = (cited[0].first_seen_at - event_at).total_seconds()
        link = {
            "window_start": window.start, "link_id": f"{event}:{n}-5m", "event_id": event, "narrative_id": n,
            "lag_s": lag, "effect_items": 20.1, "p_value": p, "q_value": q,
        }  # fmt: skip
        correlations.append(
            link
            | {
                "spike_id": f"{n}-5m", "unrelatedness": unrelated, "copy_share": 0.8, "source_concentration": 0.4,
                "onset_sharpness": 0.9, "synchrony": 0.8, "sources": sources, "leadership_bits": None,
                "effect_low": 12.0, "effect_high": 27.5, "placebos": 999, "tests": 12,
            }
        )  # fmt: skip
        scores.append(
            link
            | {
                "label": label, "grade": "provisional", "verdict": verdict,
                "likelihood": likelihood[0], "likelihood_low": likelihood[1], "likelihood_high": likelihood[2],
                "belief_distraction": 0.6, "belief_organic": 0.2, "belief_unknown": 0.2, "conflict_k": conflict,
                "evidence": [i.item_id for i in cited][:12],
                "partial": ["open-square: answers 429, asked to wait"] if label == "drone sightings" else [],
                "method_version": "2025.1",
            }
        )  # fmt: skip
    return (
        _frame(ASSETS["correlations"].tables[0], correlations),
        _frame(ASSETS["distraction_scores"].tables[0], scores),
    )


def live_alert(
    connection: psycopg.Connection, label: str = "cup final", *, headline: str | None = None,
    event_title: str = "Minister's statement to the house", evidence: Sequence[str] = (), likelihood: float = 0.64,
) -> None:  # fmt: skip
    """What the radar writes while a window is open: one statement of an alert."""
    connection.execute(
        "insert into live.alert (alert_id, evaluated_at, event_id, event_title, event_at, label, headline, onset_at,"
        " ratio, surprise, verdict, likelihood, likelihood_low, likelihood_high, conflict_k, lag_s, effect_items,"
        " p_value, evidence, partial, newest_received_at) values (%s, %s, 'cal-live', %s, %s, %s, %s, %s, 4.2, 6.5,"
        " 'likely', %s, %s, %s, 0.2, 240, 9.5, 0.03, %s, '{}', %s)",
        (
            f"cal-live:{label[:50]}", NOW, event_title, NOW - timedelta(minutes=5), label,
            headline or STORIES.get(label, (label,))[0], NOW - timedelta(minutes=1), likelihood, likelihood - 0.1,
            likelihood + 0.1, list(evidence), NOW - timedelta(seconds=1),
        ),
    )  # fmt: skip
