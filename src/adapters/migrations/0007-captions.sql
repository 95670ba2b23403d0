-- Captions of a video, one track for each language. They outlive its generations: each publish writes them beside its
-- segments. Small enough (5 MiB at most) to lie here.
create table captions (
  video_id text not null references videos (id) on delete cascade,
  -- BCP 47.
  language text not null,
  label    text not null,
  origin   text not null check (origin in ('embedded', 'uploaded')),
  -- Counted from the video's first frame.
  webvtt   text not null,
  primary key (video_id, language)
);

-- Counts changes of captions, so that one made while playlists are being written is not forgotten.
alter table videos add column captions_version integer not null default 0;
-- When the published playlists are to be looked at again, and written where they are not as they should be: at once after
-- captions changed, and a while after publishing, for whoever was frozen in the middle of writing growing ones.
alter table videos add column playlists_due_at timestamptz;
create index videos_playlists_due on videos (playlists_due_at)
  where playlists_due_at is not null and published_generation is not null;
