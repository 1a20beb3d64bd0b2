"""Colours, icons and the few style rules that the theme file cannot express.

Here: constants. Not here: anything from outside; the style sheet is fixed text. Colours come from Okabe and Ito's
palette and never stand alone: each goes with an icon and a word.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import streamlit as st

RELIABILITY = Path(__file__).parents[2] / "docs" / "pictures" / "reliability.png"  # drawn by the benchmarks
MARK = Path(__file__).with_name("mark.svg")  # a named icon would be fetched from another company's server

VERDICT_ICONS = {
    "likely": ":material/priority_high:",
    "contested": ":material/balance:",
    "unlikely": ":material/trending_flat:",
    "no evidence": ":material/hide_source:",
}
VERDICT_BADGES: dict[str, Literal["orange", "violet", "blue", "gray"]] = {
    "likely": "orange",
    "contested": "violet",
    "unlikely": "blue",
    "no evidence": "gray",
}
VERDICT_COLOURS = {"likely": "#D55E00", "contested": "#B0568F", "unlikely": "#2A7FB8", "no evidence": "#7A7A7A"}
STAGE_ICONS = {"live": ":material/sensors:", "lapsed": ":material/history:", "committed": ":material/task_alt:"}
GREY = "#8A8A8A"
LIGHT_PAGE, LIGHT_INK = "#FCFBF8", "#1C1B19"  # as in the theme file
DARK_PAGE, DARK_INK = "#15181B", "#ECEAE4"
STORY, EVENT = "#D55E00", "#2A7FB8"  # three to one at least against the light and the dark page
HOLE = "#CC79A7"
SOURCE_ICONS = {"ok": "✓", "new": "○", "backing off": "◔", "failing": "✕"}
GAP_COLOURS = {"open": "#D55E00", "filled": "#009E73", "lost": "#7A7A7A"}

_STYLE = """
<style>
.stMainBlockContainer { max-width: 54rem; padding-top: 4.2rem; padding-bottom: 4rem; }
[class*="st-key-card-"] { padding: 1.1rem 1.3rem; }
[class*="st-key-card-"] h3 { padding: 0.1rem 0 0.7rem 0; line-height: 1.25; overflow-wrap: anywhere; }
[class*="st-key-card-"] p, [class*="st-key-card-"] li { overflow-wrap: anywhere; }
[class*="st-key-sentence-"] p, [class*="st-key-card-"] h3 + p { font-size: 1.08rem; line-height: 1.5; }
.lf-said h3 {
  font: 600 1.2rem/1.25 "Source Serif", serif; letter-spacing: -0.005em; margin: 0;
}
.lf-said p { margin: 0 0 1rem; } .lf-said strong { font-weight: 600; } .lf-said small { font-size: 0.875rem; }
.lf-said > :last-child { margin-bottom: 0; }
.lf-said ul { margin: 0; padding: 0; list-style: none; }
.lf-said li { margin: 0 0 0.35rem; padding-left: 0.3em; line-height: 1.4; }
.lf-said a { color: light-dark(#0B5C75, #8AD0E6); }
.lf-said .lf-interval { margin-bottom: 1rem; }
.lf-faint { color: light-dark(#686255, #B8B3A8); }
.lf-badge {
  display: inline-block; font-size: 0.875rem; line-height: 1.6; padding: 0 0.25rem; margin: 0 1px;
  border-radius: 0.15rem;
}
.lf-orange { color: light-dark(#9B4519, #F2A56D); background: light-dark(#FFF6ED, #342414); }
.lf-violet { color: light-dark(#6F33B8, #BF8EF7); background: light-dark(#F8F2FF, #332244); }
.lf-blue { color: light-dark(#244FB4, #85B8F8); background: light-dark(#EDF5FF, #1E2A3D); }
.lf-gray { color: light-dark(#686255, #B8B3A8); background: light-dark(#F5F4F2, #2C2925); }
.lf-icon { font-family: "Material Symbols Rounded"; vertical-align: bottom; white-space: nowrap; user-select: none; }
.lf-help {
  position: relative; border: 0; padding: 0; margin-left: 0.25rem; background: none; color: inherit; font-size: 1.1rem;
  line-height: 1.25; vertical-align: bottom; cursor: help; border-radius: 0.3rem; opacity: 0.8;
}
.lf-tip {
  display: none; position: absolute; z-index: 2; bottom: 100%; right: -4rem; width: max-content; max-width: 15rem;
  padding: 0.5rem 0.7rem; border-radius: 0.3rem; font: 400 0.875rem/1.4 "Source Sans", sans-serif; text-align: left;
  color: light-dark(#1C1B19, #ECEAE4); background: light-dark(#F1EFE8, #1F2428);
  border: 1px solid light-dark(#D9D5CA, #3A4147);
}
.lf-help:hover .lf-tip, .lf-help:focus .lf-tip { display: block; }
.lf-help:hover, .lf-help:focus { opacity: 1; }
.st-key-masthead h1 { padding: 0 0 0.8rem 0; letter-spacing: -0.01em; }
.st-key-masthead { border-bottom: 3px double currentColor; padding-bottom: 0.2rem; }
.st-key-figure h2 { font-size: 3.4rem; padding: 0 0 0.9rem 0; line-height: 1; }
[data-testid="stCaptionContainer"] { opacity: 1; color: color-mix(in srgb, currentColor 82%, transparent) !important; }
[data-testid="stCaptionContainer"] * { color: inherit; }
.stPageLink a { height: auto; } .stPageLink a * { white-space: normal; overflow: visible; }
.lf-interval { padding: 0.2rem 0.9rem 0.4rem; }
.lf-scale { position: relative; height: 46px; border-bottom: 0; }
.lf-scale::after { content: ""; position: absolute; left: 0; right: 0; top: 28px; border-top: 1px solid currentColor; }
.lf-scale > * { position: absolute; display: block; text-decoration: none; }
.lf-scale i { top: 0; height: 28px; border-left: 2px dotted #8A8A8A; }
.lf-scale b { top: 8px; height: 12px; border-radius: 6px; opacity: 0.45; }
.lf-scale u { top: 7px; width: 14px; height: 14px; margin-left: -7px; border-radius: 7px; }
.lf-scale s { top: 30px; width: 3em; margin-left: -1.5em; text-align: center; font-size: 0.72rem; }
.lf-interval p { margin: 0; text-align: center; font-size: 0.76rem; }
.st-key-mesh { overflow-x: auto; }
.stFragment, [data-stale="true"] { opacity: 1 !important; transition: none !important; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
  [class*="st-key-card-"] { padding: 0.8rem 0.9rem; }
  .lf-said p { position: relative; } .lf-help { position: static; } .lf-tip { left: 0; right: auto; }
}
</style>
"""


_DARK_STYLE = """
<style>
.stMultiSelect span[title], .stMultiSelect span[title] * { color: #15181B !important; }
</style>
"""


def apply_style() -> None:
    """Put the style sheet on the page."""
    st.html(_STYLE)
    if st.context.theme.type == "dark":  # names of chosen narratives are white on light blue otherwise
        st.html(_DARK_STYLE)
