import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { finishedJob } from '../../test/fakes/finished-job.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { DomainError } from '../domain/errors.ts';
import type { JobId, TaskId, VideoId } from '../domain/ids.ts';
import { initKey, multivariantKey, type ObjectKey, segmentKey, videoPrefix } from '../domain/object-keys.ts';
import type { PutOptions } from '../domain/ports.ts';
import type { LentTask } from '../domain/tasks.ts';
import { silentLog } from '../lib/log.ts';
import { publishVideo } from './publish-video.ts';

const videoId = '0123456789abcdef' as VideoId;
const INIT = new Uint8Array(800);
const initSha256 = createHash('sha256').update(INIT).digest('hex');
const job = finishedJob({ frames: 120 });
const renditions = job.results.map((result) => ({ ...result, initSha256 }));
const TASK: LentTask = {
  taskId: randomUUID() as TaskId,
  jobId: randomUUID() as JobId,
  videoId,
  attempt: 1,
  token: 0,
  leaseMs: 10_000,
  spec: { kind: 'publish', source: { videoId, sizeBytes: 1 }, generation: 1 },
};

/** Deletes the video, as another process does, right before the published playlist is written. */
class DeletingStore extends MemoryObjectStore {
  isVideoGone = false;
  deletesAt: ObjectKey | undefined;
  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    if (key === this.deletesAt) {
      await this.deletePrefix(videoPrefix({ videoId }));
      this.isVideoGone = true;
    }
    return super.put(key, bytes, options);
  }
}

async function storeOfWork(): Promise<DeletingStore> {
  const store = new DeletingStore();
  for (const { rendition, segments } of renditions) {
    await store.put(initKey({ videoId, generation: 1, rendition }), INIT, { contentType: 'video/mp4' });
    for (const { segment, sizeBytes } of segments)
      await store.put(segmentKey({ videoId, generation: 1, rendition, segment }), new Uint8Array(sizeBytes), {
        contentType: 'video/iso.segment',
      });
  }
  return store;
}

const depsOf = (store: DeletingStore) => ({
  store,
  log: silentLog<never>(),
  growth: { remainingMs: async () => 0 },
  records: {
    finishedWork: async () => ({ plan: job.plan, renditions, captions: [] }),
    isDeleted: async () => store.isVideoGone,
    completePublish: async () => {
      if (store.isVideoGone) throw new DomainError('lease_lost');
    },
  },
});

test('what is complete becomes visible', async () => {
  const store = await storeOfWork();
  await publishVideo(TASK, depsOf(store));
  assert.ok(store.keys().includes(multivariantKey({ videoId })));
});

test('a video that is deleted while it is published leaves no playlist behind', async () => {
  const store = await storeOfWork();
  store.deletesAt = multivariantKey({ videoId });
  await assert.rejects(publishVideo(TASK, depsOf(store)), { code: 'lease_lost' });
  assert.equal(store.isVideoGone, true);
  assert.deepEqual(store.keys(), []);
});

test('a publisher that lost its lease to another one leaves what is visible', async () => {
  const store = await storeOfWork();
  const deps = depsOf(store);
  const records = { ...deps.records, completePublish: () => Promise.reject(new DomainError('lease_lost')) };
  await assert.rejects(publishVideo(TASK, { ...deps, records }), { code: 'lease_lost' });
  assert.ok(store.keys().includes(multivariantKey({ videoId })));
});

test('publishing waits until whoever grows the video has let go', async () => {
  const store = await storeOfWork();
  const remaining = [120, 60, 0];
  const seen: boolean[] = [];
  const remainingMs = async (): Promise<number> => {
    seen.push(store.keys().includes(multivariantKey({ videoId })));
    return remaining.shift() ?? 0;
  };
  await publishVideo(TASK, { ...depsOf(store), growth: { remainingMs } });
  assert.deepEqual(seen, [false, false, false]);
  assert.ok(store.keys().includes(multivariantKey({ videoId })));
});

test('a late write of growing playlists, right before the job has succeeded, is put right', async () => {
  const store = await storeOfWork();
  const { log, lines } = capturedLog();
  const deps = depsOf(store);
  const key = multivariantKey({ videoId });
  const completePublish = async (): Promise<void> => {
    await store.put(key, new TextEncoder().encode('#EXTM3U\n'), { contentType: 'application/vnd.apple.mpegurl' });
  };
  await publishVideo(TASK, { ...deps, log, records: { ...deps.records, completePublish } });
  assert.match(new TextDecoder().decode((await store.read(key))?.bytes), /v720/);
  assert.deepEqual(lines.find((line) => line.event === 'playlists_restored')?.keys, [key]);
});
