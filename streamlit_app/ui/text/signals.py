"""The words of the page Signals."""

from __future__ import annotations

from latticeforge.detectors.regimes import LEAST_PSI_BITS, NOT_AN_ATTRACTOR

PAGE = "Signals"
HEADING = "How does attention behave as a whole?"
LEAD = (
    "Each source and each watched term is a stream: counts in windows of five minutes. This page says how the streams "
    "stand, whether they behave as if they were about to change, whether they move together, and which foretell which. "
    "It is computed when an hour is over. None of it enters the likelihood of a link, and none of it says why."
)
NONE = "Nothing has been computed for these 24 hours yet. Each hour follows when it is over."
UNTIL = "Computed up to {at}."

KIND = "Streams"
KINDS = {"source": "Sources", "attention": "Watched terms"}
STREAMS = "Against its own last day"
STREAMS_COUNTS = (
    "One row a stream, one cell a window of five minutes: items with a trusted date (of terms: mentions) above or "
    "below the median of the stream's last 24 hours, in robust standard deviations, clipped at 5. An empty cell is "
    "missing, not zero."
)
STREAMS_INTERVAL = "Counts of what came in have no interval; the scale shows how far they usually scatter."
STREAMS_SPOKEN = (
    "Heat map of {streams} streams over 24 hours. {n} cells are clipped at 5 standard deviations; the largest: {top}."
)
STREAMS_NOBODY = "none"
SCORE_AXIS = "standard deviations from its usual"
STANDING = "What stands out in the newest window"
STANDING_COLUMNS = {
    "label": "Stream",
    "kind": "Kind",
    "value": "Counted",
    "usual": "Usual",
    "score": "Score, clipped at 5",
    "clipped": "Clipped away",
}
KIND_NAMES = {"source": "source", "attention": "watched term", "narrative": "narrative"}

WARNINGS = "Early warnings"
WARNINGS_COUNTS = (
    "One bar a warning: from the moment at which the stream's variance was narrowest to the moment at which it had "
    "risen again by as much as it takes to warn. A diamond marks the first value beyond 5 robust standard deviations "
    "after the warning, up to twelve hours later."
)
WARNINGS_INTERVAL = (
    "The lead has no interval: it is one observation a warning. Of simulated streams that lose their balance nine in "
    "ten were warned of; of those that do not, none to one in ten."
)
WARNINGS_SPOKEN = "Time line of {n} early warnings of 24 hours; {jumped} were followed by a jump so far."
WARNINGS_NONE = "No stream warns in these 24 hours."
WARNING_JUMPED = (
    "**{label}**: signs since {since}, warned {raised}; a jump followed after {lead:.0f} minutes. {reason}."
)
WARNING_OPEN = "**{label}**: signs since {since}, warned {raised}; no jump has followed so far. {reason}."
JUDGED = (
    "Streams in the newest window: {warning} warning, {quiet} quiet; not judged: {sparse} with too few counts, "
    "{learning} with too short a past, {missing} missing."
)
WARNING_MARKS = {"signs": "signs to warning", "jump": "jump"}

REGIMES = "Do they move together?"
REGIME_COUNTS = (
    "Solid: the Kuramoto order parameter R of all streams of a kind over the last 21 hours, the daily rhythm taken "
    "out; 1: all swing as one. Dotted: what as many unrelated streams have."
)
REGIME_INTERVAL = "R has no interval here; compare it with the dotted line."
REGIME_SPOKEN = "Order parameter of {kinds} over 24 hours; newest: {newest}."
REGIME_NEWEST = "{kind} {order:.2f}, by chance {chance:.2f}"
ORDER_AXIS = "order parameter R"
REGIME_SAID = "**{kind}**: {verdict}. Ψ is {psi:.2f} bits, R {order:.2f} (by chance {chance:.2f}), {streams} streams."
REGIME_UNKNOWN = "**{kind}**: not enough streams with two days of rows."
VERDICTS = {
    "steady": "steady",
    "synchronised": "synchronised",
    "shifted": "shifted: the mean of all has moved",
    "heated": "heated: the mean of all swings at least twice as far as before",
    "quiet": "quiet: the mean of all swings at most half as far as before",
    NOT_AN_ATTRACTOR: (
        f"no regime is shown, as Ψ is below {LEAST_PSI_BITS} bits: the whole says no more of its own future than its "
        "parts do"
    ),
}

GRAPH = "Which foretell which?"
HOUR = "As of"
GRAPH_COUNTS = (
    "Left: streams that foretell; right: those they foretell, 15 or 30 minutes ahead, over a week of quarter hours. "
    "The line's width is the transfer entropy in bits. {tests} tests were made ({streams} streams, both lags), "
    "{screened} passed the screen; shown are those expected to hold at most 5 % false ones."
)
GRAPH_INTERVAL = "The tip of a line and the list below give each estimate with its 95 % interval."
GRAPH_SPOKEN = "Graph of {n} links between streams, as of {at}. The list below says the same."
GRAPH_NONE = "{tests} pairs and lags were tested, {screened} passed the screen, and none foretells another."
GRAPH_UNTESTED = "No graph has been computed in these 24 hours: it needs a week of two streams or more."
GRAPH_NOT = "Foretelling is not causing: something third may lead both."
LINK_LINE = "**{source}** → **{target}**, {lag} min ahead: {bits:.3f} bits ({low:.3f} to {high:.3f}), q {q:.3f}"
LEADS, FOLLOWS = "foretells", "is foretold"
FRAGILE = "The flow hangs on **{hub}** more than the number of links explains"
NOT_FRAGILE = "The flow hangs on few no more than the number of links explains"
FRAGILE_FIGURES = "{said}: Gini {value:.2f}, in {surrogates} graphs of the same degrees {low:.2f} to {high:.2f}."
TOO_FEW_LINKS = "With fewer than two links nothing can hang on anything."
TURNS = {
    "hub": "{at}: **{after}** took over as the hub from **{before}**.",
    "reversal": "{at}: **{after}** now foretells **{before}**; before it was the other way round.",
}

BELIEFS = "What the detectors believe of a link"
STORY = "Link"
BELIEF_COUNTS = (
    "Each detector's belief in a pushed distraction, in an organic surge, and what it leaves open; the three make 1. "
    "Below, the five together by Dempster's rule."
)
BELIEF_INTERVAL = (
    "Belief to plausibility is the interval: together they give a pushed distraction at least {belief:.2f} and at most "
    "{plausible:.2f}. Conflict K = {k:.2f}{contested}."
)
CONTESTED = ", so the detectors contradict each other: contested"
BELIEF_SPOKEN = (
    "Beliefs of five detectors on “{label}”; together {belief:.2f} for a pushed distraction, {organic:.2f} for an "
    "organic surge, {unknown:.2f} open, conflict {k:.2f}."
)
BELIEFS_NONE = "No link was tested in these 24 hours."
DETECTORS = {
    "amplification": "Copies",
    "onset": "Onset",
    "diversity": "Diversity",
    "rarity": "Rarity",
    "timing": "Timing",
    "fused": "Together",
}
ANSWERS = {
    "mass_distraction": "pushed distraction",
    "mass_unknown": "left open",
    "mass_organic": "organic surge",
}
MASS_AXIS = "belief, sums to 1"
