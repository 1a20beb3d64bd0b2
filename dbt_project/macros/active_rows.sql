{# A table as it stood at `lf.as_of`, or as it stands now: migration 0004 makes a view of each, which the planner reduces to
   the table itself where no instant is asked for. #}
{% macro at_time(schema, table) -%}
    {{ source(schema, table).incorporate(path={'identifier': 'counting' if table == 'active' else table ~ '_then'}) }}
{%- endmacro %}

{# The end of what is known: the instant that is asked for, or no end. #}
{% macro known_until() -%}
    coalesce(core.as_of(), 'infinity')
{%- endmacro %}

{# An instant, or null where it lies after the one that is asked for. #}
{% macro if_known(instant) -%}
    case when {{ instant }} <= {{ known_until() }} then {{ instant }} end
{%- endmacro %}

{# The rows of one table that count: those of a generation `core.active` points at. Filters on `window_start` reach the
   table's index. (Comparing window_start as well would say nothing new and mislead the planner by a factor of thousands.) #}
{% macro active_rows(asset, table) -%}
    (
        select t.*
        from {{ at_time('core', 'active') }} as p
        inner join {{ source('core', table) }} as t on t.generation_id = p.generation_id
        where p.asset = '{{ asset }}'
    )
{%- endmacro %}

{# Text of strangers, at a length a page can carry. #}
{% macro cut(column, length) -%}
    left({{ column }}, {{ length }})
{%- endmacro %}

{# The instant the data has reached, on the radar's clock: a replayed day has its own present. #}
{% macro data_now() -%}
    (
        select greatest(
            (select max(w.closed_at) from {{ at_time('ops', 'window') }} as w),
            (select max(l.evaluated_at) from {{ at_time('live', 'alert') }} as l),
            (select r.watermark from {{ source('ops', 'service') }} as r where r.service = 'radar' and core.as_of() is null)
        )
    )
{%- endmacro %}

{# The window of the narrative that made a burst event (burst:20250128T1420Z-003), null for any other event. #}
{% macro burst_window(event_id) -%}
    case
        when {{ event_id }} ~ '^burst:\d{8}T\d{4}Z-\d+$'
            then make_timestamptz(
                substr({{ event_id }}, 7, 4)::int, substr({{ event_id }}, 11, 2)::int, substr({{ event_id }}, 13, 2)::int,
                substr({{ event_id }}, 16, 2)::int, substr({{ event_id }}, 18, 2)::int, 0, 'UTC'
            )
    end
{%- endmacro %}

{# The start of the five-minute window that holds an instant. #}
{% macro window_of(instant) -%}
    date_bin(interval '5 minutes', {{ instant }}, timestamptz '1970-01-01 00:00:00+00')
{%- endmacro %}
