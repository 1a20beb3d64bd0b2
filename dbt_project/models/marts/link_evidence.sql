-- The items a statement rests on, in order of time. Item text is that of the first revision, the one that was counted.
with cited as (
    select
        'committed:' || s.link_id as statement_id,
        s.window_start,
        s.evidence
    from {{ active_rows('distraction_scores', 'distraction_score') }} as s
    union all
    select
        'live:' || a.alert_id as statement_id,
        {{ window_of('a.evaluated_at') }} as window_start,
        a.evidence
    from {{ ref('stg_alerts') }} as a
)

select
    c.statement_id,
    c.window_start,
    i.place,
    i.item_id,
    {{ cut('f.title', 400) }} as title,
    {{ cut('f.url', 2000) }} as url,
    f.source,
    {{ cut('o.title', 200) }} as source_title,
    {{ cut('f.account', 100) }} as account,
    f.event_at,
    v.voice_id,
    v.voice_id <> f.item_id as is_copy
from cited as c
cross join lateral unnest(c.evidence) with ordinality as i (item_id, place)
cross join lateral (
    select * from {{ source('landing', 'item') }} as r where r.item_id = i.item_id order by r.seq limit 1
) as f
left join {{ at_time('ops', 'source') }} as o on o.source = f.source
-- known once the item's window has closed; null before
left join {{ at_time('core', 'active') }} as p on p.asset = 'narratives' and p.window_start = {{ window_of('f.window_at') }}
left join {{ source('core', 'narrative_item') }} as v on v.generation_id = p.generation_id and v.item_id = f.item_id
