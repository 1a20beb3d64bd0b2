"""Series of attention and what can be said about them: pure, streaming where named, nothing known of databases.

Here: series on a grid with missing values, robust scales, sliding windows, trends, phases, lags, intervals. Not here:
alarms (``latticeforge.detectors``), information (``latticeforge.information``), files, clocks.

Nothing is compiled before its first call, and scipy and polars are imported by the functions that need them: importing
this package costs numpy and numba.
"""

from latticeforge.signals.grid import Grid, Resampled, resample
from latticeforge.signals.indicators import EarlyWarning, early_warning
from latticeforge.signals.intervals import Interval, correlation_interval, mean_interval
from latticeforge.signals.lags import LagTest, lag_test
from latticeforge.signals.moments import SlidingMoments
from latticeforge.signals.phases import Synchrony, kuramoto_order, mean_field_coupling, order_p_value, phases, synchrony
from latticeforge.signals.robust import Normalised, normalise, robust_scale
from latticeforge.signals.series import SeriesSet, count_series, share_of_voice
from latticeforge.signals.streams import Streams
from latticeforge.signals.trend import gaussian_trend, kendall_tau

__all__ = [
    "EarlyWarning",
    "Grid",
    "Interval",
    "LagTest",
    "Normalised",
    "Resampled",
    "SeriesSet",
    "SlidingMoments",
    "Streams",
    "Synchrony",
    "correlation_interval",
    "count_series",
    "early_warning",
    "gaussian_trend",
    "kendall_tau",
    "kuramoto_order",
    "lag_test",
    "mean_field_coupling",
    "mean_interval",
    "normalise",
    "order_p_value",
    "phases",
    "resample",
    "robust_scale",
    "share_of_voice",
    "synchrony",
]
