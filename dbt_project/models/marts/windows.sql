-- Every five-minute window that was computed, with the counts of its closing where it was closed.
select
    p.window_start,
    w.closed_at,
    w.origin,
    w.items,
    w.narratives,
    w.spikes,
    w.links,
    w.reported,
    w.partial
from {{ at_time('core', 'active') }} as p
left join {{ at_time('ops', 'window') }} as w on w.window_start = p.window_start
where p.asset = 'narratives'
