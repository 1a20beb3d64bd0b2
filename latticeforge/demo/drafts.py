"""Items before they are published: who says what, when it truly happens.

Here: the draft record and the newsroom that makes drafts of a storyline: which source, which account, wire copies.
Not here: clocks, delays, corrections (``publishing``), and when a storyline is told (``rhythm``, ``happenings``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate
from random import Random

from latticeforge.demo.content import Content, Source, Story
from latticeforge.demo.variant import DAY_END
from latticeforge.demo.wording import Writer, expand

LAST_S = int(DAY_END.timestamp()) - 150  # nothing is begun later, so that everything is visible before midnight
_OFF_BEAT = 0.12  # chance of covering what is not one's beat, against one's beat
_WIRE_STORY = 0.5  # share of a wire's items that others copy
_HANDLES = (
    ("amber", "blue", "civic", "daily", "elm", "fern", "gray", "hazel", "iron", "jade", "kind", "late", "maple"),
    ("otter", "reader", "walker", "harbor", "kettle", "notes", "rider", "garden", "lantern", "pilot", "signal", "bay"),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """One item as its author meant it. ``at_s``: true publication, whole seconds since 1970-01-01 UTC."""

    at_s: int
    source: Source
    title: str
    summary: str
    account: str
    story: str
    kind: str  # report, copy, post; surge-post, surge-copy, surge-report: what was planted as an amplified surge

    @property
    def at(self) -> datetime:
        """True publication, UTC."""
        return datetime.fromtimestamp(self.at_s, UTC)


def handles(count: int, rng: Random) -> list[str]:
    """Distinct account names."""
    first, second = _HANDLES
    pairs = [f"{a}{b}" for a in first for b in second]
    numbers = rng.sample(range(8 * len(pairs)), count)
    return [f"{pairs[n % len(pairs)]}{rng.randint(1, 9)}{n // len(pairs)}" for n in numbers]


@dataclass
class Newsroom:
    """Hands out sources and accounts by weight, and words what they say."""

    content: Content
    rng: Random
    accounts: list[str]
    writer: Writer = field(init=False)
    _by_beat: dict[tuple[str, bool], tuple[list[Source], list[float]]] = field(init=False, default_factory=dict)
    _account_weights: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.content.wording, self.rng)
        self._account_weights = list(accumulate(1 / (rank + 20) for rank in range(len(self.accounts))))

    def source(self, beat: str, *, outlets_only: bool = False) -> Source:
        """A source for a story of ``beat``, by weight and by what each covers."""
        key = (beat, outlets_only)
        if key not in self._by_beat:
            sources = [s for s in self.content.sources if not outlets_only or s.tier in ("outlet", "low")]
            weights = [s.weight * (1.0 if beat in s.beats else _OFF_BEAT) for s in sources]
            self._by_beat[key] = sources, list(accumulate(weights))
        sources, cumulative = self._by_beat[key]
        return self.rng.choices(sources, cum_weights=cumulative)[0]

    def account(self) -> str:
        """Somebody on the social stream; few post much, many post little."""
        return self.rng.choices(self.accounts, cum_weights=self._account_weights)[0]

    def tell(self, story: Story, at_s: int, source: Source | None = None) -> list[Draft]:
        """One item about ``story`` at ``at_s``, and the copies it gets if a wire wrote it."""
        source = source or self.source(story.beat)
        if source.tier == "social":
            return [Draft(at_s, source, self.writer.post(story), "", self.account(), story.id, "post")]
        when = datetime.fromtimestamp(at_s, UTC)
        title, summary = self.writer.headline(story), self.writer.summary(story, when)
        draft = Draft(at_s, source, title, summary, "", story.id, "report")
        copied = source.tier == "wire" and self.rng.random() < _WIRE_STORY
        return [draft, *(self._copies(draft, story.beat) if copied else ())]

    def say(self, title: str, at_s: int, source: Source, story: str, kind: str = "report") -> Draft:
        """One item with a given headline, its choices settled."""
        title = expand(title, self.rng)
        account = self.account() if source.tier == "social" else ""
        return Draft(at_s, source, title, "" if account else f"{title}.", account, story, kind)

    def _copies(self, draft: Draft, beat: str) -> list[Draft]:
        outlets = {self.source(beat, outlets_only=True).name: None for _ in range(self.rng.randint(1, 6))}
        by_name = {source.name: source for source in self.content.sources}
        copies = []
        for name in outlets:
            at_s = draft.at_s + 45 + int(self.rng.expovariate(1 / 540))
            title = self.writer.copy(draft.title, draft.source, by_name[name])
            copies.append(Draft(at_s, by_name[name], title, draft.summary, "", draft.story, "copy"))
        return copies


def in_time(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts that begin before the day's last minutes, oldest first, in an order that does not depend on input."""
    kept = (draft for draft in drafts if draft.at_s <= LAST_S)
    return sorted(kept, key=lambda draft: (draft.at_s, draft.source.name, draft.title, draft.account))
