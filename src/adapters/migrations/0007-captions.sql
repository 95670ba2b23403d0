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

-- Players get what the published playlists name: these are behind while the versions differ.
alter table videos add column captions_version   integer not null default 0;
alter table videos add column captions_published integer not null default 0;
create index videos_captions_due on videos (id)
  where captions_version <> captions_published and published_generation is not null;
