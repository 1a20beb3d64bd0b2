-- How all streams of a kind behave together. What the figures alone say is left out: only a validated label is shown.
select
    s.window_start,
    s.kind,
    s.streams,
    s.verdict,
    s.psi_bits,
    s.least_psi_bits,
    s.order_r,
    s.chance_r,
    s.growth_per_hour,
    s.order_parameter,
    s.variance_bits,
    s.method_version
from {{ active_rows('regimes', 'regime') }} as s
