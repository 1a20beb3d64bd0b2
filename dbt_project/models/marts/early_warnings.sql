-- Streams that behave as if they were about to change.
select
    s.window_start,
    {{ cut('s.stream_id', 200) }} as stream_id,
    s.kind,
    {{ cut("coalesce(nullif(o.title, ''), s.label)", 200) }} as label,
    s.state,
    s.score,
    s.threshold,
    s.since_at,
    s.raised_at,
    s.lead_minutes,
    s.reason,
    s.method_version
from {{ active_rows('regimes', 'early_warning') }} as s
left join {{ at_time('ops', 'source') }} as o on s.kind = 'source' and o.source = s.label
