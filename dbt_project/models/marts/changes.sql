-- Published numbers that are no longer what they were: before, after, why, and who changed them.
-- A number that was published once and never computed again has no row here.
select
    c.change_id,
    u.at as changed_at,
    c.window_start,
    c.link_id,
    c.event_id,
    c.narrative_id,
    {{ cut('c.label', 200) }} as label,
    case when c.before is null then 'appeared' when c.after is null then 'disappeared' else 'changed' end as kind,
    c.before ->> 'verdict' as verdict_before,
    c.after ->> 'verdict' as verdict_after,
    (c.before ->> 'likelihood')::double precision as likelihood_before,
    (c.after ->> 'likelihood')::double precision as likelihood_after,
    c.before,
    c.after,
    c.before_id as generation_before,
    c.after_id as generation_after,
    {{ cut('c.why', 300) }} as why,
    u.command,
    u.actor
from {{ source('ops', 'change') }} as c
inner join {{ source('ops', 'audit') }} as u on u.audit_id = c.audit_id
where u.at <= {{ known_until() }}
