-- Derived data in generations: writing an (asset, window) adds a generation, core.active points at the one that counts.
create schema core;

create table core.embedding (
    text_hash  bytea not null check (octet_length(text_hash) = 32),
    model      text not null,               -- encoder, precision and runtime
    vector     vector(384) not null,
    encoded_at timestamptz not null default clock_timestamp(),
    primary key (text_hash, model)
);
alter table core.embedding alter column vector set storage plain;

create table core.generation (
    generation_id bigint generated always as identity primary key,
    asset        text not null,
    window_start timestamptz not null,
    created_at   timestamptz not null default clock_timestamp(),
    origin       text not null check (origin in ('radar', 'dagster', 'replay')),
    reason       text not null default '',  -- why it was computed again; empty the first time
    code_version text not null,
    row_count    int not null,
    digest       bytea not null check (octet_length(digest) = 32),
    unique (generation_id, asset, window_start)
);
create index generation_asset_window on core.generation (asset, window_start, generation_id);

create table core.active (
    asset        text not null,
    window_start timestamptz not null,
    generation_id bigint not null,
    activated_at timestamptz not null default clock_timestamp(),
    primary key (asset, window_start),
    foreign key (generation_id, asset, window_start) references core.generation (generation_id, asset, window_start)
);
create index active_window on core.active (window_start);

create table core.article (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    item_id      text not null,
    source       text not null,
    account      text not null,
    event_at     timestamptz,
    date_status  text not null,
    counted      boolean not null,
    title        text not null,
    summary      text not null,
    url          text not null,
    text_hash    bytea not null,
    primary key (generation_id, item_id)
);

create table core.article_embedding (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    item_id      text not null,
    text_hash    bytea not null,
    model        text not null,
    vector_sha256 bytea not null,
    primary key (generation_id, item_id)
);

create table core.narrative (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    narrative_id text not null,
    label        text not null,
    headline     text not null,
    items        int not null,
    voices       int not null,
    sources      int not null,
    accounts     int not null,
    copy_share   double precision not null,
    source_hhi   double precision not null,
    first_at     timestamptz not null,
    last_at      timestamptz not null,
    centroid     vector(384) not null,
    primary key (generation_id, narrative_id)
);
alter table core.narrative alter column centroid set storage plain;

create table core.narrative_item (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    narrative_id text not null,
    item_id      text not null,
    voice_id     text not null,
    similarity   double precision not null,
    primary key (generation_id, item_id)
);

create table core.spike_baseline (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    narrative_id text not null,
    scale_minutes int not null,
    observed     double precision not null,
    exposure     double precision not null,
    expected     double precision not null,
    alpha        double precision not null,
    beta         double precision not null,
    history_windows int not null,
    missing_windows int not null,
    primary key (generation_id, narrative_id, scale_minutes)
);

create table core.spike (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    spike_id     text not null,
    narrative_id text not null,
    label        text not null,
    scale_minutes int not null,
    observed     double precision not null,
    expected     double precision not null,
    ratio        double precision not null,
    p_value      double precision not null,
    surprise     double precision not null,
    onset_at     timestamptz not null,
    is_onset     boolean not null,
    primary key (generation_id, spike_id)
);

create table core.political_burst (        -- a spike carried by political sources is an event of its own
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    event_id     text not null,
    narrative_id text not null,
    title        text not null,
    occurred_at  timestamptz not null,
    impact       double precision not null,
    centroid     vector(384) not null,
    primary key (generation_id, event_id)
);

create table core.correlation (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    link_id      text not null,
    event_id     text not null,
    spike_id     text not null,
    narrative_id text not null,
    lag_s        double precision not null,
    unrelatedness double precision not null,
    copy_share   double precision not null,
    source_concentration double precision not null,
    onset_sharpness double precision not null,
    synchrony    double precision not null,
    sources      int not null,
    leadership_bits double precision,
    effect_items double precision not null,
    effect_low   double precision not null,
    effect_high  double precision not null,
    p_value      double precision not null,
    placebos     int not null,
    tests        int not null,
    q_value      double precision not null,
    primary key (generation_id, link_id)
);

create table core.distraction_score (
    generation_id bigint not null references core.generation,
    window_start timestamptz not null,
    link_id      text not null,
    event_id     text not null,
    narrative_id text not null,
    label        text not null,
    grade        text not null check (grade in ('provisional', 'confirmed', 'exploratory')),
    verdict      text not null check (verdict in ('likely', 'contested', 'unlikely', 'no evidence')),
    likelihood   double precision check (likelihood between 0 and 1),
    likelihood_low double precision,
    likelihood_high double precision,
    belief_distraction double precision not null,
    belief_organic double precision not null,
    belief_unknown double precision not null,
    conflict_k   double precision not null,
    lag_s        double precision not null,
    effect_items double precision not null,
    p_value      double precision not null,
    q_value      double precision not null,
    evidence     text[] not null,
    partial      text[] not null,
    method_version text not null,
    primary key (generation_id, link_id)
);

do $$
declare t text;
begin
    foreach t in array array['article', 'article_embedding', 'narrative', 'narrative_item', 'spike_baseline', 'spike',
                             'political_burst', 'correlation', 'distraction_score'] loop
        execute format('create index %I on core.%I (window_start)', t || '_window', t);
    end loop;
end $$;
