-- Who carried each narrative: its items by source.
select
    m.window_start,
    m.narrative_id,
    a.source,
    {{ cut("coalesce(nullif(max(o.title), ''), a.source)", 200) }} as source_title,
    count(*) as items,
    count(*) filter (where m.voice_id <> m.item_id) as copies,
    count(distinct a.account) as accounts,
    min(a.event_at) as first_at
from {{ active_rows('narratives', 'narrative_item') }} as m
inner join {{ at_time('core', 'active') }} as p on p.asset = 'articles' and p.window_start = m.window_start
inner join {{ source('core', 'article') }} as a on a.generation_id = p.generation_id and a.item_id = m.item_id
left join {{ at_time('ops', 'source') }} as o on o.source = a.source
group by m.window_start, m.narrative_id, a.source
