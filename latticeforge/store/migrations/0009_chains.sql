-- Which narratives of neighbouring windows are one story, for people to follow. No statistic reads it.
-- It is no part of a generation: a chain reaches over windows and may be named anew when an earlier window changes.

create table core.narrative_chain (
    generation_id bigint not null,
    narrative_id text not null,
    chain_id     text not null,             -- the narrative that begins it
    similarity   double precision,          -- cosine to its forerunner; null where it begins
    primary key (generation_id, narrative_id),
    foreign key (generation_id, narrative_id) references core.narrative (generation_id, narrative_id) on delete cascade
);
create index narrative_chain_chain on core.narrative_chain (chain_id);
