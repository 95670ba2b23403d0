import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LRUCache } from 'lru-cache';
import { capturedLog } from '../../test/fakes/captured-log.ts';
import { finishedJob } from '../../test/fakes/finished-job.ts';
import { ManualClock } from '../../test/fakes/manual-clock.ts';
import { MemoryObjectStore } from '../../test/fakes/memory-object-store.ts';
import { growingRenditions } from '../domain/growing-offer.ts';
import type { GrowthClaim, GrowthRecords } from '../domain/growth.ts';
import type { JobId, VideoId } from '../domain/ids.ts';
import {
  initKey,
  manifestKey,
  mediaPlaylistKey,
  multivariantKey,
  type ObjectKey,
  segmentKey,
} from '../domain/object-keys.ts';
import { offerOf } from '../domain/offer.ts';
import type { PutOptions } from '../domain/ports.ts';
import { plannedTicks } from '../domain/segment-plan.ts';
import type { StoredRendition } from '../domain/tasks.ts';
import { growVideo } from './grow-video.ts';
import { finalPlaylists, writePlaylists } from './playlist-files.ts';

const videoId = '0123456789abcdef' as VideoId;
const jobId = '00000000-0000-4000-8000-000000000000' as JobId;
const job = finishedJob({ frames: 1_000 });
const LEASE_MS = 5_000;
const ENTRY = multivariantKey({ videoId });
const MANIFEST = manifestKey({ videoId });
const PICTURE = mediaPlaylistKey({ videoId, generation: 1, rendition: 'v240' });

/** Calls back right before a write lands. */
class SlowStore extends MemoryObjectStore {
  onPut: (key: ObjectKey) => Promise<void> = async () => {};
  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    await this.onPut(key);
    return super.put(key, bytes, options);
  }
  async text(key: ObjectKey): Promise<string> {
    return new TextDecoder().decode((await this.read(key))?.bytes);
  }
}

/** One job, of which so many segments were reported; as the records answer it. */
class OneJob implements GrowthRecords {
  segments = 0;
  isDue = true;
  mayWrite = true;
  isPublished = false;
  isAbandoned = false;
  isKnown = true;
  readonly releases: { isPlayable: boolean; pauseMs: number }[] = [];

  async claim(): Promise<GrowthClaim | undefined> {
    if (!this.isDue) return undefined;
    this.isDue = false;
    return { jobId, videoId, generation: 1, plan: job.plan, token: 1, leaseMs: LEASE_MS, reports: 1 };
  }
  async storedOf(_: JobId, renditions: readonly string[]): Promise<StoredRendition[]> {
    return renditions.map((rendition) => {
      const pieces = job.results.filter((one) => one.rendition === rendition);
      return { ...pieces[0]!, segments: pieces.flatMap((one) => one.segments).slice(0, this.segments) };
    });
  }
  async renew() {
    return this.mayWrite;
  }
  async release(_: GrowthClaim, grown: { isPlayable: boolean; pauseMs: number }) {
    this.releases.push(grown);
    return this.isKnown && 'first';
  }
  async claimAbandoned() {
    return this.isAbandoned ? { jobId, videoId, generation: 1, token: 2 } : undefined;
  }
  async withdrawn() {
    this.isAbandoned = false;
  }
  async publishedJob() {
    return this.isPublished ? { jobId, generation: 1 } : undefined;
  }
  async report() {}
  async lookAgain() {}
  async remainingMs() {
    return 0;
  }
}

async function fixture({ standing }: { standing: number }) {
  const store = new SlowStore();
  const contentType = 'application/octet-stream';
  for (const rendition of growingRenditions(job.plan)) {
    await store.put(initKey({ videoId, generation: 1, rendition }), new Uint8Array(8), { contentType });
    for (let segment = 0; segment < standing; segment++)
      await store.put(segmentKey({ videoId, generation: 1, rendition, segment }), new Uint8Array(8), { contentType });
  }
  const growth = new OneJob();
  growth.segments = standing;
  const clock = new ManualClock();
  const { log, lines } = capturedLog();
  const finishedWork = async () => ({ plan: job.plan, renditions: job.results, captions: [] });
  const records = { finishedWork, isDeleted: async () => !growth.isKnown };
  const deps = { growth, records, store, clock, log, found: new LRUCache<string, number>({ max: 10 }) };
  return { deps, store, growth, clock, named: (event: string) => lines.filter((line) => line.event === event) };
}

const lastSegment = (playlist: string): string | undefined => playlist.match(/\d{6}\.m4s/g)?.at(-1);

