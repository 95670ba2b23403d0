import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { LRUCache } from 'lru-cache';
import { createGrowthRecords } from '../../src/adapters/growing-jobs.ts';
import {
  initKey,
  mediaPlaylistKey,
  multivariantKey,
  type ObjectKey,
  segmentKey,
} from '../../src/domain/object-keys.ts';
import type { PutOptions } from '../../src/domain/ports.ts';
import type { LentTask, StoredRendition } from '../../src/domain/tasks.ts';
import { Bell } from '../../src/lib/bell.ts';
import { silentLog } from '../../src/lib/log.ts';
import { repeat } from '../../src/lib/repeat.ts';
import { growVideo } from '../../src/orchestrate/grow-video.ts';
import { publishVideo } from '../../src/orchestrate/publish-video.ts';
import { MemoryObjectStore } from '../fakes/memory-object-store.ts';
import { JobWorld, resultOf } from '../support/job-world.ts';
import { parseHls } from '../support/manifest-parsers.ts';
import { storedBy } from '../support/stored-by.ts';

/** Two orchestrators and several workers on one video, on a real PostgreSQL. */
let world: JobWorld;

before(async () => {
  world = await JobWorld.open();
});
after(() => world?.close());

const INIT = new Uint8Array(700);
const INIT_SHA256 = createHash('sha256').update(INIT).digest('hex');
const SECONDS = 60;

/** Keeps every text that stood at each playlist's key, in order. */
class PlaylistHistory extends MemoryObjectStore {
  readonly texts = new Map<ObjectKey, string[]>();
  override async put(key: ObjectKey, bytes: Uint8Array, options: PutOptions) {
    if (key.endsWith('.m3u8')) this.texts.set(key, [...this.of(key), new TextDecoder().decode(bytes)]);
    return super.put(key, bytes, options);
  }
  of(key: ObjectKey): string[] {
    return this.texts.get(key) ?? [];
  }
}

test('two orchestrators grow a video while others work on it: nothing shrinks, and the last word is the final one', async () => {
  const { videoId } = await world.planned(SECONDS);
  const store = new PlaylistHistory();
  const working = new AbortController();
  const growers = [grower(store, working.signal), grower(store, working.signal)];
  try {
    await Promise.all(['worker-1', 'worker-2', 'worker-3'].map((name) => work(name, store)));
    const publish = await world.tryLend('orchestrator', 'publish', world.other);
    const growth = createGrowthRecords(world.db);
    await publishVideo(publish!, { store, records: world.other, growth, log: silentLog() }, working.signal);
  } finally {
    working.abort();
    await Promise.all(growers);
  }

  const picture = store.of(mediaPlaylistKey({ videoId, generation: 1, rendition: 'v240' }));
  for (const texts of [picture, store.of(mediaPlaylistKey({ videoId, generation: 1, rendition: 'a-und' }))]) {
    const counts = texts.map((text) => parseHls(text).segments.length);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    );
    assert.equal(counts.at(-1), SECONDS / 4);
    assert.match(texts.at(-1) ?? '', /ENDLIST/);
  }
  assert.ok(picture.length > 1, 'it never grew');
  assert.match(store.of(multivariantKey({ videoId })).at(-1) ?? '', /v360/);
});

/** Grows whatever is there until told to stop, without the pause between writes. */
async function grower(store: MemoryObjectStore, stop: AbortSignal): Promise<void> {
  const records = createGrowthRecords(world.db);
  const release: typeof records.release = (claim, grown) => records.release(claim, { ...grown, pauseMs: 0 });
  const growth = { ...records, release };
  const found = new LRUCache<string, number>({ max: 10 });
  const clock = { nowMs: () => performance.now() };
  const deps = { growth, records: world.one, store, clock, log: silentLog<never>(), found };
  await repeat(() => growVideo(deps), { everyMs: 5, bell: new Bell(), signal: stop, onError: assert.ifError });
}

/** Does tasks as they come, telling of each segment by itself. */
async function work(name: string, store: MemoryObjectStore): Promise<void> {
  const growth = createGrowthRecords(world.db);
  for (let task = await world.tryLend(name); task; task = await world.tryLend(name)) {
    if (task.spec.kind !== 'encode' && task.spec.kind !== 'audio') {
      await world.one.complete(task, resultOf(task));
      continue;
    }
    const renditions = storedBy(task).map((one) => ({ ...one, initSha256: INIT_SHA256 }));
    for (const rendition of renditions)
      for (const segment of rendition.segments) {
        await put({ ...rendition, segments: [segment] }, task, store);
        await growth.report(task, [{ ...rendition, segments: [segment] }]);
      }
    await world.one.complete(task, { renditions });
  }
}

async function put({ rendition, segments }: StoredRendition, { videoId }: LentTask, store: MemoryObjectStore) {
  const of = { videoId, generation: 1, rendition };
  await store.putIfAbsent(initKey(of), INIT, { contentType: 'video/mp4' });
  for (const { segment, sizeBytes } of segments)
    await store.putIfAbsent(segmentKey({ ...of, segment }), new Uint8Array(sizeBytes), {
      contentType: 'video/iso.segment',
    });
}
