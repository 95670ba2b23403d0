-- Who may use the API, and how far (docs/security.md). The key itself is shown once, when it is made, and not kept.
create table api_keys (
  id           uuid primary key default gen_random_uuid(),
  name         text not null,
  scope        text not null check (scope in ('read', 'write', 'admin')),
  -- SHA-256 of the key. It is 256 random bits, so nothing can be guessed that a slow hash would protect.
  digest       bytea not null unique,
  created_at   timestamptz not null default clock_timestamp(),
  expires_at   timestamptz,
  -- To the hour: a busy key does not cost a write with each request.
  last_used_at timestamptz,
  revoked_at   timestamptz
);

create function tell_of_api_keys() returns trigger language plpgsql as $$
begin
  perform pg_notify('millrace_api_keys', '');
  return null;
end $$;
create trigger api_keys_told after insert or delete or update of revoked_at on api_keys
  for each statement execute function tell_of_api_keys();
