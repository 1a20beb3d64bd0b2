-- Which streams foretell which, once an hour: significant transfer entropy. Foretelling is not causing.
select
    s.window_start,
    {{ cut('s.source_stream', 200) }} as source_stream,
    {{ cut('s.target_stream', 200) }} as target_stream,
    {{ stream_title('s.source_stream') }} as source_label,
    {{ stream_title('s.target_stream') }} as target_label,
    s.lag_minutes,
    s.bits,
    s.std_error_bits,
    s.p_value,
    s.q_value,
    s.method_version
from {{ active_rows('causal_graph', 'causal_link') }} as s
