-- Every live alarm that was last said to be likely or contested: when it will be decided, or what was decided and why.
-- The date follows from the event alone (the first midnight UTC 30 days or more after it), as in narratives/decisions.py.
select
    a.alert_id,
    a.event_id,
    {{ cut('a.event_title', 400) }} as event_title,
    a.event_at,
    {{ cut('a.label', 200) }} as label,
    {{ cut('a.headline', 400) }} as headline,
    a.onset_at,
    a.evaluated_at as stated_at,
    a.verdict,
    a.likelihood,
    a.p_value as p_then,
    date_trunc('day', a.event_at - interval '1 microsecond', 'UTC') + interval '31 days' as due_at,
    coalesce(d.decision, 'open') as decision,
    d.decided_at,
    {{ cut('d.reason', 300) }} as reason,
    d.p_value,
    d.slots,
    d.days_before,
    d.days_after,
    d.group_items
from {{ ref('stg_alerts') }} as a
left join {{ source('live', 'decision') }} as d
    on d.alert_id = a.alert_id and d.decided_at <= {{ known_until() }}
where a.verdict in ('likely', 'contested') or d.alert_id is not null
