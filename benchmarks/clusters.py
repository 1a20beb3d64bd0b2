"""How well and how fast items are grouped into narratives: `python benchmarks/clusters.py`.

Prints B-cubed precision, recall, F1 and the adjusted Rand index on labelled news events made here (a fixed seed for
each file), beside all items alone and a single-pass TF-IDF grouping, then the time of one window of 2,000 items beside
the bare matrix product of its vectors. Titles only, shuffled, without times; one configuration.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from latticeforge.embedding import Encoder, load_encoder
from latticeforge.model import ARTICLE, text_hash
from latticeforge.narratives.agreement import agreement
from latticeforge.narratives.clusters import narratives
from latticeforge.narratives.stories import stories
from latticeforge.settings import Settings
from latticeforge.windows import Window

SEEDS = (1, 2, 3)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")]


PLACES = _words(
    """
    Chile, Nepal, Portugal, Kenya, Manila, Naples, Osaka, Lima, Ankara, Quito, Lagos, Oslo, Dublin, Hanoi, Perth,
    Athens, Cairo, Denver, Houston, Leeds, Cardiff, Tunis, Bogota, Jakarta, Warsaw, Riga, Zagreb, Porto, Malaga,
    Nairobi, Boston, Seattle
    """
)
PEOPLE = _words(
    """
    Marlow, Okafor, Lindqvist, Ferrand, Castellano, Brandt, Ivanova, Takeda, Moreau, Haddad, Petrov, Keane, Mbeki,
    Alvarez, Novak, Rossi, Chandra, Whitlock, Duarte, Sorensen, Yilmaz, Kowalski, Abbott, Nakamura, Fairbairn,
    Osei, Lombardi, Reyes, Thackeray, Voss
    """
)
FIRMS = _words(
    """
    Norvexa, Halden, Brightwell, Caltris, Oremont, Vantara, Kestrel, Lumenor, Taurex, Solvida, Pinnacle, Meridian,
    Arcadium, Fenwick, Graystone, Helix
    """
)

# Events of one kind share their words; only names and numbers tell two of them apart.
KINDS: dict[str, tuple[str, ...]] = {
    "quake": (
        "Powerful earthquake strikes {place}, dozens feared dead",
        "{place} earthquake: rescuers dig through rubble for survivors",
        "Death toll from {place} quake climbs to {n}",
        "Aftershocks rattle {place} as thousands sleep outdoors",
        "Why the {place} earthquake did so much damage",
        "Aid flights land in {place} after magnitude 7 tremor",
        "Child pulled alive from collapsed school in {place}",
        "{place} mourns {n} victims of earthquake",
        "Seismologists had warned {place} for years",
        "World leaders offer help to quake-hit {place}",
    ),
    "trial": (
        "{person} goes on trial accused of fraud",
        "Jury sworn in for {person} fraud trial",
        "Former partner tells court {person} lied to investors",
        "{person} takes the stand and denies cheating investors",
        "{person} found guilty on {n} counts",
        "Judge sentences {person} to {n} years",
        "Who is {person}, the financier facing prison?",
        "Lawyers for {person} promise appeal",
        "Investors who lost everything to {person} speak out",
        "Prosecutors rest their case against {person}",
    ),
    "match": (
        "{place} beat {place2} {n}-1 to reach final",
        "Late {person} goal sends {place} through against {place2}",
        "{place2} out of cup after defeat by {place}",
        "{place} v {place2}: how the semi-final unfolded",
        "Coach of {place2} resigns after {place} loss",
        "{person} the hero as {place} win semi-final",
        "Fans celebrate in {place} after cup win",
        "Referee defends penalty in {place} v {place2}",
    ),
    "deal": (
        "{firm} agrees to buy {firm2} for ${n}bn",
        "{firm2} shares soar on takeover by {firm}",
        "Regulator opens inquiry into {firm} bid for {firm2}",
        "Unions fear job cuts as {firm} swallows {firm2}",
        "{firm} chief {person} hails {firm2} merger",
        "What the {firm} and {firm2} deal means for customers",
        "{firm2} board backs ${n}bn offer",
        "Rival weighs counter-bid for {firm2}",
    ),
    "flood": (
        "Flash floods sweep through {place}",
        "Thousands leave homes as river bursts banks in {place}",
        "{place} under water after record rain",
        "Army sent to flooded {place}",
        "At least {n} missing in {place} floods",
        "Clean-up begins in {place} as waters fall",
        "Residents of {place} ask why no flood warning came",
        "Farmers around {place} count losses after deluge",
    ),
    "vote": (
        "Polls open in {place} presidential election",
        "{person} claims victory in {place} vote",
        "Opposition disputes {place} election result",
        "{place}: {person} leads with {n}% of ballots counted",
        "Turnout high as {place} chooses new president",
        "Observers report irregularities in {place} ballot",
        "{person} sworn in as president of {place}",
        "What a {person} presidency means for {place}",
    ),
    "death": (
        "Actor {person} dies aged {n}",
        "Tributes paid to screen legend {person}",
        "{person} obituary: a life on stage",
        "Co-stars remember {person}: 'kindest man in film'",
        "Fans leave flowers at home of {person}",
        "{person}: five unforgettable roles",
        "Funeral of {person} held in {place}",
    ),
    "outage": (
        "{firm} apps down for millions of users",
        "{firm} blames faulty update for worldwide outage",
        "Services return after {n}-hour {firm} outage",
        "Flights delayed as {firm} systems fail",
        "Shops turn to cash while {firm} is offline",
        "{firm} apologises and promises refunds after outage",
        "How one {firm} update broke the internet",
    ),
    "strike": (
        "Train drivers in {place} begin {n}-day strike",
        "Commuters stranded in {place} as rail strike starts",
        "Talks to end {place} rail dispute collapse",
        "{place} rail union rejects pay offer",
        "Deal reached to end {place} train strike",
        "Businesses in {place} count cost of rail walkout",
    ),
    "shooting": (
        "Gunman opens fire at {place} shopping centre",
        "{n} wounded in {place} mall shooting",
        "Police name suspect in {place} attack",
        "Vigil held for victims of {place} mall shooting",
        "Witnesses describe panic at {place} shopping centre",
        "{place} gunman bought rifle legally, police say",
        "Calls for gun law change after {place} killings",
    ),
}
# What one event alone is about besides: a place on the spot, an angle.
ANGLES = _words(
    """
    at old monastery, near chemical plant, beside river port, at children's hospital, near airport, in fishing district,
    around steel works, at state university, near the border, by the cathedral, at military base, in diamond market,
    along coastal railway, at nuclear station, in wine region, at royal palace, near oil refinery, in ski resort,
    at refugee camp, near opera house, in tech campus, around cotton mills, at naval yard, in tea plantations,
    near football academy, at pension fund, in film studios, around copper mine, at parliament, in flower market,
    near ferry terminal, at space centre, in spice bazaar, around dairy farms, at law school, in car factory,
    near zoo, at television tower, in orange groves, around salt lakes
    """
)
SUBJECTS = _words(
    """
    Octopus, Stolen violin, Retired tram driver, Comet dust, Sourdough baker, Lighthouse keeper, Dung beetle,
    Typewriter collector, Mountain goat, Medieval map, Kite maker, Viking boat, Robot dog, Jazz saxophonist,
    Bonsai tree, Antarctic moss, Cheese wheel, Talking parrot, Roman sundial, Fairground carousel, Baby
    hedgehog, Steam engine, Nursing home choir, Teenage chess champion, Urban beekeeper, Mammoth tusk, Tiny
    submarine, Accordion factory, Giant pumpkin, Meteorite hunter, Village fountain, Rare orchid, Runaway
    donkey, Wind farm, War diary, Headless statue, Sleep scientist, Coffee price, Electric scooter, Wedding
    planner, Vegan butcher, Crossword setter, Lost wallet, Dinosaur footprint, School lunch, Tax form, Knitting
    club, Bridge engineer, Antibiotic, Housing rent
    """
)
PREDICATES = _words(
    """
    sets world record, baffles doctors, returns after 50 years, divides town council, goes viral, helps cure
    insomnia, sold for a fortune, banned from beaches, inspires new opera, stops traffic, found in attic, wins
    design prize, raises money for orphans, needs a new home, changes colour overnight, taught in primary
    schools, costs twice as much, breaks down in tunnel, survives lightning, turns out to be fake, cleans
    polluted lake, makes perfect holiday gift, sparks heated debate, saved by volunteers, becomes tourist
    magnet, outsells smartphones, predicts the weather, reunites sisters, gets its own museum, loses in court
    """
)
COPY_MARKS = ("AP: {}", "UPDATE 1-{}", "{} - Reuters", "{}", "BREAKING: {}")
ASIDES = ("", "", "", ", officials say", " - live", " as pressure grows", " this week", ": what we know")


@dataclass(frozen=True)
class Labelled:
    """Titles and the event each reports."""

    titles: list[str]
    events: list[int]


def labelled(seed: int, size: int = 2000, events: int = 20) -> Labelled:
    """A shuffled file: sizes of events fall as 1 / rank, one title in twenty stands alone, a fifth are copies.

    Two events of each kind report the same kind of thing of other places, people and firms.
    """
    rng = np.random.default_rng(seed)
    shares = 1 / np.arange(1, events + 1)
    sizes = np.maximum(2, np.round(shares / shares.sum() * size * 0.95)).astype(int)
    kinds = rng.permutation([list(KINDS)[i % len(KINDS)] for i in range(events)])
    names = {kind: _cast(rng) for kind in KINDS}
    rows = [
        (title, event)
        for event, (kind, count) in enumerate(zip(kinds.tolist(), sizes.tolist(), strict=True))
        for title in _event(rng, KINDS[kind], names[kind].pop(), count)
    ]
    rows += [(_loner(rng), events + number) for number in range(size - len(rows))]
    order = rng.permutation(len(rows))
    return Labelled([rows[i][0] for i in order], [rows[i][1] for i in order])


def _cast(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Names for the events of one kind; no two events share one."""
    places, people, firms = rng.permutation(PLACES), rng.permutation(PEOPLE), rng.permutation(FIRMS)
    return [
        {
            "place": places[2 * i],
            "place2": places[2 * i + 1],
            "person": people[i],
            "firm": firms[2 * i],
            "firm2": firms[2 * i + 1],
            "angles": rng.choice(ANGLES, 4, replace=False).tolist(),
        }
        for i in range(len(FIRMS) // 2)
    ]


def _pick(rng: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(rng.integers(len(names)))]


def _event(rng: np.random.Generator, wordings: tuple[str, ...], names: dict[str, Any], size: int) -> list[str]:
    """``size`` titles of one event: its names stay, wording and numbers change, some are copies of an earlier one."""
    titles: list[str] = []
    for _ in range(size):
        if titles and rng.random() < 0.2:
            titles.append(_pick(rng, COPY_MARKS).format(_pick(rng, titles)))
        else:
            title = _pick(rng, wordings).format(n=int(rng.integers(2, 90)), **names)
            titles.append(title + _pick(rng, [*ASIDES, *(f" {angle}" for angle in names["angles"])]))
    return titles


def _loner(rng: np.random.Generator) -> str:
    return f"{_pick(rng, SUBJECTS)} {_pick(rng, PREDICATES)}"


def single_pass(titles: list[str], threshold: float = 0.25) -> NDArray[np.int64]:
    """The baseline: each title joins the closest TF-IDF centroid at or above the threshold, else begins a group."""
    rows = TfidfVectorizer(sublinear_tf=True, stop_words="english").fit_transform(titles).toarray().astype(np.float32)
    totals, group = np.zeros_like(rows), np.zeros(len(titles), dtype=np.int64)
    found = 0
    for i, row in enumerate(rows):
        lengths = np.linalg.norm(totals[:found], axis=1)
        cosine = totals[:found] @ row / np.maximum(lengths, 1e-9)
        join = int(cosine.argmax()) if found and cosine.max() >= threshold else found
        found = max(found, join + 1)
        totals[join] += row
        group[i] = join
    return group


def accuracy(encoder: Encoder) -> None:
    """Print the agreement of each method with the truth, for every seed."""
    print(f"{'file':10} {'method':22} {'P':>6} {'R':>6} {'F1':>6} {'ARI':>6} {'groups':>7} {'seconds':>8}")
    for seed in SEEDS:
        data = labelled(seed)
        in_order = sorted(range(len(data.titles)), key=data.titles.__getitem__)
        titles, events = [data.titles[i] for i in in_order], [data.events[i] for i in in_order]
        vectors = encoder.encode(titles)
        methods: dict[str, Callable[[], NDArray[np.int64]]] = {
            "all alone": lambda titles=titles: np.arange(len(titles)),
            "single-pass TF-IDF": lambda titles=data.titles: single_pass(titles),
            "latticeforge": lambda titles=titles, vectors=vectors: stories(titles, titles, vectors),
        }
        for name, method in methods.items():
            start = time.perf_counter()
            found = method().tolist()
            seconds = time.perf_counter() - start
            truth = data.events if name == "single-pass TF-IDF" else events
            a = agreement(truth, found)
            figures = f"{a.precision:6.3f} {a.recall:6.3f} {a.f1:6.3f} {a.ari:6.3f} {len(set(found)):7} {seconds:8.2f}"
            print(f"seed {seed:<5} {name:22} {figures}")


def speed(encoder: Encoder, items: int = 2000, repeats: int = 7) -> None:
    """Print the median time of one window beside the bare product of its vectors."""
    titles = labelled(9, size=items).titles[:items]
    window = Window(datetime(2025, 1, 28, 14, 20, tzinfo=UTC))
    vectors = encoder.encode(titles)
    rows = {
        "window_start": [window.start] * items,
        "item_id": [f"{i:06d}" for i in range(items)],
        "source": [f"source {i % 14}" for i in range(items)],
        "account": [""] * items,
        "event_at": [window.start + timedelta(milliseconds=149 * i) for i in range(items)],
        "date_status": ["ok"] * items,
        "counted": [True] * items,
        "title": titles,
        "summary": [""] * items,
        "url": [""] * items,
        "text_hash": [text_hash(title) for title in titles],
    }
    articles = ARTICLE.shape(pl.DataFrame(rows, schema=ARTICLE.columns))

    def median_s(run: Callable[[], object]) -> float:
        run()
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return float(np.median(times))

    bare = median_s(lambda: vectors @ vectors.T)
    whole = median_s(lambda: narratives(articles, vectors, window))
    print(f"\nwindow of {items} items: {whole * 1000:.0f} ms, {whole / bare:.1f} x its {bare * 1000:.1f} ms product")


def main() -> None:
    settings = Settings()
    with tempfile.TemporaryDirectory() as spare:
        cache = settings.home / "models"
        encoder = load_encoder(settings.encoder, cache if cache.exists() else Path(spare))
        accuracy(encoder)
        speed(encoder)


if __name__ == "__main__":
    main()
