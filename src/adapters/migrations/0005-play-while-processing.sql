-- What workers have stored of what can be played before its job is done, as they report it. Rows are only added while
-- the job runs, so what is listed from them never shrinks. They go when the video is published.
create table stored_renditions (
  job_id          uuid not null references jobs (id) on delete cascade,
  rendition       text not null,
  codec           text not null,
  timescale       integer not null,
  init_sha256     text not null,
  init_size_bytes integer not null,
  primary key (job_id, rendition)
);
create table stored_segments (
  job_id         uuid not null,
  rendition      text not null,
  segment        integer not null,
  size_bytes     integer not null,
  duration_ticks integer not null,
  primary key (job_id, rendition, segment),
  foreign key (job_id, rendition) references stored_renditions on delete cascade
);

alter table jobs
  -- Reports so far, and those that the growing playlists follow: the difference is what is to be done.
  add column reports       bigint not null default 0,
  add column reports_grown bigint not null default 0,
  -- Who writes the growing playlists is found by a lease of its own: the token grows with every grant.
  add column grow_token    bigint not null default 0,
  add column grow_until    timestamptz,
  -- They are not written more often than that.
  add column grow_after    timestamptz not null default clock_timestamp();
create index jobs_to_grow on jobs (grow_after) where state = 'running' and reports > reports_grown;

-- The generation whose growing playlists players get while nothing is published yet.
alter table videos add column growing_generation integer;
create index videos_growing on videos (id) where growing_generation is not null;

-- Generations that are no longer offered. Their objects go when the last session that may play them has expired.
create table retired_generations (
  video_id     text not null references videos (id) on delete cascade,
  generation   integer not null,
  remove_after timestamptz not null,
  primary key (video_id, generation)
);
create index retired_generations_due on retired_generations (remove_after);
