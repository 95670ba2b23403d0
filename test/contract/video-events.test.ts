import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { sql } from 'kysely';
import { createVideoEvents } from '../../src/adapters/video-events.ts';
import { createVideoRecords } from '../../src/adapters/video-records.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import type { TimelineEvent, VideoEvents } from '../../src/domain/video-events.ts';
import { startDatabase, type TestDatabase } from '../support/database.ts';
import { type Message, openStream } from '../support/event-source.ts';
import { eventually } from '../support/eventually.ts';
import { newVideoId } from '../support/new-ids.ts';
import { UploadFolder, UploadProcess } from '../support/upload-process.ts';
import { UploadApi } from '../support/upload-world.ts';

/** What happened to videos, as a list and as a stream, on a real PostgreSQL and over real HTTP. */
const MAX_STREAMS = 12;

let database: TestDatabase;
let api: UploadApi;
let events: VideoEvents;
let videoId: VideoId;
before(async () => {
  database = await startDatabase();
  api = await UploadApi.start(database, { maxStreams: MAX_STREAMS });
  events = createVideoEvents(database.db);
});
beforeEach(async () => {
  videoId = await newVideo();
});
after(async () => {
  await api?.[Symbol.asyncDispose]();
  await database?.[Symbol.asyncDispose]();
});

async function newVideo(): Promise<VideoId> {
  const id = newVideoId();
  await createVideoRecords(database.db).startUpload({ videoId: id, filename: 'a.mp4', contentType: 'video/mp4' });
  return id;
}

/** As many events as asked for, as one statement. */
async function write(count: number, subject: 'video' | 'job' | 'task' = 'task'): Promise<void> {
  await sql`
    insert into events (video_id, subject, from_state, to_state, reason)
    select ${videoId}, ${subject}, 'queued', 'leased', 'test' from generate_series(1, ${count})
  `.execute(database.db);
}

async function writtenIds(): Promise<number[]> {
  const rows = await database.db.selectFrom('events').select('id').where('video_id', '=', videoId).execute();
  return rows.map(({ id }) => id).sort((one, other) => one - other);
}

const path = (): string => `${api.url}/videos/${videoId}`;
const rowsOf = (messages: readonly Message[]): number[] =>
  messages.filter(({ event }) => event === 'state' || event === 'task').map(({ id }) => id ?? Number.NaN);

test('the timeline tells thousands of events page by page, in order and each once', async () => {
  await write(2_500);
  const ids: number[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const answer = await fetch(`${path()}/timeline?limit=999&after=${after}`);
    const page = (await answer.json()) as { events: TimelineEvent[]; next: number | null };
    ids.push(...page.events.map(({ id }) => id));
    after = page.next;
  }
  assert.deepEqual(ids, await writtenIds());
  assert.equal(ids.length, 2_501);
});

test('an event of the timeline says what moved, from where, to where, when and why', async () => {
  const answer = await fetch(`${path()}/timeline`);
  const {
    events: [first],
  } = (await answer.json()) as { events: TimelineEvent[] };
  const { id, at, ...rest } = first!;
  assert.ok(id > 0 && Math.abs(Date.parse(at) - Date.now()) < 60_000);
  assert.deepEqual(rest, {
    subject: 'video',
    jobId: null,
    taskId: null,
    kind: null,
    attempt: null,
    worker: null,
    from: null,
    to: 'uploading',
    reason: null,
  });
});

test('a reader misses no event, however late the transactions of earlier ones commit', async () => {
  const WRITERS = 8;
  const ROUNDS = 12;
  const told: number[] = [];
  let writing = true;
  const reader = (async () => {
    for (let more = true; more; ) {
      more = writing;
      const page = await events.read(videoId, { after: told.at(-1) ?? 0, limit: 1000 });
      told.push(...page.map(({ id }) => id));
    }
  })();
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      for (let round = 0; round < ROUNDS; round++)
        await database.db.transaction().execute(async (tx) => {
          // As every transition does, a row is changed before its event is written.
          await sql`select pg_current_xact_id()`.execute(tx);
          await tx
            .insertInto('events')
            .values({ ...row(), video_id: videoId })
            .execute();
          // Some hold their transaction open while others come and go.
          for (let i = 0; i < (writer * 5 + round) % 9; i++) await sql`select pg_sleep(0.002)`.execute(tx);
        });
    }),
  );
  writing = false;
  await reader;
  assert.deepEqual(told, await writtenIds());
});

const row = () => ({
  subject: 'task' as const,
  from_state: 'queued',
  to_state: 'leased',
  job_id: null,
  task_id: null,
  attempt: null,
  worker: null,
  reason: null,
});

test('a transaction that somebody left open delays the news of others, but does not stop it', async () => {
  const left = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const open = database.db.transaction().execute(async (tx) => {
    await sql`select pg_current_xact_id()`.execute(tx);
    opened.resolve();
    await left.promise;
  });
  await opened.promise;
  await write(1);
  const page = await events.read(videoId, { after: 0, limit: 10 });
  left.resolve();
  await open;
  assert.equal(page.length, 2);
});

