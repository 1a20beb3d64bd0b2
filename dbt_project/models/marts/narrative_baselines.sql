-- What each narrative's share of all items usually is: the posterior that its surge was judged by.
select
    b.window_start,
    b.narrative_id,
    b.scale_minutes,
    b.observed,
    b.exposure,
    b.expected,
    b.alpha,
    b.beta,
    b.history_windows,
    b.missing_windows
from {{ active_rows('spike_baselines', 'spike_baseline') }} as b
