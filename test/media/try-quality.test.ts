import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planJob } from '../../src/domain/plan-job.ts';
import { tryQuality } from '../../src/transcode/try-quality.ts';
import { mediaBench, probe, TEST_DEADLINE_MS } from './media-bench.ts';

const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '60'];
const lavfi = (graph: string): string[] => ['-f', 'lavfi', '-i', graph];

async function ratesOf(file: string, args: readonly string[]): Promise<readonly number[]> {
  await using bench = await mediaBench();
  const source = await bench.keep(await bench.make(file, args));
  const { facts, grid } = planJob(await probe(source, bench));
  const spec = { kind: 'trial', source, generation: 1, track: facts.video!, grid: grid! } as const;
  const trial = await tryQuality(spec, bench.deps);
  assert.deepEqual([trial.widthPx, trial.heightPx], [640, 360]);
  return trial.ratesBps;
}

test('a trial tells noise from a still picture, at every sample', { timeout: TEST_DEADLINE_MS }, async () => {
  const still = await ratesOf('still.mp4', [...lavfi('testsrc=s=1280x720:r=25,trim=end_frame=1,loop=300:1'), ...x264]);
  const noise = await ratesOf('noise.mp4', [
    ...lavfi('color=gray:s=1280x720:r=25,noise=alls=40:allf=t'),
    ...['-t', '12', ...x264],
  ]);
  assert.equal(still.length, 3);
  assert.equal(noise.length, 3);
  assert.ok(Math.min(...noise) > 10 * Math.max(...still), `${noise} and ${still}`);
});
