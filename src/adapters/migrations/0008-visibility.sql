-- What edges go by is a mark in the object store (docs/decisions/0012-private-videos.md); this is what callers are shown.
alter table videos add column visibility text not null default 'public' check (visibility in ('public', 'private'));
