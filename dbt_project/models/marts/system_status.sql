-- One row: how far the data reaches and whether the radar is alive. Signs of life are not kept: as of an earlier instant
-- they are null.
select
    {{ data_now() }} as data_now,
    -- changes with every statement, closed window and change of what counts; each part is the end of an index
    case when core.as_of() is null then
        concat_ws(
            '.',
            (select max(a.seq) from {{ source('live', 'alert') }} as a),
            (select max(c.seq) from {{ source('ops', 'window') }} as c),
            (select max(u.audit_id) from {{ source('ops', 'audit') }} as u)
        )
    end as version,
    w.window_start + interval '5 minutes' as last_window_end,
    w.closed_at as last_closed_at,
    extract(epoch from w.closed_at - w.window_start - interval '5 minutes')::double precision as close_lag_s,
    w.delay_p50_s,
    w.delay_p95_s,
    w.delay_p99_s,
    w.partial,
    coalesce(r.watermark, w.watermark) as watermark,
    l.evaluated_at as newest_alert_at,
    r.started_at as radar_started_at,
    r.beat_at as radar_beat_at,
    extract(epoch from now() - r.beat_at)::double precision as radar_beat_age_s,
    (select count(*) from {{ at_time('ops', 'gap') }} as g where g.state = 'open') as open_gaps,
    (select count(*) from {{ at_time('ops', 'source') }} as s) as sources,
    (select count(*) from {{ at_time('ops', 'source') }} as s where s.state in ('backing off', 'failing')) as sources_failing
from (values (1)) as one (row_number)
left join (select * from {{ at_time('ops', 'window') }} order by window_start desc limit 1) as w on true
left join (select * from {{ at_time('live', 'alert') }} order by evaluated_at desc limit 1) as l on true
left join {{ source('ops', 'service') }} as r on r.service = 'radar' and core.as_of() is null
