"""Every word the dashboard says, in one place, so that it can be translated.

Here: labels, sentences, numbers and times in words. Not here: layout, or text from outside (``outside``). Sentences
take outside text that is escaped already.
"""

from __future__ import annotations

from datetime import datetime

TITLE = "LatticeForge"
TAGLINE = "An open narrative radar. It measures timing, never motive."

PAGE_NOW, PAGE_NARRATIVES, PAGE_SOURCES, PAGE_METHOD = "Now", "Narratives", "Sources & gaps", "Method"

VERDICTS = {
    "likely": "Likely",
    "contested": "Contested",
    "unlikely": "Unlikely",
    "no evidence": "No evidence",
}
GRADES = {
    "provisional": "Provisional alarm",
    "confirmed": "Confirmed link",
    "exploratory": "Exploratory",
}
GRADE_HELP = {
    "provisional": "Rests on one event alone, which can raise an alarm but never confirm a link.",
    "confirmed": "Rests on a whole calendar of events, tested against placebo calendars.",
    "exploratory": "Was not announced beforehand; read it as a question, not as an answer.",
}
STAGES = {
    "live": "Live, its window is still open",
    "lapsed": "Not repeated when its window closed",
    "committed": "Final for its window",
}

NOW_HEADING = "What surged right after a political event?"
REPORTED_HEADING = "Worth a look"
LIKELIHOOD_EXPLAINED = (
    "Likelihood: how probable it is that a surge was pushed rather than ordinary attention, judged by when it came and "
    "how it was carried. It starts from an assumed base rate; the page Method says which."
)
UNLIKELY_HEADING = "Surged too, but reads as ordinary attention"
WHOLE_STORY = "The whole story: course, placebo moments, sources, every test"
EVIDENCE_HEADING = "Headlines behind it, in order of time"
EVIDENCE_NONE = "The headlines behind this statement are not at hand yet."
DISCLAIMER_HEADING = "What this does not say"
DISCLAIMER = (
    "A link says that a story surged shortly after a political event, more than chance alone explains, and how it was "
    "carried. It does not say why, and it accuses nobody: news desks follow each other, alerts go out at the same "
    "hour, and two things may happen on one day. Read the headlines, ask the sources, and quote the interval with "
    "the number."
)

EMPTY = "Nothing has been tested yet. Links appear here once a political event and a surge lie close together in time."
QUIET = "No link worth reporting in these 24 hours. That is the usual state of affairs."
NO_DATA = "No data has come in yet. The page fills by itself as soon as the radar closes its first window."
AWAY = "The database does not answer at the moment. Nothing can be shown; the page tries again by itself."
PREPARING = "The tables behind this page are being prepared. The page tries again by itself."
FAILED = "This part of the page could not be loaded. It tries again by itself; the fault has been recorded."
NO_RADAR = "The radar has not reported yet."
PARTIAL_HEADING = "Rests on incomplete data"

NARRATIVES_HEADING = "What was talked about?"
PERIODS = {"3 h": 3, "12 h": 12, "24 h": 24}
PERIOD_LABEL = "Period, up to the newest data"
SEARCH_LABEL = "Search"
SEARCH_PLACEHOLDER = "A word in a label or headline, or what it is about"
SEARCH_BY = "Search by"
WORD, MEANING = "Word", "Meaning"
NO_MEANING = "Search by meaning is not at hand here; the word is searched for instead."
ONE_LABEL = "One narrative in detail"
USUAL = "Usual share, %"
SHARES_TITLE = "Share over time"
SHARES_INTERVAL = (
    "These are counts of what came in, so they have no interval; Link has the band of chance for each link."
)
USUAL_SAID = "Dotted: what its usual share led to expect in the windows in which it was heard."
CARRIED_TITLE = "Who carried it"
CARRIED_COUNTS = (
    "Counted items of the period by source; the twelve largest. A copy repeats the wording of an earlier item."
)
FIRST_SEEN = "First seen {at}, by {source}."
PICK_LABEL = "Narratives in the chart"
PICK_PLACEHOLDER = "The largest ones"
NO_MATCH = "No narrative of this period matches. Try a shorter word or a longer period."
SHARE_AXIS = "Share of all counted items, %"
TIME_AXIS = "Time, UTC"
LIKELIHOOD_AXIS = "Likelihood, %. Bar: 95 % interval"
NARRATIVE_COLUMNS = {
    "label": "Narrative",
    "headline": "Most central headline",
    "items": "Items",
    "share": "Share, %",
    "peak": "Peak share, %",
    "sources": "Sources",
    "copies": "Copies, %",
    "surprise": "Surprise, −log₁₀ p",
    "first_at": "First seen, UTC",
}
NARRATIVES_UNIT = (
    "Each point is one five-minute window. Share: items of the narrative among all items with a trusted date. A window "
    "without the narrative counts as zero, a window that was never closed is left out. Copies: items that repeat the "
    "wording of an earlier one. Sources: the most in any one window."
)

