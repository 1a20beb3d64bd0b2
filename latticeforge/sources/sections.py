"""Cutting text at markers.

Here: what stands between an opener and a closer, in linear time. Not here: what it means. A regular expression takes
quadratic time over openers that nothing closes, and strangers write those on purpose.
"""

from __future__ import annotations


def sections(text: str, opener: str, closer: str) -> list[str]:
    """``text`` cut into what stands outside and, at odd places, inside of ``opener`` ... ``closer``.

    >>> sections("a<!--b-->c", "<!--", "-->")
    ['a', '<!--b-->', 'c']
    """
    parts, at = [], 0
    while (start := text.find(opener, at)) >= 0:
        end = text.find(closer, start + len(opener))
        if end < 0:
            break
        parts += [text[at:start], text[start : end + len(closer)]]
        at = end + len(closer)
    return [*parts, text[at:]]


def without_comments(text: str) -> str:
    """``text`` without the markup comments in it."""
    return "".join(sections(text, "<!--", "-->")[::2])
