"""Strangers' text and our own sentences: escaping, cutting, addresses, numbers and times in words."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamlit_app.ui import outside, text


@given(st.text(), st.integers(2, 300))
def test_whatever_comes_in_is_one_short_visible_line(words: str, limit: int) -> None:
    line = outside.plain(words, limit)
    assert len(line) <= limit
    assert not [c for c in line if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")]
    assert not re.search("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]", line)
    assert outside.plain(line, limit) == line


@given(st.text())
def test_no_mark_of_punctuation_reaches_markdown(words: str) -> None:
    left = re.sub(r"&#\d+;", "", outside.markdown(words))
    assert not re.search(r"[!-/:-@\[-`{-~]", left)


@given(st.text(max_size=100))
def test_what_is_escaped_reads_as_it_was(words: str) -> None:
    import html

    shown = html.unescape(outside.markdown(words, 1000))
    assert re.sub("[\u2060\u2068\u2069]", "", shown) == outside.plain(words, 1000)


def test_emoji_codes_icons_and_bare_addresses_are_broken_up() -> None:
    import html

    shown = html.unescape(
        outside.markdown(":smile: :material/lock: www.evil.example ann@evil.example http://a.example")
    )
    assert not re.search(r":[\w+/-]+:|www\.|@\w|http://", shown)


def test_a_line_of_right_to_left_script_is_kept_apart() -> None:
    assert outside.markdown("قرار").startswith("\u2068")
    assert outside.markdown("plain") == "plain"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/x?y=1#z", "https://a.example/x?y=1#z"),
        ("http://a.example", "http://a.example"),
        ("HTTPS://a.example/ä(b)<c>", "HTTPS://a.example/%C3%A4%28b%29%3Cc%3E"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        (" https://a.example", None),
        ("https://a.example/\nb", None),
        ("https://safe.example@evil.example/", None),
        ("https://", None),
        ("//a.example", None),
        ("https://[bad", None),
        ("https://a.example/" + "x" * 3000, None),
        ("https://a.example/\u202egpj", None),
        ("", None),
        (None, None),
    ],
)
def test_only_plain_web_addresses_become_links(url: str | None, kept: str | None) -> None:
    assert outside.web_address(url) == kept
    assert ("](<" in outside.link("title", url)) == (kept is not None)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (40, "40 seconds"), (-300, "5 minutes"), (60, "1 minute"), (3600, "1 hour"), (4200, "1 h 10 min"),
     (200000, "2 days")],
)  # fmt: skip
def test_spans_in_words(seconds: float, words: str) -> None:
    assert text.span(seconds) == words


def test_numbers_never_claim_certainty() -> None:
    assert text.percent(0.0004) == "less than 0.1\u00a0%"
    assert text.percent(0.018) == "1.8\u00a0%"
    assert text.whole(0.999) == "99" and text.whole(0.0001) == "1"


def test_the_sentence_says_before_and_after() -> None:
    at = datetime(2025, 1, 28, 14, 17, tzinfo=UTC)
    assert "**5 minutes** after “vote” (14:17 UTC)" in text.sentence("a", 2.0, 300, "vote", at, 0.01)
    assert "**2 minutes** before a political event." in text.sentence("a", 2.0, -120, None, None, 0.01)
    assert "too little evidence" in text.certainty(None, None, None)
