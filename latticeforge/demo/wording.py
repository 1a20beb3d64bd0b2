"""Headlines and posts from a storyline's phrases.

Here: the small grammar (``{a|b}`` a choice, ``{10..90}`` a number, ``{who}`` a phrase) and the ways one text becomes
another: a wire copy, a near-identical post, a correction. Not here: when and by whom something is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from random import Random

from latticeforge.demo.content import Forms, Source, Story, Surge, Wording

_SLOT = re.compile(r"\{([^{}]*)\}")
_NUMBER = re.compile(r"\d+")
_PREFIXES = ("", "", "", "", "BREAKING: ", "🚨 ", "RT ", "ALERT: ")
_SUFFIXES = ("", "", "", "!", "!!", "...", " 👀", " {tag}", " {tag}")


def expand(text: str, rng: Random) -> str:
    """Settle every choice and number in ``text``.

    >>> expand("{7..7} drones {over|over} town", Random(1))
    '7 drones over town'
    """

    def settle(match: re.Match[str]) -> str:
        low, dots, high = match[1].partition("..")
        return str(rng.randint(int(low), int(high))) if dots else rng.choice(match[1].split("|"))

    return _SLOT.sub(settle, text) if "{" in text else text


def capital(text: str) -> str:
    """``text`` with a capital first letter and the rest untouched."""
    return text[:1].upper() + text[1:]


def _pick(forms: Forms, rng: Random) -> str:
    return rng.choices([form for _, form in forms], [weight for weight, _ in forms])[0]


def _fill(form: str, phrases: Mapping[str, str]) -> str:
    for slot, phrase in phrases.items():
        form = form.replace(f"{{{slot}}}", phrase)
    return form


class Writer:
    """Words storylines. Holds the wordings already used, so that independent authors seldom repeat one another."""

    def __init__(self, wording: Wording, rng: Random) -> None:
        self._wording = wording
        self._rng = rng
        self._used: set[str] = set()

    def headline(self, story: Story) -> str:
        """What an outlet writes."""
        return self._fresh(lambda: self._render(_pick(self._wording.headlines, self._rng), story))

    def post(self, story: Story) -> str:
        """What an account of a social stream writes."""
        return self._fresh(lambda: self._post(story))

    def summary(self, story: Story, at: datetime) -> str:
        """A sentence or two below the headline."""
        form = self._rng.choice(self._wording.summaries).replace("{day}", f"{at:%A}")
        return self._render(form, story)

    def copy(self, title: str, wire: Source, outlet: Source) -> str:
        """The wire's headline as an outlet prints it: the same words, sometimes with a credit."""
        form = _pick(self._wording.copies, self._rng)
        return _fill(form, {"title": title, "wire": wire.title, "outlet": outlet.title})

    def correction(self, title: str) -> str:
        """The headline after it was put right: another number where it has one, and a note."""
        number = _NUMBER.search(title)
        if number and int(number[0]) > 2:
            other = str(int(number[0]) + self._rng.choice((-1, 1)))
            return title[: number.start()] + other + title[number.end() :]
        return self._rng.choice(self._wording.corrections).replace("{title}", title)

    def near_copy(self, surge: Surge) -> str:
        """One of many posts with almost the same words."""
        rng = self._rng
        base = expand(rng.choices(surge.base, [3, *([1] * (len(surge.base) - 1))])[0], rng)
        return rng.choice(_PREFIXES) + base + rng.choice(_SUFFIXES).replace("{tag}", rng.choice(surge.tags))

    def _fresh(self, render: Callable[[], str]) -> str:
        text = render()
        for _ in range(5):
            if text not in self._used:
                break
            text = render()
        self._used.add(text)
        return text

    def _post(self, story: Story) -> str:
        own = story.posts and self._rng.random() < 0.85
        if not own:
            text = self._render(_pick(self._wording.posts, self._rng), story)
        elif self._rng.random() < 0.5:
            text = self._render(self._rng.choice(story.posts), story)
        else:
            text = self._render(self._rng.choice(self._wording.tributes).replace("{name}", story.terms[0]), story)
        return text.lower() if self._rng.random() < 0.2 else text

    def _render(self, form: str, story: Story) -> str:
        rng, wording = self._rng, self._wording
        shared = {"say": wording.say, "kicker": wording.kicker, "mood": wording.mood, "tag": wording.tag}
        own = {"who": story.who, "did": story.did, "more": story.more, "aside": story.asides}
        phrases = {slot: rng.choice(lines) for slot, lines in (own | shared).items() if f"{{{slot}}}" in form}
        return capital(expand(_fill(form, phrases), rng).strip())
