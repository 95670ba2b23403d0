-- Whoever follows a video is told that it is gone, as 0004 tells of its events.
create function tell_of_deletion() returns trigger language plpgsql as $$
begin
  perform pg_notify('millrace_events', old.id);
  return null;
end $$;
create trigger videos_told after delete on videos for each row execute function tell_of_deletion();

create index jobs_newest_first on jobs (created_at desc, id desc);
