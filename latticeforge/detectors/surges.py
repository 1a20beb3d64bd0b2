from __future__ import annotations
import numpy as np
from latticeforge.detectors import kernel
WARM_UP = 288
def detect(times_s, values):
    n = values.size
    rare = np.full(n, kernel.RARITY_FLOOR)
    ok = np.flatnonzero(np.isfinite(values) & np.isfinite(times_s))
    if ok.size < WARM_UP:
        return np.zeros(n)
    w = ok[:WARM_UP]
    state = kernel.fresh()
    sizes = np.abs(values[w])
    unit = np.median(sizes) or sizes.mean() or 1.0
    gaps = np.diff(times_s[w]); gaps = gaps[gaps > 0]
    step = float(np.median(gaps)) if gaps.size else 300.0
    y = np.arcsinh(values[w] / unit)
    floor = 1e-3
    state.clock[kernel.LEVEL] = np.median(y)
    state.clock[kernel.SPREAD] = max(1.4826 * np.median(np.abs(y - np.median(y))), floor)
    scratch = np.zeros(WARM_UP)
    kernel.refit(state)
    for _ in range(2):
        kernel.advance(state, times_s[w], values[w], step, unit, floor, scratch)
        state.clock[kernel.LAST] = np.nan
        state.clock[kernel.BLOCKS] = 0
        state.clock[kernel.BLOCK_AGE] = 0
        state.means[:] = 0
        state.pending[:] = -np.inf
        state.clock[kernel.HELD] = 0
    state.clock[kernel.LAST] = times_s[w[-1]]
    kernel.refit(state)
    last = w[-1] + 1
    kernel.advance(state, times_s[last:], values[last:], step, unit, floor, rare[last:])
    return np.nan_to_num(np.clip(0.5 + rare / 16, 0, 1), nan=0.0)
