-- A generation that was rolled back or replaced must not be on the board.
select b.statement_id
from {{ ref('link_board') }} as b
left join {{ at_time('core', 'active') }} as a
    on a.asset = 'distraction_scores' and a.window_start = b.window_start and a.generation_id = b.generation_id
where b.stage = 'committed' and a.generation_id is null
