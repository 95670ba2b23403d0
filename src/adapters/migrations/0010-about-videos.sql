-- What the objects of a video do not tell by themselves is written beside them, so that these tables can be made again
-- from the bucket alone (docs/decisions/0014-about-files.md). Whatever changes a row, the trigger notices.
alter table videos
  -- Counts changes: of two files about a video, or of a file and a row, the higher one is the later one.
  add column about_version bigint not null default 1,
  -- When the file is to be written.
  add column about_due_at timestamptz;
update videos set about_due_at = clock_timestamp() where content_id is not null;
create index videos_about_due on videos (about_due_at) where about_due_at is not null;

create function note_what_is_about_a_video() returns trigger language plpgsql as $$
begin
  if new.content_id is not null
    and (new.title, new.content_id, new.published_generation, new.captions_version, new.error_code, new.duration_seconds)
      is distinct from
      (old.title, old.content_id, old.published_generation, old.captions_version, old.error_code, old.duration_seconds)
  then
    new.about_version := old.about_version + 1;
    new.about_due_at := clock_timestamp();
  end if;
  return new;
end $$;
create trigger videos_about_noted before update on videos for each row execute function note_what_is_about_a_video();
