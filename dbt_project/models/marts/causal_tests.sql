-- What was tested for a causal graph, found or not.
select
    s.window_start,
    s.lag_minutes,
    cardinality(s.streams) as streams,
    s.tests,
    s.screened,
    s.cells,
    s.method_version
from {{ active_rows('causal_graph', 'causal_test') }} as s
