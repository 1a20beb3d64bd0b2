-- The root of every day that was sealed from this database: whoever can write to the archive cannot write here.
create table ops.sealed (
    seq          bigint generated always as identity primary key,
    day          date not null,
    root         text not null check (root ~ '^[0-9a-f]{64}$'),
    archive      text not null,             -- the place: a folder or s3://bucket/prefix
    sealed_at    timestamptz not null default clock_timestamp(),
    unique (day, root, archive)
);
create trigger append_only before update or delete or truncate on ops.sealed
    for each statement execute function core.refuse_change();
revoke update, delete, truncate on ops.sealed from public;
