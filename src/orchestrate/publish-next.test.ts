import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { storedJob } from '../../test/fakes/stored-job.ts';
import { eventually } from '../../test/support/eventually.ts';
import { DomainError } from '../domain/errors.ts';
import type { Setback } from '../domain/job-records.ts';
import type { ObjectKey } from '../domain/object-keys.ts';
import type { TaskFailure } from '../domain/tasks.ts';
import { Bell } from '../lib/bell.ts';
import { publishNext } from './publish-next.ts';
import { retryPolicy } from './retry-policy.ts';

/** Renewals come every ten milliseconds. */
const LEASE_MS = 30;
/** Enough for segments that are not all looked at in one go. */
const FRAMES = 1_000;

/** Calls back right before it tells what stands at a key. */
class SlowStore extends MemoryObjectStore {
  onHead: () => Promise<void> = async () => {};
  override async head(key: ObjectKey) {
    await this.onHead();
    return super.head(key);
  }
  playlists(): string[] {
    return this.keys().filter((key) => /\.(m3u8|mpd)$/.test(key));
  }
}

/** One publish task, and records that say yes to everything. */
async function fixture() {
  const store = new SlowStore();
  const { work, task } = await storedJob(store, FRAMES);
  const { log, lines } = capturedLog();
  const told: string[] = [];
  const notAsked = async (): Promise<never> => assert.fail('not asked by a publisher');
  const records = {
    lend: async () => [{ ...task, leaseMs: LEASE_MS }],
    renew: async () => {},
    finishedWork: async () => work,
    isDeleted: async () => false,
    completePublish: async () => void told.push('complete'),
    giveBack: async () => void told.push('giveBack'),
    fail: async (_: unknown, failure: TaskFailure): Promise<Setback> => {
      told.push(`fail ${failure.code} ${failure.cause}`);
      const { videoId, jobId, taskId, attempt } = task;
      const about = { videoId, jobId, taskId, attempt, kind: 'publish', worker: 'orchestrator' } as const;
      return { ...about, outcome: 'paused', delayMs: 0, failure };
    },
    ...{ taskOf: notAsked, planOf: notAsked, complete: notAsked, completeText: notAsked },
    ...{ completeProbe: notAsked, completeTrial: notAsked },
  };
  const growth = { remainingMs: async () => 0, lookAgain: async () => {} };
  const self = { worker: 'orchestrator', session: 's', memoryMib: 1, encoders: [] };
  const bells = { work: new Bell(), own: new Bell() };
  const deps = { store, records, growth, self, bells, log, clock: new ManualClock(), decide: retryPolicy(() => 1) };
  const events = () => lines.map((line) => line.event);
  const stopping = new AbortController();
  return { store, records, growth, told, events, stopping, publish: () => publishNext(deps, stopping.signal) };
}

test('what waits is published and told of', async () => {
  const { publish, told, events } = await fixture();
  assert.equal(await publish(), true);
  assert.deepEqual(told, ['complete']);
  assert.deepEqual(events(), ['task_leased', 'video_published', 'task_done', 'job_succeeded']);
});

test('a renewal that is refused ends the checks, and nothing becomes visible', async () => {
  const { publish, store, records, told, events } = await fixture();
  let [refusals, heads] = [0, 0];
  records.renew = async () => {
    refusals += 1;
    throw new DomainError('lease_lost');
  };
  store.onHead = async () => {
    heads += 1;
    await eventually('a renewal is refused', () => refusals > 0);
  };
  assert.equal(await publish(), true);
  assert.deepEqual(told, []);
  assert.ok(heads < store.keys().length / 2, `${heads} looks`);
  assert.deepEqual(store.playlists(), []);
  assert.deepEqual(events(), ['task_leased', 'lease_refused']);
});

const away = () => Promise.reject(new DomainError('database_unavailable'));

test('a database that is away while a video is published uses up no attempt', async () => {
  const { publish, growth, told } = await fixture();
  growth.remainingMs = away;
  await assert.rejects(publish(), { code: 'database_unavailable' }, 'it is not tried again at once');
  assert.deepEqual(told, ['fail database_unavailable outage']);
});

test('how it ended is told again until the database hears it', async () => {
  const { publish, records, growth, told } = await fixture();
  const { completePublish, fail } = records;
  records.completePublish = async () => {
    records.completePublish = completePublish;
    return away();
  };
  await publish();
  assert.deepEqual(told, ['complete']);
  records.fail = async () => {
    records.fail = fail;
    return away();
  };
  growth.remainingMs = away;
  await assert.rejects(publish(), { code: 'database_unavailable' });
  assert.deepEqual(told, ['complete', 'fail database_unavailable outage']);
});

test('who is refused when it tells that it failed has lost the task, and no more', async () => {
  const { publish, store, records, events } = await fixture();
  store.onHead = () => Promise.reject(new DomainError('store_unavailable'));
  records.fail = () => Promise.reject(new DomainError('lease_lost'));
  assert.equal(await publish(), true);
  assert.deepEqual(events(), ['task_leased', 'lease_refused']);
});

test('a renewal that the database does not answer is told as an outage, not as a refusal', async () => {
  const { publish, store, records, told, events } = await fixture();
  let renewals = 0;
  records.renew = async () => {
    renewals += 1;
    if (renewals === 1) throw new DomainError('database_unavailable');
  };
  store.onHead = () => eventually('a renewal is answered', () => renewals > 1);
  await publish();
  assert.deepEqual(told, ['complete']);
  assert.deepEqual(events().slice(0, 2), ['task_leased', 'queue_error']);
  assert.ok(!events().includes('lease_refused'));
});

test('who is told to stop while it publishes hands the task back', async () => {
  const { publish, store, stopping, told, events } = await fixture();
  store.onHead = async () => stopping.abort(new Error('SIGTERM'));
  await publish();
  assert.deepEqual(told, ['giveBack']);
  assert.deepEqual(store.playlists(), []);
  assert.deepEqual(events(), ['task_leased', 'task_returned']);
});
