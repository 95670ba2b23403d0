import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { VideoId } from '../../src/domain/ids.ts';
import { imageKey, type ObjectKey } from '../../src/domain/object-keys.ts';
import type { ImagesSpec } from '../../src/domain/tasks.ts';
import { makeImages } from '../../src/transcode/make-images.ts';
import { joined, X264 } from './matrix-row.ts';
import { type MediaBench, mediaBench, probe, TEST_DEADLINE_MS } from './media-bench.ts';

const run = promisify(execFile);

async function specOf(bench: MediaBench, path: string): Promise<ImagesSpec> {
  const source = await bench.keep(path);
  const facts = await probe(source, bench);
  const { video, coverStreamIndex, durationSeconds } = facts;
  const from = video ? { track: video } : { coverStreamIndex: coverStreamIndex! };
  return { kind: 'images', source, generation: 1, from, durationSeconds };
}

/** The colour in the middle of a part of a stored picture. */
async function colourAt(bench: MediaBench, videoId: VideoId, name: string, x: number, y: number): Promise<number[]> {
  const stored = await bench.store.read(imageKey({ videoId, generation: 1, name }));
  assert.ok(stored, name);
  const path = join(bench.folder, name);
  await writeFile(path, stored.bytes);
  const crop = ['-vf', `crop=2:2:${x}:${y},scale=1:1`, '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'];
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', path, ...crop], { encoding: 'buffer' });
  return [...stdout];
}

const near = (found: readonly number[], wanted: readonly number[]): boolean =>
  found.every((value, i) => Math.abs(value - (wanted[i] ?? 0)) < 30);

/** Black for 2 s, then red, green and blue for 4 s each. */
const COLOURS = ['black:d=2', 'red:d=4', '0x00ff00:d=4', 'blue:d=4'];
const inputs = COLOURS.flatMap((colour) => ['-f', 'lavfi', '-i', `color=${colour}:s=320x180:r=25`]);
const colours = [...inputs, '-filter_complex', 'concat=n=4', '-c:v', 'libx264', '-g', '25', '-preset', 'ultrafast'];

test('tiles of the storyboard show what is on at their times, and the poster is not black', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const spec = await specOf(bench, await bench.make('colours.mp4', colours));
  assert.deepEqual(await makeImages(spec, bench.deps), { poster: true, storyboard: true });
  const { videoId } = spec.source;
  const tile = (n: number) =>
    colourAt(bench, videoId, 'storyboard-000.jpg', 160 * (n % 10) + 80, 90 * Math.floor(n / 10) + 45);
  const wanted = { 0: [0, 0, 0], 3: [255, 0, 0], 7: [0, 255, 0], 11: [0, 0, 255], 13: [0, 0, 255] };
  for (const [n, colour] of Object.entries(wanted))
    assert.ok(near(await tile(Number(n)), colour), `tile ${n}: ${await tile(Number(n))}`);
  assert.ok(!near(await colourAt(bench, videoId, 'poster.jpg', 160, 90), [0, 0, 0]), 'a black poster');
});

test('where timestamps start again no storyboard is made, which would show the wrong pictures', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const stretch = (colour: string): string[] => ['-f', 'lavfi', '-i', `color=${colour}:s=320x180:r=25:d=4`, ...X264];
  const spec = await specOf(bench, await joined('again.ts', stretch('red'), stretch('blue'))(bench));
  assert.deepEqual(await makeImages(spec, bench.deps), { poster: true, storyboard: false });
});

test('a video with a single keyframe has pictures all the same', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const one = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=320x180:r=25:d=6',
    '-c:v',
    'libx264',
    '-g',
    '999',
    '-preset',
    'ultrafast',
  ];
  const spec = await specOf(bench, await bench.make('one.mp4', one));
  assert.deepEqual(await makeImages(spec, bench.deps), { poster: true, storyboard: true });
});

test('doing it again changes nothing that stands', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const spec = await specOf(bench, await bench.make('twice.mp4', colours));
  await makeImages(spec, bench.deps);
  const keys = bench.store.keys();
  const images = keys.filter((key) => key.includes('/images/')) as ObjectKey[];
  assert.equal(images.length, 3, `${images}`);
  // As another build of ffmpeg may have made them: other bytes than those that are made again.
  const standing = Buffer.from('of an earlier attempt');
  for (const key of images) await bench.store.put(key, standing, { contentType: 'image/jpeg' });
  await makeImages(spec, bench.deps);
  assert.deepEqual(bench.store.keys(), keys);
  for (const key of images) assert.ok(standing.equals((await bench.store.read(key))!.bytes), key);
});

test('the cover of a music file is its poster', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const inputs = ['-f', 'lavfi', '-i', 'sine=d=3', '-f', 'lavfi', '-i', 'color=red:s=640x640:d=1'];
  const cover = ['-map', '0', '-map', '1', '-frames:v', '1', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic'];
  const spec = await specOf(bench, await bench.make('song.m4a', [...inputs, ...cover, '-c:a', 'aac']));
  assert.deepEqual(await makeImages(spec, bench.deps), { poster: true, storyboard: false });
  assert.ok(near(await colourAt(bench, spec.source.videoId, 'poster.jpg', 320, 320), [255, 0, 0]));
});
