-- What counted when, who changed it and through which command, and a chain of hashes over every generation.
-- All of it is written by triggers on core.active, so that no writer can forget it, and none of it can be changed.

alter table core.generation drop constraint generation_origin_check;
alter table core.generation add constraint generation_origin_check
    check (origin in ('radar', 'dagster', 'replay', 'rollback'));
alter table core.active add column held_by bigint;   -- the rollback that holds it: computing it again publishes nothing

create table ops.audit (                    -- one transaction that changed what counts
    audit_id     bigint primary key,
    at           timestamptz not null unique, -- when it was committed, wall clock; rises with each
    actor        text not null,
    command      text not null,
    reason       text not null,
    request      jsonb not null,
    request_sha256 bytea not null,          -- over the request as text
    result_sha256 bytea not null,           -- over its rows of core.activation
    pointers     int not null               -- how many pointers of core.active it moved
);
create sequence ops.audit_number;

create table ops.unsealed (audit_id bigint primary key); -- transactions that are under way; nobody ever sees a row

create table core.activation (              -- every move of a pointer of core.active
    audit_id     bigint not null,
    place        bigint generated always as identity,
    asset        text not null,
    window_start timestamptz not null,
    before_id    bigint,                    -- the generation that counted before; null: none did
    generation_id bigint,                   -- the generation that counts from then on; null: none does
    primary key (audit_id, place)
);
create index activation_pointer on core.activation (asset, window_start, audit_id);

create table core.ledger (                  -- the chain: hash = SHA-256(hash of the entry before, content)
    entry        bigint primary key,
    audit_id     bigint not null,
    generation_id bigint,                   -- null: the entry that closes a transaction
    content      text not null,             -- the fields, as a JSON list
    hash         bytea not null check (octet_length(hash) = 32)
);
create unique index ledger_generation on core.ledger (generation_id) where generation_id is not null;

create table ops.change (                   -- a published number that is no longer what it was
    change_id    bigint generated always as identity primary key,
    audit_id     bigint not null,
    window_start timestamptz not null,
    link_id      text not null,
    event_id     text not null,
    narrative_id text not null,
    label        text not null,
    before_id    bigint,
    after_id     bigint,
    before       jsonb,                     -- the numbers as they were; null: the link was not there
    after        jsonb,                     -- as they are now; null: the link is not there any more
    why          text not null
);
create index change_audit on ops.change (audit_id);
create index change_window on ops.change (window_start);

create table ops.past (                     -- rows of ops.window, ops.gap and ops.source as they were
    seq          bigint generated always as identity primary key,
    relation     text not null,
    key          text not null,
    content      jsonb,                     -- null: there was no row
    until_at     timestamptz not null default clock_timestamp()
);
create index past_key on ops.past (relation, key, until_at);

-- When the session reads as of the past: `set lf.as_of`, through latticeforge.store.as_of, which also discards plans.
-- Called immutable so that planning knows its value: a read of the present then plans as if the past were not there.
create function core.as_of() returns timestamptz language sql immutable parallel safe
    return nullif(current_setting('lf.as_of', true), '')::timestamptz;

create function core.said(name text) returns text language sql stable
    return nullif(current_setting('lf.' || name, true), '');

create function core.microseconds(at timestamptz) returns bigint language sql immutable parallel safe
    return (extract(epoch from at) * 1000000)::bigint;

create function core.numbers(d core.distraction_score) returns jsonb language sql stable
    return jsonb_build_object(
        'grade', d.grade, 'verdict', d.verdict, 'likelihood', d.likelihood, 'likelihood_low', d.likelihood_low,
        'likelihood_high', d.likelihood_high, 'belief_distraction', d.belief_distraction,
        'belief_organic', d.belief_organic, 'belief_unknown', d.belief_unknown, 'conflict_k', d.conflict_k,
        'lag_s', d.lag_s, 'effect_items', d.effect_items, 'p_value', d.p_value, 'q_value', d.q_value,
        'partial', to_jsonb(d.partial));

create function core.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, lower(tg_op);
end $$;

