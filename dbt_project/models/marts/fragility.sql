-- Whether the flow of a causal graph hangs on few streams, against graphs of the same degrees.
select
    s.window_start,
    s.measure,
    s.value,
    s.chance,
    s.chance_low,
    s.chance_high,
    s.p_value,
    s.fragile,
    s.nodes,
    s.edges,
    case when s.hub is not null then {{ stream_title('s.hub') }} end as hub,
    s.hub_share,
    s.surrogates,
    s.method_version
from {{ active_rows('fragility', 'fragility') }} as s
