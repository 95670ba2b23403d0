import assert from 'node:assert/strict';
import { Agent, request as ask } from 'node:http';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { MiB, UploadApi } from '../support/upload-world.ts';

/**
 * Every route of /openapi.json, asked for nonsense and worse: no fault of ours, a problem for every refusal, and a
 * refusal changes nothing.
 */
type Parameter = { name: string; in: string };
type Operation = { parameters?: Parameter[]; requestBody?: { content?: Record<string, { schema?: Schema }> } };
type Schema = { properties?: Record<string, unknown>; anyOf?: Schema[] };
type Document = { paths: Record<string, Record<string, Operation>> };

/** Of each route. Seeds differ from run to run, so that many runs look at much. */
const RUNS = 12;
const DEADLINE_MS = 20_000;
const SEED = Number(process.env.MILLRACE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

let database: TestDatabase;
let api: UploadApi;
let routes: { path: string; method: string; operation: Operation }[];
let known: string[];
const store = new MemoryObjectStore();
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database, { store, maxUploadBytes: MiB, idleMs: 2_000 });
  const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as Document;
  routes = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  // Something to damage: a video with its job.
  const upload = await fetch(`${api.url}/upload?filename=a.mp4`, { method: 'POST', body: 'a clip' });
  const { id } = (await upload.json()) as { id: string };
  const { jobs } = (await (await fetch(`${api.url}/jobs`)).json()) as { jobs: { id: string }[] };
  known = [id, jobs[0]!.id];
});
after(async () => {
  agent.destroy();
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** What has broken others: bytes that are no text, other spellings of paths, numbers out of range, SQL, markup. */
const WORDS = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  '\uffff',
  '\u202e',
  '..',
  '../../etc/passwd',
  '%',
  '%00',
  '%2e%2e%2f',
  '//',
  '\\',
  "' or 1=1 --",
  '"',
  '<script>',
  '{{7*7}}',
  '#{7*7}',
  '-1',
  '0',
  '1e999',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  'null',
  'undefined',
  '[]',
  '{}',
  '__proto__',
  'constructor',
  'true',
  '*',
  'x'.repeat(3_000),
  '1_0',
  '1_0123456789abcdef',
  '0123456789abcdef',
  '99999999999999999_0123456789abcdef',
  '00000000-0000-4000-8000-000000000000',
  'bytes=0-',
  'bytes=9-1',
  'bytes=-99999999999999999999',
  'sha-256=:AAAA:',
  'filename AAAA',
  'x AAAA',
  'filename YQ==,x AAAA',
  'a b,c d',
  '1.0.0',
  'PATCH',
  'multipart/form-data; boundary=x',
  'application/json',
  'application/offset+octet-stream',
  'text/vtt',
  'WEBVTT\n\n00:00.000 --> 99:00.000\n\u0000',
  'http://127.0.0.1/',
  'https://[::]/',
];
const word = () =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...WORDS, ...known) }, fc.string({ unit: 'binary', maxLength: 40 }));
const value = () =>
  fc.oneof(
    word(),
    fc.constantFrom(null, true, 0, -1, 1.5, 1e308, 2 ** 53),
    fc.array(word(), { maxLength: 3 }),
    fc.jsonValue({ maxDepth: 3 }),
  );
const HEADERS = [
  'range',
  'if-none-match',
  'if-range',
  'authorization',
  'accept',
  'repr-digest',
  'idempotency-key',
  'millrace-content-id',
  'upload-offset',
  'upload-length',
  'upload-metadata',
  'upload-checksum',
  'upload-defer-length',
  'tus-resumable',
  'content-type',
  'content-encoding',
  'last-event-id',
  'x-http-method-override',
  'x-forwarded-for',
  'origin',
  'sec-fetch-site',
  'cookie',
];

type Hostile = { path: string; method: string; headers: Record<string, string>; body: Buffer | undefined };

function hostile({ path, method, operation }: (typeof routes)[number]): fc.Arbitrary<Hostile> {
  const names = [...path.matchAll(/{(\w+)}/g)].map(([, name = '']) => name);
  const queries = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const fields = Object.keys(schema?.properties ?? schema?.anyOf?.find((one) => one.properties)?.properties ?? {});
  return fc
    .record({
      params: fc.tuple(...names.map(() => word())),
      query: fc.dictionary(fc.constantFrom('x', ...queries), word(), { maxKeys: 3 }),
      headers: fc.dictionary(fc.constantFrom(...HEADERS), word(), { maxKeys: 4 }),
      body: fc.oneof(
        fc.constant(undefined),
        fc.dictionary(fc.constantFrom('__proto__', 'x', ...fields), value(), { maxKeys: 4 }).map(jsonBody),
        value().map(jsonBody),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes: Buffer.from(bytes), type: 'application/json' })),
        fc.uint8Array({ maxLength: 200 }).map((bytes) => ({ bytes: Buffer.from(bytes), type: undefined })),
      ),
    })
    .map(({ params, query, headers, body }) => {
      const filled = names.reduce((text, name, i) => text.replace(`{${name}}`, escaped(params[i] ?? '')), path);
      const search = Object.entries(query).map(([name, text]) => `${name}=${escaped(text)}`);
      const type = body?.type === undefined ? {} : { 'content-type': body.type };
      const length: Record<string, string> = body ? { 'content-length': String(body.bytes.length) } : {};
      const sent = Object.fromEntries(
        Object.entries({ ...type, ...headers }).map(([name, text]) => [name, visible(text)]),
      );
      const url = search.length > 0 ? `${filled}?${search.join('&')}` : filled;
      return { path: url, method, headers: { ...sent, ...length }, body: body?.bytes };
    });
}

