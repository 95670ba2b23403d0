-- Where the bytes of an upload come from when we fetch them ourselves. Goes with its upload.
create table ingests (
  upload_id   text primary key references uploads (id) on delete cascade,
  -- Not shown to anybody: it may hold a signature.
  url         text not null,
  -- ETag or Last-Modified of what is stored so far: only the same version is gone on with.
  validator   text,
  failures    integer not null default 0,
  not_before  timestamptz not null default clock_timestamp(),
  deadline_at timestamptz not null
);
create index ingests_due on ingests (not_before);

-- Deleted videos, for as long as a worker that was frozen may wake up and store another segment. A sweeper looks at
-- sweep_at, waits twice as long each time, and forgets the row after a day.
create table removed_videos (
  id         text primary key,
  removed_at timestamptz not null default clock_timestamp(),
  sweep_at   timestamptz not null default clock_timestamp() + interval '10 seconds'
);
create index removed_videos_due on removed_videos (sweep_at);

-- Titles as a search compares them (src/domain/title.ts): what lower() does depends on the locale of the database.
alter table videos add column title_folded text not null default '';
update videos set title_folded = lower(title);

-- The newest of one state. A search in titles reads along videos_newest_first: no index of plain PostgreSQL finds
-- part of a word.
create index videos_of_state on videos (state, created_at desc, id desc);

create index video_aliases_of_video on video_aliases (video_id);
