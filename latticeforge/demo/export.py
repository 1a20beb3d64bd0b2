"""The demo day as files for researchers.

Here: items.jsonl, attention.csv, calendar.ics, truth.json, the same bytes for the same day. Not here: HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from latticeforge.demo.calendar import to_ics
from latticeforge.demo.day import DemoDay
from latticeforge.demo.publishing import Publication, Revision


def write_day(day: DemoDay, folder: Path) -> list[Path]:
    """Write the four files into ``folder`` (made if missing) and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "items.jsonl": "".join(f"{line}\n" for line in _item_lines(day)).encode(),
        "attention.csv": _attention_csv(day).encode(),
        "calendar.ics": to_ics(day.calendar),
        "truth.json": (json.dumps(_truth(day), indent=2, default=_instant, ensure_ascii=False) + "\n").encode(),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def _instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _item_lines(day: DemoDay) -> Iterator[str]:
    """One line a revision, in the order of visibility; a correction repeats the id."""
    rows = [(revision.visible_at, item, revision) for item in day.items for revision in item.revisions]
    for _, item, revision in sorted(rows, key=lambda row: (row[0], row[1].source.name, row[1].guid)):
        yield json.dumps(_row(item, revision), ensure_ascii=False)


def _row(item: Publication, revision: Revision) -> dict[str, str | None]:
    return {
        "id": item.guid,
        "source": item.source.name,
        "published_at": _instant(item.published_at) if item.published_at else None,
        "title": revision.title,
        "summary": revision.summary,
        "url": item.url,
        "account": item.account,
        "visible_at": _instant(revision.visible_at),
    }


def _attention_csv(day: DemoDay) -> str:
    attention = day.attention
    lines = ["platform,term,observed_at,count"]
    for index, column in enumerate(attention.counts.T.tolist()):
        minute = _instant(attention.minute(index))
        lines += [
            f"{attention.platform},{term},{minute},{count}" for term, count in zip(attention.terms, column, strict=True)
        ]
    return "\n".join(lines) + "\n"


def _truth(day: DemoDay) -> dict[str, object]:
    return {"seed": day.seed, "variant": asdict(day.variant), **asdict(day.truth)}