const jsonBody = (json: unknown) => ({ bytes: Buffer.from(JSON.stringify(json) ?? ''), type: 'application/json' });
/** Escaped, but for what looks escaped already: that goes out as it is. */
const escaped = (text: string): string =>
  /^[%.\\/]+[\w%]*$/.test(text) ? text.replaceAll('\\', '%5c') : encodeURIComponent(Buffer.from(text).toString());
/** What a header may hold. */
const visible = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 2_000);

type Answer = { status: number; type: string; text: string };

function send({ path, method, headers, body }: Hostile): Promise<Answer> {
  const { hostname, port } = new URL(api.url);
  return new Promise((resolve, reject) => {
    const request = ask({ hostname, port, path, method, headers, agent, timeout: DEADLINE_MS }, (response) => {
      const { statusCode: status = 0 } = response;
      const type = response.headers['content-type'] ?? '';
      // Streams of events do not end by themselves.
      if (status < 400) {
        request.destroy();
        return resolve({ status, type, text: '' });
      }
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ status, type, text }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${DEADLINE_MS} ms`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** Everything that a refusal could have changed. */
async function state(): Promise<unknown> {
  const { rows } = await sql<{ all: string }>`
    select md5(concat(
      (select string_agg(v::text, '' order by v.id) from videos v), (select string_agg(j::text, '' order by j.id) from jobs j),
      (select string_agg(w::text, '' order by w.id) from webhooks w), (select string_agg(c::text, '') from captions c),
      (select string_agg(i.url, '' order by i.upload_id) from ingests i), (select count(*) from source_parts),
      (select string_agg(concat(u.id, u.whole_parts, u.tail_bytes, u.size_bytes), '' order by u.id) from uploads u)
    )) as all
  `.execute(database.db);
  return [rows, store.keys().sort()];
}

test('hostile requests get problems, cause no fault, and change nothing where they are refused', async (t) => {
  t.diagnostic(`MILLRACE_TEST_SEED=${SEED}`);
  const refusals = new Map<number, number>();
  for (const route of routes) {
    await fc.assert(
      fc.asyncProperty(hostile(route), async (request) => {
        const before = await state();
        const answer = await send(request);
        const what = `${request.method} ${request.path}: ${answer.status} ${answer.text.slice(0, 200)}`;
        assert.ok(answer.status >= 200 && answer.status < 500, what);
        if (answer.status < 400) return;
        refusals.set(answer.status, (refusals.get(answer.status) ?? 0) + 1);
        assert.deepEqual(await state(), before, what);
        if (request.method === 'HEAD' || (answer.status === 404 && answer.text === '')) return;
        assert.match(answer.type, /^application\/problem\+json/, what);
        const problem = JSON.parse(answer.text) as Record<string, unknown>;
        assert.deepEqual([typeof problem.code, problem.status], ['string', answer.status], what);
      }),
      { seed: SEED, numRuns: RUNS, endOnFailure: true },
    );
  }
  assert.deepEqual(
    api.lines.filter(({ event }) => event === 'request_failed'),
    [],
  );
  assert.ok((refusals.get(400) ?? 0) > 20 && (refusals.get(404) ?? 0) > 20, JSON.stringify([...refusals]));
});

test('a NUL, which PostgreSQL keeps in no text, is refused or replaced wherever text comes in', async () => {
  // One of its own: the one that is known to the test above may have been deleted there, as was asked.
  const upload = await fetch(`${api.url}/upload?filename=b.mp4`, { method: 'POST', body: 'another clip' });
  const { id } = (await upload.json()) as { id: string };
  const json = { 'content-type': 'application/json' };
  const statusOf = async (path: string, init: RequestInit = {}) => (await fetch(api.url + path, init)).status;
  const titled = (method: string) => ({
    method,
    headers: json,
    body: '{"title":"a\\u0000b","url":"https://a.example/"}',
  });
  assert.equal(await statusOf(`/videos/${id}`, titled('PATCH')), 400);
  assert.equal(await statusOf('/videos', titled('POST')), 400);
  assert.equal(await statusOf('/videos?q=a%00b'), 400);
  const metadata = `filename YQ==,note ${Buffer.from('a\0b').toString('base64')}`;
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': '5', 'upload-metadata': metadata };
  assert.equal(await statusOf('/uploads', { method: 'POST', headers }), 400);
  const captions = 'WEBVTT\n\n00:01.000 --> 00:02.000\na\0b\n';
  const put = { method: 'PUT', headers: { 'content-type': 'text/vtt' }, body: captions };
  assert.equal(await statusOf(`/videos/${id}/text/en`, put), 200);
  assert.match(await (await fetch(`${api.url}/videos/${id}/text/en`)).text(), /a\uFFFDb/);
});