SOURCES_HEADING = "Where does it come from, and where are the holes?"
SOURCE_STATES = {"ok": "OK", "new": "New", "backing off": "Backing off", "failing": "Failing"}
GAP_STATES = {"open": "Open", "filled": "Filled", "lost": "Lost"}
SILENT = "**{source}** has had nothing new for {silence}; its usual worst silence is {usual}."
SILENT_NONE = "No source is silent for longer than its rhythm explains."
RHYTHM_EXPLAINED = (
    "A source that fails is asked less and less often (backing off) and left alone until its next try. Its usual worst "
    "silence is learned from its own last months; twice that is out of the ordinary and recorded as a gap."
)
GAPS_COUNTS = "Each bar is one gap, from its first missing moment to the last; one row a source, the last 7 days."
GAPS_INTERVAL = "Gaps have no interval: a gap is on record or it is not."
GAPS_SPOKEN = (
    "{n} gaps of the last 7 days: {open} open, {filled} filled, {lost} lost. The table of sources names the open ones."
)
GAPS_HEADING = "Gaps in collection"
GAPS_EXPLAINED = (
    "A gap is a span in which a source could not be collected. It is recorded and left out of every number: a hole "
    "never reads as a drop in attention. Filled: everything came after all. Lost: it did not."
)
GAPS_NONE = "No gap on record in the last 7 days."
FLAGGED_HEADING = "Dates that are not trusted"
FLAGGED_EXPLAINED = (
    "An item whose date is missing, unreadable, in the future or far in the past is kept and flagged, but not counted: "
    "a date that falls back to “now” would make a surge out of nothing."
)
FLAGGED_NONE = "Every item of the last 24 hours carries a date that is trusted."
CLOCKS_NONE = "No source's clock is known to be off."
SOURCE_COLUMNS = {
    "title": "Source",
    "state": "State",
    "last_item_at": "Newest item, UTC",
    "items_24h": "Items, 24 h",
    "flagged_24h": "Flagged, 24 h",
    "open_gap_since": "Gap since, UTC",
    "silence": "Nothing new for",
    "usual": "Usual worst silence",
    "every": "Asked every",
    "next_attempt_at": "Next try, UTC",
    "failures": "Failures in a row",
    "kind": "Kind",
    "country": "Country",
    "language": "Language",
}
FLAGGED_COLUMNS = {"title": "Source", "flagged_24h": "Flagged", "undated_24h": "No readable date", "items_24h": "Items"}
SOURCES_NONE = "No source is known yet."

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def clock(at: datetime | None, *, seconds: bool = False) -> str:
    """14:27 or 14:27:03, UTC."""
    return "unknown" if at is None else f"{at:%H:%M:%S}" if seconds else f"{at:%H:%M}"


