import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { beforeEach, test } from 'node:test';
import type { JobId, TaskId, VideoId } from '../../src/domain/ids.ts';
import {
  initKey,
  manifestKey,
  mediaPlaylistKey,
  multivariantKey,
  type ObjectKey,
  segmentKey,
} from '../../src/domain/object-keys.ts';
import { silentLog } from '../../src/lib/log.ts';
import { publishVideo } from '../../src/orchestrate/publish-video.ts';
import { finishedJob } from '../fakes/finished-job.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { brokenSteps, type EventRow, needlessRepairs, unexplainedRetries } from './check-events.ts';
import { type Published, wrongInPublished, wrongInUnpublished } from './check-published.ts';
import type { LogLine } from './read-logs.ts';
import { storyOf } from './story.ts';

/** Who judges the fault runs must see what is wrong, or these runs prove nothing. */
const videoId = '0123456789abcdef' as VideoId;
const INIT = new Uint8Array(800);
const OTHER = { contentType: 'video/mp4' };
const job = finishedJob({ frames: 600 });
const results = job.results.map((one) => ({ ...one, initSha256: createHash('sha256').update(INIT).digest('hex') }));
const { grid } = job.plan;
const published: Published = {
  ...{ videoId, generation: 1, results },
  planned: new Map([
    ...job.plan.rungs.map((rung) => [rung.rendition, (grid?.frames ?? 0) * (grid?.ticksPerFrame ?? 0)] as const),
    ...job.plan.audio.map((audio) => [audio.rendition, audio.samples] as const),
  ]),
};
const rendition = job.plan.rungs[0]!.rendition;
const of = { videoId, generation: 1, rendition };

let store: MemoryObjectStore;
beforeEach(async () => {
  store = new MemoryObjectStore();
  for (const { rendition, segments } of results) {
    await store.put(initKey({ ...of, rendition }), INIT, OTHER);
    for (const { segment, sizeBytes } of segments)
      await store.put(segmentKey({ ...of, rendition, segment }), new Uint8Array(sizeBytes), OTHER);
  }
  const spec = { kind: 'publish', source: { videoId, sizeBytes: 1 }, generation: 1 } as const;
  const task = { taskId: 't' as TaskId, jobId: 'j' as JobId, videoId, attempt: 1, token: 1, leaseMs: 1_000, spec };
  const records = {
    renew: async () => {},
    finishedWork: async () => ({ plan: job.plan, renditions: results, captions: [] }),
    isDeleted: async () => false,
    completePublish: async () => {},
  };
  const growth = { remainingMs: async () => 0, lookAgain: async () => {} };
  await publishVideo(task, { store, records, growth, log: silentLog() }, new AbortController().signal);
});

const judged = async (): Promise<string> => (await wrongInPublished(published, store)).join('\n');

async function rewrite(key: ObjectKey, change: (text: string) => string): Promise<void> {
  const text = Buffer.from((await store.read(key))?.bytes ?? []).toString();
  await store.put(key, Buffer.from(change(text)), { contentType: 'application/vnd.apple.mpegurl' });
}

test('nothing is wrong with what was published as planned', async () => {
  assert.equal(await judged(), '');
});

test('a lost segment, one of another size and a foreign init are seen', async () => {
  await store.delete(segmentKey({ ...of, segment: 2 }));
  assert.match(await judged(), /segment 2 has no bytes/);
  await store.put(segmentKey({ ...of, segment: 2 }), new Uint8Array(1), OTHER);
  assert.match(await judged(), /segment 2 has 1 bytes/);
  await store.put(initKey(of), new Uint8Array(1), OTHER);
  assert.match(await judged(), /its init is not the registered one/);
});

