-- What a person uploads and others watch. The source itself lies in the object store.
create table videos (
  id                   text primary key,
  title                text not null,
  filename             text not null,
  content_type         text not null,
  state                text not null check (state in ('uploading', 'uploaded', 'processing', 'ready', 'failed')),
  size_bytes           bigint,
  -- SHA-256 over the concatenated SHA-256 digests of the source parts, in hex.
  content_id           text,
  -- Facts of the source that people see; null until the probe has looked.
  duration_seconds     double precision,
  width_px             integer,
  height_px            integer,
  frame_rate           double precision,
  -- The generation that players get; null until one was published.
  published_generation integer,
  error_code           text,
  error_message        text,
  created_at           timestamptz not null default now(),
  updated_at           timestamptz not null default now()
);
-- Two simultaneous uploads of the same bytes end as one video: this index decides, not timing.
create unique index videos_content_id on videos (content_id) where content_id is not null;
create index videos_newest_first on videos (created_at desc, id desc);

-- The digests of a source's parts, as they were stored.
create table source_parts (
  video_id   text not null references videos (id) on delete cascade,
  part       integer not null,
  size_bytes integer not null,
  sha256     text not null,
  primary key (video_id, part)
);

-- All the processing of one video at one generation, from probe to publish.
create table jobs (
  id            uuid primary key,
  video_id      text not null references videos (id) on delete cascade,
  generation    integer not null,
  state         text not null check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  -- What was decided after the probe: grid, ladder, chunks, audio.
  plan          jsonb,
  error_code    text,
  error_message text,
  created_at    timestamptz not null default now(),
  started_at    timestamptz,
  ended_at      timestamptz,
  unique (video_id, generation)
);
create unique index jobs_one_open_per_video on jobs (video_id) where state in ('queued', 'running');
create index jobs_queued on jobs (created_at) where state = 'queued';

-- Units of work. The queue (schema pgboss) decides who may work on one; this table says what it is and what came of
-- it. Its id is the queue's id. Nothing here references a row of the queue.
create table tasks (
  id             uuid primary key,
  job_id         uuid not null references jobs (id) on delete cascade,
  video_id       text not null,
  kind           text not null check (kind in ('probe', 'encode', 'audio', 'publish')),
  spec           jsonb not null,
  state          text not null check (state in ('queued', 'leased', 'done', 'dead', 'cancelled')),
  -- Grants so far, and grants that ended in failure or silence: only the latter use up the attempts.
  attempt        integer not null default 0,
  failures       integer not null default 0,
  worker         text,
  result         jsonb,
  error_code     text,
  error_message  text,
  error_tail     text,
  created_at     timestamptz not null default now(),
  started_at     timestamptz,
  ended_at       timestamptz
);
create index tasks_of_job on tasks (job_id);
create index tasks_leased on tasks (id) where state = 'leased';

-- What was made and is offered to players, with measured rates.
create table renditions (
  video_id              text not null references videos (id) on delete cascade,
  generation            integer not null,
  name                  text not null,
  kind                  text not null check (kind in ('video', 'audio')),
  codec                 text not null,
  width_px              integer,
  height_px             integer,
  frame_rate            double precision,
  bandwidth_bps         integer not null,
  average_bandwidth_bps integer not null,
  primary key (video_id, generation, name)
);

-- Every transition of every state machine, in order.
create table events (
  id         bigint generated always as identity primary key,
  at         timestamptz not null default clock_timestamp(),
  video_id   text not null,
  job_id     uuid,
  task_id    uuid,
  attempt    integer,
  worker     text,
  subject    text not null check (subject in ('video', 'job', 'task')),
  from_state text,
  to_state   text not null,
  reason     text
);
create index events_of_video on events (video_id, id);
