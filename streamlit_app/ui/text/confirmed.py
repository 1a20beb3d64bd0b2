"""The words of the page Confirmed."""

from __future__ import annotations

from datetime import datetime

from streamlit_app.ui.text import moment, percent

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
    "A kind of event and a narrative are a confirmed link when the narrative grows after ten events of the kind or "
    "more, further than after placebo calendars: the same events moved to other days of the same weekday class, hour "
    "and era. `lf analyze --publish` makes that test on an archive of headlines and puts it here, found or not."
)
LINKS_NONE = "No calendar has been published yet."
SINGLE = "Single events"
SINGLE_SAID = "What the radar itself has tested, event by event; a calendar of ten can be confirmed as a whole."
STORY, ABOUT = "Story", "After"
CALENDAR_EFFECTS = "Calendar by narrative: effects and what chance makes of them"
CALENDAR_EFFECTS_COUNTS = (
    "One line a calendar and narrative, the {n} clearest of each calendar: items per event above what placebo "
    "calendars lead to (the mark). Every test is in the CSV, and every test is counted in p and q."
)
CALENDAR_EFFECTS_INTERVAL = (
    "The bar is the 95 % placebo interval: where it holds zero, chance alone does as much. Of many narratives some "
    "stay clear of zero by chance too; p and q count that, and so does the colour."
)
CALENDAR_AXIS = "Items per event above chance"
CALENDAR_CLEAR, CALENDAR_UNCLEAR = "Rarer than chance", "Within chance"
FAN_PICK = "Placebo fan of"
FAN_TITLE = "The same calendar on other days"
FAN_COUNTS = (
    "Orange: items of the narrative per event, in steps of {step}, averaged over {events} events. Grey: the same "
    "average over each of {placebos} placebo calendars. The event is at 0; the events' own coverage is not taken out "
    "here."
)
FAN_INTERVAL = (
    "Dark grey holds the middle half of the placebo calendars, light grey 95 of 100, the dotted line is the median."
)
FAN_ACROSS, FAN_UP = "Hours from the event", "Items per event"
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
CLEAR, UNCLEAR = "Reported, q ≤ 0.10", "Within chance, q > 0.10"


def tested(calendars: int, links: int, found: int) -> str:
    """How much was looked at to find this much."""
    kinds = "calendar" if calendars == 1 else "calendars"
    said = f"**{calendars}** {kinds}, **{links:,}** tests of a calendar against a narrative"
    return f"{said}; **{found or 'none'}** {'is' if found <= 1 else 'are'} rarer than chance."


def calendar(name: str, test: str, events: int, narratives: int, p: float, published: datetime) -> str:
    """One calendar."""
    kinds = "narrative" if narratives == 1 else "narratives"
    return (
        f"**{name}**, {test} after the event: {events} events against {narratives} {kinds}; placebo calendars do as "
        f"much in {percent(p)} of cases. Published {moment(published)}."
    )


def effect(name: str, label: str, events: int, effect: tuple[float, float, float], p: float, placebos: int) -> str:
    """One calendar and narrative in a sentence."""
    at, low, high = effect
    return (
        f"After **{events}** events of the calendar *{name}*, “{label}” had **{at:+.2f}** items per event against what "
        f"chance leads to (95\u00a0% placebo interval {low:+.2f} to {high:+.2f}). Of {placebos:,} placebo calendars "
        f"**{percent(p)}** do as much with any narrative."
    )


def step(length: int) -> str:
    """How long one step of a fan is."""
    return f"{length} minutes" if length < 60 else f"{length // 60} hours"


def spoken_fan(highest: float, band: float, label: str) -> str:
    """The fan for a reader who cannot see it."""
    return (
        f"Placebo fan: {label} reaches {highest:.2f} items per event in a step; 97 of 100 placebo calendars stay below "
        f"{band:.2f}."
    )