def day(at: datetime) -> str:
    """28 Jan 2025."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def moment(at: datetime | None) -> str:
    """28 Jan 2025, 14:27 UTC."""
    return "unknown" if at is None else f"{day(at)}, {clock(at)} UTC"


def span(seconds: float) -> str:
    """A length of time in words: 40 seconds, 5 minutes, 1 h 10 min, 3 days."""
    seconds = abs(seconds)
    minutes = round(seconds / 60)
    if seconds < 55:
        return _count(round(seconds), "second")
    if minutes < 60:
        return _count(minutes, "minute")
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else _count(minutes // 60, "hour")
    return _count(round(minutes / 1440), "day")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def percent(share: float | None) -> str:
    """A share in [0, 1] as a percentage; small ones with one decimal, tiny ones as a bound."""
    if share is None:
        return "unknown"
    if 0 < share < 0.001:
        return "less than 0.1\u00a0%"
    return f"{100 * share:.1f}\u00a0%" if share < 0.1 else f"{100 * share:.0f}\u00a0%"


def whole(share: float) -> str:
    """A probability as a whole percentage, never quite 0 or 100."""
    return f"{min(99, max(1, round(100 * share)))}"


def sentence(
    label: str, ratio: float | None, lag_s: float, event: str | None, event_at: datetime | None, p_value: float
) -> str:
    """What happened and how unusual it is."""
    rise = f"rose to **{ratio:.1f}×** its usual share" if ratio else "rose above its usual share"
    when = "at the same moment as" if abs(lag_s) < 1 else f"**{span(lag_s)}** {'after' if lag_s > 0 else 'before'}"
    named = f"“{event}”" if event else "a political event"
    named += f" ({clock(event_at)} UTC)" if event_at else ""
    return f"“{label}” {rise} {when} {named}. Placebo slots do this in **{percent(p_value)}** of cases."


def certainty(likelihood: float | None, low: float | None, high: float | None) -> str:
    """The likelihood with its interval, or that there is none."""
    if likelihood is None:
        return "There is too little evidence to put a number on it."
    if low is None or high is None:
        return f"Likelihood **{whole(likelihood)}\u00a0%**."
    return f"Likelihood **{whole(likelihood)}\u00a0%**, 95\u00a0% interval {whole(low)}–{whole(high)}\u00a0%."


def interval_alt(likelihood: float, low: float, high: float) -> str:
    """The interval chart in words."""
    return f"Likelihood {whole(likelihood)} percent, 95 percent interval from {whole(low)} to {whole(high)} percent"


def figures(
    effect: float, low: float | None, high: float | None, q_value: float | None, tests: int | None, conflict: float
) -> str:
    """The small print of a card."""
    extra = f"{effect:.0f} items more than usual"
    if low is not None and high is not None:
        extra += f" (95 % interval {low:.0f} to {high:.0f})"
    parts = [extra]
    if q_value is not None:
        parts.append(f"false-discovery rate q {q_value:.2g}")
    if tests is not None:
        parts.append(f"{_count(tests, 'test')} in this window, all counted")
    parts.append(f"conflict between detectors {conflict:.2f}")
    return " · ".join(parts)


def copies(number: int, accounts: int) -> str:
    """How many near-identical items were folded into one headline."""
    return f"{number} near-identical from {_count(accounts, 'account')}" if accounts else f"{number} near-identical"


def more_headlines(number: int) -> str:
    """Label of the fold that holds the rest."""
    return f"{_count(number, 'more headline')}"


def partial(reasons: list[str]) -> str:
    """The warning on a card that rests on incomplete data; reasons are escaped."""
    return f"**{PARTIAL_HEADING}.** {'; '.join(reasons)}."


def data_until(at: datetime) -> str:
    """The status line: how far the data reaches."""
    return f"Data up to **{day(at)}, {clock(at, seconds=True)} UTC**"


def replay(at: datetime) -> str:
    """Shown where the newest data is not of today."""
    return f"This is a replay. “Now” means {moment(at)}, the newest moment in the data."


def stale(age_s: float) -> str:
    """Shown where the radar has fallen silent."""
    return f"The radar has been silent for {span(age_s)}. What you see is its last state."


def radar_running(age_s: float) -> str:
    """The status line: the radar is alive."""
    return f"Radar running, heard {span(age_s)} ago"


def to_be_decided(at: datetime) -> str:
    """When an alarm is confirmed or withdrawn."""
    return f"To be confirmed or withdrawn on {day(at)}, when there are like hours on both sides to compare with."


def gaps_open(number: int) -> str:
    """The status line: holes in collection."""
    return "No open gap" if number == 0 else _count(number, "open gap")


def activity(items: int, windows: int, tests: int, reported: int) -> str:
    """How much was looked at to report this little."""
    return (
        f"In the 24 hours before: **{items:,}** items counted in **{windows:,}** closed windows, "
        f"**{_count(tests, 'link')}** tested, **{reported:,}** reported."
    )


def no_evidence(number: int) -> str:
    """The line for tests that found nothing."""
    return (
        f"{_count(number, 'further test')} in these 24 hours found no evidence. Every test is counted, those that "
        "found nothing too."
    )


def only_first(number: int) -> str:
    """Shown where the list had to end."""
    return f"Only the first {number} statements are shown."


def clock_off(source: str, offset_s: float) -> str:
    """A source whose clock is off; its name is escaped."""
    return f"**{source}**: its clock is {span(offset_s)} {'ahead' if offset_s > 0 else 'behind'}."


def gap_line(source: str, since: datetime, reason: str) -> str:
    """An open gap; name and reason are escaped."""
    return f"**{source}** has been missing since {moment(since)}: {reason}."
