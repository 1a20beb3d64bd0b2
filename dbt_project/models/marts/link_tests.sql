-- Every test of an event against a surge, also those that found nothing and those at another time scale.
select
    c.window_start,
    c.link_id,
    c.event_id,
    {{ cut('coalesce(e.title, b.title)', 400) }} as event_title,
    coalesce(e.occurred_at, b.occurred_at, k.onset_at - c.lag_s * interval '1 second') as event_at,
    c.narrative_id,
    {{ cut('k.label', 200) }} as label,
    k.scale_minutes,
    k.onset_at,
    c.lag_s,
    c.unrelatedness,
    c.leadership_bits,
    c.effect_items,
    c.effect_low,
    c.effect_high,
    c.p_value,
    c.q_value,
    c.placebos,
    c.tests,
    s.verdict,
    s.likelihood,
    s.likelihood_low,
    s.likelihood_high
from {{ active_rows('correlations', 'correlation') }} as c
left join {{ at_time('core', 'active') }} as ad on ad.asset = 'distraction_scores' and ad.window_start = c.window_start
left join {{ source('core', 'distraction_score') }} as s on s.generation_id = ad.generation_id and s.link_id = c.link_id
left join {{ at_time('core', 'active') }} as ak on ak.asset = 'spikes' and ak.window_start = c.window_start
left join {{ source('core', 'spike') }} as k on k.generation_id = ak.generation_id and k.spike_id = c.spike_id
left join {{ source('landing', 'calendar_event') }} as e on e.event_id = c.event_id
left join {{ at_time('core', 'active') }} as ab on ab.asset = 'spikes' and ab.window_start = {{ burst_window('c.event_id') }}
left join {{ source('core', 'political_burst') }} as b on b.generation_id = ab.generation_id and b.event_id = c.event_id
