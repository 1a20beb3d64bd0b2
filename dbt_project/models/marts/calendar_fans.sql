-- What the highest-scoring narratives of a calendar did around its events, and around placebo calendars.
select
    f.analysis_id,
    f.test,
    {{ cut('f.calendar_id', 200) }} as calendar_id,
    f.narrative_id,
    f.minute,
    f.real,
    f.low,
    f.quarter,
    f.middle,
    f.three_quarters,
    f.high
from {{ source('core', 'calendar_fan') }} as f
inner join {{ source('core', 'calendar_analysis') }} as a
    on a.analysis_id = f.analysis_id and a.published_at <= {{ known_until() }}
