-- Another hub than before, and links that run the other way.
select
    s.window_start,
    s.kind,
    {{ stream_title('s.stream_before') }} as before,
    {{ stream_title('s.stream_after') }} as after,
    s.before_at,
    s.amount,
    s.method_version
from {{ active_rows('fragility', 'turnover') }} as s
