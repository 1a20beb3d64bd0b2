"""The words of the page Method.

Here: prose for readers, with thresholds taken from the code that applies them. Not here: the method's own documentation
(docs/method).
"""

from __future__ import annotations

from latticeforge.narratives.scores import (
    BASE_RATE,
    IMITATION,
    LIKELY,
    MAX_CONFLICT,
    MAX_P,
    MAX_Q,
    METHOD_VERSION,
    MIN_EVIDENCE_ITEMS,
    MIN_PLACEBOS,
    UNLIKELY,
)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


LEAD = (
    "The radar watches news feeds, social attention and a calendar of political events. When an unrelated story surges "
    "right after an event, it says how unusual that is against what chance alone produces, and shows the headlines."
)
CHANCE_HEADING = "Why a coincidence is worth nothing"
CHANCE_FIGURE = "95.8 %"
CHANCE = (
    "of 861 randomly chosen dates had a “coinciding surge” on one real front page, by an ordinary burst rule. "
    "Something always surges. So a link is shown only for what it has beyond placebo dates, with its interval, its "
    "rate of false discoveries and the number of tests that were made."
)
MEASURED_HEADING = "What is measured"
MEASURED = (
    "**When** a story's share of all items began to rise, and how far above its usual share.",
    "**How rare** that is: the same test on placebo slots, at like hours on other days, where nothing was announced.",
    "**How it was carried**: near-identical wording, few or many accounts, a sudden or a gradual start.",
    "**What is missing**: sources that could not be reached, dates that cannot be trusted.",
)
UNMEASURED_HEADING = "What is not"
UNMEASURED = (
    "**Why.** Timing says nothing of anybody's motive.",
    "**Who was first to know.** An item's time is when it was published.",
    "**What is true.** A headline is counted, not checked.",
    "**What the feeds leave out.** The radar sees the sources on its list and no others.",
)
VERDICTS_HEADING = "What the verdicts mean"
VERDICTS = {
    "likely": f"Likelihood of {_percent(LIKELY)} or more, and the detectors agree.",
    "contested": (
        f"Likelihood between {_percent(UNLIKELY)} and {_percent(LIKELY)}, or the detectors contradict each "
        f"other (conflict above {MAX_CONFLICT:.1f})."
    ),
    "unlikely": f"Likelihood of {_percent(UNLIKELY)} or less: it reads as ordinary attention.",
    "no evidence": (
        f"Below the evidence floor: fewer than {MIN_EVIDENCE_ITEMS} items, fewer than {MIN_PLACEBOS} placebo slots, "
        f"a placebo share above {_percent(MAX_P)}, or a false-discovery rate above {_percent(MAX_Q)}. No number is "
        "given, not a small one."
    ),
}
BASE_RATE_HEADING = "The base rate"
BASE_RATE_TEXT = (
    f"Every likelihood starts from a stated assumption: that {_percent(BASE_RATE)} of the links that pass the evidence "
    "floor are pushed distractions. It cannot be measured. Who assumes less has to read every likelihood as lower. And "
    f"of organic surges, {_percent(IMITATION)} are taken to look pushed in every respect, so no single event "
    "reaches certainty."
)
GRADES_HEADING = "Grades"
GRADES = (
    "**Provisional alarm**: one event alone. It can be no more than an alarm, whatever its likelihood.",
    "**Confirmed link**: a whole calendar of events of one kind, tested against placebo calendars.",
    "**Exploratory**: a question that was not announced before the data was looked at.",
)
GLOSSARY_HEADING = "Glossary"
GLOSSARY = {
    "Narrative": "Items of one five-minute window that tell the same story, grouped by meaning.",
    "Share": "Items of a narrative among all items with a trusted date.",
    "Usual share": "What the last hours, and the same hour on earlier days, lead to expect.",
    "Surge": "A share above what chance makes of the usual one, at 5, 15 or 60 minutes.",
    "Placebo slot": "A like moment without an event. How often it does the same is the p-value.",
    "q": "The share of false alarms to expect among all links reported with such a p-value.",
    "95 % interval": "Where the true value lies in 95 of 100 cases, if the method is right.",
    "Conflict": "How far the detectors contradict each other: 0 not at all, 1 entirely.",
    "Copy": "An item that repeats the wording of an earlier one.",
    "Gap": "A span in which a source could not be collected. Never counted as silence.",
    "Window": "Five minutes, in UTC. It closes a minute after its end, to let late items in.",
}
VERSION = f"Method version {METHOD_VERSION}. All times are UTC."


PARTS = {  # what a reader who comes from a chart is told first
    "charts": "Every chart says what it counts, up to when, and how sure it is. Times are UTC; the tip of a mark "
    "also gives "
    "the time on your own clock.",
    "links": "A link compares one story after one event with like moments without one (placebo slots). p is the "
    "share of "
    "slots that do the same; q corrects it for all tests of the window.",
    "scores": "Five detectors look at how the surge was carried: copies, onset, diversity of accounts, rarity, timing. "
    "Their beliefs are combined with Dempster's rule; K says how far they contradict each other.",
    "narratives": "Items of one five-minute window are grouped by the meaning of their titles; neighbouring windows "
    "with "
    "the same meaning are one story.",
    "signals": "A stream is a source or a watched term, counted in windows of five minutes. A warning says that it "
    "behaves as if it were about to change; an order parameter, how far all swing as one; a link between streams, "
    "that one foretells another. None of it enters a score, and none of it says why.",
    "gaps": "A source that should have spoken and did not is a recorded gap. Windows with a gap are left out of "
    "what is "
    "usual, and whatever rests on them says so.",
}
CALIBRATION_HEADING = "Are the likelihoods right?"
CALIBRATION = (
    "Of links said to be 60 % likely, 60 in 100 should be pushed. The picture shows how far that holds on simulated "
    "feeds "
    "whose truth is known. On real feeds nobody knows the truth, so there it is a claim, not a measurement."
)
CALIBRATION_SPOKEN = "Reliability diagram: said likelihood against the share that was truly pushed, on simulated feeds."
CHANGES_HEADING = "Changes of the method"
CHANGES = (
    "**2025.1** (21 Nov 2026): first published version: five detectors, base rate 5 %, placebo slots before the event.",
)
CORRECTIONS_HEADING = "Corrections log"
CORRECTIONS_SAID = (
    "Published numbers that are no longer what they were, newest first. The old number stays readable on the page Link."
)
CORRECTIONS_NONE = "No published number has changed."
CORRECTION_COLUMNS = {
    "changed_at": "Changed, UTC",
    "window_start": "Window, UTC",
    "label": "Story",
    "kind": "What happened",
    "verdict_before": "Verdict before",
    "verdict_after": "Verdict after",
    "likelihood_before": "Likelihood before",
    "likelihood_after": "Likelihood after",
    "why": "Why",
}
