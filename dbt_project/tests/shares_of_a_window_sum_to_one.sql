select window_start, sum(share) as total
from {{ ref('narrative_timeline') }}
group by window_start
having abs(sum(share) - 1) > 1e-9
