-- What each live alert says now: its newest row. The recursion jumps from one alert_id to the next on the index, so the
-- cost grows with the number of alerts and not with the rows written each second.
with recursive alert_ids as (
    (select l.alert_id from {{ at_time('live', 'alert') }} as l order by l.alert_id limit 1)
    union all
    select (
        select l.alert_id from {{ at_time('live', 'alert') }} as l
        where l.alert_id > i.alert_id order by l.alert_id limit 1
    )
    from alert_ids as i
    where i.alert_id is not null
)

select newest.*
from alert_ids as i
cross join lateral (
    select * from {{ at_time('live', 'alert') }} as l where l.alert_id = i.alert_id order by l.seq desc limit 1
) as newest
