"""A likelihood with its interval, as a drawing that a browser shows at once and the server writes once.

Here: boxes of our own numbers and words; nothing from outside. Not here: charts of data (``charts``), which need a
drawing library of a megabyte: thirty of these on a page cost a second of processor time that way.
"""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from latticeforge.narratives.scores import LIKELY, UNLIKELY
from streamlit_app.ui import text, theme

_TICKS = (0, 20, 40, 60, 80, 100)


def show(verdict: str, likelihood: float, low: float, high: float) -> None:
    """The interval of a verdict; all numbers in [0, 1]."""
    st.html(of(verdict, likelihood, low, high))


def of(verdict: str, likelihood: float, low: float, high: float) -> str:
    """The same as HTML."""
    return drawing(verdict, round(100 * likelihood, 1), round(100 * low, 1), round(100 * high, 1))


@lru_cache(maxsize=512)
def drawing(verdict: str, at: float, low: float, high: float) -> str:
    """A bar from ``low`` to ``high`` with a point at ``at``, percent; dotted rules stand where the verdict changes.

    Places are in percent of the width, so that it fits every screen; the rest of its looks is in the style sheet.
    """
    colour = f"background:{theme.VERDICT_COLOURS[verdict]}"
    said = text.interval_alt(at / 100, low / 100, high / 100)
    rules = "".join(f'<i style="left:{100 * x:g}%"></i>' for x in (UNLIKELY, LIKELY))
    ticks = "".join(f'<s style="left:{x}%">{x}</s>' for x in _TICKS)
    bar = f'<b style="left:{low:g}%;width:{high - low:.1f}%;{colour}"></b><u style="left:{at:g}%;{colour}"></u>'
    return (
        f'<div class="lf-interval" role="img" aria-label="{said}"><div class="lf-scale">{rules}{bar}{ticks}</div>'
        f"<p>{text.LIKELIHOOD_AXIS}</p></div>"
    )
