-- The score board: the statement that holds now for every link of a closed window and for every live alert.
-- A story that goes on is stated again window after window; `story_key` ties these statements together.
-- A live statement stands for a story whose window is still open; once that window has closed without repeating it, it
-- has lapsed. Text is cut: titles come from strangers and may be any length.
with live as (
    select
        a.*,
        {{ window_of('a.evaluated_at') }} as window_start,
        case when w.window_start is null then 'live' else 'lapsed' end as stage
    from {{ ref('stg_alerts') }} as a
    left join {{ at_time('ops', 'window') }} as w on w.window_start = {{ window_of('a.evaluated_at') }}
    -- One look-up by window for each alert. As "not exists" it would be a join that reads every score ever made.
    where (
        select true
        from {{ active_rows('distraction_scores', 'distraction_score') }} as final
        where final.event_id = a.event_id
            and final.window_start >= a.onset_at - interval '10 minutes'
            and final.window_start <= a.onset_at + interval '1 hour'
            and (final.label = a.label or final.evidence && a.evidence)
        limit 1
    ) is null
)

select
    statement_id,
    md5(event_id || chr(31) || label) as story_key,
    'committed' as stage,
    window_start,
    evaluated_at,
    published_at,
    generation_id,
    event_id,
    {{ cut('event_title', 400) }} as event_title,
    event_at,
    narrative_id,
    {{ cut('label', 200) }} as label,
    {{ cut('headline', 400) }} as headline,
    onset_at,
    lag_s,
    scale_minutes,
    observed,
    expected,
    ratio,
    surprise,
    verdict,
    grade,
    likelihood,
    likelihood_low,
    likelihood_high,
    belief_distraction,
    belief_organic,
    belief_unknown,
    conflict_k,
    p_value,
    q_value,
    tests,
    placebos,
    effect_items,
    effect_low,
    effect_high,
    unrelatedness,
    copy_share,
    source_concentration,
    onset_sharpness,
    synchrony,
    sources,
    partial,
    cardinality(evidence) as evidence_items,
    method_version,
    null::double precision as delay_s
from {{ ref('stg_scores') }}
union all
select
    'live:' || alert_id as statement_id,
    md5(event_id || chr(31) || label) as story_key,
    stage,
    window_start,
    evaluated_at,
    null as published_at,
    null as generation_id,
    event_id,
    {{ cut('event_title', 400) }} as event_title,
    event_at,
    null as narrative_id,
    {{ cut('label', 200) }} as label,
    {{ cut('headline', 400) }} as headline,
    onset_at,
    lag_s,
    null as scale_minutes,
    null as observed,
    null as expected,
    ratio,
    surprise,
    verdict,
    'provisional' as grade,
    likelihood,
    likelihood_low,
    likelihood_high,
    null as belief_distraction,
    null as belief_organic,
    null as belief_unknown,
    conflict_k,
    p_value,
    null as q_value,
    null as tests,
    null as placebos,
    effect_items,
    null as effect_low,
    null as effect_high,
    null as unrelatedness,
    null as copy_share,
    null as source_concentration,
    null as onset_sharpness,
    null as synchrony,
    null as sources,
    partial,
    cardinality(evidence) as evidence_items,
    null as method_version,
    extract(epoch from evaluated_at - newest_received_at)::double precision as delay_s
from live
