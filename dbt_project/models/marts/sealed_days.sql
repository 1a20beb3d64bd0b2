-- The published root of every sealed day. The place of the archive is for operators and is left out.
select
    s.day as date,
    s.root,
    max(s.sealed_at) as sealed_at
from {{ source('ops', 'sealed') }} as s
where s.sealed_at <= {{ known_until() }}
group by s.day, s.root
