-- The state of attention as a whole, computed by Dagster when an hour is over: signals, regimes, beliefs.

create table core.signal (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    stream_id    text not null,
    kind         text not null check (kind in ('source', 'attention', 'narrative')),
    label        text not null,
    value        double precision,          -- null: not known, which is not 0
    share        double precision check (share between 0 and 1),
    usual        double precision,
    spread       double precision,
    score        double precision check (score between -5 and 5),
    clipped      double precision,
    known_windows int not null,
    primary key (generation_id, stream_id)
);

create table core.early_warning (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    stream_id    text not null,
    kind         text not null check (kind in ('source', 'attention')),
    label        text not null,
    state        text not null check (state in ('warning', 'quiet', 'sparse', 'learning', 'missing')),
    score        double precision,
    threshold    double precision not null,
    since_at     timestamptz,
    raised_at    timestamptz,
    lead_minutes double precision,
    reason       text not null,
    method_version text not null,
    primary key (generation_id, stream_id)
);

create table core.regime (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    kind         text not null check (kind in ('source', 'attention')),
    streams      int not null,
    label        text,
    verdict      text,
    shown        boolean not null,
    psi_bits     double precision,
    least_psi_bits double precision not null,
    order_r      double precision check (order_r between 0 and 1),
    chance_r     double precision,
    growth_per_hour double precision,
    order_parameter double precision,
    variance_bits double precision,
    method_version text not null,
    primary key (generation_id, kind)
);

create table core.belief (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    link_id      text not null,
    detector     text not null,
    mass_distraction double precision not null,
    mass_organic double precision not null,
    mass_unknown double precision not null,
    plausibility double precision not null,
    pignistic    double precision not null,
    conflict_k   double precision,
    method_version text not null,
    primary key (generation_id, link_id, detector)
);

do $$
declare t text;
begin
    foreach t in array array['signal', 'early_warning', 'regime', 'belief'] loop
        execute format('create index %I on core.%I (window_start)', t || '_window', t);
    end loop;
end $$;
