"""The words of the page Link."""

from __future__ import annotations

from datetime import datetime

from streamlit_app.ui.text import clock, moment, percent, span, whole

PAGE = "Link"
PICK = "A link is opened from a card on the page Now, or by its address."
GONE = "No statement with this address is published. It may have been withdrawn; the page Now has what holds."
LIVE_LIMITS = (
    "Its window is still open: the course of the story, the tests and the beliefs appear here when it has closed."
)
PUBLISHED_LABEL = "As published at"
PUBLISHED_NOW = "What holds now"
PAST = "You read what was published at {at}. It may have been corrected since."

HAPPENED = "What happened"
UNUSUAL = "How unusual is that?"
SURE = "How sure is it?"
CHANGE = "What would change it?"
HOLES = "Where the data has holes"
CARRIED = "Who carried it, and in whose words?"
TESTS = "Every test of this window"
VERSION = "Version"

STORY_LINE, EVENT_LINE = "This story", "Coverage of the event itself"
EVENT_MARK, ONSET_MARK = "event", "surge begins"
SHARE_AXIS = "Share of counted items, %"
MINUTE_AXIS = "Minutes from the window of the surge"
ITEMS_AXIS = "Items"
COUNTED = "Items counted in the window"
GAP, GAP_REASON = "Gap in collection", "Reason"
OWN_WORDING, COPIED = "Own wording", "Repeats an earlier wording"
BELIEF_PUSHED, BELIEF_UNKNOWN, BELIEF_ORGANIC = "for a push", "left open", "for ordinary attention"
BELIEF_AXIS = "Share of belief, %"

LINE_TITLE = "The story and the event, window by window"
LINE_COUNTS = (
    "Each point is one five-minute window: items that mean the same as the story (or as the event), as a share of all "
    "items with a trusted date, in percent."
)
LINE_INTERVAL = (
    "Grey: the usual share (dotted) and where chance alone keeps it in 95 of 100 windows with as many items. Pink: a "
    "source was missing."
)
FAN_TITLE = "The same moment without the event"
FAN_COUNTS = (
    "Grey: in {slots} like moments in which nothing was announced (the six hours before, and this hour on seven "
    "earlier days), the story that grew fastest just then. Orange: this story. Share of all counted items, in percent."
)
FAN_INTERVAL = "Dark grey holds the middle half of those moments, light grey 95 of 100, the dotted line is the median."
CARRIED_TITLE = "Items by source"
CARRIED_COUNTS = "Counted items of the story in its window, by source; the twelve largest."
BELIEF_TITLE = "How the evidence divides"
BELIEF_COUNTS = (
    "Each of five detectors puts some belief on a push or on ordinary attention and leaves the rest open; here they "
    "are combined, in percent."
)
BELIEF_INTERVAL = "The grey part is the honest gap between the two: nobody can say more from these detectors."
TEST_COLUMNS = {
    "this": "",
    "label": "Story",
    "event_title": "Event",
    "scale_minutes": "Span, min",
    "lag": "Lag, min",
    "effect_items": "Items above usual",
    "effect_low": "at least",
    "effect_high": "at most",
    "p_value": "p",
    "q_value": "q",
    "verdict": "Verdict",
}
TESTS_NONE = "No test is on record for this window."
NOT_SCORED = "Not scored"


def summary(observed: float | None, expected: float | None, scale: int | None, lag_s: float) -> str:
    """The counts behind the first sentence."""
    said = ""
    if observed is not None and expected is not None and scale is not None:
        said = f"In the {scale} minutes that were counted there were **{observed:.0f}** items; "
        said += f"its usual share leads to **{expected:.1f}**. "
    order = "after" if lag_s >= 0 else "before"
    return f"{said}The surge began {span(lag_s)} {order} the event."


def unusual(p_value: float, placebos: int | None, q_value: float | None, tests: int | None) -> str:
    """What p, m, q and the number of tests say."""
    slots = (
        f" Of **{placebos}** placebo moments, {round(p_value * (placebos + 1)) - 1 or 'none'} did at least as much."
        if placebos
        else ""
    )
    said = f"A story grows this fast in **{percent(p_value)}** of moments without an event.{slots}"
    if q_value is not None and tests is not None:
        said += (
            f" In this window **{tests}** {'test was' if tests == 1 else 'tests were'} made, and all are counted: "
            f"among links reported at this strength, **{percent(q_value)}** or fewer would be false (q)."
        )
    return said


