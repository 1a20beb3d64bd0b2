-- One row for each UTC day. Incremental: a run computes again the newest two days and every day that has had a
-- generation activated since the last run (late items, a backfill, a rollback), so its cost does not grow with the archive.
{{ config(materialized='incremental', unique_key='date', incremental_strategy='delete+insert', on_schema_change='fail') }}

{% set days -%}
    select distinct (a.window_start at time zone 'UTC')::date as date
    from {{ source('core', 'active') }} as a
    {% if is_incremental() %}
    where a.activated_at >= (select coalesce(max(built_at), '-infinity') - interval '1 hour' from {{ this }})
        or a.window_start >= (select max(window_start) - interval '1 day' from {{ source('core', 'active') }})
    {% endif %}
{%- endset %}

{{ day_figures(days) }}
