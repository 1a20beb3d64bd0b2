"""The words of the page Day."""

from __future__ import annotations

PAGE = "Day"
HEADING = "One day as a story"
PICK = "Day (UTC)"
NONE = "No day is on record yet. Days appear here as soon as windows have been counted."
FIGURES = {
    "items_counted": "Items counted",
    "windows_closed": "Windows closed, of 288",
    "spikes": "Surges",
    "links_tested": "Links tested",
    "links_reported": "Links reported",
    "gaps": "Gaps",
}
FIGURES_WHEN = "Figures as of the last time they were put together: {at}."
LANES = {"event": "Events", "surge": "Surges", "link": "Links", "gap": "Gaps"}
CHART_TITLE = "What came when"
CHART_COUNTS = (
    "Each mark is one political event, one surge (its size: how surprising), one reported link, or one gap in "
    "collection, at its time."
)
CHART_INTERVAL = "Marks have no interval; each link has its own on its page."
SPOKEN = "Time line of the day: {events} events, {surges} surges, {links} reported links, {gaps} gaps."
STORY = "The day in order"
QUIET = "Nothing was linked on this day. That is the usual state of affairs."
ONLY = "Only the {n} most surprising surges are told."
SEALED = "Sealed"
NOT_SEALED = "This day is not sealed yet. A day is sealed after it has ended and been counted again."
STATES = {
    "agrees": "The manifest in the archive is the one whose root was published.",
    "differs": "The manifest in the archive has another root than the published one. Do not rely on the files.",
    "away": "The archive cannot be read from here; the published root is the database's.",
}
ROOT = "Root, published {at}"
VERIFY = "`lf snapshot verify` checks every file and every row against this root."
FILES = {"table": "Table", "rows": "Rows", "sha256": "SHA-256"}
DOWNLOADS = "Downloads"
DOWNLOADS_SAID = (
    "What holds now for this day; the metadata says how many rows there are and up to when the data reaches."
)
TABLES = {
    "links": "Links",
    "tests": "Tests",
    "surges": "Surges",
    "events": "Events",
    "narratives": "Narratives",
    "gaps": "Gaps",
}
