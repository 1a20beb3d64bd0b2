-- Committed statements: one row for each event and narrative of a window, with what the other assets know of it.
-- A narrative may be linked at several time scales; the most certain of them speaks for it, as in a live alert.
select
    'committed:' || s.link_id as statement_id,
    s.link_id,
    s.window_start,
    s.generation_id,
    coalesce(w.closed_at, s.window_start + interval '5 minutes') as evaluated_at,
    g.created_at as published_at,
    s.event_id,
    coalesce(e.title, b.title) as event_title,
    coalesce(e.occurred_at, b.occurred_at, k.onset_at - s.lag_s * interval '1 second') as event_at,
    s.narrative_id,
    s.label,
    n.headline,
    k.onset_at,
    k.scale_minutes,
    k.observed,
    k.expected,
    k.ratio,
    k.surprise,
    s.verdict,
    s.grade,
    s.likelihood,
    s.likelihood_low,
    s.likelihood_high,
    s.belief_distraction,
    s.belief_organic,
    s.belief_unknown,
    s.conflict_k,
    s.lag_s,
    s.p_value,
    s.q_value,
    c.tests,
    c.placebos,
    s.effect_items,
    c.effect_low,
    c.effect_high,
    c.unrelatedness,
    c.copy_share,
    c.source_concentration,
    c.onset_sharpness,
    c.synchrony,
    c.sources,
    s.evidence,
    s.partial,
    s.method_version
from (
    select
        *,
        row_number() over (
            partition by window_start, generation_id, event_id, narrative_id
            order by likelihood desc nulls last, p_value, link_id
        ) as place
    from {{ active_rows('distraction_scores', 'distraction_score') }} as d
) as s
inner join {{ source('core', 'generation') }} as g on g.generation_id = s.generation_id
left join {{ at_time('ops', 'window') }} as w on w.window_start = s.window_start
left join {{ at_time('core', 'active') }} as ac on ac.asset = 'correlations' and ac.window_start = s.window_start
left join {{ source('core', 'correlation') }} as c on c.generation_id = ac.generation_id and c.link_id = s.link_id
left join {{ at_time('core', 'active') }} as ak on ak.asset = 'spikes' and ak.window_start = s.window_start
left join {{ source('core', 'spike') }} as k on k.generation_id = ak.generation_id and k.spike_id = c.spike_id
left join {{ at_time('core', 'active') }} as an on an.asset = 'narratives' and an.window_start = s.window_start
left join {{ source('core', 'narrative') }} as n
    on n.generation_id = an.generation_id and n.narrative_id = s.narrative_id
left join {{ source('landing', 'calendar_event') }} as e on e.event_id = s.event_id
-- A burst of political news is an event too; it is kept with the window of the narrative that made it.
left join {{ at_time('core', 'active') }} as ab on ab.asset = 'spikes' and ab.window_start = {{ burst_window('s.event_id') }}
left join {{ source('core', 'political_burst') }} as b
    on b.generation_id = ab.generation_id and b.event_id = s.event_id
where s.place = 1
