-- The table `tasks` is the queue (docs/decisions/0007-own-task-queue.md). Nothing of the one before it is needed.
drop schema if exists pgboss cascade;

alter table tasks
  -- Publish waits for all others of its job.
  add column blocked       boolean not null default false,
  -- The place in the line: earlier ones are lent first, across all videos.
  add column due_at        timestamptz not null default clock_timestamp(),
  -- The end of a pause after a failure.
  add column not_before    timestamptz not null default clock_timestamp(),
  -- Who holds it, and until when. The fencing token is `attempt`, which grows with every grant.
  add column lease_until   timestamptz,
  add column session       uuid,
  -- How often in a row it had to wait for the object store, and what for while it does.
  add column pauses        integer not null default 0,
  add column paused_reason text,
  -- Workers that died or fell silent with it, and until when it is kept from them.
  add column lost_workers  text[] not null default '{}',
  add column shun_until    timestamptz,
  -- What it asks of a worker.
  add column memory_mib    integer not null default 0,
  add column encoders      text[] not null default '{}';

alter table tasks drop constraint tasks_kind_check;
alter table tasks add constraint tasks_kind_check
  check (kind in ('probe', 'trial', 'encode', 'audio', 'images', 'text', 'publish'));

update tasks set state = 'queued', worker = null where state = 'leased';
update tasks p set blocked = true
where p.kind = 'publish' and p.state = 'queued' and exists (
  select from tasks o where o.job_id = p.job_id and o.kind <> 'publish' and o.state = 'queued'
);

drop index tasks_leased;
create index tasks_ready on tasks (due_at, id) where state = 'queued' and not blocked and kind <> 'publish';
create index tasks_to_publish on tasks (due_at, id) where state = 'queued' and not blocked and kind = 'publish';
create index tasks_leased on tasks (lease_until) where state = 'leased';
create index tasks_held on tasks (session) where state = 'leased';
create index tasks_open on tasks (job_id) where state in ('queued', 'leased');

alter table jobs
  -- Shorter sides of the wanted rungs; null, the standard ladder.
  add column ladder        jsonb,
  -- How many tasks its plan has, so that a missing one is noticed. Null until it has a plan.
  add column tasks_planned integer,
  -- Last lines of the tool that failed.
  add column error_tail    text;
update jobs j set tasks_planned = (select count(*) from tasks t where t.job_id = j.id and t.kind <> 'probe')
where j.plan is not null;

-- Workers by start of their process, and the connection that each holds to an orchestrator.
create table workers (
  session         uuid primary key,
  worker          text not null,
  version         text not null,
  cores           integer not null,
  memory_mib      integer not null,
  encoders        text[] not null,
  orchestrator    text not null,
  -- Names the connection: an older one that ends later changes nothing.
  connection      uuid not null,
  connected_at    timestamptz not null default clock_timestamp(),
  disconnected_at timestamptz,
  seen_at         timestamptz not null default clock_timestamp()
);
create index workers_of_connection on workers (connection);
create index workers_seen on workers (seen_at);

-- Whoever follows a video is told that there are new events of it.
create function tell_of_events() returns trigger language plpgsql as $$
begin
  perform pg_notify('millrace_events', video_id) from (select distinct video_id from added) as told;
  return null;
end $$;
create trigger events_told after insert on events referencing new table as added
  for each statement execute function tell_of_events();
