"""What the data addresses say."""

from __future__ import annotations

AWAY = "The database does not answer at the moment; try again later."
PREPARING = "The tables behind this address are being prepared; try again later."
FAILED = "The question could not be answered; the fault has been recorded."
NO_SUCH_FORM = "No such form: use .csv, .json, .parquet or .meta.json."
NO_SUCH_DAY = "A day is written like 2025-01-28."
BAD_INSTANT = "An instant is written like 2025-01-28T14:20:00Z."
BAD_SPAN = "`from` must lie before `to`."
LINKS = (
    "Statements on links of an event and a surge: those that hold, with likelihood, interval, p, q and number of tests."
)
TESTS = "Every test of an event against a surge, also those that found nothing."
NARRATIVES = "Narratives of every closed five-minute window, with their share of all items with a trusted date."
EVENTS = "Political events: entries of calendars, and bursts of political news."
SURGES = "Surges: the one alarm of each onset and time scale."
GAPS = "Holes in collection; a gap never reads as a drop in attention."
SOURCES = "How each source is doing."
SIGNALS = "How each leading source, term and narrative stands in a window, against its own last day."
WARNINGS = "Streams that behave as if they were about to change, and those that do not."
REGIMES = "How all streams of a kind behave together; labels that emergence does not bear out are left out."
LEADS = "Which streams foretell which, once an hour; foretelling is not causing."
BELIEFS = "What each detector believes of a link, and what they believe together."
DAYS = "One row for each UTC day: items, windows, surges, tests, links, gaps."
CHANGES = "Published numbers that are no longer what they were: before, after and why."
FEED_TITLE = "LatticeForge: new links"
FEED_SUBTITLE = "Surges after political events that chance hardly explains. Timing, never motive."
