-- One row for each UTC day: what the last run has kept, or, as of an earlier instant, counted anew.
{% set days -%}
    select distinct (a.window_start at time zone 'UTC')::date as date
    from {{ at_time('core', 'active') }} as a
    where core.as_of() is not null
{%- endset %}

select * from {{ ref('day_summary_kept') }} where core.as_of() is null
union all
select * from ({{ day_figures(days) }}) as anew
