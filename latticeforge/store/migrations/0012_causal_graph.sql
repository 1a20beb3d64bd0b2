-- Who foretells whom, once an hour, and whether that hangs on few.

create table core.causal_link (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    source_stream text not null,
    target_stream text not null,
    source_label text not null,
    target_label text not null,
    lag_minutes  int not null,
    bits         double precision not null,
    std_error_bits double precision not null,
    p_value      double precision not null,
    q_value      double precision not null,
    method_version text not null,
    primary key (generation_id, source_stream, target_stream)
);

create table core.causal_test (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    lag_minutes  int not null,
    streams      text[] not null,
    tests        int not null,
    screened     int not null,
    cells        int not null,
    method_version text not null,
    primary key (generation_id, lag_minutes)
);

create table core.fragility (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    measure      text not null check (measure in ('gini', 'hhi')),
    value        double precision not null,
    chance       double precision not null,
    chance_low   double precision not null,
    chance_high  double precision not null,
    p_value      double precision not null,
    fragile      boolean not null,
    nodes        int not null,
    edges        int not null,
    hub          text,
    hub_share    double precision not null,
    surrogates   int not null,
    method_version text not null,
    primary key (generation_id, measure)
);

create table core.turnover (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    kind         text not null check (kind in ('hub', 'reversal')),
    stream_before text not null,
    stream_after text not null,
    before_at    timestamptz not null,
    amount       double precision not null,
    method_version text not null,
    primary key (generation_id, kind, stream_before, stream_after)
);

do $$
declare t text;
begin
    foreach t in array array['causal_link', 'causal_test', 'fragility', 'turnover'] loop
        execute format('create index %I on core.%I (window_start)', t || '_window', t);
    end loop;
end $$;
