import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { storedJob } from '../../test/fakes/stored-job.ts';
import { DomainError } from '../domain/errors.ts';
import type { JobId } from '../domain/ids.ts';
import { multivariantKey, type ObjectKey, videoPrefix } from '../domain/object-keys.ts';
import type { PutOptions } from '../domain/ports.ts';
import { publishVideo } from './publish-video.ts';

const LEASE_LOST = { code: 'lease_lost' };

/** Calls back right before a write lands. */
class SlowStore extends MemoryObjectStore {
  onPut: (key: ObjectKey) => Promise<void> = async () => {};
  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    await this.onPut(key);
    return super.put(key, bytes, options);
  }
  playlists(): string[] {
    return this.keys().filter((key) => /\.(m3u8|mpd)$/.test(key));
  }
}

async function fixture() {
  const store = new SlowStore();
  const { work, task } = await storedJob(store);
  const { log, lines } = capturedLog();
  const lost = new AbortController();
  const lookedAt: JobId[] = [];
  const growth = { remainingMs: async () => 0, lookAgain: async (jobId: JobId) => void lookedAt.push(jobId) };
  const records = {
    finishedWork: async () => work,
    renew: async () => {},
    completePublish: async () => {},
    isDeleted: async () => false,
  };
  const entry = multivariantKey(task);
  const publish = () => publishVideo(task, { store, log, growth, records }, lost.signal);
  return { ...{ store, task, lines, lost, lookedAt, growth, records, entry }, publish };
}

const refuse = () => Promise.reject(new DomainError('lease_lost'));

test('what is complete becomes visible', async () => {
  const { publish, store, entry } = await fixture();
  await publish();
  assert.ok(store.playlists().includes(entry));
});

test('a video that is deleted while it is published leaves no playlist behind', async () => {
  const { publish, store, entry, task, records } = await fixture();
  store.onPut = async (key) => {
    if (key !== entry) return;
    await store.deletePrefix(videoPrefix(task));
    Object.assign(records, { completePublish: refuse, isDeleted: async () => true });
  };
  await assert.rejects(publish(), LEASE_LOST);
  assert.deepEqual(store.keys(), []);
});

test('a publisher that lost its lease while it checked the segments makes nothing visible', async () => {
  const { publish, store, records } = await fixture();
  records.renew = refuse;
  await assert.rejects(publish(), LEASE_LOST);
  assert.deepEqual(store.playlists(), []);
});

test('no further playlist is written once the lease is known to be lost', async () => {
  const { publish, store, lost, entry } = await fixture();
  store.onPut = async () => lost.abort(new DomainError('lease_lost'));
  await assert.rejects(publish(), LEASE_LOST);
  assert.ok(!store.playlists().includes(entry));
});

test('what was written without a lease is left to the next publisher, and looked at where none comes', async () => {
  const { publish, store, entry, task, records, lookedAt } = await fixture();
  records.completePublish = refuse;
  await assert.rejects(publish(), LEASE_LOST);
  assert.ok(store.playlists().includes(entry));
  assert.deepEqual(lookedAt, [task.jobId]);
});

test('publishing waits until whoever grows the video has let go', async () => {
  const { publish, store, growth, entry } = await fixture();
  const remaining = [120, 60, 0];
  const seen: number[] = [];
  growth.remainingMs = async () => {
    seen.push(store.playlists().length);
    return remaining.shift() ?? 0;
  };
  await publish();
  assert.deepEqual(seen, [0, 0, 0]);
  assert.ok(store.playlists().includes(entry));
});

test('who waits for whoever grows the video stops waiting when its lease is lost', { timeout: 60_000 }, async () => {
  const { publish, store, growth, lost } = await fixture();
  growth.remainingMs = async () => {
    lost.abort(new DomainError('lease_lost'));
    return 3_600_000;
  };
  await assert.rejects(publish(), LEASE_LOST);
  assert.deepEqual(store.playlists(), []);
});

test('a late write of growing playlists, right before the job has succeeded, is put right', async () => {
  const { publish, store, records, entry, lines } = await fixture();
  records.completePublish = async () => {
    await store.put(entry, new TextEncoder().encode('#EXTM3U\n'), { contentType: 'application/vnd.apple.mpegurl' });
  };
  await publish();
  assert.match(new TextDecoder().decode((await store.read(entry))?.bytes), /v720/);
  assert.deepEqual(lines.find((line) => line.event === 'playlists_restored')?.keys, [entry]);
});