-- The number under which this transaction goes into the audit log. It is sealed when the transaction commits.
create function core.audit_id() returns bigint language plpgsql as $$
declare ticket bigint := core.said('audit_id')::bigint;
begin
    if core.as_of() is not null then
        raise exception 'this connection reads as of % and must not write', core.as_of();
    end if;
    if ticket is null then
        ticket := nextval('ops.audit_number');
        perform set_config('lf.audit_id', ticket::text, true);
        insert into ops.unsealed values (ticket);
    end if;
    return ticket;
end $$;

create function core.note_changes(ticket bigint, starts timestamptz[], befores bigint[], afters bigint[])
returns void language sql as $$
    insert into ops.change (audit_id, window_start, link_id, event_id, narrative_id, label, before_id, after_id, before,
                            after, why)
    select ticket, p.window_start, d.link_id, d.event_id, d.narrative_id, d.label, p.before_id, p.after_id, d.before,
           d.after, coalesce(core.said('reason'), nullif(g.reason, ''), 'computed again')
    from unnest(starts, befores, afters) as p (window_start, before_id, after_id)
    left join core.generation g on g.generation_id = p.after_id
    cross join lateral (
        select coalesce(a.link_id, b.link_id) as link_id, coalesce(a.event_id, b.event_id) as event_id,
               coalesce(a.narrative_id, b.narrative_id) as narrative_id, coalesce(a.label, b.label) as label,
               case when b.link_id is not null then core.numbers(b) end as before,
               case when a.link_id is not null then core.numbers(a) end as after
        from (select * from core.distraction_score where generation_id = p.before_id) b
        full join (select * from core.distraction_score where generation_id = p.after_id) a on a.link_id = b.link_id
    ) d
    where d.before is distinct from d.after
    order by p.window_start, d.link_id
$$;

create function core.note_inserted() returns trigger language plpgsql as $$
begin
    if exists (select from new_rows) then
        insert into core.activation (audit_id, asset, window_start, generation_id)
        select core.audit_id(), asset, window_start, generation_id from new_rows order by asset, window_start;
    end if;
    return null;
end $$;

create function core.note_updated() returns trigger language plpgsql as $$
declare ticket bigint; starts timestamptz[]; befores bigint[]; afters bigint[];
begin
    if not exists (select from new_rows) then
        return null;
    end if;
    ticket := core.audit_id();
    insert into core.activation (audit_id, asset, window_start, before_id, generation_id)
    select ticket, asset, window_start, o.generation_id, n.generation_id
    from new_rows n join old_rows o using (asset, window_start)
    where n.generation_id <> o.generation_id order by asset, window_start;
    select array_agg(window_start), array_agg(o.generation_id), array_agg(n.generation_id)
    into starts, befores, afters
    from new_rows n join old_rows o using (asset, window_start)
    where asset = 'distraction_scores' and n.generation_id <> o.generation_id;
    if starts is not null then
        perform core.note_changes(ticket, starts, befores, afters);
    end if;
    return null;
end $$;

create function core.note_deleted() returns trigger language plpgsql as $$
begin
    if exists (select from old_rows) then
        insert into core.activation (audit_id, asset, window_start, before_id)
        select core.audit_id(), asset, window_start, generation_id from old_rows order by asset, window_start;
    end if;
    return null;
end $$;

create trigger note_inserted after insert on core.active
    referencing new table as new_rows for each statement execute function core.note_inserted();
create trigger note_updated after update on core.active
    referencing old table as old_rows new table as new_rows for each statement execute function core.note_updated();
create trigger note_deleted after delete on core.active
    referencing old table as old_rows for each statement execute function core.note_deleted();

-- Give the transaction its place: one at a time, from here to the end of the commit. Whoever computes for a minute
-- keeps others waiting for the last milliseconds of it only.
create function core.seal(ticket bigint, sealed_at timestamptz) returns void language plpgsql as $$
declare
    tip bytea; number bigint; latest timestamptz; line record; text_of text; asked jsonb;
    entries bigint[] := '{}'; ids bigint[] := '{}'; contents text[] := '{}'; hashes bytea[] := '{}';
    result bytea; moved int; who text; what text; why text;
