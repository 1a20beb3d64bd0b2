{# The figures of some UTC days: `days` is a query that gives their dates. #}
{% macro day_figures(days) -%}
    with days as ({{ days }}),

    spans as (
        select
            d.date,
            d.date::timestamp at time zone 'UTC' as from_at,
            (d.date + 1)::timestamp at time zone 'UTC' as to_at
        from days as d
    )

    select
        d.date,
        i.items_landed,
        i.items_counted,
        i.items_undated,
        i.items_flagged,
        w.windows_closed,
        k.spikes,
        c.links_tested,
        s.links_reported,
        g.gaps,
        now() as built_at
    from spans as d
    cross join lateral (
        select
            count(distinct r.item_id) as items_landed,
            count(distinct r.item_id) filter (where r.date_status = 'ok') as items_counted,
            count(distinct r.item_id) filter (where r.date_status in ('missing', 'unreadable')) as items_undated,
            count(distinct r.item_id) filter (where r.date_status <> 'ok') as items_flagged
        from {{ source('landing', 'item') }} as r
        where r.window_at >= d.from_at and r.window_at < d.to_at and r.landed_at <= {{ known_until() }}
    ) as i
    cross join lateral (
        select count(*) as windows_closed
        from {{ at_time('ops', 'window') }} as r
        where r.window_start >= d.from_at and r.window_start < d.to_at
    ) as w
    cross join lateral (
        select count(*) filter (where r.is_onset) as spikes
        from {{ active_rows('spikes', 'spike') }} as r
        where r.window_start >= d.from_at and r.window_start < d.to_at
    ) as k
    cross join lateral (
        select count(*) as links_tested
        from {{ active_rows('correlations', 'correlation') }} as r
        where r.window_start >= d.from_at and r.window_start < d.to_at
    ) as c
    cross join lateral (
        select count(*) filter (where r.verdict in ('likely', 'contested')) as links_reported
        from {{ active_rows('distraction_scores', 'distraction_score') }} as r
        where r.window_start >= d.from_at and r.window_start < d.to_at
    ) as s
    cross join lateral (
        select count(*) as gaps
        from {{ at_time('ops', 'gap') }} as r
        where r.from_at < d.to_at and coalesce(r.to_at, 'infinity') > d.from_at
    ) as g
{%- endmacro %}
