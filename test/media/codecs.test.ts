import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codecLadder } from '../../src/domain/ladder.ts';
import { VIDEO_CODECS } from '../../src/domain/tasks.ts';
import {
  encodeFile,
  joinRendition,
  mediaBench,
  packetTicks,
  picturesOf,
  renditionOf,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

const FRAMES = 275;
const CODEC_STRINGS = { h264: /^avc1\.64/, hevc: /^hvc1\.1\.6\.L/, av1: /^av01\.0\.\d\dM\.08$/ };

for (const codec of VIDEO_CODECS) {
  test(`chunks in ${codec} join to every frame, in time, under one init`, { timeout: TEST_DEADLINE_MS }, async () => {
    await using bench = await mediaBench();
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=480x270:r=25,trim=end_frame=${FRAMES}`];
    const path = await bench.make('source.mp4', [...source, '-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2']);
    const encoded = await encodeFile(path, bench, (plan) => ({ ...plan, rungs: codecLadder(plan.rungs, codec) }));
    const { plan } = encoded;
    assert.ok(plan.chunks.length > 1, 'one chunk proves nothing about seams');
    for (const rung of plan.rungs) {
      const parts = renditionOf(encoded, rung.rendition);
      assert.equal(new Set(parts.map((part) => part.initSha256)).size, 1);
      for (const part of parts) assert.match(part.codec, CODEC_STRINGS[codec]);
      const joined = await joinRendition(encoded, rung.rendition, bench);
      assert.equal((await picturesOf(joined)).length, FRAMES);
      const { delayTicks, ticksPerFrame } = plan.grid!;
      assert.deepEqual(
        await packetTicks(joined),
        Array.from({ length: FRAMES }, (_, i) => delayTicks + i * ticksPerFrame),
      );
    }
  });
}
