-- What each detector believes of a link, and what they believe together.
select
    b.window_start,
    'committed:' || b.link_id as statement_id,
    {{ cut('s.label', 200) }} as label,
    s.verdict,
    b.detector,
    b.mass_distraction,
    b.mass_organic,
    b.mass_unknown,
    b.plausibility,
    b.pignistic,
    b.conflict_k,
    b.method_version
from {{ active_rows('beliefs', 'belief') }} as b
inner join {{ at_time('core', 'active') }} as p on p.asset = 'distraction_scores' and p.window_start = b.window_start
inner join {{ source('core', 'distraction_score') }} as s on s.generation_id = p.generation_id and s.link_id = b.link_id
