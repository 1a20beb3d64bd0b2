"""The words of the page Confirmed."""

from __future__ import annotations

PAGE = "Confirmed"
HEADING = "What held up?"
LEAD = (
    "One event alone can only raise an alarm. Each alarm is decided on a date that follows from the event alone, "
    "when there "
    "are like hours on both sides to compare with. Withdrawn alarms stay in this list."
)
ALARMS = "What became of the alarms"
ALARMS_NONE = "No alarm is on record."
COUNT = "**{confirmed}** confirmed, **{withdrawn}** withdrawn, **{open}** waiting for their date."
OUTCOMES = {"open": "○ Open", "confirmed": "✓ Confirmed", "withdrawn": "✕ Withdrawn"}
ALARM_COLUMNS = {
    "decision": "Decision",
    "due_at": "Decided on, UTC",
    "headline": "Story",
    "event_title": "Event",
    "event_at": "Event, UTC",
    "likelihood": "Likelihood then, %",
    "p_then": "p then",
    "p_value": "p, both sides",
    "slots": "Slots",
    "reason": "Reason",
}
CALENDARS = "Whole calendars"
CALENDARS_SAID = (
    "A link of a kind of event with a narrative is confirmed by ten events of the kind or more, against placebo "
    "calendars; "
    "`lf analyze` makes that test and writes the placebo fan of each calendar. So far this radar has tested:"
)
CALENDAR_LINE = "**{calendar}**: {events} events tested, {tests} tests (ten events are needed)"
CONFIRMED_NONE = "No calendar has confirmed a link."
EFFECTS = "Effects and what chance makes of them"
EFFECTS_COUNTS = (
    "One line a test of an event and a story, the rarest first: items above the story's usual share (the mark), for "
    "one event. "
    "Every test is counted in q, also those that found nothing."
)
EFFECTS_INTERVAL = (
    "The bar is the 95 % placebo interval. Only stories that surged are tested, so bars right of zero are the rule; "
    "whether the surge is rarer than chance after so many tests is what the colour says."
)
EFFECT_AXIS = "Items above the usual share"
EFFECTS_SPOKEN = "Effects of {n} tests with their placebo intervals; {clear} of them are rare enough to be reported."
CLEAR, UNCLEAR = "Rare enough to be reported (q ≤ 0.10)", "Not rarer than chance (q > 0.10)"
