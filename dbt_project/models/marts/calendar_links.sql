-- Every published test of a whole calendar against a narrative. `newest` marks the latest analysis of a calendar and test.
select
    l.analysis_id,
    a.published_at,
    rank() over (partition by l.calendar_id, l.test order by a.published_at desc, a.analysis_id) = 1 as newest,
    l.test,
    {{ cut('l.calendar_id', 200) }} as calendar_id,
    l.narrative_id,
    {{ cut('l.label', 200) }} as label,
    {{ cut('l.headline', 400) }} as headline,
    l.events,
    l.p_value,
    l.calendar_p,
    l.q_value,
    l.effect_items,
    l.effect_low,
    l.effect_high,
    l.grade,
    l.verdict,
    l.likelihood,
    l.likelihood_low,
    l.likelihood_high,
    l.conflict_k,
    l.lag_s,
    count(*) over (partition by l.analysis_id, l.calendar_id, l.test)::int as narratives,
    a.tests,
    a.placebos,
    a.items,
    a.tested_from,
    a.plan_sha256,
    a.versions
from {{ source('core', 'calendar_link') }} as l
inner join {{ source('core', 'calendar_analysis') }} as a
    on a.analysis_id = l.analysis_id and a.published_at <= {{ known_until() }}
