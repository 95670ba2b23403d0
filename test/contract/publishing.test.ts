import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { LRUCache } from 'lru-cache';
import { createDuePlaylists } from '../../src/adapters/due-playlists.ts';
import { createGrowthRecords } from '../../src/adapters/growing-jobs.ts';
import type { JobId, VideoId } from '../../src/domain/ids.ts';
import { manifestKey, multivariantKey, type ObjectKey } from '../../src/domain/object-keys.ts';
import type { PutOptions } from '../../src/domain/ports.ts';
import { Bell } from '../../src/lib/bell.ts';
import { silentLog } from '../../src/lib/log.ts';
import { growVideo } from '../../src/orchestrate/grow-video.ts';
import { publishNext } from '../../src/orchestrate/publish-next.ts';
import { refreshPlaylists } from '../../src/orchestrate/refresh-playlists.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { eventually } from '../support/eventually.ts';
import { decide, holderOf, JobWorld, resultOf } from '../support/job-world.ts';
import { storeAllOf } from '../support/stored-by.ts';

/** Whatever happens to a publish task while an orchestrator works on it, on a real PostgreSQL. */
let world: JobWorld;
before(async () => {
  world = await JobWorld.open();
});
after(() => world?.close());
beforeEach(() => world.empty());

/** Calls back right before it tells what stands at a key, and right before a write lands. */
class SlowStore extends MemoryObjectStore {
  onHead: () => Promise<void> = async () => {};
  onPut: (key: ObjectKey) => Promise<void> = async () => {};
  override async head(key: ObjectKey) {
    await this.onHead();
    return super.head(key);
  }
  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    await this.onPut(key);
    return super.put(key, bytes, options);
  }
  async text(key: ObjectKey): Promise<string> {
    return new TextDecoder().decode((await this.read(key))?.bytes);
  }
}

/** A video of which all is made but what players start from. */
async function unpublished(store: SlowStore): Promise<{ videoId: VideoId; jobId: JobId }> {
  const { videoId, probe } = await world.planned();
  await make(store);
  return { videoId, jobId: probe.jobId };
}

async function make(store: SlowStore): Promise<void> {
  for (let task = await world.tryLend(); task; task = await world.tryLend()) {
    const isMedia = task.spec.kind === 'encode' || task.spec.kind === 'audio';
    await world.one.complete(task, isMedia ? { renditions: await storeAllOf(task, store) } : resultOf(task));
  }
}

const clock = { nowMs: () => performance.now() };

function depsOf(store: SlowStore) {
  const growth = createGrowthRecords(world.db);
  const bells = { work: new Bell(), own: new Bell() };
  const common = { records: world.one, growth, store, clock, log: silentLog<never>() };
  return { ...common, bells, decide, self: holderOf('orchestrator') };
}

const publish = (store: SlowStore, signal = new AbortController().signal) => publishNext(depsOf(store), signal);

/** What the loops of orchestrators do meanwhile, until there is nothing left to do. */
async function lookAfter(store: SlowStore): Promise<void> {
  const deps = {
    ...depsOf(store),
    found: new LRUCache<string, number>({ max: 10 }),
    due: createDuePlaylists(world.db),
  };
  while ((await growVideo(deps)) || (await refreshPlaylists(deps)));
}

const publishTask = (jobId: JobId) =>
  world.db
    .selectFrom('tasks')
    .select(['state', 'attempt', 'failures', 'lost_workers'])
    .where('job_id', '=', jobId)
    .where('kind', '=', 'publish')
    .executeTakeFirstOrThrow();

const startFiles = (videoId: VideoId) => [manifestKey({ videoId }), multivariantKey({ videoId })];
const standing = (videoId: VideoId, store: SlowStore) =>
  startFiles(videoId).filter((key) => store.keys().includes(key));

