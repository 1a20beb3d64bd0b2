-- Published results of `lf analyze`: every test of a calendar of events against a narrative, and its placebo fan.
-- An analysis is named by its content; publishing it again changes nothing. Nothing is overwritten.
create table core.calendar_analysis (
    analysis_id  text primary key,              -- SHA-256 of the inputs' and outputs' digests, seed and versions
    published_at timestamptz not null default clock_timestamp(),
    items        bigint not null,
    tested_from  timestamptz not null,          -- what lies before was spent on the code book and the baseline
    placebos     int not null,
    tests        int not null,
    plan_sha256  text,                          -- of the plan that was registered beforehand, if one was
    versions     text not null
);

create table core.calendar_link (
    analysis_id  text not null references core.calendar_analysis,
    test         text not null,
    calendar_id  text not null,
    narrative_id text not null,
    label        text not null,
    headline     text not null,
    events       int not null,
    p_value      double precision not null check (p_value between 0 and 1),
    calendar_p   double precision not null check (calendar_p between 0 and 1),
    q_value      double precision not null check (q_value between 0 and 1),
    effect_items double precision not null,
    effect_low   double precision not null,
    effect_high  double precision not null,
    grade        text not null check (grade in ('confirmed', 'exploratory')),
    verdict      text not null check (verdict in ('likely', 'contested', 'unlikely', 'no evidence')),
    likelihood   double precision check (likelihood between 0 and 1),
    likelihood_low  double precision,
    likelihood_high double precision,
    conflict_k   double precision,
    lag_s        double precision,
    primary key (analysis_id, test, calendar_id, narrative_id)
);

create table core.calendar_fan (
    analysis_id  text not null,
    test         text not null,
    calendar_id  text not null,
    narrative_id text not null,
    minute       int not null,                  -- start of the step, from the event
    real         double precision not null,     -- items per event in the step
    low          double precision not null,     -- quantiles of the same over placebo calendars: 2.5, 25, 50, 75, 97.5 %
    quarter      double precision not null,
    middle       double precision not null,
    three_quarters double precision not null,
    high         double precision not null,
    primary key (analysis_id, test, calendar_id, narrative_id, minute),
    foreign key (analysis_id, test, calendar_id, narrative_id) references core.calendar_link
);

create trigger append_only before update or delete on core.calendar_analysis
for each row execute function landing.refuse_change();
create trigger append_only before update or delete on core.calendar_link
for each row execute function landing.refuse_change();
create trigger append_only before update or delete on core.calendar_fan
for each row execute function landing.refuse_change();
