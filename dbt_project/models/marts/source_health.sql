-- How each source is doing. The last 24 hours end where the data ends, not at the wall clock.
select
    s.source,
    {{ cut("coalesce(nullif(s.title, ''), s.source)", 200) }} as title,
    s.kind,
    {{ cut('s.url', 2000) }} as url,
    s.country,
    s.language,
    s.political,
    s.interval_s,
    s.state,
    {{ if_known('s.last_attempt_at') }} as last_attempt_at,
    {{ if_known('s.last_success_at') }} as last_success_at,
    coalesce({{ if_known('s.last_item_at') }}, r.last_item_at) as last_item_at,
    s.failures,
    {{ if_known('s.next_attempt_at') }} as next_attempt_at,
    s.clock_offset_s,
    {{ cut('s.last_fault', 300) }} as last_fault,
    o.from_at as open_gap_since,
    {{ cut('o.reason', 300) }} as open_gap_reason,
    coalesce(r.items_24h, 0) as items_24h,
    coalesce(r.undated_24h, 0) as undated_24h,
    coalesce(r.flagged_24h, 0) as flagged_24h
from {{ at_time('ops', 'source') }} as s
left join (
    select
        i.source,
        max(i.first_seen_at) as last_item_at,
        count(*) as items_24h,
        count(*) filter (where i.date_status in ('missing', 'unreadable')) as undated_24h,
        count(*) filter (where i.date_status <> 'ok') as flagged_24h
    from {{ source('landing', 'item') }} as i
    where i.window_at > coalesce({{ data_now() }}, core.as_of(), now()) - interval '24 hours'
        and i.landed_at <= {{ known_until() }}
    group by i.source
) as r on r.source = s.source
left join lateral (
    select g.from_at, g.reason
    from {{ at_time('ops', 'gap') }} as g
    where g.source = s.source and g.state = 'open'
    order by g.from_at
    limit 1
) as o on true