test('a job that is cancelled while its segments are checked never becomes visible', async () => {
  const store = new SlowStore();
  const { videoId, jobId } = await unpublished(store);
  store.onHead = async () => {
    store.onHead = async () => {};
    await world.control.cancelJob(jobId, 'a test');
  };
  let isVisible = false;
  store.onPut = async (key) => {
    isVisible ||= startFiles(videoId).includes(key);
  };
  assert.equal(await publish(store), true);
  assert.equal(isVisible, false);
  assert.equal((await world.videos.find(videoId))?.state, 'failed');
});

for (const [what, keyOf] of [
  ['manifest', manifestKey],
  ['playlist', multivariantKey],
] as const)
  test(`a job that is cancelled while its ${what} is written does not stay visible`, async () => {
    const store = new SlowStore();
    const { videoId, jobId } = await unpublished(store);
    store.onPut = async (key) => {
      if (key !== keyOf({ videoId })) return;
      await world.control.cancelJob(jobId, 'a test');
      // Other orchestrators look at once, while this write is still on its way.
      await lookAfter(store);
    };
    await publish(store);
    await lookAfter(store);
    assert.deepEqual(standing(videoId, store), []);
  });

test('a publisher that dies while it writes leaves nothing visible of a job that is cancelled then', async () => {
  const store = new SlowStore();
  const { videoId, jobId } = await unpublished(store);
  assert.ok(await world.tryLend('orchestrator', 'publish'));
  await store.put(manifestKey({ videoId }), new Uint8Array(8), { contentType: 'application/dash+xml' });
  await world.control.cancelJob(jobId, 'a test');
  await lookAfter(store);
  assert.deepEqual(standing(videoId, store), []);
});

test('a new generation that is cancelled while its playlist is written leaves the old one visible', async () => {
  const store = new SlowStore();
  const { videoId } = await unpublished(store);
  await publish(store);
  const before = await store.text(multivariantKey({ videoId }));
  await world.videos.requestJob(videoId, { reason: 'a test', force: true });
  const [job] = await world.one.startQueuedJobs(1);
  await world.planFrom(await world.lend());
  await make(store);
  store.onPut = async (key) => {
    if (key !== multivariantKey({ videoId })) return;
    store.onPut = async () => {};
    await world.control.cancelJob(job!.jobId, 'a test');
    await lookAfter(store);
  };
  await publish(store);
  assert.notEqual(await store.text(multivariantKey({ videoId })), before);
  await lookAfter(store);
  assert.equal(await store.text(multivariantKey({ videoId })), before);
});

test('connections to the database that are cut while a video is published use up no attempt', async () => {
  const store = new SlowStore();
  const { jobId } = await unpublished(store);
  let cuts = 0;
  // Before the first question after the checks, and before the last one.
  store.onHead = store.onPut = async () => {
    cuts += 1;
    if (cuts <= CUTS) await cutAllConnections();
  };
  await eventually('it is published', async () => {
    await publish(store).catch((error) => assert.equal(error.code, 'database_unavailable'));
    return (await publishTask(jobId)).state === 'done';
  });
  assert.ok(cuts > 0);
  const { failures, lost_workers } = await publishTask(jobId);
  assert.deepEqual([failures, lost_workers], [0, []]);
});

/** Then it is published undisturbed. */
const CUTS = 60;

/** Of several at once, one may cut the others. */
const cutAllConnections = () =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()`
    .execute(world.db)
    .catch(() => {});

test('an orchestrator that is stopped while it publishes hands the task to the next, at no cost', async () => {
  const store = new SlowStore();
  const { videoId, jobId } = await unpublished(store);
  const stopping = new AbortController();
  store.onHead = async () => stopping.abort(new Error('SIGTERM'));
  assert.equal(await publish(store, stopping.signal), true);
  assert.deepEqual(standing(videoId, store), []);
  store.onHead = async () => {};
  await publish(store);
  assert.equal(standing(videoId, store).length, 2);
  const { state, attempt, failures } = await publishTask(jobId);
  assert.deepEqual([state, attempt, failures], ['done', 2, 0]);
});
