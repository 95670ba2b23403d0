import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { planJob } from '../../src/domain/plan-job.ts';
import { encodeChunk } from '../../src/transcode/encode-chunk.ts';
import { type MediaBench, mediaBench, probe, TEST_DEADLINE_MS } from './media-bench.ts';

const withDeadline = { timeout: TEST_DEADLINE_MS };
const CLIP = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=25', '-t', '10', '-c:v', 'libx264', '-preset', 'ultrafast'];

const probeFile = async (name: string, bytes: Uint8Array | string, bench: MediaBench) => {
  const path = join(bench.folder, name);
  await writeFile(path, bytes);
  return probe(await bench.keep(path), bench);
};

/** Things that ffmpeg would open gladly, were it not told which containers are allowed. */
const NO_VIDEOS: readonly [what: string, bytes: string | Uint8Array][] = [
  ['text', 'Once upon a time\n'.repeat(500)],
  ['a playlist', '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'],
  ['a script of files to join', "ffconcat version 1.0\nfile '/etc/passwd'\n"],
  ['noise', Uint8Array.from({ length: 50_000 }, (_, i) => (i * 7919 + (i >> 3) * 104_729) & 255)],
  ['one byte', 'x'],
];
for (const [what, bytes] of NO_VIDEOS) {
  test(`${what} is not a video`, withDeadline, async () => {
    await using bench = await mediaBench();
    await assert.rejects(probeFile('upload.mp4', bytes, bench), { code: 'not_a_video' });
  });
}

test('a file without its index, cut off at the end, is not a video', withDeadline, async () => {
  await using bench = await mediaBench();
  const whole = await readFile(await bench.make('whole.mp4', CLIP));
  await assert.rejects(probeFile('cut.mp4', whole.subarray(0, whole.length * 0.6), bench), { code: 'not_a_video' });
});

test('a file that announces more than it holds is found out before anything is encoded', withDeadline, async () => {
  await using bench = await mediaBench();
  const whole = await readFile(await bench.make('whole.mp4', [...CLIP, '-movflags', '+faststart']));
  await assert.rejects(
    probeFile('cut.mp4', whole.subarray(0, whole.length * 0.6), bench),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'source_truncated');
      assert.match(error.message, /[56]\.\d of 10\.0 s/);
      return true;
    },
  );
});

test(
  'frames that are planned but not there fail with what was found, and leave no wrong segment',
  withDeadline,
  async () => {
    await using bench = await mediaBench();
    const source = await bench.keep(await bench.make('short.mp4', [...CLIP.slice(0, 4), '-t', '5', ...CLIP.slice(6)]));
    const facts = await probe(source, bench);
    const plan = planJob({ ...facts, video: { ...facts.video!, frames: 190 } });
    const chunk = { chunk: 0, firstSegment: 0, firstFrame: 0, frames: 190 };
    const spec = { kind: 'encode', source, generation: 1, track: plan.facts.video!, rungs: plan.rungs, chunk } as const;
    await assert.rejects(encodeChunk({ ...spec, grid: plan.grid! }, bench.deps), (error: Error & { code: string }) => {
      assert.equal(error.code, 'source_truncated');
      assert.match(error.message, /^Of frames 0 to 189 only the first 100 were found/);
      return true;
    });
    const segments = bench.store.keys().filter((key) => key.endsWith('.m4s'));
    assert.deepEqual(segments, [`videos/${source.videoId}/g1/v240/000000.m4s`]);
  },
);
