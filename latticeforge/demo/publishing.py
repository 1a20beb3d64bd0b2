"""From drafts to what a source publishes: identifiers, its clock, delays, missing dates, corrections.

Here: everything that sets what a source shows apart from what truly happened. Not here: the formats (``feeds``).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from latticeforge.demo.content import Source
from latticeforge.demo.drafts import Draft
from latticeforge.demo.variant import DAY_END
from latticeforge.demo.wording import Writer
from latticeforge.windows import EPOCH

_CORRECTED = 0.014  # share of the items of outlets and wires
LATEST_S = 6 * 3600  # how much later than it was written a late item appears, at most
_LATE = 0.012
_LAST_VISIBLE = DAY_END - timedelta(seconds=20)
_DELAY_S = {"wire": (5, 40), "outlet": (10, 90), "low": (10, 90), "social": (1, 3)}


@dataclass(frozen=True, slots=True)
class Revision:
    """What an item says from ``visible_at`` (UTC) on."""

    visible_at: datetime
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class Publication:
    """One item of one source with all its revisions, oldest first.

    ``published_at`` is what the source claims (None: no date), ``happened_at`` when it was truly published.
    ``oddities`` holds any of: late, undated, epoch, clock, corrected, broken.
    """

    source: Source
    guid: str
    url: str
    account: str
    published_at: datetime | None
    happened_at: datetime
    revisions: tuple[Revision, ...]
    story: str
    kind: str
    oddities: frozenset[str] = frozenset()

    @property
    def title(self) -> str:
        """The first headline."""
        return self.revisions[0].title

    @property
    def summary(self) -> str:
        """The first summary."""
        return self.revisions[0].summary

    @property
    def visible_at(self) -> datetime:
        """When it first appears in the feed, UTC."""
        return self.revisions[0].visible_at


def publish(drafts: Sequence[Draft], seed: int, writer: Writer, rng: Random) -> list[Publication]:
    """Publications in the order of their visibility; ``drafts`` in the order of time."""
    published = [_publish(draft, f"{seed}:{n}", writer, rng) for n, draft in enumerate(drafts)]
    return sorted(published, key=lambda item: (item.visible_at, item.source.name, item.guid))


def _publish(draft: Draft, key: str, writer: Writer, rng: Random) -> Publication:
    oddities = _oddities(draft, rng)
    delay_s = rng.randint(1500, LATEST_S) if "late" in oddities else rng.randint(*_DELAY_S[draft.source.tier])
    visible_at = draft.at + timedelta(seconds=delay_s)
    if visible_at > _LAST_VISIBLE:
        visible_at, oddities = _LAST_VISIBLE, oddities - {"late"}
    revisions = [Revision(visible_at, draft.title, draft.summary)]
    corrected_at = visible_at + timedelta(minutes=rng.randint(4, 90))
    if "corrected" in oddities and corrected_at < _LAST_VISIBLE:
        revisions.append(Revision(corrected_at, writer.correction(draft.title), draft.summary))
    else:
        oddities -= {"corrected"}
    guid, url = _address(draft, key)
    return Publication(
        source=draft.source,
        guid=guid,
        url=url,
        account=draft.account,
        published_at=_claimed(draft, oddities),
        happened_at=draft.at,
        revisions=tuple(revisions),
        story=draft.story,
        kind=draft.kind,
        oddities=oddities,
    )


def _oddities(draft: Draft, rng: Random) -> frozenset[str]:
    source, social = draft.source, draft.source.tier == "social"
    shares = {
        "undated": source.undated,
        "epoch": source.epoch,
        "broken": source.broken,
        "late": 0.0 if social else _LATE,
        "corrected": 0.0 if social else _CORRECTED,
    }
    drawn = {name for name, share in shares.items() if rng.random() < share}
    if "undated" in drawn:
        drawn.discard("epoch")
    return frozenset(drawn | ({"clock"} if source.clock_s else set()))


def _claimed(draft: Draft, oddities: frozenset[str]) -> datetime | None:
    if "undated" in oddities:
        return None
    if "epoch" in oddities:
        return EPOCH
    return draft.at + timedelta(seconds=draft.source.clock_s)


def _address(draft: Draft, key: str) -> tuple[str, str]:
    digest = hashlib.sha256(f"{draft.source.name}:{key}".encode()).hexdigest()
    host = f"{draft.source.name}.example"
    if draft.account:
        rkey = digest[:13]
        return f"at://{did(draft.account)}/app.bsky.feed.post/{rkey}", f"https://{host}/@{draft.account}/{rkey}"
    path = f"{draft.at:%Y/%m/%d}/{slug(draft.title)}-{digest[:6]}"
    return f"tag:{host},2025:{digest[:16]}", f"https://{host}/{path}"


def did(account: str) -> str:
    """The decentralised identifier of an account: stable, and of the right shape."""
    return f"did:plc:{hashlib.sha256(account.encode()).hexdigest()[:24]}"


def slug(title: str) -> str:
    """The first words of a headline as part of an address.

    >>> slug("Café owners “stunned” by 3 rulings")
    'cafe-owners-stunned-by-3-rulings'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)[:8])
