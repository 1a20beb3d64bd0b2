-- What the radar says while a window is still open, what the system says of itself, and what the dashboard may read.
create schema live;
create schema ops;
create schema marts;

create table live.alert (
    seq          bigint generated always as identity primary key,
    alert_id     text not null,             -- one event and one story; the newest row of an alert is what is said now
    evaluated_at timestamptz not null,
    event_id     text not null,
    event_title  text not null,
    event_at     timestamptz not null,
    label        text not null,
    headline     text not null,
    onset_at     timestamptz not null,
    ratio        double precision not null,
    surprise     double precision not null,
    verdict      text not null check (verdict in ('likely', 'contested', 'unlikely', 'no evidence')),
    likelihood   double precision,
    likelihood_low double precision,
    likelihood_high double precision,
    conflict_k   double precision not null,
    lag_s        double precision not null,
    effect_items double precision not null,
    p_value      double precision not null,
    evidence     text[] not null,
    partial      text[] not null,
    newest_received_at timestamptz not null -- when the newest item behind it came in: evaluated_at minus this is the delay
);
create index alert_id_seq on live.alert (alert_id, seq desc);
create index alert_evaluated on live.alert (evaluated_at);

create table ops.window (
    window_start timestamptz primary key,
    closed_at    timestamptz not null,      -- on the radar's clock
    watermark    timestamptz not null,
    origin       text not null check (origin in ('radar', 'dagster', 'replay')),
    items        int not null,
    narratives   int not null,
    spikes       int not null,
    links        int not null,
    reported     int not null,
    close_s      double precision not null, -- wall seconds it took to compute and commit
    delay_p50_s  double precision,          -- item received to evaluated, wall seconds
    delay_p95_s  double precision,
    delay_p99_s  double precision,
    partial      text[] not null default '{}',
    seq          bigint generated always as identity
);
create unique index window_seq on ops.window (seq);

create table ops.cursor (                   -- how far a reader of landing.item has come; moves with what it read
    reader       text primary key,
    seq          bigint not null
);

create table ops.dirty_window (             -- closed windows whose data changed since; emptied as they are computed again
    window_start timestamptz primary key,
    reason       text not null
);

create table ops.event (
    seq          bigint generated always as identity primary key,
    at           timestamptz not null,
    kind         text not null,             -- dotted: collect.retry, gap.opened, window.recomputed
    source       text not null default '',
    severity     text not null default 'info' check (severity in ('info', 'warning', 'error')),
    message      text not null,
    detail       jsonb not null default '{}'
);
create index event_at on ops.event (at);
create index event_kind on ops.event (kind, at);

create table ops.gap (
    gap_id       bigint generated always as identity primary key,
    source       text not null,
    from_at      timestamptz not null,
    to_at        timestamptz,               -- null while it lasts
    reason       text not null,
    state        text not null check (state in ('open', 'filled', 'lost')),
    filled_at    timestamptz
);
create index gap_source on ops.gap (source, from_at);

create table ops.source (
    source       text primary key,
    title        text not null,
    kind         text not null check (kind in ('rss', 'atom', 'json', 'feed', 'attention', 'stream', 'calendar', 'file')),
    url          text not null default '',
    country      text not null default '',
    language     text not null default '',
    political    boolean not null default false,
    interval_s   double precision not null default 300,
    state        text not null default 'new' check (state in ('new', 'ok', 'backing off', 'failing')),
    etag         text,
    last_modified text,
    last_attempt_at timestamptz,
    last_success_at timestamptz,
    last_item_at timestamptz,
    failures     int not null default 0,    -- in a row
    next_attempt_at timestamptz,
    clock_offset_s double precision,        -- positive: the source's clock is ahead
    last_fault   text
);

create table ops.service (
    service      text primary key,          -- radar, dagster-webserver, dagster-daemon, dashboard
    started_at   timestamptz not null,
    beat_at      timestamptz not null,      -- wall clock
    watermark    timestamptz,
    detail       jsonb not null default '{}'
);

do $$
begin
    if not exists (select from pg_roles where rolname = 'lf_reader') then
        create role lf_reader login;
    end if;
end $$;
alter role lf_reader set statement_timeout = '10s';
alter role lf_reader set default_transaction_read_only = on;
grant usage on schema marts to lf_reader;
alter default privileges in schema marts grant select on tables to lf_reader;
