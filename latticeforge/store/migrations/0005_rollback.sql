-- Rollbacks, withdrawn items, and what retention has removed.

create table ops.rollback (
    rollback_id  bigint generated always as identity primary key,
    audit_id     bigint not null unique,    -- its moves are the rows of core.activation under this number
    at           timestamptz not null default clock_timestamp(),
    run_by       text not null check (run_by in ('lf', 'dagster')),
    kind         text not null check (kind in ('flip', 'withdraw', 'undo')),
    asset        text not null,
    from_at      timestamptz not null,
    to_at        timestamptz not null,
    source       text,                      -- whose items are withdrawn
    fetch_id     bigint,                    -- or those that came in one answer
    as_of        timestamptz,               -- back to what counted then; null: to what counted before the present one
    undoes       bigint unique references ops.rollback,
    reason       text not null,
    recompute    boolean not null           -- false: later windows are left to a backfill
);

create table ops.withdrawal (               -- items that came in and no longer count, until the rollback is undone
    rollback_id  bigint primary key references ops.rollback,
    source       text,
    fetch_id     bigint,
    from_at      timestamptz not null,
    to_at        timestamptz not null,
    check ((source is null) <> (fetch_id is null))
);

create view ops.withdrawal_in_force as
select w.* from ops.withdrawal w
where not exists (select from ops.rollback r where r.undoes = w.rollback_id);

create view landing.standing_item as        -- items that are not withdrawn: what the articles are made of
select i.* from landing.item i
where not exists (
    select from ops.withdrawal_in_force w
    where i.window_at >= w.from_at and i.window_at < w.to_at and (i.source = w.source or i.fetch_id = w.fetch_id)
);
create index item_fetch on landing.item (fetch_id);

create table ops.retention (                -- one removal of what nothing needs any more
    audit_id     bigint primary key,
    at           timestamptz not null default clock_timestamp(),
    kept_from    timestamptz not null,      -- reads as of an instant from here on are complete
    generations  int not null,
    generation_rows bigint not null,
    payloads     int not null,
    payload_bytes bigint not null
);
create table core.removed (                 -- generations whose rows are gone; the ledger keeps their digests
    generation_id bigint primary key,
    audit_id     bigint not null
);

alter table landing.fetch drop constraint fetch_payload_sha256_fkey; -- the hash outlives the payload
create or replace function landing.refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and tg_table_name = 'payload' and core.said('retention') = 'on' then
        return old;
    end if;
    raise exception 'landing is append-only: % on %.% refused', tg_op, tg_table_schema, tg_table_name;
end $$;

do $$
declare t text;
begin
    foreach t in array array['ops.rollback', 'ops.withdrawal', 'ops.retention', 'core.removed'] loop
        execute format('create trigger append_only before update or delete or truncate on %s
                        for each statement execute function core.refuse_change()', t);
        execute format('revoke update, delete, truncate on %s from public', t);
    end loop;
end $$;
