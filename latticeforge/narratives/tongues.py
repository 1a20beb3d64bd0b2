"""Languages the encoder was not trained on: all their sentences look alike to it, whatever they say.

Here: finding such a language among titles and taking out what its sentences share. Not here: telling languages apart
for people. Two English headlines picked at random have a mean cosine near 0.08 in MiniLM, two German or Spanish ones
0.32 to 0.36: without this every foreign headline of a day would become one narrative.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MIN_TITLES = 20  # below this the mean of a language may be the mean of one story
MIN_ALIKE = 0.2  # mean cosine between the titles of a language from which it is taken out
MIN_LIKENESS = 0.4  # cosine to the mean of a language; an English headline has about 0.3 to that of English

# Function words; one that several of these languages share counts for none of them.
_WORDS = {
    "de": "der das und nicht mit auf für ist im den ein eine einer von zu zum zur nach bei über wird sich wegen",
    "es": "el los las y una por para con más del su al tras pide según años sobre hasta",
    "fr": "le les des et du dans sur au aux une avec après qui sont ses ce selon chez",
    "it": "il gli di della del dei delle che e non è nel alla dopo sono ai dal",
    "nl": "het een van en op voor niet aan bij naar uit wordt ook zijn",
    "pl": "w na z się nie że jest od przez oraz dla",
    "pt": "o os e uma não em dos das após ao mais são pela pelo",
    "sv": "och att det som på är för av med inte har från efter",
    "tr": "ve bir bu için ile sonra yeni olarak",
}
_TOKEN = re.compile(r"[^\W\d_]+")
_ENGLISH = frozenset(
    _TOKEN.findall("the of and to in on at for with is are was after as by from over who how why what not")
)


def _tongues_of_words() -> dict[str, str]:
    """Each function word that points to one language alone."""
    owners: dict[str, set[str]] = {}
    for tongue, words in _WORDS.items():
        for word in words.split(" "):
            owners.setdefault(word, set()).add(tongue)
    return {word: min(found) for word, found in owners.items() if len(found) == 1 and word not in _ENGLISH}


_TONGUE = _tongues_of_words()


def tongue(title: str) -> str:
    """The language or script a title shows, "" where too little speaks against English.

    >>> tongue("Die Zahl der Opfer nach dem Beben steigt"), tongue("Землетрясение"), tongue("Quake in El Salvador")
    ('de', 'CYRILLIC', '')
    """
    words = _TOKEN.findall(title.casefold())
    for word in words:
        if word[0] > "\u036f":
            return unicodedata.name(word[0], "").split(" ")[0]
    votes = [_TONGUE[word] for word in dict.fromkeys(words) if word in _TONGUE]
    # Names bring foreign words into English headlines (El Salvador, Van Dijk): one word alone proves nothing.
    accented = any(not letter.isascii() for word in words for letter in word)
    if len(votes) + accented < 2 or len(votes) <= sum(word in _ENGLISH for word in words):
        return ""
    return max(sorted(set(votes)), key=votes.count)


def centred(unit: NDArray[np.float32], titles: Sequence[str]) -> NDArray[np.float32]:
    """The same vectors, each foreign language without its mean, of unit length again.

    A language is found by its function words and script; titles that show neither go with the language whose mean
    they are close to. English is left as it is (centring: Mu and Viswanath 2018, here by language).

    Args:
        unit: float32 (n, d) of unit length.
        titles: n titles.
    """
    shown = np.array([tongue(title) for title in titles], dtype=object)
    names = [name for name in sorted(set(shown.tolist()) - {""}) if _alike(unit[shown == name])]
    if not names:
        return unit
    means = np.stack([unit[shown == name].mean(axis=0, dtype=np.float64) for name in names])
    likeness = unit @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
    closest = np.where(likeness.max(axis=1) >= MIN_LIKENESS, likeness.argmax(axis=1), -1)
    fixed = np.array([names.index(name) if name in names else -1 for name in shown])
    member = np.where(fixed >= 0, fixed, closest)
    result = unit.astype(np.float64)
    for number in range(len(names)):
        inside = member == number
        result[inside] -= result[inside].mean(axis=0)
    length = np.linalg.norm(result, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (result / np.maximum(length, 1e-9)).astype(np.float32)
    return scaled


def _alike(unit: NDArray[np.float32]) -> bool:
    """Whether these titles are enough, and look alike to the encoder: their mean cosine over all pairs is high."""
    n = len(unit)
    if n < MIN_TITLES:
        return False
    total = unit.sum(axis=0, dtype=np.float64)
    return float(total @ total - n) / (n * (n - 1)) >= MIN_ALIKE
