"""What each detector believes of a link, what they believe together, and how far they contradict each other.

Here: BELIEF rows, from the same evidence that the score has. Not here: the evidence (``narratives.evidence``), its
weights and the verdict (``narratives.scores``), the rule (``fusion``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from latticeforge.fusion import Mass, combine, support
from latticeforge.narratives.amplification import carriers
from latticeforge.narratives.evidence import features
from latticeforge.narratives.scores import METHOD_VERSION, RELIABILITY, detector_log_ratios
from latticeforge.state_model import BELIEF
from latticeforge.windows import Window

FUSED = "fused"


def beliefs(correlations: pl.DataFrame, items: pl.DataFrame, articles: pl.DataFrame, window: Window) -> pl.DataFrame:
    """BELIEF rows of one window: five detectors and their fusion for every link that was tested.

    The fused masses and K are those of the link's score. A link below the evidence floor has beliefs too: they say what
    the detectors make of what there is, and its score says that this is not enough.

    Args:
        correlations, items, articles: CORRELATION, NARRATIVE_ITEM and ARTICLE rows of the window.
    """
    rows = [
        {"link_id": link["link_id"], **row}
        for link in correlations.iter_rows(named=True)
        for row in _of_link(link, items, articles)
    ]
    frame = pl.DataFrame(rows, schema={n: t for n, t in BELIEF.columns.items() if n != "window_start"})
    return BELIEF.shape(frame.with_columns(pl.col(pl.Float64).round(9), window_start=pl.lit(window.start)))


def _of_link(link: dict[str, Any], items: pl.DataFrame, articles: pl.DataFrame) -> Iterator[dict[str, Any]]:
    ratios = detector_log_ratios(features(link, carriers(link["narrative_id"], items, articles)))
    masses = {name: support(ratio, RELIABILITY[name]) for name, ratio in ratios.items()}
    for name, mass in masses.items():
        yield _row(name, mass, None)
    fused = combine(list(masses.values()))
    yield _row(FUSED, fused.mass, fused.conflict)


def _row(name: str, mass: Mass, conflict: float | None) -> dict[str, Any]:
    return {
        "detector": name,
        "mass_distraction": mass.distraction,
        "mass_organic": mass.organic,
        "mass_unknown": mass.unknown,
        "plausibility": mass.distraction + mass.unknown,
        "pignistic": mass.distraction + mass.unknown / 2,
        "conflict_k": conflict,
        "method_version": METHOD_VERSION,
    }
