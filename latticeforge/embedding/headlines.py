"""Invented headlines to measure an encoder on, in the length and variety of a front page.

Here: wording and a seeded draw. Not here: the demo day, whose items have times and sources.
"""

from __future__ import annotations

import random

_PLACES = (
    "Northgate", "Port Ellery", "the Harrow valley", "Lisbon", "Nairobi", "Osaka", "the capital", "Marlow County",
    "Gdansk", "the border region", "Quito", "Vancouver", "the southern coast", "Jakarta", "Leeds", "Tbilisi", "Austin",
    "the old town", "Dakar", "Oslo", "the Kestrel islands", "Lima", "Perth", "Prague", "the delta", "Winnipeg",
)  # fmt: skip
_PEOPLE = (
    "minister", "striker", "surgeon", "mayor", "novelist", "union leader", "judge", "astronaut", "opposition leader",
    "bank governor", "farmer", "former champion", "teacher", "film director", "whistleblower", "police chief", "pilot",
    "climate envoy", "teenage inventor", "archbishop", "tennis star", "defence secretary", "chef", "nurse", "senator",
)  # fmt: skip
_BODIES = (
    "city council", "central bank", "health ministry", "airline", "football club", "high court", "space agency",
    "carmaker", "national museum", "power company", "parliament", "teachers' union", "chip maker", "rail operator",
    "water regulator", "broadcaster", "supermarket chain", "university", "election commission", "coast guard",
    "food standards agency", "pension fund", "fire service", "stock exchange", "refugee charity", "zoo",
)  # fmt: skip
_THINGS = (
    "flood defences", "a wage deal", "the vaccine trial", "rising rents", "a missing ferry", "the budget",
    "stolen paintings", "a data leak", "the cup final", "wheat prices", "a wildfire", "driverless buses",
    "the ceasefire",
    "school meals", "a comet", "night trains", "the interest rate", "bee colonies", "an oil spill", "a rare manuscript",
    "sewage in rivers", "the transfer window", "drone sightings", "a prison break", "hospital waiting lists",
    "the solar eclipse", "lithium mining", "a bridge collapse", "online scams", "a new opera", "tax on sugar",
    "the heatwave", "ancient bones", "a mass recall of prams", "fishing quotas", "border checks", "a doping case",
    "the lottery", "glacier loss", "broadband for villages", "an avalanche", "the sale of the port",
)  # fmt: skip
_DOES = (
    "warns over", "wins praise for", "rejects blame for", "opens inquiry into", "promises money for", "is sued over",
    "ends silence on", "delays decision on", "celebrates", "faces questions about", "cuts jobs after row about",
    "apologises for", "votes on", "asks for help with", "publishes first figures on", "changes course on",
    "jokes about",
    "urges calm over", "breaks record despite", "blocks report on", "hails turning point in", "loses appeal over",
)  # fmt: skip
_SHAPES = (
    "{Body} in {place} {does} {thing}",
    "{Person} {does} {thing}",
    "{Thing}: what we know so far",
    "Why {thing} matters to the {body}",
    "'I had to leave': a {person} from {place} on {thing}",
    "{n} arrested in {place} after protest over {thing}",
    "Live: {body} meets in {place} as {thing} dominates talks",
    "{Place} braces for weekend of {thing}",
    "How a {person} in {place} changed the way we see {thing}",
    "{Body} says {thing} could cost {n} million, and the {person} disagrees",
    "{Person} resigns hours after {body} {does} {thing}",
    "In pictures: {thing} in {place}",
    "At least {n} hurt as {thing} reaches {place}, officials say",
    "Quiz: how much do you know about {thing}?",
    "{Person} and {person2} clash over {thing}",
    "Analysis: the {body}, the {person} and the long shadow of {thing}",
)


def invented_headlines(count: int, seed: int = 0) -> list[str]:
    """``count`` different headlines (at most 100,000), the same for the same seed."""
    draw = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(_headline(draw))
    return list(found)


def _headline(draw: random.Random) -> str:
    words = {
        "place": draw.choice(_PLACES),
        "person": draw.choice(_PEOPLE),
        "person2": draw.choice(_PEOPLE),
        "body": draw.choice(_BODIES),
        "thing": draw.choice(_THINGS),
        "does": draw.choice(_DOES),
        "n": str(draw.randint(2, 90)),
    }
    capital = {name.capitalize(): word[0].upper() + word[1:] for name, word in words.items()}
    return draw.choice(_SHAPES).format(**words, **capital)
