"""Does the radar cry wolf? Honest nulls, power, and probabilities, each with one command and fixed seeds.

    python benchmarks/honesty.py --quick           everything, small: a few minutes
    python benchmarks/honesty.py                   everything; the figures in docs/method are what this printed
    python benchmarks/honesty.py nulls             or power, or probability

Simulation: 6,000 items a day, bursty, seasonal, in poll clumps (``newsfeeds``); worlds with outlets, accounts and wire
copies (``surges``). Real headlines are used where they lie beside the project. Nothing here is tuned to a data set.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import calendar_links
import live_alarms
import matplotlib
import numpy as np
import single_groups
from calendar_links import FULL, QUICK, Forecast, Size
from newsfeeds import REAL, Feed, front_page, simulated
from scipy.stats import beta

from latticeforge.settings import Settings

matplotlib.use("Agg")
PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "reliability.png"
PRIORS = {"3-10 usual groups (stated)": (3, 4, 6, 8, 10), "only 3": (3,), "only 10": (10,)}  # of stories after events
HARDEST = {"simulation": (30, 0.5), "front page": (10, 1.0)}  # events and share followed of the lowest recall
PARTS = ("nulls", "power", "probability")


def kinds(quick: bool) -> list[tuple[str, list[Feed], Size]]:
    """Feeds for calendars, by kind."""
    size = QUICK if quick else FULL
    found = [("simulation", [simulated(seed) for seed in range(size.feeds)], size)]
    if REAL.exists():
        nulls, effects, mixed, assumed = (
            n * size.feeds for n in (size.nulls, size.injections, size.mixed, size.assumed)
        )
        tripled = Size(1, nulls, effects, mixed, assumed, size.draws)
        found.append(("front page", [front_page(Settings().home)], tripled))
    else:
        print("no real headlines beside the project: those parts are left out")
    return found


def records(quick: bool) -> list[single_groups.Record]:
    """Records for single events."""
    found = [single_groups.many_outlets(1, days=28 if quick else 42)]
    return [*found, single_groups.one_outlet(Settings().home)] if REAL.exists() else found


def nulls(quick: bool) -> None:
    """Point 1: calendars and single events that nothing follows."""
    for _, feeds, size in kinds(quick):
        calendar_links.describe(feeds)
        calendar_links.nulls(feeds, size)
        calendar_links.gate_nulls(feeds, size)
    print("\nsingle events, both sides: group after the event")
    print("| record | events | p <= 0.05 (95 % limits) | p <= 0.01 | in eight parts of the day ", end="")
    print("| KS distance | calendars of 30 with any link |")
    print("|---|---|---|---|---|---|---|")
    for record in records(quick):
        single_groups.null_table(record, 100 if quick else 4000)
    print("\nsingle events, live: what is said within two hours, no surge pushed, six natural bursts a day")
    print("| said | events | share (95 % limits) |")
    print("|---|---|---|")
    live_alarms.null_table(range(400, 401 if quick else 403), 1 if quick else 3, 100 if quick else 400)


def power(quick: bool) -> None:
    """Point 2: effects put into feeds."""
    for name, feeds, size in kinds(quick):
        calendar_links.describe(feeds)
        found = calendar_links.power(feeds, size)
        some = replace(size, nulls=max(size.injections, 40))
        null = calendar_links.nulls(feeds, some, only=((30, ""),))
        print("\n| 30 events, 2 sd | calendars together | recall | FDR |")
        print("|---|---|---|---|")
        calendar_links.many(null[30], found[30, 1.0], "after all")
        calendar_links.many(null[30], found[30, 0.5], "after half")
        calendar_links.orders_gate(feeds[0], Settings().home)
        calendar_links.assumptions(feeds, *HARDEST[name], size.assumed, size.draws)
    print("\nsingle events: a story of m items in two hours; recall / FDR by BH over 200 events")
    print("| record | items | one event alone, p <= 0.05 | median p | 20 % of events | 5 % of events |")
    print("|---|---|---|---|---|---|")
    events = 20 if quick else 200
    for record in records(quick):
        null = single_groups.outcomes(record, 0, 300 if quick else 2000, 1)
        single_groups.power_table(record, null, _sizes(record)[:: 3 if quick else 1], events)


def _sizes(record: single_groups.Record) -> tuple[int, ...]:
    return (3, 4, 5, 6) if record.usual == 1 else (8, 16, 32, 48, 64, 80, 96, 128)


def probability(quick: bool) -> None:
    """Point 3: calibration at the stated base rate, and off it."""
    shown: dict[str, Forecast] = {}
    for name, feeds, size in kinds(quick):
        calendar_links.describe(feeds)
        null = calendar_links.nulls(feeds, size, only=((30, ""),))
        shown[f"calendars, {name}"] = calendar_links.probability(feeds, null[30], size)
    print("\nsingle events, both sides")
    print("| record | stories | events | ECE | Brier skill | reliability - resolution + uncertainty ", end="")
    print("| mean likelihood by items |")
    print("|---|---|---|---|---|---|---|")
    events = 40 if quick else 200
    for record in records(quick):
        none = single_groups.outcomes(record, 0, 4 * events, 1)
        for label, times in PRIORS.items():
            found = {record.usual * k: single_groups.outcomes(record, record.usual * k, events // 2, 3) for k in times}
            said = single_groups.probability(record, none, found, label)
            shown.setdefault(f"single events, {record.name}", said)
    if not quick:
        diagram(shown)


def diagram(shown: dict[str, Forecast]) -> None:
    """Draw what was said against how often it was true, in bins of a tenth: share, 95 % limits, number of cases."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 8.2), layout="constrained")
    for axes, (name, forecast) in zip(figure.subplots(2, 2).ravel(), shown.items(), strict=False):
        axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        for said, share, low, high, cases in reliability(forecast):
            axes.errorbar(said, share, [[share - low], [high - share]], color="C0", marker="o", capsize=3)
            below = share > 0.8
            axes.annotate(
                f"{cases:,}", (said, low if below else high), (0, -3 if below else 3), textcoords="offset points",
                ha="left" if said < 0.05 else "center", va="top" if below else "bottom", fontsize=8, color="0.35",
            )  # fmt: skip
        axes.set(xlabel="likelihood stated", ylabel="share that was real", xlim=(-0.02, 1.02), ylim=(-0.06, 1.06))
        axes.set_title(name, fontsize=10)
    figure.suptitle("Reliability at a base rate of 5 %: share, 95 % limits, number of cases", fontsize=11)
    figure.savefig(PICTURE, dpi=120, metadata={"Software": None})
    print(f"\nreliability diagram: {PICTURE.relative_to(PICTURE.parents[2])}")


def reliability(forecast: Forecast) -> list[tuple[float, float, float, float, int]]:
    """(mean stated, share real, its 95 % limits, cases) of each tenth.

    Cases are not drawn at the base rate but weighted to it: the limits are those of the counts (Clopper and Pearson),
    carried over by the ratio of the weights.
    """
    said, true, weight = forecast
    of_null, of_real = weight[0], weight[-1]
    bins = np.minimum((said * 10).astype(np.int64), 9)
    found = []
    for k in np.unique(bins):
        held = bins == k
        n, hits = int(held.sum()), int(true[held].sum())
        ends = (
            beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0,
            beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0,
        )
        low, high = (float(of_real * x / (of_real * x + of_null * (1 - x))) for x in ends)
        mean, share = (float(np.average(v[held], weights=weight[held])) for v in (said, true))
        found.append((mean, share, min(low, share), max(high, share), n))
    return found


def main() -> None:
    """Run the parts asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--quick", action="store_true", help="small samples, to see that it runs")
    given = parser.parse_args()
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    began = time.perf_counter()
    for name, part in (("nulls", nulls), ("power", power), ("probability", probability)):
        if not given.parts or name in given.parts:
            print(f"\n# {name}", flush=True)
            part(given.quick)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
