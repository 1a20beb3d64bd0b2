-- What became of live alarms once there were slots on both sides of their events. A decision is made once and stands.
create table live.decision (
    alert_id     text primary key,
    event_id     text not null,
    due_at       timestamptz not null,      -- follows from the event's time alone, and is published with the alarm
    decided_at   timestamptz not null,      -- on the clock of whoever decided
    decision     text not null check (decision in ('confirmed', 'withdrawn')),
    reason       text not null check (reason <> ''),
    p_then       double precision not null, -- against the slots before the alarm
    likelihood_then double precision,
    p_value      double precision,          -- against slots on both sides; null where it could not be tested
    slots        int not null,
    days_before  int not null,              -- comparable days on each side
    days_after   int not null,
    group_items  int not null,              -- of the largest group of one story in the two hours after the event
    method_version text not null
);
create trigger append_only before update or delete on live.decision
for each row execute function landing.refuse_change();
