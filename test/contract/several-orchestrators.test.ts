import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { createHttpTaskLender } from '../../src/adapters/http-task-lender.ts';
import { openObjectStore } from '../../src/adapters/open-object-store.ts';
import { AUDIO_CHUNK_SECONDS } from '../../src/domain/audio-chunks.ts';
import type { VideoId } from '../../src/domain/ids.ts';
import type { ObjectStore, TaskLender } from '../../src/domain/ports.ts';
import type { TaskState } from '../../src/domain/states.ts';
import type { LentTask, SourceFacts, TaskResult } from '../../src/domain/tasks.ts';
import { FEATURES } from '../../src/domain/worker-contract.ts';
import { createMetrics } from '../../src/lib/metrics.ts';
import { parseConfig } from '../../src/main/config.ts';
import { startOrchestrator } from '../../src/main/roles/orchestrator.ts';
import { capturedLog } from '../fakes/captured-log.ts';
import { eventually } from '../support/eventually.ts';
import { factsOf, JobWorld, workerOf } from '../support/job-world.ts';
import { storeAllOf } from '../support/stored-by.ts';

const TOKEN = 'a token for these tests';
const SECONDS = 12;

let world: JobWorld;
let folder: string;
let store: ObjectStore;
before(async () => {
  world = await JobWorld.open();
  folder = await mkdtemp(join(tmpdir(), 'millrace-orchestrators-'));
  store = await openObjectStore(`file:${folder}`, {});
});
beforeEach(() => world.empty());
after(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

test('two orchestrators share videos and workers; one of them leaves, and every task is done once', async () => {
  const [one, other] = [await orchestrator('one'), await orchestrator('other')];
  const workers = [worker('w-1', [one.url, other.url]), worker('w-2', [other.url, one.url])];
  try {
    const videos = await Promise.all(Array.from({ length: 6 }, () => world.uploaded()));
    await eventually('some work is done', async () => (await doneTasks()) > 8);
    await one.stop();
    await eventually('all are ready', () => areReady(videos));
    const { rows } = await sql<{ times: number }>`
      select count(*) as times from events where subject = 'task' and to_state = 'done' group by task_id
    `.execute(world.db);
    assert.deepEqual(new Set(rows.map((row) => row.times)), new Set([1]));
    const faults = [...one.lines, ...other.lines].filter((line) => line.level === 'error');
    assert.deepEqual(faults, []);
  } finally {
    for (const { stop } of workers) await stop();
    await one.stop();
    await other.stop();
  }
});

test('connections to the database that are cut again and again end nothing: every video is ready', async () => {
  const [one, other] = [await orchestrator('one'), await orchestrator('other')];
  const workers = [worker('w-1', [one.url, other.url]), worker('w-2', [other.url, one.url])];
  try {
    const videos = await Promise.all(Array.from({ length: 4 }, () => world.uploaded()));
    for (let cuts = 0; cuts < 8; cuts++) {
      await cutAllConnections();
      // Between two cuts something begins that the next one breaks.
      await delay(100);
    }
    await eventually('all are ready', () => areReady(videos));
    const open = await world.db.selectFrom('tasks').select('id').where('state', 'in', ['queued', 'leased']).execute();
    assert.deepEqual(open, []);
  } finally {
    for (const { stop } of workers) await stop();
    await one.stop();
    await other.stop();
  }
});

test('a worker of the version before is lent all that it knows, and sound in parts only to one that knows of parts', async () => {
  const only = await orchestrator('only');
  const old = worker('old', [only.url], ['aac', 'libx264']);
  const workers = [old];
  try {
    const plain = await world.uploaded();
    await eventually('the old worker alone makes a video', () => areReady([plain]));
    const long = await world.uploaded();
    sources.set(long, longSound);
    const waiting = () => audioTasks(long, 'queued');
    await eventually('its sound waits in parts', async () => (await waiting()).length === 2);
    // All that it may have now is lent to the old one before.
    const next = await world.uploaded();
    await eventually('the old worker goes on', () => areReady([next]));
    assert.equal((await waiting()).length, 2);
    workers.push(worker('new', [only.url]));
    await eventually('the new worker does the rest', () => areReady([long]));
    assert.deepEqual(
      (await audioTasks(long, 'done')).map((task) => [task.worker, task.attempt]),
      [
        ['new', 1],
        ['new', 1],
      ],
    );
  } finally {
    for (const { stop } of workers) await stop();
    await only.stop();
  }
});

/** Just too long for one part. */
const LONG_SECONDS = AUDIO_CHUNK_SECONDS + 8;
const longSound: SourceFacts = {
  container: 'mov',
  durationSeconds: LONG_SECONDS,
  audio: factsOf(LONG_SECONDS).audio.map((track) => ({
    ...track,
    steady: { packetSamples: 1024, startSeconds: '0.000000' },
  })),
};
/** What probes find that is not the clip of all others. */
const sources = new Map<VideoId, SourceFacts>();

const audioTasks = (videoId: VideoId, state: TaskState) =>
  world.db
    .selectFrom('tasks')
    .select(['worker', 'attempt'])
    .where('video_id', '=', videoId)
    .where('kind', '=', 'audio')
    .where('state', '=', state)
    .execute();

async function orchestrator(name: string) {
  const stopping = new AbortController();
  const { log, lines } = capturedLog();
  const config = parseConfig({
    MILLRACE_PORT: '0',
    MILLRACE_NODE: name,
    MILLRACE_DATABASE_URL: world.url,
    MILLRACE_STORE: `file:${folder}`,
    MILLRACE_WORKER_TOKEN: TOKEN,
    MILLRACE_RECONCILE_SECONDS: '2',
    MILLRACE_LEASE_SECONDS: '10',
    MILLRACE_LADDER: 'standard',
  });
  const role = await startOrchestrator(config, {
    log,
    metrics: createMetrics('orchestrator'),
    traces: undefined,
    stopping: stopping.signal,
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping.abort();
    stopped ??= role.stop();
    return stopped;
  };
  return { url: role.url, lines, stop };
}

/** Claims, stores and settles over HTTP as a worker does, without ffmpeg. */
function worker(name: string, urls: string[], encoders = ['aac', 'libx264', ...FEATURES]) {
  const lender = createHttpTaskLender({ urls, token: TOKEN });
  const info = { ...workerOf(name), session: randomUUID(), encoders };
  const stopping = new AbortController();
  const again = async (work: () => Promise<void>): Promise<void> => {
    while (!stopping.signal.aborted) {
      // What fails here is what the test breaks: the real worker's answer to it is tested elsewhere.
      await work().catch(() => delay(50));
    }
  };
  const ended = Promise.all([
    again(() => lender.connect(info, () => {}, stopping.signal)),
    again(async () => {
      const task = await lender.claim(info, stopping.signal);
      if (task) await settle(lender, task);
    }),
  ]);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await ended;
  };
  return { stop };
}

const TRIES = 50;

async function settle(lender: TaskLender, task: LentTask): Promise<void> {
  const result = await resultOf(task);
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      return await lender.complete(task, result, AbortSignal.timeout(5_000));
    } catch (error) {
      if ((error as { code?: string }).code === 'lease_lost') return;
      await delay(50);
    }
  }
}

async function resultOf(task: LentTask): Promise<TaskResult> {
  const { kind } = task.spec;
  if (kind === 'probe') return sources.get(task.videoId) ?? factsOf(SECONDS);
  if (kind === 'images') return { poster: false, storyboard: false };
  return { renditions: await storeAllOf(task, store) };
}

async function doneTasks(): Promise<number> {
  return (await world.db.selectFrom('tasks').select('id').where('state', '=', 'done').execute()).length;
}

async function areReady(videos: readonly VideoId[]): Promise<boolean> {
  const found = await Promise.all(videos.map((videoId) => world.videos.find(videoId).catch(() => undefined)));
  return found.every((video) => video?.state === 'ready');
}

async function cutAllConnections(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`
    .execute(world.db)
    .catch(() => {});
}
