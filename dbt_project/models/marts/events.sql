-- Political events: entries of calendars, and bursts of political news. `meaning` is the vector of the title where one is known.
select
    e.event_id,
    {{ cut('e.calendar_id', 200) }} as calendar_id,
    {{ cut('e.title', 400) }} as title,
    e.occurred_at,
    e.time_known,
    {{ cut('e.category', 100) }} as category,
    e.impact,
    v.vector as meaning
from {{ source('landing', 'calendar_event') }} as e
left join lateral (
    select m.vector
    from {{ source('core', 'embedding') }} as m
    where m.text_hash = sha256(convert_to(e.title, 'UTF8'))
    order by m.encoded_at desc
    limit 1
) as v on true
where e.landed_at <= {{ known_until() }}
union all
select
    b.event_id,
    'burst' as calendar_id,
    {{ cut('b.title', 400) }} as title,
    b.occurred_at,
    true as time_known,
    'burst' as category,
    b.impact,
    b.centroid as meaning
from {{ active_rows('spikes', 'political_burst') }} as b
