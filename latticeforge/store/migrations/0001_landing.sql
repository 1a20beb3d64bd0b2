-- What came in, as it came in. Append-only: a row here is never changed, so everything else can be computed again.
create extension if not exists vector;
create schema landing;

create table landing.payload (
    sha256      bytea primary key check (octet_length(sha256) = 32),
    body        bytea not null
);

create table landing.fetch (
    fetch_id     bigint generated always as identity primary key,
    source       text not null,
    url          text not null,
    requested_at timestamptz not null,
    received_at  timestamptz not null,
    status       int not null,              -- HTTP status; 0: no answer came
    headers      jsonb not null default '{}',
    payload_sha256 bytea references landing.payload,
    fault        text                       -- why nothing usable came; null when all is well
);
create index fetch_source_received on landing.fetch (source, received_at);

create table landing.item (
    seq          bigint generated always as identity,   -- order of landing: sensors keep their cursor on it
    item_id      text not null,
    content_hash bytea not null,                        -- (item_id, content_hash) is one revision of an item
    source       text not null,
    account      text not null default '',
    guid         text not null,
    title        text not null,
    summary      text not null default '',
    url          text not null default '',
    author       text not null default '',
    published_at timestamptz,                           -- what the source says
    updated_at   timestamptz,
    event_at     timestamptz,                           -- what we trust; null: kept, flagged, not counted
    date_status  text not null check (date_status in ('ok', 'missing', 'unreadable', 'future', 'ancient', 'clock')),
    first_seen_at timestamptz not null,
    window_at    timestamptz generated always as (coalesce(event_at, first_seen_at)) stored,
    text_hash    bytea not null,
    problems     text[] not null default '{}',
    fetch_id     bigint references landing.fetch,
    landed_at    timestamptz not null default clock_timestamp(), -- wall clock, as core.generation.created_at: what is late
    primary key (item_id, content_hash),
    check ((event_at is not null) = (date_status = 'ok'))
);
create unique index item_seq on landing.item (seq);
create index item_window_at on landing.item (window_at);
create index item_source_seen on landing.item (source, first_seen_at);

create table landing.attention (
    seq         bigint generated always as identity,
    platform    text not null,
    term        text not null,
    observed_at timestamptz not null,       -- start of the minute that was counted
    count       int not null check (count >= 0),
    received_at timestamptz not null,
    fetch_id    bigint references landing.fetch,
    primary key (platform, term, observed_at)
);
create index attention_observed on landing.attention (observed_at);
create unique index attention_seq on landing.attention (seq);

create table landing.calendar_event (
    seq          bigint generated always as identity,
    event_id     text primary key,
    calendar_id  text not null,
    title        text not null,
    description  text not null default '',
    occurred_at  timestamptz not null,
    time_known   boolean not null default true,
    category     text not null default '',
    impact       double precision check (impact between 0 and 1),
    url          text not null default '',
    first_seen_at timestamptz not null,
    fetch_id     bigint references landing.fetch,
    landed_at    timestamptz not null default clock_timestamp()
);
create index calendar_event_occurred on landing.calendar_event (occurred_at);
create unique index calendar_event_seq on landing.calendar_event (seq);

create function landing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'landing is append-only: % on %.% refused', tg_op, tg_table_schema, tg_table_name;
end $$;

do $$
declare t text;
begin
    foreach t in array array['payload', 'fetch', 'item', 'attention', 'calendar_event'] loop
        execute format('create trigger append_only before update or delete on landing.%I
                        for each row execute function landing.refuse_change()', t);
    end loop;
end $$;
