-- Surges: the one alarm of each onset and time scale.
select
    k.window_start,
    k.spike_id,
    k.narrative_id,
    {{ cut('k.label', 200) }} as label,
    {{ cut('n.headline', 400) }} as headline,
    k.scale_minutes,
    k.observed,
    k.expected,
    k.ratio,
    k.surprise,
    k.onset_at
from {{ active_rows('spikes', 'spike') }} as k
left join {{ at_time('core', 'active') }} as a on a.asset = 'narratives' and a.window_start = k.window_start
left join {{ source('core', 'narrative') }} as n on n.generation_id = a.generation_id and n.narrative_id = k.narrative_id
where k.is_onset
