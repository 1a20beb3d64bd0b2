-- narrative_timeline finds a spike by its id; the id must therefore be built as the model says.
select k.spike_id
from {{ active_rows('spikes', 'spike') }} as k
where k.spike_id <> k.narrative_id || '-' || k.scale_minutes || 'm'
