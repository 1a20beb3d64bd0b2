{# What people call a stream: the source's title, else its name without the kind. #}
{% macro stream_title(column) -%}
    left(coalesce(
        (
            select nullif(o.title, '')
            from {{ at_time('ops', 'source') }} as o
            where {{ column }} = 'source:' || o.source
        ),
        regexp_replace({{ column }}, '^[a-z]+:', '')
    ), 200)
{%- endmacro %}
