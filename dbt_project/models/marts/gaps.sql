-- Holes in collection: a recorded gap, never a drop in attention.
select
    g.gap_id,
    g.source,
    {{ cut("coalesce(nullif(s.title, ''), g.source)", 200) }} as title,
    g.from_at,
    g.to_at,
    {{ cut('g.reason', 300) }} as reason,
    g.state,
    g.filled_at,
    extract(epoch from g.to_at - g.from_at)::double precision as duration_s
from {{ at_time('ops', 'gap') }} as g
left join {{ at_time('ops', 'source') }} as s on s.source = g.source