begin
    perform pg_advisory_xact_lock(x'1A77CE41'::int);
    select entry, hash into number, tip from core.ledger order by entry desc limit 1;
    number := coalesce(number, 0);
    tip := coalesce(tip, sha256(''));
    select max(at) into latest from ops.audit;
    sealed_at := greatest(sealed_at, latest + interval '1 microsecond'); -- a clock may step back
    for line in
        select g.* from core.generation g
        where g.generation_id in (select v.generation_id from core.activation v where v.audit_id = ticket)
            and not exists (select from core.ledger l where l.generation_id = g.generation_id)
        order by g.generation_id
    loop
        text_of := json_build_array(
            'generation', line.generation_id, line.asset, core.microseconds(line.window_start),
            core.microseconds(line.created_at), line.origin, line.reason, line.code_version, line.row_count,
            encode(line.digest, 'hex'))::text;
        number := number + 1;
        tip := sha256(tip || convert_to(text_of, 'UTF8'));
        entries := entries || number;
        ids := ids || line.generation_id;
        contents := contents || text_of;
        hashes := hashes || tip;
        what := coalesce(what, line.origin);
        why := coalesce(why, nullif(line.reason, ''));
    end loop;
    insert into core.ledger (entry, audit_id, generation_id, content, hash)
    select e, ticket, i, c, h from unnest(entries, ids, contents, hashes) as t (e, i, c, h);

    select sha256(convert_to(coalesce(string_agg(
            json_build_array(asset, core.microseconds(window_start), before_id, generation_id)::text, chr(10)
            order by place), ''), 'UTF8')), count(*)
    into result, moved from core.activation where audit_id = ticket;
    who := coalesce(core.said('actor'), session_user);
    what := coalesce(core.said('command'), what, nullif(current_setting('application_name'), ''), 'SQL');
    why := coalesce(core.said('reason'), why, '');
    asked := coalesce(core.said('request')::jsonb, jsonb_build_object('command', what, 'reason', why));
    insert into ops.audit (audit_id, at, actor, command, reason, request, request_sha256, result_sha256, pointers)
    values (ticket, sealed_at, who, what, why, asked, sha256(convert_to(asked::text, 'UTF8')), result, moved);
    text_of := json_build_array(
        'audit', ticket, core.microseconds(sealed_at), who, what, why, encode(sha256(convert_to(asked::text, 'UTF8')), 'hex'),
        encode(result, 'hex'), moved)::text;
    insert into core.ledger (entry, audit_id, content, hash)
    values (number + 1, ticket, text_of, sha256(tip || convert_to(text_of, 'UTF8')));
end $$;

create function ops.seal_unsealed() returns trigger language plpgsql as $$
begin
    perform core.seal(new.audit_id, clock_timestamp());
    delete from ops.unsealed where audit_id = new.audit_id;
    return null;
end $$;
create constraint trigger seal after insert on ops.unsealed
    deferrable initially deferred for each row execute function ops.seal_unsealed();

-- Rows that are updated in place keep their past, so that a read as of T finds them as they were.
create function ops.keep_past() returns trigger language plpgsql as $$
begin
    insert into ops.past (relation, key, content)
    values (tg_table_name, to_jsonb(coalesce(old, new)) ->> tg_argv[0],
            case when tg_op <> 'INSERT' then to_jsonb(old) end);
    return null;
end $$ set timezone = 'UTC';
create function ops.window_key(at timestamptz) returns text language sql immutable parallel safe
    return to_jsonb(at) #>> '{}';
alter function ops.window_key set timezone = 'UTC';
create trigger keep_past after insert or update or delete on ops.window
    for each row execute function ops.keep_past('window_start');
create trigger keep_past after insert or update or delete on ops.gap
    for each row execute function ops.keep_past('gap_id');
create trigger keep_past after insert or delete on ops.source
    for each row execute function ops.keep_past('source');
create trigger keep_past_update after update on ops.source
    for each row when ((old.title, old.kind, old.url, old.political, old.state, old.last_fault)
        is distinct from (new.title, new.kind, new.url, new.political, new.state, new.last_fault))
    execute function ops.keep_past('source');

