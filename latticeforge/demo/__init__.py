"""The demo day: an invented 28 January 2025 with a week before it, and publishers that serve it on this machine.

Here: making the day from authored wording and a seed, serving it over loopback HTTP, writing it to files. Not here:
collecting, scoring, or anything that knows what a right answer is; the truth travels beside the data, never in it.
"""