test('what was reported becomes playable, and grows with every report', async () => {
  const { deps, store, growth, named } = await fixture({ standing: 6 });
  growth.segments = 3;
  assert.equal(await growVideo(deps), true);
  assert.match(await store.text(ENTRY), /g1\/v240\/index\.m3u8/);
  assert.equal(lastSegment(await store.text(PICTURE)), '000002.m4s');
  assert.deepEqual(named('video_playable')[0]?.segmentsBy, { v240: 3, 'a-und': 3 });
  growth.isDue = true;
  growth.segments = 6;
  await growVideo(deps);
  assert.equal(lastSegment(await store.text(PICTURE)), '000005.m4s');
  assert.equal(await growVideo(deps), false);
});

test('when all that is offered is whole, its playlists end, though other rungs are still missing', async () => {
  const whole = plannedTicks(job.plan, 'v240').length;
  const { deps, store, growth } = await fixture({ standing: whole });
  growth.segments = whole - 1;
  await growVideo(deps);
  assert.doesNotMatch(await store.text(PICTURE), /ENDLIST/);
  growth.isDue = true;
  growth.segments = whole;
  await growVideo(deps);
  const final = finalPlaylists(videoId, offerOf(1, job.plan, job.results), []);
  assert.equal(await store.text(PICTURE), final.find(({ key }) => key === PICTURE)?.text);
  assert.doesNotMatch(await store.text(ENTRY), /v360/);
});

test('too little to begin with is not listed, and is looked at again with the next report', async () => {
  const { deps, store, growth } = await fixture({ standing: 1 });
  await growVideo(deps);
  assert.equal(await store.head(ENTRY), undefined);
  assert.deepEqual(growth.releases, [{ isPlayable: false, pauseMs: 0 }]);
});

test('a segment that was reported and is not in the store is never listed', async () => {
  const { deps, store, growth } = await fixture({ standing: 3 });
  growth.segments = 4;
  await assert.rejects(growVideo(deps), { name: 'IncompleteError' });
  assert.equal(await store.head(ENTRY), undefined);
  assert.deepEqual(growth.releases, []);
});

test('nothing is written once the job is about to be published', async () => {
  const { deps, store, growth } = await fixture({ standing: 3 });
  growth.mayWrite = false;
  await growVideo(deps);
  assert.equal(await store.head(PICTURE), undefined);
});

test('playlists are written at most once a second, and long ones less often', async () => {
  const { deps, growth } = await fixture({ standing: 3 });
  await growVideo(deps);
  assert.equal(growth.releases[0]?.pauseMs, 1_000);
});

test('who was frozen in mid-write puts the final playlists back that it replaced', async () => {
  const { deps, store, growth, clock, named } = await fixture({ standing: 3 });
  const final = finalPlaylists(videoId, offerOf(1, job.plan, job.results), []);
  store.onPut = async (key) => {
    if (key !== ENTRY) return;
    store.onPut = async () => {};
    // Meanwhile its lease ended, and another orchestrator published the video.
    clock.advance(LEASE_MS);
    await writePlaylists(final, store);
    growth.isPublished = true;
  };
  await growVideo(deps);
  for (const { key, text } of final) assert.equal(await store.text(key), text);
  assert.deepEqual(named('playlists_restored')[0]?.keys, [ENTRY]);
});

test('a video that is deleted while it grows leaves nothing behind', async () => {
  const { deps, store, growth } = await fixture({ standing: 3 });
  growth.isKnown = false;
  await growVideo(deps);
  assert.deepEqual(store.keys(), []);
});

test('a video whose job has ended without being published is no longer playable', async () => {
  const { deps, store, growth, named } = await fixture({ standing: 3 });
  await growVideo(deps);
  // A publisher that lost its task in mid-write left this.
  await store.put(MANIFEST, new Uint8Array(8), { contentType: 'application/dash+xml' });
  growth.isAbandoned = true;
  assert.equal(await growVideo(deps), true);
  assert.deepEqual([await store.head(ENTRY), await store.head(MANIFEST)], [undefined, undefined]);
  assert.equal(named('growth_withdrawn').length, 1);
  assert.equal(await growVideo(deps), false);
});

test('who was frozen before it withdrew a video that others have published meanwhile puts it back', async () => {
  const { deps, store, growth } = await fixture({ standing: 3 });
  const final = finalPlaylists(videoId, offerOf(1, job.plan, job.results), []);
  await writePlaylists(final, store);
  Object.assign(growth, { isDue: false, isAbandoned: true, isPublished: true });
  await growVideo(deps);
  for (const { key, text } of final) assert.equal(await store.text(key), text);
});
