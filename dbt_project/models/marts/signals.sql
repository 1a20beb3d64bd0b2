-- How each leading stream stands in a window, against its own last day.
select
    s.window_start,
    {{ cut('s.stream_id', 200) }} as stream_id,
    s.kind,
    {{ cut("coalesce(nullif(o.title, ''), s.label)", 200) }} as label,
    s.value,
    s.share,
    s.usual,
    s.spread,
    s.score,
    s.clipped,
    s.known_windows
from {{ active_rows('signals', 'signal') }} as s
left join {{ at_time('ops', 'source') }} as o on s.kind = 'source' and o.source = s.label
