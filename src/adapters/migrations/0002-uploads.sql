-- One resumable transfer of one source. The row says how much of it is safely stored, and nothing else does: objects
-- that no row accounts for are leftovers of an interruption.
create table uploads (
  -- Unguessable: whoever knows it may write.
  id          text primary key,
  video_id    text not null references videos (id) on delete cascade,
  -- As the client declared it; null until it did (Upload-Defer-Length).
  size_bytes  bigint check (size_bytes > 0),
  -- The offset: whole source parts, and the bytes after them, which lie in the tail of that token.
  whole_parts integer not null default 0,
  tail_bytes  integer not null default 0,
  tail_token  bigint not null default 0,
  -- As the client gave it; handed back to whoever asks for the upload.
  metadata    jsonb not null,
  -- The lock is a lease. The token grows with every grant and is checked by every statement that moves the offset.
  lock_token  bigint not null default 0,
  lock_until  timestamptz,
  -- Somebody waits for the lock.
  lock_wanted boolean not null default false,
  -- Without another byte the upload is removed after this; nobody may resume it any more.
  expires_at  timestamptz not null,
  finished_at timestamptz,
  created_at  timestamptz not null default clock_timestamp()
);
create index uploads_expiring on uploads (expires_at);
create index uploads_of_video on uploads (video_id);

-- Ids that were handed out at the start of an upload whose bytes turned out to be a video already.
create table video_aliases (
  id           text primary key,
  video_id     text not null,
  -- False until the objects of the vanished video are known to be gone.
  objects_gone boolean not null default false,
  created_at   timestamptz not null default clock_timestamp()
);
create index video_aliases_unclean on video_aliases (id) where not objects_gone;

-- What was answered to a request with an Idempotency-Key.
create table idempotency_keys (
  key        text primary key,
  video_id   text not null references videos (id) on delete cascade,
  content_id text not null,
  created    boolean not null,
  expires_at timestamptz not null
);
create index idempotency_keys_expiring on idempotency_keys (expires_at);
create index idempotency_keys_of_video on idempotency_keys (video_id);
