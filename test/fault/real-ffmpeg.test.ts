import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { VideoId } from '../../src/domain/ids.ts';
import { multivariantKey } from '../../src/domain/object-keys.ts';
import { eventually } from '../support/eventually.ts';
import { decodedFrames, makeClip } from '../support/media.ts';
import { judge } from './judge.ts';
import { seededChance } from './seeded-random.ts';
import { Stack, type StackWorker } from './stack.ts';
import { storyOf } from './story.ts';
import { uploadSource } from './upload-video.ts';

/** Where bytes matter: real workers lose their ffmpeg in the middle of a chunk, and every frame is there once. */
const SECONDS = 24;
const RATE = 30;
const FRAMES = SECONDS * RATE;
/** A task that loses a third worker is given up, and rightly. */
const LOSSES = 2;
/** ffmpeg fills the machine: nobody is to be taken for silent who is only slow. */
const LEASE_SECONDS = 8;
const WORLD = { workers: 2, orchestrators: 2 };

let stack: Stack;
let clip: Buffer;
before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  await makeClip(join(folder, 'clip.mp4'), { seconds: SECONDS, rate: String(RATE) });
  clip = await readFile(join(folder, 'clip.mp4'));
  await rm(folder, { recursive: true });
  stack = await Stack.start({ ...WORLD, encoder: 'real', leaseSeconds: LEASE_SECONDS });
});
after(() => stack?.[Symbol.asyncDispose]());

for (const seed of [1, 2, 3, 4])
  test(`workers that are lost while they encode leave every frame once in every rung, seed ${seed}`, async () => {
    const chance = seededChance(seed);
    const videoId = await uploadSource(stack, clip);
    const killedAtMs: number[] = [];
    for (let loss = 0; loss < LOSSES; loss++) {
      const victim = await encoding(videoId);
      if (!victim) break;
      await delay(chance.between(0, 700));
      if (chance.next() < 0.5) {
        killedAtMs.push(Date.now());
        await victim.process.kill();
        victim.process.start();
        continue;
      }
      victim.process.freeze();
      await delay(LEASE_SECONDS * 1_000 * (0.4 + chance.next()));
      victim.process.thaw();
    }
    await stack.heal();
    const told = { story: storyOf(seed, WORLD), videoIds: [videoId], edited: new Set<VideoId>(), killedAtMs };
    await judge({ ...told, cancelled: new Set<VideoId>(), workersBroken: 0 }, stack);
    const frames = await decodedFrames(join(stack.store.objects, multivariantKey({ videoId })));
    assert.deepEqual(frames, [FRAMES, FRAMES]);
  });

/** A worker that works on a chunk of the video, or none where all of it was faster than the losses. */
async function encoding(videoId: VideoId): Promise<StackWorker | undefined> {
  let found: StackWorker | undefined;
  await eventually('somebody encodes the video, or it is ready', async () => {
    const tasks = await stack.db
      .selectFrom('tasks as t')
      .innerJoin('videos as v', 'v.id', 't.video_id')
      .select(['t.worker', 't.kind', 't.state as task', 'v.state as video'])
      .where('v.id', '=', videoId)
      .execute();
    const held = tasks.filter(({ kind, task }) => kind === 'encode' && task === 'leased');
    found = stack.workers.find(({ process }) => held.some(({ worker }) => worker === process.name));
    return found !== undefined || tasks.some(({ video }) => video === 'ready');
  });
  return found;
}
