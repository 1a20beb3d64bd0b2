{# Generic tests that dbt does not bring along. A test fails on the rows it returns. #}
{% test unique_together(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}

{% test within(model, column_name, low, high) %}
    select {{ column_name }} from {{ model }} where {{ column_name }} not between {{ low }} and {{ high }}
{% endtest %}

{% test ordered(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {% for left in columns[:-1] %}{{ left }} > {{ columns[loop.index] }}{{ ' or ' if not loop.last }}{% endfor %}
{% endtest %}
