-- What collecting remembers across restarts: the rhythm of each source, and how each host is doing.
alter table ops.source add column cadence jsonb not null default '{}';

create table ops.host (
    host         text primary key,          -- name and port
    state        text not null check (state in ('closed', 'open', 'half-open')),
    failures     int not null,              -- in a row
    opened       int not null,              -- times in a row that its circuit opened
    open_until   timestamptz,               -- nobody asks before; then one probe
    hold_until   timestamptz,               -- its quota is used up until then
    a_minute     double precision not null, -- requests a minute it may be asked
    last_fault   text
);
