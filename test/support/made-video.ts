import type { VideoId } from '../../src/domain/ids.ts';
import type { ObjectStore } from '../../src/domain/ports.ts';
import type { EncodeResult } from '../../src/domain/tasks.ts';
import { silentLog } from '../../src/lib/log.ts';
import type { EncodeDeps } from '../../src/transcode/encode-chunk.ts';
import { fakeEncoder } from '../fault/fake-encoder.ts';
import type { JobWorld } from './job-world.ts';

const encode = fakeEncoder({ segmentMs: () => 0 });
const DEADLINE_MS = 60_000;

/** A video of ten seconds of which all but publishing is done, its segments in the store. */
export async function makeVideo(world: JobWorld, store: ObjectStore): Promise<VideoId> {
  const { videoId } = await world.planned(10);
  // The fake encoder uses no other.
  const clock = { nowMs: () => Date.now() };
  const deps = { store, log: silentLog(), clock, signal: AbortSignal.timeout(DEADLINE_MS) } as unknown as EncodeDeps;
  for (let task = await world.tryLend(); task; task = await world.tryLend())
    await world.one.complete(task, (await encode(task.spec, deps)) as EncodeResult);
  return videoId;
}

/** As its rows have it; playlists are not written. */
export async function publishMade(world: JobWorld): Promise<void> {
  const task = await world.tryLend('orchestrator', 'publish');
  if (!task) throw new Error('nothing is ready to be published');
  await world.one.completePublish(task, []);
}
