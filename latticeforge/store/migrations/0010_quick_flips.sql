-- A rollback of a day moves some two thousand pointers at once: leave room for them beside the old ones, so that no index
-- has to follow, and read the moved rows once.
alter table core.active set (fillfactor = 45);

create or replace function core.note_updated() returns trigger language plpgsql as $$
declare ticket bigint; starts timestamptz[]; befores bigint[]; afters bigint[];
begin
    if not exists (select from new_rows n join old_rows o using (asset, window_start)
                   where n.generation_id <> o.generation_id) then
        return null;
    end if;
    ticket := core.audit_id();
    with moved as (
        insert into core.activation (audit_id, asset, window_start, before_id, generation_id)
        select ticket, asset, window_start, o.generation_id, n.generation_id
        from new_rows n join old_rows o using (asset, window_start)
        where n.generation_id <> o.generation_id order by asset, window_start
        returning asset, window_start, before_id, generation_id
    )
    select array_agg(window_start), array_agg(before_id), array_agg(generation_id) into starts, befores, afters
    from moved where asset = 'distraction_scores';
    if starts is not null then
        perform core.note_changes(ticket, starts, befores, afters);
    end if;
    return null;
end $$;