test('a stream begins with the video as it is, and then tells each transition as it comes', async () => {
  await using stream = await openStream(`${path()}/events`);
  assert.equal(stream.answer.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const [snapshot, progress] = await stream.take(2);
  assert.equal(snapshot?.event, 'snapshot');
  assert.deepEqual(snapshot?.data, await api.json(`/videos/${videoId}`));
  assert.equal(progress?.event, 'progress');
  await write(1, 'task');
  await write(1, 'job');
  const [state] = await stream.take(1);
  assert.equal(state?.event, 'state', 'tasks are told only to those who ask');
  assert.equal(state?.id, (await writtenIds()).at(-1));
});

test('progress is told where it changed, with the tasks by state', async () => {
  await using stream = await openStream(`${path()}/events`);
  await stream.take(2);
  const job = '00000000-0000-4000-8000-000000000001';
  await sql`insert into jobs (id, video_id, generation, state) values (${job}, ${videoId}, 1, 'running')`.execute(
    database.db,
  );
  await sql`
    insert into tasks (id, job_id, video_id, kind, spec, state, paused_reason)
    select gen_random_uuid(), ${job}, ${videoId}, 'audio', '{"kind": "audio"}', state, paused
    from (values ('done', null), ('done', null), ('queued', 'store_unavailable')) as t (state, paused)
  `.execute(database.db);
  await write(1);
  const { data } = await stream.until(({ event }) => event === 'progress');
  assert.deepEqual(data, {
    state: 'uploading',
    progress: 0.5,
    tasks: { queued: 1, leased: 0, done: 2, dead: 0, cancelled: 0 },
    pausedReason: 'store_unavailable',
    playback: null,
  });
});

test('wherever a stream breaks, one that goes on from its last event gets exactly the rest', async () => {
  await write(40);
  const cuts = fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 1, max: 20 }), async (counts, more) => {
      const told: number[] = [];
      let last = 0;
      for (const count of counts) {
        await using stream = await openStream(`${path()}/events?tasks=1`, last);
        const left = (await writtenIds()).filter((id) => id > last).length;
        const messages = await stream.take(Math.min(count, left));
        told.push(...rowsOf(messages));
        last = messages.at(-1)?.id ?? last;
        // Meanwhile, and while nobody listens, more happens.
        await write(more);
      }
      await using stream = await openStream(`${path()}/events?tasks=1`, last);
      const wanted = await writtenIds();
      while (told.at(-1) !== wanted.at(-1)) told.push(...rowsOf(await stream.take(1)));
      assert.deepEqual(told, wanted);
    }),
    { numRuns: 8 },
  );
});

test('a stream goes on over more events than one look takes', async () => {
  await write(1_300);
  await using stream = await openStream(`${path()}/events?tasks=1`, 0);
  assert.deepEqual(rowsOf(await stream.take(1_301)), await writtenIds());
});

test('a stream of a video that is deleted says so, and ends', async () => {
  await using stream = await openStream(`${path()}/events`);
  await stream.take(2);
  assert.equal((await fetch(path(), { method: 'DELETE' })).status, 204);
  const [last] = (await stream.rest()).slice(-1);
  assert.deepEqual([last?.event, last?.data], ['deleted', { id: videoId }]);
});

test('streams go on after the database has dropped the connection that listens', async () => {
  await using stream = await openStream(`${path()}/events?tasks=1`);
  await stream.take(2);
  const { rows } = await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen %' or query = 'select 1'
  `.execute(database.db);
  assert.ok(rows.length > 0);
  await write(1);
  await stream.until(({ event }) => event === 'task');
  await eventually('somebody listens again', async () => {
    const { rows } = await sql`select 1 from pg_stat_activity where query like 'listen %'`.execute(database.db);
    return rows.length > 0;
  });
});

test('what is asked for wrongly gets no stream', async () => {
  const codeOf = async (url: string, init: RequestInit = {}): Promise<unknown> =>
    ((await (await fetch(url, init)).json()) as { code: string }).code;
  assert.equal(await codeOf(`${api.url}/videos/${newVideoId()}/events`), 'no_such_video');
  assert.equal(await codeOf(`${path()}/events`, { headers: { 'last-event-id': 'x' } }), 'bad_request');
  assert.equal(await codeOf(`${api.url}/videos/${newVideoId()}/timeline`), 'no_such_video');
});

test('a server holds a bounded number of streams, and has room again when one leaves', async () => {
  const streams = await Promise.all(Array.from({ length: MAX_STREAMS }, () => openStream(`${api.url}/events`)));
  const refused = await fetch(`${path()}/events`);
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as { code: string }).code, 'too_many_streams');
  for (const stream of streams) await stream[Symbol.asyncDispose]();
  await eventually('there is room', async () => {
    await using stream = await openStream(`${path()}/events`);
    return stream.answer.status === 200;
  });
});

test('the stream of the library says that something changed, whichever video it was', async () => {
  await using stream = await openStream(`${api.url}/events`);
  const [first] = await stream.take(1);
  assert.deepEqual([first?.event, first?.data], ['changed', {}]);
  await newVideo();
  assert.equal((await stream.take(1))[0]?.event, 'changed');
});

test('a server that stops ends its streams, and waits for none of them', async () => {
  const other = await UploadApi.start(database);
  await using one = await openStream(`${other.url}/videos/${videoId}/events`);
  await using library = await openStream(`${other.url}/events`);
  await one.take(2);
  await other.stopStreams();
  await Promise.all([one.rest(), library.rest()]);
  await other[Symbol.asyncDispose]();
});

test('a process that is told to stop ends its streams cleanly, and leaves in time', async () => {
  await using folder = await UploadFolder.make();
  await using server = await UploadProcess.start(folder, database.url);
  await using one = await openStream(`${server.url}/videos/${videoId}/events`);
  await using library = await openStream(`${server.url}/events`);
  await one.take(2);
  process.kill(server.pid, 'SIGTERM');
  await Promise.all([one.rest(), library.rest()]);
  const lines = async () => (await readFile(folder.logFile, 'utf8')).split('\n');
  await eventually('it has stopped', async () => (await lines()).some((line) => line.includes('"role_stopped"')));
  const stopped = (await lines()).find((line) => line.includes('"role_stopped"')) ?? '';
  assert.ok(!('late' in JSON.parse(stopped)), stopped);
});
