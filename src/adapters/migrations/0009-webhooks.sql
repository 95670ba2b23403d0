-- Who is told, by signed requests, of the states that videos enter (docs/webhooks.md).
create table webhooks (
  id         uuid primary key default gen_random_uuid(),
  url        text not null,
  -- Signs what is sent: kept as it was given, since a digest of it could sign nothing. Neither logged nor answered.
  secret     text not null,
  states     text[] not null,
  created_at timestamptz not null default clock_timestamp()
);

-- One message to one webhook. Written by the transaction that makes it true, kept for a while after its end.
create table webhook_deliveries (
  -- Of one video, in the order of its states: whoever changes them holds the video's row.
  position    bigint generated always as identity primary key,
  -- Names the message in every try. Not the position, which a restored backup would give out once more.
  id          uuid not null unique default gen_random_uuid(),
  webhook_id  uuid not null references webhooks (id) on delete cascade,
  -- May be gone.
  video_id    text not null,
  state       text not null,
  reason      text,
  at          timestamptz not null,
  -- Tries so far; also the token of whoever makes the latest one.
  tries       integer not null default 0,
  due_at      timestamptz not null default clock_timestamp(),
  lease_until timestamptz,
  outcome     text check (outcome in ('delivered', 'given_up')),
  ended_at    timestamptz,
  last_status integer,
  last_error  text
);
create index webhook_deliveries_due on webhook_deliveries (due_at) where ended_at is null;
create index webhook_deliveries_line on webhook_deliveries (webhook_id, video_id, position) where ended_at is null;
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;

-- The lock on the webhook keeps one that is being removed from failing the video's own transaction.
create function write_webhook_deliveries(of_video text, entered text, why text, since timestamptz) returns void
language plpgsql as $$
begin
  insert into webhook_deliveries (webhook_id, video_id, state, reason, at)
  select id, of_video, entered, why, since from webhooks where entered = any (states) for key share;
  if found then
    perform pg_notify('millrace_webhooks', '');
  end if;
end $$;

create function tell_webhooks_of_event() returns trigger language plpgsql as $$
begin
  perform write_webhook_deliveries(new.video_id, new.to_state, new.reason, new.at);
  return null;
end $$;
create trigger events_sent after insert on events for each row
  when (new.subject = 'video' and new.to_state <> 'uploading') execute function tell_webhooks_of_event();

-- An upload that breaks off, or that turns out to be another video, was never told of.
create function tell_webhooks_of_deletion() returns trigger language plpgsql as $$
begin
  perform write_webhook_deliveries(old.id, 'deleted', null, clock_timestamp());
  return null;
end $$;
create trigger videos_sent after delete on videos for each row
  when (old.state <> 'uploading') execute function tell_webhooks_of_deletion();
