-- Every narrative of every closed window, with its share of what was published in that window.
-- What was expected and how surprising it is are looked up by key, and only by a query that asks for them.
select
    n.window_start,
    n.narrative_id,
    coalesce(c.chain_id, n.narrative_id) as chain_id,
    {{ cut('n.label', 200) }} as label,
    {{ cut('n.headline', 400) }} as headline,
    n.items,
    n.voices,
    n.sources,
    n.accounts,
    n.copy_share,
    n.items::double precision / nullif(sum(n.items) over (partition by n.window_start), 0) as share,
    sum(n.items) over (partition by n.window_start) as counted_items,
    n.first_at,
    n.last_at,
    {% for scale in (5, 15, 60) %}
    (
        select b.expected
        from {{ at_time('core', 'active') }} as p
        inner join {{ source('core', 'spike_baseline') }} as b on b.generation_id = p.generation_id
        where p.asset = 'spike_baselines' and p.window_start = n.window_start
            and b.narrative_id = n.narrative_id and b.scale_minutes = {{ scale }}
    ) as expected_{{ scale }},
    (
        select k.surprise
        from {{ at_time('core', 'active') }} as p
        inner join {{ source('core', 'spike') }} as k on k.generation_id = p.generation_id
        where p.asset = 'spikes' and p.window_start = n.window_start
            and k.spike_id = n.narrative_id || '-{{ scale }}m'
    ) as surprise_{{ scale }}{{ "," if not loop.last }}
    {% endfor %}
from {{ active_rows('narratives', 'narrative') }} as n
left join {{ source('core', 'narrative_chain') }} as c on c.generation_id = n.generation_id and c.narrative_id = n.narrative_id
