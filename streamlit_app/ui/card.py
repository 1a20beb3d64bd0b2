"""The card of one statement, written once for all readers and put on each page with few elements.

Here: what a card says as HTML, and its few live parts. Not here: the words (``text``), the drawing of the interval
(``interval``), and text from outside that was not escaped (``outside``). Each element costs every open tab a message
whenever the board changes, so all that does not answer to the reader is one block. The fold keeps its own element: it
stays open while the card changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import streamlit as st

from streamlit_app.database import Row
from streamlit_app.ui import components, interval, outside, text

HEADLINES_SHOWN = 3
_STRONG = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Headlines:
    """The evidence of a statement as HTML: the first few, the label of the fold, and what is in it."""

    first: str
    more: str
    rest: str


@dataclass(frozen=True)
class Card:
    """A card, written: ``said`` holds HTML, ``partial`` Markdown."""

    key: str
    statement_id: str
    said: str
    partial: str
    headlines: Headlines


class Block:
    """HTML of ours as Streamlit asks for it; a string would be looked for among the files first."""

    def __init__(self, html: str) -> None:
        self._html = html

    def _repr_html_(self) -> str:
        return f'<div class="lf-said">{self._html}</div>'


def written(row: Row, evidence: list[Row]) -> Card:
    """The card of a statement: verdict and grade in words, the sentence, the interval, what is missing, headlines."""
    headline = outside.markdown(row["headline"] or row["label"])
    said = f"{_badges(row)}<h3>{headline}</h3><p>{strong(components.statement(row))}</p>"
    said += f"<p><small>{_figures(row)}</small></p>"
    if None not in (row["likelihood"], row["likelihood_low"], row["likelihood_high"]):
        said += interval.of(row["verdict"], row["likelihood"], row["likelihood_low"], row["likelihood_high"])
    reasons = [outside.markdown(reason, 160) for reason in row["partial"][:6]]
    return Card(
        key=row["story_key"],
        statement_id=row["statement_id"],
        said=said,
        partial=text.partial(reasons) if reasons else "",
        headlines=headlines(evidence),
    )


def show(card: Card) -> None:
    """Put a card on the page."""
    with st.container(border=True, key=f"card-{card.key}"):
        if card.partial:
            st.html(Block(card.said))
            st.warning(card.partial, icon=":material/data_alert:")
        show_headlines(card.key, card.headlines, "" if card.partial else card.said)
        st.page_link(
            "app_pages/link.py",
            label=text.WHOLE_STORY,
            icon=":material/arrow_forward:",
            query_params={"link": card.statement_id, "story": card.key},
        )


def show_headlines(key: str, headlines: Headlines, before: str = "") -> None:
    """The headlines, with ``before`` (HTML) in the same block; all but the first few behind a fold."""
    st.html(Block(before + headlines.first))
    if headlines.rest:
        with st.expander(headlines.more, key=f"more-{key}"):
            st.html(Block(headlines.rest))


def headlines(rows: list[Row]) -> Headlines:
    """The headlines in order of time, copies folded."""
    lines = [_headline(group) for group in folded(rows)]
    if not lines:
        return Headlines(f'<p class="lf-faint"><small>{text.EVIDENCE_NONE}</small></p>', "", "")
    rest = lines[HEADLINES_SHOWN:]
    return Headlines(
        f"<p><strong>{text.EVIDENCE_HEADING}</strong></p>{_list(lines[:HEADLINES_SHOWN])}",
        text.more_headlines(len(rest)),
        _list(rest) if rest else "",
    )


def folded(rows: list[Row]) -> list[list[Row]]:
    """Rows in groups of the same wording, each group and the groups in order of time."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        # Before its window has closed an item has no voice yet; its own words stand in.
        groups.setdefault(row["voice_id"] or outside.plain(row["title"]).casefold(), []).append(row)
    return list(groups.values())


def strong(said: str) -> str:
    """Our own sentence, whose only Markdown is ``**``, as HTML; outside text in it is escaped, asterisks too.

    >>> strong("rose to **6.1** times")
    'rose to <strong>6.1</strong> times'
    """
    return _STRONG.sub(r"<strong>\1</strong>", said)


def _badges(row: Row) -> str:
    badges = " ".join(
        f'<span class="lf-badge lf-{colour}">{_icon(icon)} {word}</span>' for colour, icon, word in components.said(row)
    )
    decided = components.to_be_decided(row)
    lines = [f"{badges} <small>{text.moment(row['evaluated_at'])}</small>"]
    lines += [f"<small>{decided}</small>"] if decided else []
    lines[-1] += f" {_help(text.GRADE_HELP[row['grade']])}"
    return "".join(f"<p>{line}</p>" for line in lines)


def _help(said: str) -> str:
    """A mark that shows our own words to a pointer, a finger or the keyboard, and says them to a screen reader."""
    shown = f'<span class="lf-tip" aria-hidden="true">{said}</span>'
    return f'<button type="button" class="lf-help" aria-label="{said}">{_icon(":material/help:")}{shown}</button>'


def _icon(name: str) -> str:
    plain = name.removeprefix(":material/").removesuffix(":")
    return f'<span class="lf-icon" aria-hidden="true" translate="no">{plain}</span>'


def _figures(row: Row) -> str:
    effect = (row["effect_items"], row["effect_low"], row["effect_high"])
    return text.figures(*effect, row["q_value"], row["tests"], row["conflict_k"])


def _headline(group: list[Row]) -> str:
    first = group[0]
    source = outside.markdown(first["source_title"] or first["source"], 60)
    line = f"{text.clock(first['event_at'])} &ensp; <strong>{source}</strong> &ensp; "
    line += outside.anchor(first["title"], first["url"])
    if len(group) > 1:
        accounts = len({(row["source"], row["account"]) for row in group})
        line += f' &ensp; <span class="lf-faint">+ {text.copies(len(group) - 1, accounts)}</span>'
    return line


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"
