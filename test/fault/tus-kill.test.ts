import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { sql } from 'kysely';
import { openObjectStore } from '../../src/adapters/open-object-store.ts';
import { createUploadRecords } from '../../src/adapters/upload-records.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import { PART_SIZE_BYTES as PART, partCount } from '../../src/domain/source.ts';
import { silentLog } from '../../src/lib/log.ts';
import { sweepUploads } from '../../src/upload/sweep-uploads.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { create, offsetOf, openPatch, patch, tus } from '../support/tus-client.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';
import { uploadIdOf } from '../support/upload-world.ts';

/** Each run is a story of up to this many steps. `MILLRACE_TEST_FAULT_RUNS=60` is what a release deserves. */
const STEPS = 24;
const RUNS = Number(process.env.MILLRACE_TEST_FAULT_RUNS ?? 6);
const SEED = Number(process.env.MILLRACE_TEST_SEED ?? Math.trunc(Math.random() * 2 ** 31));

/** Around every boundary that matters: a byte, a tail, a whole part, a part and a byte, several parts. */
const SIZES = [1, 200_000, PART, PART + 1, 2 * PART + 300_000] as const;

let database: TestDatabase;
let folder: UploadFolder;
let server: UploadProcess;
let store: ObjectStore;
before(async () => {
  database = await startDatabase();
  folder = await UploadFolder.make();
  server = await UploadProcess.start(folder, database.url);
  store = await openObjectStore(folder.storeUrl, {});
});
after(async () => {
  await server?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

/** What a careful client knows of one upload. */
type Known = {
  readonly url: string;
  readonly content: Buffer;
  /** Acknowledged: may never be less. */
  atLeast: number;
  /** Sent: can never be more. */
  atMost: number;
  videoId: string;
};
type Model = {
  readonly contents: readonly Buffer<ArrayBuffer>[];
  readonly uploads: Known[];
  /** Videos that are there whatever becomes of the uploads. */
  readonly videos: Set<string>;
};
type Real = { restarts: number };

class Create implements fc.AsyncCommand<Model, Real> {
  readonly content: number;
  readonly isDeferred: boolean;
  constructor(content: number, isDeferred: boolean) {
    this.content = content;
    this.isDeferred = isDeferred;
  }
  check = () => true;
  async run({ contents, uploads }: Model): Promise<void> {
    const content = contents[this.content]!;
    const { status, url, videoId } = await create(server.url, this.isDeferred ? {} : { size: content.length });
    assert.equal(status, 201);
    uploads.push({ url, content, atLeast: 0, atMost: 0, videoId });
  }
  toString = () => `create(${SIZES[this.content]}${this.isDeferred ? ', deferred' : ''})`;
}

/** What every step on an existing upload shares. */
abstract class OnUpload implements fc.AsyncCommand<Model, Real> {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
  check = ({ uploads }: Readonly<Model>): boolean => uploads.length > 0;
  async run(model: Model, real: Real): Promise<void> {
    await this.act(model.uploads[this.index % model.uploads.length]!, model, real);
  }
  abstract act(upload: Known, model: Model, real: Real): Promise<void>;
  abstract toString(): string;
}

/** Asks for the offset and holds it against everything that was ever acknowledged. */
async function head(upload: Known): Promise<number> {
  const { status, headers } = await tus(upload.url, 'HEAD');
  assert.equal(status, 200, upload.url);
  const offset = Number(headers.get('upload-offset'));
  assert.ok(offset >= upload.atLeast, `acknowledged bytes are lost: ${offset} < ${upload.atLeast}`);
  assert.ok(offset <= upload.atMost, `bytes that were never sent are acknowledged: ${offset} > ${upload.atMost}`);
  upload.atLeast = offset;
  upload.atMost = offset;
  upload.videoId = headers.get('millrace-video-id') ?? upload.videoId;
  if (String(offset) === headers.get('upload-length')) await assertUploaded(upload.videoId);
  return offset;
}

/** A client that reads "all is there" goes away: then it must be a video. */
async function assertUploaded(videoId: string): Promise<void> {
  const video = (await (await fetch(`${server.url}/videos/${videoId}`)).json()) as { state: string };
  assert.notEqual(video.state, 'uploading', 'an upload that says it is whole is a video');
}

class Head extends OnUpload {
  async act(upload: Known): Promise<void> {
    await head(upload);
  }
  toString = () => `head(${this.index})`;
}

const lengthHeader = ({ content }: Known, end: number): Record<string, string> =>
  end === content.length ? { 'Upload-Length': String(content.length) } : {};

/** Sends bytes from where the upload stands; the whole request comes through. */
async function send(upload: Known, bytes: number): Promise<void> {
  const from = await head(upload);
  const end = Math.min(from + bytes, upload.content.length);
  const isDeferred = (await tus(upload.url, 'HEAD')).headers.has('upload-defer-length');
  const headers = isDeferred ? lengthHeader(upload, end) : {};
  const answer = await patch(upload.url, from, upload.content.subarray(from, end), headers);
  assert.deepEqual([answer.status, answer.headers.get('upload-offset')], [204, String(end)]);
  upload.atLeast = end;
  upload.atMost = end;
  upload.videoId = answer.headers.get('millrace-video-id') ?? upload.videoId;
}

class Patch extends OnUpload {
  readonly bytes: number;
  constructor(index: number, bytes: number) {
    super(index);
    this.bytes = bytes;
  }
  act = (upload: Known): Promise<void> => send(upload, this.bytes);
  toString = () => `patch(${this.index}, ${this.bytes})`;
}

/** When the blow falls: at any time, or just as an object or a row has changed, where the two may differ. */
const BLOWS = ['any time', 'object', 'row'] as const;
type Blow = (typeof BLOWS)[number];
type Cut = { readonly by: 'client' | 'kill' | 'both'; readonly at: Blow; readonly waitMs: number };

/** A request that announces all the rest, and of which some bytes come. */
class PatchCut extends OnUpload {
  readonly bytes: number;
  readonly cut: Cut;
  constructor(index: number, bytes: number, cut: Cut) {
    super(index);
    this.bytes = bytes;
    this.cut = cut;
  }
  async act(upload: Known, _: Model, real: Real): Promise<void> {
    const from = await head(upload);
    const announced = upload.content.length - from;
    const end = from + Math.min(this.bytes, announced);
    const changed = watch(this.cut.at, upload);
    const sending = openPatch(upload.url, from, announced);
    upload.atMost = end;
    const written = sending.write(upload.content.subarray(from, end));
    if (this.cut.by !== 'kill') await written;
    if (this.cut.by === 'both') sending.breakOff();
    await changed;
    await delay(this.cut.waitMs);
    if (this.cut.by !== 'client') await restart(real);
    sending.breakOff();
    if ((await sending.status) === 204) upload.atLeast = end;
  }
  toString = () => `patchCut(${this.index}, ${this.bytes}, ${JSON.stringify(this.cut)})`;
}

/** Some requests change nothing, and then the blow falls all the same. */
const WATCH_DEADLINE_MS = 300;

/** Resolves as soon as something of the upload is different. */
async function watch(what: Blow, upload: Known): Promise<void> {
  if (what === 'any time') return;
  const look = what === 'object' ? () => filesOf(upload) : () => rowOf(upload);
  const before = await look();
  const endMs = performance.now() + WATCH_DEADLINE_MS;
  while (performance.now() < endMs && (await look()) === before) await delay(1);
}

async function filesOf({ url, videoId }: Known): Promise<string> {
  const folders = [`uploads/${uploadIdOf(url)}`, `videos/${videoId}/source`].map((path) => join(folder.objects, path));
  const names = await Promise.all(folders.map((path) => readdir(path).catch(() => [])));
  return names.flat().join();
}

async function rowOf({ url }: Known): Promise<string> {
  const columns = ['whole_parts', 'tail_bytes', 'finished_at'] as const;
  const query = database.db.selectFrom('uploads').select(columns).where('id', '=', uploadIdOf(url));
  return JSON.stringify(await query.executeTakeFirst());
}

async function restart(real: Real): Promise<void> {
  await server.kill();
  await server.start();
  real.restarts++;
}

class Kill implements fc.AsyncCommand<Model, Real> {
  check = () => true;
  run = (_: Model, real: Real): Promise<void> => restart(real);
  toString = () => 'kill';
}

class Terminate extends OnUpload {
  async act(upload: Known, { uploads, videos }: Model): Promise<void> {
    await head(upload);
    const { headers } = await tus(upload.url, 'HEAD');
    // Only the upload is given up: what has become a video stays one.
    const isFinished = headers.get('upload-length') === headers.get('upload-offset');
    if (isFinished) videos.add(headers.get('millrace-video-id')!);
    assert.equal((await tus(upload.url, 'DELETE')).status, 204);
    assert.equal(await offsetOf(upload.url), undefined);
    uploads.splice(uploads.indexOf(upload), 1);
  }
  toString = () => `terminate(${this.index})`;
}

/** The same bytes by another way. */
class PlainUpload implements fc.AsyncCommand<Model, Real> {
  readonly content: number;
  constructor(content: number) {
    this.content = content;
  }
  check = () => true;
  async run({ contents, videos }: Model): Promise<void> {
    const body = contents[this.content]!;
    const answer = await fetch(`${server.url}/upload?filename=plain.mp4`, { method: 'POST', body });
    assert.ok(answer.status === 201 || answer.status === 200, `POST /upload: ${answer.status}`);
    videos.add(((await answer.json()) as { id: string }).id);
  }
  toString = () => `plain(${SIZES[this.content]})`;
}

class Resume extends OnUpload {
  act = (upload: Known): Promise<void> => send(upload, upload.content.length);
  toString = () => `resume(${this.index})`;
}

const index = fc.nat({ max: 5 });
const content = fc.nat({ max: SIZES.length - 1 });
const bytes = fc.oneof(fc.integer({ min: 1, max: 2 * PART }), fc.constantFrom(1, PART - 1, PART, PART + 1));
const cut = (by: Cut['by']): fc.Arbitrary<Cut> =>
  fc.oneof(
    fc.record({ by: fc.constant(by), at: fc.constant('any time' as const), waitMs: fc.integer({ min: 0, max: 120 }) }),
    fc.record({ by: fc.constant(by), at: fc.constantFrom(...BLOWS), waitMs: fc.integer({ min: 0, max: 6 }) }),
  );
const STEP_KINDS = [
  fc.tuple(content, fc.boolean()).map(([size, isDeferred]) => new Create(size, isDeferred)),
  fc.tuple(index, bytes).map(([upload, count]) => new Patch(upload, count)),
  fc.tuple(index, bytes, cut('client')).map((given) => new PatchCut(...given)),
  fc.tuple(index, bytes, cut('kill')).map((given) => new PatchCut(...given)),
  fc.tuple(index, bytes, cut('both')).map((given) => new PatchCut(...given)),
  index.map((upload) => new Head(upload)),
  index.map((upload) => new Resume(upload)),
  index.map((upload) => new Terminate(upload)),
  content.map((size) => new PlainUpload(size)),
  fc.constant(new Kill()),
];

test('whatever breaks off and whoever is killed: nothing acknowledged is lost, nothing is kept twice', async (t) => {
  t.diagnostic(`seed ${SEED}, ${RUNS} runs (MILLRACE_TEST_SEED, MILLRACE_TEST_FAULT_RUNS)`);
  let run = 0;
  let steps = 0;
  let restarts = 0;
  await fc.assert(
    fc.asyncProperty(fc.commands(STEP_KINDS, { maxCommands: STEPS, size: 'max' }), async (commands) => {
      const salt = `${SEED} ${run++}`;
      const model: Model = {
        contents: SIZES.map((size, i) => bytesOf(`${salt} ${i}`, size)),
        uploads: [],
        videos: new Set(),
      };
      const real: Real = { restarts: 0 };
      await fc.asyncModelRun(() => ({ model, real }), commands);
      steps += [...commands].length;
      restarts += real.restarts;
      await assertAllWell(model);
    }),
    { seed: SEED, numRuns: RUNS, endOnFailure: true, verbose: 1 },
  );
  t.diagnostic(`${steps} steps, ${restarts} kills`);
});

/** Bytes that follow from a name. */
function bytesOf(name: string, size: number): Buffer<ArrayBuffer> {
  return Buffer.from(createHash('shake256', { outputLength: size }).update(name).digest());
}

/** Finishes what is open, and counts: one video and one set of objects for each content, and nothing else. */
async function assertAllWell({ contents, uploads, videos }: Model): Promise<void> {
  for (const upload of uploads) await send(upload, upload.content.length);
  await sweepEverything();
  const ids = new Set([...videos, ...uploads.map(({ videoId }) => videoId)]);
  const finished = new Set(uploads.map(({ content }) => content));
  const { videos: listed } = (await (await fetch(`${server.url}/videos?limit=100`)).json()) as {
    videos: { id: string; state: string; source: { sizeBytes: number } }[];
  };
  assert.deepEqual(new Set(listed.map(({ id }) => id)), ids, 'videos are those that clients were told of');
  assert.equal(listed.length, new Set(listed.map(({ source }) => source.sizeBytes)).size, 'one video for each content');
  assert.ok(listed.length >= finished.size);
  const expected: string[] = [];
  for (const { id, source } of listed) {
    const whole = contents.find(({ length }) => length === source.sizeBytes)!;
    const answer = await fetch(`${server.url}/videos/${id}/source`);
    assert.ok(whole.equals(Buffer.from(await answer.arrayBuffer())), `the source of ${id} is identical`);
    for (let part = 0; part < partCount(whole.length); part++)
      expected.push(`videos/${id}/source/${String(part).padStart(6, '0')}`);
  }
  const { objects } = await store.list('');
  assert.deepEqual(objects.map(({ key }) => key).sort(), expected.sort(), 'objects are counted');
  for (const id of ids) await fetch(`${server.url}/videos/${id}`, { method: 'DELETE' });
  assert.deepEqual((await store.list('')).objects, [], 'deleting leaves nothing');
}

/** As if a day had passed: what a crash left half done is put right. */
async function sweepEverything(): Promise<void> {
  const { db } = database;
  await sql`update uploads set expires_at = clock_timestamp() - interval '1 second' where finished_at is not null`.execute(
    db,
  );
  await sql`update video_aliases set created_at = created_at - interval '1 day'`.execute(db);
  const uploads = createUploadRecords({ db, leaseMs: 4_000, expiryMs: 60_000 });
  while (await sweepUploads({ store, uploads, log: silentLog() }));
}
