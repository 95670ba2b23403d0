import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { createApiKeys } from '../../src/adapters/api-keys.ts';
import { backUp } from '../../src/adapters/backup.ts';
import { listenTo } from '../../src/adapters/notifications.ts';
import { KEY_CHANNEL } from '../../src/adapters/wake-ups.ts';
import type { ApiKeys, KeyScope } from '../../src/domain/api-keys.ts';
import { Bell } from '../../src/lib/bell.ts';
import { followKeys } from '../../src/upload/follow-keys.ts';
import { digestOf, KeyRing } from '../../src/upload/key-ring.ts';
import { type CapturedLine, capturedLog } from '../fakes/captured-log.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { UploadApi } from '../support/upload-world.ts';

/** Keys in a real PostgreSQL, and an upload-api that follows them as its role does. */
let database: TestDatabase;
let keys: ApiKeys;
let api: UploadApi;
let lines: CapturedLine[];
const stop = new AbortController();
let stopListening: () => Promise<void>;
let following: Promise<void>;

before(async () => {
  database = await startDatabase();
  keys = createApiKeys(database.db);
  const ring = new KeyRing({ fixed: undefined, clock: { nowMs: () => Date.now() } });
  const bell = new Bell();
  const captured = capturedLog();
  lines = captured.lines;
  stopListening = listenTo(database.url, {
    channels: { [KEY_CHANNEL]: () => bell.ring() },
    onConnected: () => bell.ring(),
    onError: () => {},
  });
  const followed = await followKeys({ ring, apiKeys: keys, log: captured.log }, { bell, signal: stop.signal });
  following = followed.ended;
  api = await UploadApi.start(database, { keyRing: ring });
});
after(async () => {
  stop.abort();
  await following;
  await stopListening?.();
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

const make = (key: string, scope: KeyScope, more = {}) =>
  keys.create({ name: `for ${key}`, scope, digest: digestOf(key), ...more });

async function statusOf(path: string, key?: string): Promise<number> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const answer = await fetch(api.url + path, { headers });
  await answer.body?.cancel();
  return answer.status;
}

/** Server-sent events as text, piece by piece. */
async function streamOf(path: string, headers: Record<string, string>) {
  const answer = await fetch(api.url + path, { headers, signal: AbortSignal.timeout(60_000) });
  assert.equal(answer.status, 200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  /** What comes until there is that word in it; undefined, until the stream ends. */
  const until = async (word: string | undefined): Promise<string> => {
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += part.value;
      if (word !== undefined && text.includes(word)) return text;
    }
    return text;
  };
  return { until };
}

test('the first key closes an instance that was open, and it stays closed after the last one is revoked', async () => {
  assert.equal(await statusOf('/webhooks'), 200);
  const { id } = await make('first', 'admin');
  await eventually('it takes a key', async () => (await statusOf('/webhooks')) === 401);
  assert.equal(await statusOf('/webhooks', 'first'), 200);
  assert.equal(await keys.revoke(id), true);
  await eventually('the revoked key opens nothing', async () => (await statusOf('/webhooks', 'first')) === 401);
  assert.deepEqual([await statusOf('/webhooks'), await keys.revoke(id)], [401, false]);
  const changes = lines.filter(({ event }) => event === 'api_keys_changed').map((line) => line.keys);
  assert.deepEqual(changes, [[id], []]);
});

test('keys are read, written and told without the keys themselves, also in a backup', async () => {
  const day = 86_400_000;
  const { id } = await make('of a player', 'read', { expiresInMs: day });
  const entry = (await keys.list()).find((key) => key.id === id);
  assert.ok(Math.abs(Date.parse(entry?.expiresAt ?? '') - Date.now() - day) < 60_000);
  const rows: string[] = [];
  await backUp(database.db, async (line) => void rows.push(line));
  const own = rows.filter((row) => row.includes(id));
  assert.equal(own.length, 1);
  assert.ok(own[0]?.includes(digestOf('of a player').toString('hex')));
  const { rows: restored } = await sql<{ same: boolean }>`
    select (jsonb_populate_record(null::api_keys, to_jsonb(k))).digest = k.digest as same from api_keys k
  `.execute(database.db);
  assert.ok(restored.length > 0 && restored.every(({ same }) => same), 'as restore reads them');
  await sql`update api_keys set expires_at = clock_timestamp() where id = ${id}`.execute(database.db);
  assert.deepEqual(await keys.held(), { keys: [], wereMade: true });
});

test('streams that a key opened end when it is revoked', async () => {
  const { id: opener } = await make('of-a-page', 'write');
  await eventually('the key is known', async () => (await statusOf('/videos', 'of-a-page')) === 200);
  const headers = { authorization: 'Bearer of-a-page', 'content-type': 'application/json' };
  const upload = await fetch(`${api.url}/upload?filename=a`, { method: 'POST', headers, body: 'a clip' });
  const { id } = (await upload.json()) as { id: string };
  const change = (body: object) =>
    fetch(`${api.url}/videos/${id}`, { method: 'PATCH', headers, body: JSON.stringify(body) });
  assert.equal((await change({ visibility: 'private' })).status, 200);
  const streams = await Promise.all([`/videos/${id}/events`, '/events'].map((path) => streamOf(path, headers)));
  assert.match(await streams[0]!.until('event: progress'), /event: snapshot/);
  await streams[1]!.until('event: changed');
  await keys.revoke(opener);
  await eventually('the key opens nothing', async () => (await statusOf('/videos', 'of-a-page')) === 401);
  // Something to tell.
  await sql`
    insert into events (subject, video_id, to_state, reason) values ('video', ${id}, 'uploaded', 'told to nobody')
  `.execute(database.db);
  for (const stream of streams) assert.doesNotMatch(await stream.until(undefined), /told to nobody|event:/);
});

test('a use is noted, but written once an hour', async () => {
  const { id } = await make('a-busy-key', 'read');
  const usedAt = async () => (await keys.list()).find((key) => key.id === id)?.lastUsedAt ?? null;
  assert.equal(await usedAt(), null);
  await eventually('the key is known', async () => (await statusOf('/videos', 'a-busy-key')) === 200);
  await eventually('its use is written', async () => (await usedAt()) !== null);
  const first = await usedAt();
  await keys.noteUsed([id]);
  assert.equal(await usedAt(), first);
  await sql`update api_keys set last_used_at = last_used_at - interval '61 minutes'`.execute(database.db);
  await keys.noteUsed([id]);
  assert.notEqual(await usedAt(), first);
});

test('there are 200 valid keys at most', async () => {
  await sql`
    insert into api_keys (name, scope, digest)
    select 'one of many', 'read', sha256(i::text::bytea) from generate_series(1, 200) i
  `.execute(database.db);
  await assert.rejects(make('one too many', 'read'), { code: 'too_many_keys' });
});

type Operation = { security: Record<string, string[]>[] };

test('docs/security.md lists each route with the scope that it takes, as /openapi.json tells it', async () => {
  await sql`delete from api_keys where name = 'one of many'`.execute(database.db);
  await make('of-this-test', 'read');
  await eventually('the key is known', async () => (await statusOf('/videos', 'of-this-test')) === 200);
  const answer = await fetch(`${api.url}/openapi.json`, { headers: { authorization: 'Bearer of-this-test' } });
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
  const told = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters' && method !== 'options')
      .map(([method, { security }]) => `${security[0]?.bearer?.[0] ?? 'none'} ${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual((await documented()).toSorted(), [...told, ...PAGES].toSorted());
});

/** Of other parts of `public`, or hidden in the document. */
const PAGES = [
  'read GET /system',
  'read GET /openapi.json',
  'read GET /',
  'read GET /status',
  'read GET /docs/api',
].concat(['none GET /watch/{id}', 'none GET /embed/{id}', 'read GET /docs/errors']);

/** Rows such as: | `read` | `GET /videos`, `POST /videos/{id}/tokens` | */
async function documented(): Promise<string[]> {
  const text = await readFile(new URL('../../docs/security.md', import.meta.url), 'utf8');
  return [...text.matchAll(/^\| `?(none|read|write|admin)`? \| (.+) \|$/gm)].flatMap(([, scope = '', routes = '']) =>
    [...routes.matchAll(/`([^`]+)`/g)].map(([, route = '']) => `${scope} ${route}`),
  );
}
