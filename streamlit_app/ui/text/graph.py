"""The words of the page Graph."""

from __future__ import annotations

PAGE = "Graph"
HEADING = "What hangs together?"
PERIODS = {"1 h": 1, "3 h": 3, "12 h": 12, "24 h": 24}
PERIOD = "Period, up to the newest data"
FOLLOW = "Follow"
EVERYTHING = "Everything"
KINDS = {"event": "Event", "story": "Story", "source": "Source"}
COLUMNS = ("Events", "Stories", "Sources")
TITLE = "Events, stories and sources"
COUNTS = (
    "Left: political events; middle: stories, the dot's size by items; right: the sources that carried them. A line "
    "from an event to a story is one test: coloured and solid where it was reported, dotted where it found nothing. A "
    "grey line from a story to a source: items, the three largest. Pick a dot, or choose below, to see all that hangs "
    "on it."
)
INTERVAL = "The lines have no interval; each reported link has its own on its page."
SPOKEN = "Graph: {events} events, {stories} stories, {sources} sources, {edges} lines. The list below says the same."
EMPTY = "Nothing came in during this period. Choose a longer one."
CUT = "Shown are the linked stories and the largest, {n} dots at most."
TIES = "What hangs on it"
TESTED = "{verdict}: “{other}”"
ITEMS = "{n:.0f} items with {other}"
NARRATIVE = "Show its course on the page Narratives"
STORY_OF_LINK = "the whole story"
