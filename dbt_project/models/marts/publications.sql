-- What was published when: every generation of a window's scores that counted at some time, and from when on. Not read as of
-- an instant: it is where a reader chooses one.
select
    v.window_start,
    u.at as published_at,
    v.generation_id,
    v.before_id as replaces,
    g.origin,
    g.code_version,
    u.command,
    {{ cut('u.reason', 300) }} as reason,
    r.generation_id is null as kept
from {{ source('core', 'activation') }} as v
inner join {{ source('ops', 'audit') }} as u on u.audit_id = v.audit_id
left join {{ source('core', 'generation') }} as g on g.generation_id = v.generation_id
left join {{ source('core', 'removed') }} as r on r.generation_id = v.generation_id
where v.asset = 'distraction_scores'
