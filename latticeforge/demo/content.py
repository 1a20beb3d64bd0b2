"""The authored wording of the demo day, read from ``data/demo/*.yaml``.

Here: records and their reading. Not here: choosing among them (``wording``, ``background``, ``happenings``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "data" / "demo"
Lines = tuple[str, ...]
Forms = tuple[tuple[int, str], ...]  # (weight, form)


@dataclass(frozen=True, slots=True)
class Story:
    """What can be said about one thing that happens: who, did what, and under which circumstances."""

    id: str
    beat: str
    home: str  # whose day sets its rhythm: us, eu, asia, au
    terms: Lines  # what people search for
    who: Lines
    did: Lines
    more: Lines
    asides: Lines  # whole headlines
    posts: Lines = ()  # whole posts of a social stream


@dataclass(frozen=True, slots=True)
class Event:
    """A high-impact political event and its coverage. ``impact`` is in [0, 1]."""

    title: str
    category: str
    impact: float
    story: Story


@dataclass(frozen=True, slots=True)
class Minor:
    """A calendar entry that gets no coverage of its own."""

    title: str
    category: str
    impact: float


@dataclass(frozen=True, slots=True)
class Surge:
    """Near-identical posts (``base``), what outlets find out ``later``, and the usual trickle ``before``."""

    id: str
    terms: Lines
    tags: Lines
    base: Lines
    later: Lines
    before: Lines


@dataclass(frozen=True, slots=True)
class Organic:
    """A large story with a cause of its own. ``story.terms[0]`` is the name everybody says."""

    cause: str
    story: Story
    before: Lines


@dataclass(frozen=True, slots=True)
class Source:
    """An invented publisher. ``clock_s`` is its clock minus the true one; the shares are probabilities an item."""

    name: str
    title: str
    kind: str  # rss, atom, json
    tier: str  # wire, outlet, low, social
    country: str
    political: bool
    weight: float
    zone: str  # how it writes the offset of its dates
    beats: Lines
    validators: Lines  # etag, modified
    clock_s: int = 0
    undated: float = 0.0
    epoch: float = 0.0  # dates the item 1970-01-01
    broken: float = 0.0  # markup that is not well-formed
    encoding: str = "utf-8"
    gzip: bool = False
    maintenance: bool = False  # answers with an HTML page for a while
    interval_s: float = 600.0
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """Forms shared by all storylines."""

    headlines: Forms
    posts: Forms
    copies: Forms
    say: Lines
    kicker: Lines
    mood: Lines
    tag: Lines
    summaries: Lines
    corrections: Lines
    tributes: Lines
    background_terms: Lines


@dataclass(frozen=True, slots=True)
class Content:
    """Everything authored."""

    stories: tuple[Story, ...]
    sources: tuple[Source, ...]
    wording: Wording
    events: Mapping[str, Event]
    minor: tuple[Minor, ...]
    surges: Mapping[str, Surge]
    organics: Mapping[str, Organic]

    @property
    def social(self) -> Source:
        """The one social stream."""
        return next(source for source in self.sources if source.tier == "social")


def _read(folder: Path, name: str) -> Any:
    with (folder / name).open(encoding="utf-8") as file:
        return yaml.load(file, Loader=yaml.CSafeLoader)


def _lines(text: str) -> Lines:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _forms(rows: list[list[Any]]) -> Forms:
    return tuple((int(weight), str(form)) for weight, form in rows)


def _story(row: Mapping[str, Any], beat: str, home: str) -> Story:
    phrases = {key: _lines(row[key]) for key in ("who", "did", "more", "asides")}
    return Story(row["id"], beat, home, tuple(row["terms"]), posts=_lines(row.get("posts", "")), **phrases)


def _source(row: Mapping[str, Any]) -> Source:
    return Source(**{**row, "beats": tuple(row["beats"]), "validators": tuple(row["validators"])})


def _minor(line: str) -> Minor:
    title, category, impact = (part.strip() for part in line.split(";"))
    return Minor(title, category, float(impact))


def _surge(row: Mapping[str, Any]) -> Surge:
    lines = {key: _lines(row[key]) for key in ("base", "later", "before")}
    return Surge(row["id"], tuple(row["terms"]), tuple(row["tags"]), **lines)


def _wording(rows: Mapping[str, Any]) -> Wording:
    fields: dict[str, Any] = {
        key: _lines(value) if isinstance(value, str) else _forms(value) for key, value in rows.items()
    }
    return Wording(**fields)


@cache
def load_content(folder: Path = FOLDER) -> Content:
    """Read every file of ``folder``.

    Raises:
        FileNotFoundError: a file of the content is missing.
    """
    happenings = _read(folder, "happenings.yaml")
    stories = [row for path in sorted(folder.glob("storylines-*.yaml")) for row in _read(folder, path.name)]
    events = (
        Event(row["title"], row["category"], row["impact"], _story(row, "politics", "us"))
        for row in happenings["events"]
    )
    organics = (
        Organic(row["cause"], _story(row, "culture", "us"), _lines(row["before"])) for row in happenings["organics"]
    )
    return Content(
        stories=tuple(_story(row, row["beat"], row["home"]) for row in stories),
        sources=tuple(_source(row) for row in _read(folder, "sources.yaml")),
        wording=_wording(_read(folder, "wording.yaml")),
        events={event.story.id: event for event in events},
        minor=tuple(_minor(line) for line in happenings["minor"]),
        surges={surge.id: surge for surge in map(_surge, happenings["surges"])},
        organics={organic.story.id: organic for organic in organics},
    )