def sure(low: float | None, likelihood: float | None, high: float | None, conflict: float, verdict: str) -> str:
    """The likelihood with its interval, the conflict, the verdict."""
    if likelihood is None:
        return "There is too little evidence for a number. That is an answer, and the most frequent one."
    ends = (
        f", and with 95\u00a0% confidence between {whole(low)} and {whole(high)}\u00a0%"
        if low is not None and high is not None
        else ""
    )
    agree = "agree well" if conflict < 0.3 else "agree in part" if conflict <= 0.7 else "contradict each other"
    return (
        f"The likelihood of a push is **{whole(likelihood)}\u00a0%**{ends}. The detectors {agree} "
        f"(conflict K = {conflict:.2f}). Verdict: **{verdict}**."
    )


def leadership(bits: float | None) -> str:
    """Who led whom."""
    if bits is None:
        return "Who led whom cannot be said: the series are too short."
    told = "less" if bits < 0.02 else "little more" if bits < 0.05 else "more"
    return (
        f"Knowing the event's coverage tells **{bits:.3f} bits** about the story's next five minutes: {told} than "
        "chance leaves (about 0.02 where nothing leads). That is an order in time, not a cause."
    )


def carried(items: int, voices: int, sources: int, effective: float) -> str:
    """Concentration and diversity in words."""
    return (
        f"**{items}** items in **{voices}** {'wording' if voices == 1 else 'wordings'} from **{sources}** "
        f"{'source' if sources == 1 else 'sources'}; "
        f"counted by weight that is like **{effective:.1f}** equal sources."
    )


def changes(partial: bool, grade: str, open_window: bool) -> list[str]:
    """What would move the number."""
    said = [
        "**Late items.** An item that arrives later is counted in its own window; the window is then computed again "
        "and the new number gets a version of its own.",
        "**Another base rate.** The likelihood starts from an assumed share of pushed surges; the page Method has it.",
    ]
    if partial:
        said.insert(0, "**The missing source.** If its gap is filled, this window is counted again.")
    if open_window:
        said.insert(0, "**The end of the window.** Until it closes, every second may change the number.")
    if grade == "provisional":
        said.append("**More events.** One event alone stays a provisional alarm; only a calendar can confirm.")
    return said


def version(
    row_generation: int | None, published: datetime | None, method: str | None, origin: str, code: str, why: str
) -> str:
    """Which computation this is."""
    if row_generation is None:
        return "A live statement: it has no version until its window has closed."
    said = f"Generation **{row_generation}**, published {moment(published)} by {origin or 'unknown'}"
    said += f" ({why})" if why else ""
    return f"{said}. Code {code or 'unknown'}, method {method or 'unknown'}."


def publication(at: datetime, origin: str | None, reason: str, newest: bool) -> str:
    """One line of the selector."""
    said = f"{moment(at)}:{at:%S}".replace(" UTC:", ":") + " UTC"
    if newest:
        said += " (newest)"
    return f"{said} · {origin or 'taken back'}{' · ' + reason if reason else ''}"


def holes(count: int) -> str:
    """How many gaps touch the time line."""
    return (
        "No source was missing in these hours."
        if count == 0
        else f"{count} {'gap touches' if count == 1 else 'gaps touch'} these hours:"
    )


def spoken_line(label: str, peak: float, usual: float, at: datetime) -> str:
    """The time line for a reader who cannot see it."""
    return f"Time line: {label} peaks at {peak:.0f} percent of items at {clock(at)} UTC; usual is {usual:.1f} percent."


def spoken_fan(here: float, high: float) -> str:
    """The fan for a reader who cannot see it."""
    return (
        f"Placebo fan: this story reaches {here:.0f} percent of items; of 100 placebo moments about 97 stay below "
        f"{high:.0f} percent."
    )


def spoken_beliefs(pushed: float, organic: float, unknown: float) -> str:
    """The bar of belief for a reader who cannot see it."""
    return (
        f"Belief: {100 * pushed:.0f} percent for a push, {100 * organic:.0f} percent for ordinary attention, "
        f"{100 * unknown:.0f} percent left open."
    )