alter table live.alert add column said_at timestamptz; -- wall clock; evaluated_at is the radar's, which may be simulated
update live.alert set said_at = evaluated_at;
alter table live.alert alter column said_at set default clock_timestamp();
alter table live.alert alter column said_at set not null;

-- What counts: core.active, or with lf.as_of the pointers as they stood then. The column `present` lets the planner drop
-- the half that is not asked for.
create view core.counting as
select asset, window_start, generation_id, activated_at
from (
    select asset, window_start, generation_id, activated_at, true as present from core.active
    union all
    select asset, window_start, generation_id, at, false
    from (
        select distinct on (v.asset, v.window_start) v.asset, v.window_start, v.generation_id, u.at
        from core.activation v join ops.audit u using (audit_id)
        where u.at <= core.as_of()
        order by v.asset, v.window_start, u.at desc, v.place desc
    ) then_active
    where generation_id is not null
) both_times
where present = (core.as_of() is null);

create view ops.past_then as                -- what each row was, where it has changed since
select distinct on (relation, key) relation, key, content
from ops.past where until_at > core.as_of() order by relation, key, until_at, seq;

create view ops.window_then as
select window_start, closed_at, watermark, origin, items, narratives, spikes, links, reported, close_s, delay_p50_s,
       delay_p95_s, delay_p99_s, partial, seq
from (
    select *, true as present from ops.window
    union all
    select r.*, false from ops.past_then p, jsonb_populate_record(null::ops.window, p.content) r
    where p.relation = 'window' and p.content is not null
    union all
    select w.*, false from ops.window w
    where ops.window_key(w.window_start) not in (select key from ops.past_then where relation = 'window')
) both_times
where present = (core.as_of() is null);

create view ops.gap_then as
select gap_id, source, from_at, to_at, reason, state, filled_at
from (
    select *, true as present from ops.gap
    union all
    select r.*, false from ops.past_then p, jsonb_populate_record(null::ops.gap, p.content) r
    where p.relation = 'gap' and p.content is not null
    union all
    select g.*, false from ops.gap g where g.gap_id::text not in (select key from ops.past_then where relation = 'gap')
) both_times
where present = (core.as_of() is null);

create view ops.source_then as
select *
from (
    select *, true as present from ops.source
    union all
    select r.*, false from ops.past_then p, jsonb_populate_record(null::ops.source, p.content) r
    where p.relation = 'source' and p.content is not null
    union all
    select s.*, false from ops.source s where s.source not in (select key from ops.past_then where relation = 'source')
) both_times
where present = (core.as_of() is null);

create view live.alert_then as
select * from live.alert where said_at <= coalesce(core.as_of(), 'infinity');

do $$
declare t text;
begin
    foreach t in array array['ops.audit', 'ops.change', 'core.activation', 'core.ledger'] loop
        execute format('create trigger append_only before update or delete or truncate on %s
                        for each statement execute function core.refuse_change()', t);
        execute format('revoke update, delete, truncate on %s from public', t);
    end loop;
end $$;

-- What was there before this migration: as far as it is known, each generation counted from the moment it was written.
do $$
declare batch record; ticket bigint;
begin
    perform set_config('lf.actor', 'unknown', true), set_config('lf.command', 'before the ledger', true);
    for batch in
        select date_trunc('second', created_at) as second, max(created_at) as at,
               array_agg(generation_id order by generation_id) as ids
        from core.generation group by 1 order by min(generation_id)
    loop
        ticket := nextval('ops.audit_number');
        insert into core.activation (audit_id, asset, window_start, before_id, generation_id)
        select ticket, g.asset, g.window_start,
               (select max(o.generation_id) from core.generation o where o.asset = g.asset
                and o.window_start = g.window_start and o.generation_id < g.generation_id), g.generation_id
        from core.generation g where g.generation_id = any(batch.ids) order by g.generation_id;
        perform core.seal(ticket, batch.at);
    end loop;
    perform set_config('lf.actor', '', true), set_config('lf.command', '', true);
    insert into ops.past (relation, key, until_at)
    select 'window', ops.window_key(w.window_start), coalesce(min(g.created_at), w.closed_at)
    from ops.window w left join core.generation g using (window_start) group by w.window_start;
end $$;
