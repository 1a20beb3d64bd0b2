-- What was learned of each source's rhythm. It is not kept: as of an earlier instant there is none.
select
    s.source,
    s.cadence
from {{ source('ops', 'source') }} as s
where core.as_of() is null