test('a playlist that lacks a segment, has one twice, lies about a length or never ends is seen', async () => {
  const key = mediaPlaylistKey(of);
  const whole = Buffer.from((await store.read(key))?.bytes ?? []).toString();
  const lines = (file: string): RegExp => new RegExp(`#EXTINF:[\\d.]+,\n${file}\n`);
  const changes: [RegExp, (text: string) => string][] = [
    [/lists other segments/, (text) => text.replace(lines('000001.m4s'), '')],
    [/lists other segments/, (text) => text.replace(lines('000001.m4s'), (two) => two + two)],
    [/another length/, (text) => text.replace(/#EXTINF:[\d.]+/, '#EXTINF:3.9')],
    [/not the final one/, (text) => text.replace('#EXT-X-ENDLIST\n', '')],
  ];
  for (const [wrong, change] of changes) {
    await rewrite(key, () => change(whole));
    assert.match(await judged(), wrong);
  }
});

test('a doubled segment in the results, and a rendition that nobody lists, are seen', async () => {
  const doubled = { ...published, results: [...results, { ...results[0]!, segments: [results[0]!.segments[0]!] }] };
  assert.match((await wrongInPublished(doubled, store)).join(), /a gap or a double/);
  await rewrite(multivariantKey({ videoId }), (text) => text.replaceAll(`/${rendition}/`, '/v1/'));
  assert.match(await judged(), /lists g1/);
});

test('each of the two files that players start from is seen where nothing is published', async () => {
  const judged = async (): Promise<string> => (await wrongInUnpublished(videoId, store)).join();
  for (const key of [multivariantKey({ videoId }), manifestKey({ videoId })]) {
    assert.match(await judged(), new RegExp(`${key} stands`));
    await store.delete(key);
  }
  assert.equal(await judged(), '');
});

const row = (fields: Partial<EventRow>): EventRow => ({
  ...{ id: 1, at: new Date(1_000_000), subject: 'task', video_id: videoId, job_id: 'job', task_id: 'task' },
  ...{ attempt: 1, from_state: null, to_state: 'queued', reason: null },
  ...fields,
});
const line = (fields: Partial<LogLine>): LogLine => ({ event: '', time: '', node: '', role: '', ...fields });

test('a step that is not allowed, one that does not follow, and a repair of untouched rows are seen', () => {
  const lent = row({ from_state: 'queued', to_state: 'leased' });
  const done = row({ from_state: 'leased', to_state: 'done' });
  const none = { edited: false };
  assert.deepEqual(brokenSteps([row({}), lent, done], none), []);
  assert.match(brokenSteps([row({}), done], none).join(), /follows a row that ended in queued/);
  const back = row({ from_state: 'done', to_state: 'queued' });
  assert.match(brokenSteps([row({}), lent, done, back], none).join(), /is not allowed/);
  assert.deepEqual(brokenSteps([row({}), done], { edited: true }), []);
  const repair = line({ event: 'reconciled', videoId, found: 'a lease without an end', done: 'it ends soon' });
  assert.match(needlessRepairs([repair], [videoId]).join(), /a lease without an end/);
  assert.deepEqual(needlessRepairs([repair], []), []);
});

test('a second attempt needs a line about the end of the first, unless the one who would write it was killed', () => {
  const back = row({ from_state: 'leased', to_state: 'queued', reason: 'worker_gone: worker-1 is gone' });
  const rows = [back, row({ from_state: 'queued', to_state: 'leased', attempt: 2 })];
  const gone = line({ event: 'worker_gone', taskId: 'task', attempt: 1 });
  assert.match(unexplainedRetries(rows, [], []).join(), /why attempt 1 of task task ended/);
  assert.match(unexplainedRetries(rows, [{ ...gone, attempt: 2 }], []).join(), /why attempt 1/);
  assert.deepEqual(unexplainedRetries(rows, [gone], []), []);
  assert.deepEqual(unexplainedRetries(rows, [], [1_000_400]), []);
  assert.equal(unexplainedRetries(rows, [], [1_009_000]).length, 1);
});

test('a seed tells the same story each time, and seeds tell different ones', () => {
  const world = { workers: 3, orchestrators: 2 };
  assert.deepEqual(storyOf(7, world), storyOf(7, world));
  const stories = Array.from({ length: 200 }, (_, seed) => storyOf(seed, world));
  assert.equal(new Set(stories.map((story) => JSON.stringify(story.faults))).size, 200);
  const kinds = new Set(stories.flatMap(({ faults }) => faults.map(({ fault }) => fault.kind)));
  assert.equal(kinds.size, 12);
});
