{# The schema is the one a model names, exactly: migrations create it and grant on it, so dbt must not add a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
