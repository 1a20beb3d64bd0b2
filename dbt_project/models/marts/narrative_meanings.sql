-- The meaning of every narrative of every closed window, for search by meaning and for counting one meaning through time.
select
    n.window_start,
    n.narrative_id,
    {{ cut('n.label', 200) }} as label,
    {{ cut('n.headline', 400) }} as headline,
    n.items,
    n.voices,
    n.centroid
from {{ active_rows('narratives', 'narrative') }} as n
