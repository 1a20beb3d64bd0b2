"""Speed of signals and detectors beside the usual ways, in the same run: medians, ratios, and that both say the same.

``lf bench signals`` shows the rows, with those of ``information_rows`` and ``graph_rows``. ewstools is measured where
it is installed; it is no need of the project. Times are processor time of one thread, so that other work on the machine
counts little.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latticeforge.detectors.catalogue import DETECTORS
from latticeforge.detectors.protocol import Batch, Watch
from latticeforge.detectors.regimes import RegimeWatch
from latticeforge.detectors.synchrony import SynchronyWatch
from latticeforge.signals import early_warning, kuramoto_order, lag_test


@dataclass(frozen=True)
class Row:
    """One line of the table. ``apart``: largest difference of the results, where they answer the same question."""

    work: str
    peer: str
    ours_ms: float
    peer_ms: float
    at_least: float
    aim: float
    apart: float

    @property
    def ratio(self) -> float:
        """How many times faster."""
        return self.peer_ms / self.ours_ms


def medians(
    ours: Callable[[], object],
    peer: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Median milliseconds of both in turns, after one call each to warm up; of processor time if not told otherwise."""
    ours(), peer()
    found = [[_ms(ours, clock), _ms(peer, clock)] for _ in range(rounds)]
    return float(np.median([one[0] for one in found])), float(np.median([one[1] for one in found]))


def _ms(call: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    call()
    return (clock() - begin) * 1e3


def early_warning_pandas(rounds: int) -> Row:
    """Gaussian trend, rolling variance, lag-1 and skewness, three taus, of 10,000 points; scipy and pandas."""
    import pandas as pd
    from scipy.ndimage import gaussian_filter1d
    from scipy.stats import kendalltau

    values = np.random.default_rng(1).normal(size=10_000).cumsum()

    def peer() -> list[float]:
        series = pd.Series(values - gaussian_filter1d(values, 2000.0, mode="reflect"))
        roll = series.rolling(2500)
        made = (roll.var(), series.rolling(2499).corr(series.shift(1)), roll.skew())
        return [float(kendalltau(np.arange(7501), one.to_numpy()[2499:])[0]) for one in made]

    ours = early_warning(values)
    taus = [ours.tau_variance, ours.tau_lag1, ours.tau_skewness]
    times = medians(lambda: early_warning(values), peer, rounds)
    apart = float(np.abs(np.array(taus) - peer()).max())
    return Row("early-warning set, 10,000 points", "scipy + pandas", *times, 15, 35, apart)


def early_warning_ewstools(rounds: int) -> Row:
    """The same set by ewstools, whose bandwidth is the quartile range of the kernel: sigma = 0.25 / 0.675 of it."""
    import ewstools
    import pandas as pd

    values = np.random.default_rng(1).normal(size=10_000).cumsum()

    def peer() -> dict[str, float]:
        series = ewstools.TimeSeries(pd.Series(values))
        series.detrend(method="Gaussian", bandwidth=0.2)
        series.compute_var(rolling_window=0.25)
        series.compute_auto(rolling_window=0.25, lag=1)
        series.compute_skew(rolling_window=0.25)
        series.compute_ktau()
        return dict(series.ktau)

    ours = early_warning(values, bandwidth=0.2 * 0.25 / 0.675)
    times = medians(lambda: early_warning(values, bandwidth=0.2 * 0.25 / 0.675), peer, max(3, rounds // 3))
    theirs = peer()
    apart = max(abs(ours.tau_variance - theirs["variance"]), abs(ours.tau_lag1 - theirs["ac1"]))
    return Row("early-warning set, 10,000 points", "ewstools", *times, 500, 1400, apart)


def kuramoto(rounds: int) -> Row:
    """The order parameter of 50 signals of 20,000 rows; scipy.signal.hilbert, angles, means."""
    from scipy.signal import hilbert

    signals = np.random.default_rng(2).normal(size=(50, 20_000))

    def peer() -> object:
        analytic = hilbert(signals - signals.mean(axis=1, keepdims=True), axis=1)
        return np.abs(np.exp(1j * np.angle(analytic)).mean(axis=0))

    times = medians(lambda: kuramoto_order(signals), peer, rounds)
    apart = float(np.abs(kuramoto_order(signals) - peer()).max())
    return Row("Kuramoto order parameter, 50 x 20,000", "numpy + scipy", *times, 4, 8, apart)


def lag_p_value(rounds: int) -> Row:
    """A p-value over 49 lags of 1,000 rows; one lag by scipy's permutation_test, 999 resamples."""
    from scipy.stats import pearsonr, permutation_test

    rng = np.random.default_rng(3)
    a, b = rng.poisson(5.0, (2, 1000)).astype(float)

    def peer() -> object:
        def statistic(x: np.ndarray, axis: int = -1) -> np.ndarray:
            return np.asarray(pearsonr(x, np.broadcast_to(b, x.shape), axis=axis).statistic)

        return permutation_test((a,), statistic, permutation_type="pairings", n_resamples=999, vectorized=True, rng=1)

    times = medians(lambda: lag_test(a, b), peer, rounds)
    return Row("p-value over 49 lags, 1,000 rows", "scipy permutation_test, one lag", *times, 100, 350, float("nan"))


def live_share(streams: int = 50, ticks: int = 400) -> float:
    """Share of one core that all detectors take of ``streams`` series with one row a second."""
    rng = np.random.default_rng(4)
    single = [[make() for make in DETECTORS.values()] for _ in range(streams)]
    several: list[Watch] = [SynchronyWatch(), RegimeWatch(lambda window: float(window[0, 0]))]
    warm = rng.poisson(5.0, (2500, streams)).astype(float)
    for j, detectors in enumerate(single):
        for watch in detectors:
            watch.ingest(Batch(np.arange(2500.0), warm[:, j]))
    for watch in several:
        watch.ingest(Batch(np.arange(2500.0), warm))
    rows = rng.poisson(5.0, (ticks, streams)).astype(float)
    begin = time.process_time()
    for tick in range(ticks):
        at = np.array([2500.0 + tick])
        for j, detectors in enumerate(single):
            batch = Batch(at, rows[tick, j : j + 1])
            for watch in detectors:
                watch.ingest(batch)
                watch.query(60.0)
        for watch in several:
            watch.ingest(Batch(at, rows[tick : tick + 1]))
            watch.query(60.0)
    return (time.process_time() - begin) / ticks


ROWS: list[Callable[[int], Row]] = [early_warning_pandas, early_warning_ewstools, kuramoto, lag_p_value]


def rows(rounds: int) -> list[Row]:
    """Every row whose peer is installed."""
    missing = set() if importlib.util.find_spec("ewstools") else {early_warning_ewstools}
    return [measure(rounds) for measure in ROWS if measure not in missing]
