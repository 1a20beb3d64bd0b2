"""Names for narratives: the few words that set one group of titles apart from the others.

Here: class-based TF-IDF over words and word pairs. Not here: which titles belong together (``clusters``).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

MAX_WORDS = 4
SECOND_SHARE = 0.5  # a further phrase must stand in more than this share of as many titles as the first

# Function words, and words of the trade that say nothing of the news. For other languages rarity alone decides.
STOP_WORDS = frozenset(
    re.findall(
        r"\S+",
        """
        a about after again against ahead all also am amid among an analysis and any are aren't as at back be
        because been before being below between both breaking briefing but by can can't could couldn't did didn't do
        does doesn't don't down during each ever every exclusive explained explainer few for from further get gets
        getting go goes going got had has hasn't have haven't having he he's her here here's hers herself him
        himself his how how's i i'd i'll i'm i've if in into is isn't it it's its itself just latest let let's like
        live made make makes making may me might more most must mustn't my myself near need needs new news no nor
        not now of off on once one only onto opinion or other our ours out over own per photos pictures put puts
        report reportedly reports revealed reveals said same say saying says see seen set shan't she she's should
        shouldn't since so some still story such take takes than that that's the their theirs them themselves then
        there there's these they they're they've this those through times to today too toward towards two under
        until up update updates upon us use very via video was wasn't watch way we we're we've were weren't what
        what's when when's where which while who who's whom why why's will with within without won't would wouldn't
        yet you you're your yours
        """,
    )
)

_TOKEN = re.compile(r"[^\W_]+(?:['’.&-][^\W_]+)*|[^\w\s'’]")

Terms = dict[str, tuple[bool, str]]  # term as compared -> (begins its title, as written)


def labels(titles: Sequence[str], group: NDArray[np.int64]) -> list[str]:
    """One label of one to four words for each group of titles, "" where the titles hold no word.

    Words and pairs of neighbouring words are weighed by class-based TF-IDF (Grootendorst 2022): the number of the
    group's titles they stand in, times log(1 + titles / titles that hold the term anywhere).

    Args:
        titles: the voices of one window.
        group: group number of each title, 0 .. k-1.
    """
    terms = [_terms(title) for title in titles]
    everywhere = Counter(chain.from_iterable(terms))
    groups: list[list[Terms]] = [[] for _ in range(int(group.max(initial=-1)) + 1)]
    for of_title, number in zip(terms, group.tolist(), strict=True):
        groups[number].append(of_title)
    idf = {count: math.log1p(len(titles) / count) for count in set(everywhere.values())}
    return [_label(of_group, everywhere, idf) for of_group in groups]


def _terms(title: str) -> Terms:
    """The content words of a title, and its pairs of neighbours that no stop word or punctuation parts."""
    terms: Terms = {}
    before: tuple[str, str, bool] | None = None
    for position, token in enumerate(_TOKEN.findall(title)):
        word, form = _key(token)
        if len(word) < 2 or word in STOP_WORDS:
            before = None
            continue
        terms.setdefault(word, (position == 0, form))
        if before:
            terms.setdefault(f"{before[0]} {word}", (before[2], f"{before[1]} {form}"))
        before = word, form, position == 0
    return terms


def _key(token: str) -> tuple[str, str]:
    """A word as it is compared, without case and possessive, and as it is written."""
    form = token.replace("’", "'") if "’" in token else token
    form = form[:-2] if form.endswith(("'s", "'S")) else form
    return form.casefold(), form


def _label(of_group: list[Terms], everywhere: Counter[str], idf: dict[int, float]) -> str:
    inside = Counter(chain.from_iterable(of_group))
    if not inside:
        return ""
    shared = {term: count for term, count in inside.items() if count > 1}
    inside = Counter(shared) or inside  # what stands in one title names a group only where nothing is shared
    # A pair says more than its words: it wins where it stands nearly as often as they do.
    weight = {term: count * idf[everywhere[term]] * (1.5 if " " in term else 1.0) for term, count in inside.items()}
    ranked = sorted(weight, key=lambda term: (-weight[term], -len(term), term))
    chosen, words, stems = ranked[:1], _length(ranked[0]), _stems(ranked[0])
    for term in ranked[1:]:
        if words + _length(term) > MAX_WORDS:
            break
        if inside[term] > SECOND_SHARE * inside[chosen[0]] and stems.isdisjoint(_stems(term)):
            chosen.append(term)
            words, stems = words + _length(term), stems | _stems(term)
    return " ".join(_written(term, of_group) for term in _in_reading_order(chosen, of_group))


def _length(term: str) -> int:
    return term.count(" ") + 1


def _stems(term: str) -> set[str]:
    """The words of a term without a plural s, so that "drone sightings" takes no "drones" with it."""
    return {word.removesuffix("s") for word in term.split(" ")}


def _in_reading_order(chosen: list[str], of_group: list[Terms]) -> list[str]:
    """The chosen terms as the titles that hold them order them, on average."""

    def place(term: str) -> tuple[float, str]:
        places = [list(of_title).index(term) / len(of_title) for of_title in of_group if term in of_title]
        return sum(places) / len(places), term

    return sorted(chosen, key=place)


def _written(term: str, of_group: list[Terms]) -> str:
    """The most common way to write a term; the first word of a title has a capital for no reason of its own."""
    forms = Counter(of_title[term] for of_title in of_group if term in of_title)
    return min(forms, key=lambda form: (form[0], -forms[form], form[1]))[1]
