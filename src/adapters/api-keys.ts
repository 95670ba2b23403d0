import { sql } from 'kysely';
import type { ApiKeyEntry, ApiKeys, HeldKey, KeyScope, NewApiKey } from '../domain/api-keys.ts';
import { DomainError } from '../domain/errors.ts';
import type { ApiKeyId } from '../domain/ids.ts';
import { answered } from './database-outage.ts';
import type { Database } from './postgres.ts';
import { fromNow, NOW } from './transitions.ts';

/** That may be used at once: each is compared with each request, and all are read every few seconds. */
const MAX_KEYS = 200;
/** How exact "last used" is. */
const USE_NOTED_MS = 3_600_000;

/** API keys in PostgreSQL: their digests. */
export function createApiKeys(db: Database): ApiKeys {
  return {
    create: (key) => answered(() => create(db, key)),
    list: () => answered(async () => (await shown(db).orderBy('created_at').orderBy('id').execute()).map(toEntry)),
    revoke: (id) =>
      answered(async () => {
        const open = db.updateTable('api_keys').set({ revoked_at: NOW }).where('id', '=', id);
        return (await open.where('revoked_at', 'is', null).executeTakeFirst()).numUpdatedRows > 0n;
      }),
    held: () => answered(() => held(db)),
    noteUsed: (ids) => answered(() => noteUsed(db, ids)),
  };
}

/** Whether there ever was a key; also of a database that has no schema yet. */
export async function hasApiKeys(db: Database): Promise<boolean> {
  const { rows } = await sql<{ made: boolean }>`select to_regclass('api_keys') is not null as made`.execute(db);
  if (!rows[0]?.made) return false;
  return (await db.selectFrom('api_keys').select('id').limit(1).execute()).length > 0;
}

const shown = (db: Database) =>
  db.selectFrom('api_keys').select(['id', 'name', 'scope', 'created_at', 'expires_at', 'last_used_at', 'revoked_at']);

type Row = Awaited<ReturnType<ReturnType<typeof shown>['execute']>>[number];

async function create(db: Database, { name, scope, digest, expiresInMs }: NewApiKey): Promise<ApiKeyEntry> {
  const expiresAt = expiresInMs === undefined ? null : fromNow(expiresInMs);
  const { rows } = await sql<Row>`
    insert into api_keys (name, scope, digest, expires_at)
    select ${name}, ${scope}, ${Buffer.from(digest)}, (${expiresAt})::timestamptz
    where (select count(*) from api_keys where revoked_at is null) < ${MAX_KEYS}
    returning id, name, scope, created_at, expires_at, last_used_at, revoked_at
  `.execute(db);
  const [row] = rows;
  if (!row) throw new DomainError('too_many_keys');
  return toEntry(row);
}

const toEntry = (row: Row): ApiKeyEntry => ({
  id: row.id,
  name: row.name,
  scope: row.scope,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
  revokedAt: row.revoked_at?.toISOString() ?? null,
});

/** One statement, so that a key that is made meanwhile is in both answers or in none. */
async function held(db: Database): Promise<{ keys: HeldKey[]; wereMade: boolean }> {
  const { rows } = await sql<{ id: ApiKeyId | null; scope: KeyScope; digest: Buffer; expires_at: Date | null }>`
    select k.id, k.scope, k.digest, k.expires_at from (select exists (select from api_keys) as were_made) of
    left join api_keys k on k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())
    where of.were_made
  `.execute(db);
  const keys = rows.flatMap(({ id, scope, digest, expires_at }) =>
    id === null ? [] : [{ id, scope, digest, expiresAtMs: expires_at?.getTime() ?? Number.POSITIVE_INFINITY }],
  );
  return { keys, wereMade: rows.length > 0 };
}

async function noteUsed(db: Database, ids: readonly ApiKeyId[]): Promise<void> {
  await db
    .updateTable('api_keys')
    .set({ last_used_at: NOW })
    .where('id', 'in', [...ids])
    .where((is) => is.or([is('last_used_at', 'is', null), is('last_used_at', '<', fromNow(-USE_NOTED_MS))]))
    .execute();
}
