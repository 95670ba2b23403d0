import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VideoId } from '../../src/domain/ids.ts';
import { sourcePartKey } from '../../src/domain/object-keys.ts';
import { planJob } from '../../src/domain/plan-job.ts';
import type { SourceRef } from '../../src/domain/source.ts';
import { encodeChunk } from '../../src/transcode/encode-chunk.ts';
import { joined } from './matrix-row.ts';
import { encodeFile, type MediaBench, mediaBench, picturesOf, probe, TEST_DEADLINE_MS } from './media-bench.ts';
import { probeSpec, workOn } from './worker-bench.ts';

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
  ['a list of streams (DASH)', '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'],
  [
    'a description of a session (SDP)',
    'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n',
  ],
];
for (const [what, bytes] of NO_VIDEOS) {
  test(`${what} is not a video`, withDeadline, async () => {
    await using bench = await mediaBench();
    await assert.rejects(probeFile('upload.mp4', bytes, bench), { code: 'not_a_video' });
  });
}

for (const name of ['image.jpg', 'image.png', 'image.webp', 'image.gif', 'image.bmp']) {
  test(`${name} under the name of a video is not a video`, withDeadline, async () => {
    await using bench = await mediaBench();
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=64x48', '-frames:v', '1'];
    const bytes = await readFile(await bench.make(name, picture));
    await assert.rejects(probeFile('upload.mp4', bytes, bench), { code: 'not_a_video' });
  });
}

/** What the person who uploaded it is told. */
const rejectsSaying = (attempt: Promise<unknown>, code: string, message: RegExp) =>
  assert.rejects(attempt, (error: Error & { code: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });

test('a file without its index, cut off at the end, is not a video', withDeadline, async () => {
  await using bench = await mediaBench();
  const whole = await readFile(await bench.make('whole.mp4', CLIP));
  const probing = probeFile('cut.mp4', whole.subarray(0, whole.length * 0.6), bench);
  await rejectsSaying(probing, 'not_a_video', /lacks its index \(moov\): its end is missing/);
});

test('a file that has tracks and nothing in them lasts no time', withDeadline, async () => {
  await using bench = await mediaBench();
  const args = [...CLIP.slice(0, 4), '-frames:v', '0', '-c:v', 'libx264'];
  const probing = bench
    .make('empty.mp4', args)
    .then(async (path) => planJob(await probe(await bench.keep(path), bench)));
  await rejectsSaying(probing, 'not_a_video', /^The (file|video|source) (holds|track|lasts) no/);
});

test('a picture far beyond 8K is refused before it is decoded', withDeadline, async () => {
  await using bench = await mediaBench();
  const args = ['-f', 'lavfi', '-i', 'color=gray:s=8000x8000,format=gray', '-frames:v', '1', '-c:v', 'png'];
  const source = await bench.keep(await bench.make('huge.mov', args));
  assert.ok(source.sizeBytes < 1_000_000, 'a bomb is small');
  await rejectsSaying(
    probe(source, bench).then((facts) => planJob(facts)),
    'source_unsupported',
    /its picture is larger than 8K/,
  );
});

test('a file of hundreds of tracks is refused', withDeadline, async () => {
  await using bench = await mediaBench();
  const tracks = Array.from({ length: 140 }, () => ['-map', '0']).flat();
  const args = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', ...tracks, '-t', '0.1', '-c:a', 'pcm_s16le'];
  const source = await bench.keep(await bench.make('many.mkv', args));
  await rejectsSaying(probe(source, bench), 'source_unsupported', /too many tracks/);
});

test('a picture in a format that nobody knows is named', withDeadline, async () => {
  await using bench = await mediaBench();
  const bytes = await readFile(await bench.make('whole.mp4', [...CLIP, '-t', '1']));
  bytes.write('zzzz', bytes.indexOf('avc1', bytes.indexOf('stsd')), 'latin1');
  await rejectsSaying(probeFile('unknown.mp4', bytes, bench), 'source_unsupported', /format \(zzzz\) that cannot be/);
});

test('pictures that are all broken fail for good, with what was found', withDeadline, async () => {
  await using bench = await mediaBench();
  const bytes = await readFile(await bench.make('whole.mp4', [...CLIP, '-t', '1']));
  bytes.fill(0, bytes.indexOf('mdat') + 8, bytes.indexOf('moov') - 8);
  const path = join(bench.folder, 'zeros.mp4');
  await writeFile(path, bytes);
  const encoding = encodeFile(path, bench);
  await rejectsSaying(encoding, 'source_truncated', /only the first 0 were found/);
});

test('sound whose channels change on the way is refused in words', withDeadline, async () => {
  await using bench = await mediaBench();
  const tone = (layout: string): string[] => ['-f', 'lavfi', '-i', `aevalsrc=0.1*sin(2000*t):s=48000:c=${layout}:d=3`];
  const first = [...tone('stereo'), '-c:a', 'mp2'];
  const path = await joined('changing.ts', first, [...tone('mono'), '-c:a', 'mp2', '-output_ts_offset', '3'])(bench);
  await rejectsSaying(
    encodeFile(path, bench),
    'source_unsupported',
    /channels or the sample rate .* change on the way/,
  );
});

/** Each its own video: the bytes of a part never change. */
async function keepAs(id: string, bytes: Uint8Array, { store }: MediaBench): Promise<SourceRef> {
  const videoId = id as VideoId;
  await store.put(sourcePartKey({ videoId, part: 0 }), bytes, { contentType: 'application/octet-stream' });
  return { videoId, sizeBytes: bytes.byteLength };
}

test(
  'a few pictures at the end that cannot be decoded are stood in for by the last good one',
  withDeadline,
  async () => {
    await using bench = await mediaBench();
    const path = await bench.make('whole.mp4', [...CLIP.slice(0, 4), '-t', '5', ...CLIP.slice(6), '-bf', '0']);
    const bytes = await readFile(path);
    bytes.fill(0, bytes.indexOf('moov') - 12_000, bytes.indexOf('moov') - 4);
    await writeFile(path, bytes);
    const decodable = (await picturesOf(path)).length;
    assert.ok(decodable > 112 && decodable < 125, `${decodable} pictures can be decoded`);
    const { plan, results } = await encodeFile(path, bench);
    const ticks = results.flatMap(({ renditions }) => renditions.flatMap(({ segments }) => segments));
    assert.equal(
      ticks.reduce((sum, { durationTicks }) => sum + durationTicks, 0),
      125 * plan.grid!.ticksPerFrame,
    );
  },
);

/** Makes the last part of what the file holds unreadable, and leaves its index. */
async function spoilFrom(share: number, path: string): Promise<void> {
  const bytes = await readFile(path);
  const [from, to] = [bytes.indexOf('mdat') + 8, bytes.indexOf('moov') - 4];
  bytes.fill(0, Math.round(from + share * (to - from)), to);
  await writeFile(path, bytes);
}

test('pictures that are mostly broken fail for good, however many errors that makes', withDeadline, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('whole.mp4', [...CLIP, '-t', '5']);
  await spoilFrom(0.25, path);
  await rejectsSaying(encodeFile(path, bench), 'source_truncated', /^Of frames 0 to \d+ only the first \d+ were found/);
});

test('sound that is mostly broken is kept as far as it goes, and as long as it was', withDeadline, async () => {
  await using bench = await mediaBench();
  const path = await bench.make('whole.m4a', ['-f', 'lavfi', '-i', 'sine=r=48000', '-t', '20', '-c:a', 'aac']);
  await spoilFrom(0.2, path);
  const { plan, results } = await encodeFile(path, bench);
  const segments = results.flatMap(({ renditions }) => renditions.flatMap((rendition) => rendition.segments));
  assert.equal(
    segments.reduce((sum, { durationTicks }) => sum + durationTicks, 0),
    plan.audio[0]!.samples,
  );
});

test('a worker that met every kind of broken file does the next good one', withDeadline, async () => {
  await using bench = await mediaBench();
  await using worker = workOn(bench);
  for (const [i, [, bytes]] of NO_VIDEOS.entries()) {
    const source = await keepAs(`000000000000000${i}`, Buffer.from(bytes), bench);
    const end = await worker.lender.settled(worker.lender.add(probeSpec(source)));
    assert.ok(end.outcome === 'failed');
    assert.deepEqual([end.failure.code, end.failure.cause], ['not_a_video', 'input']);
  }
  const good = await bench.make('good.mp4', [...CLIP, '-t', '1']);
  const end = await worker.lender.settled(worker.lender.add(probeSpec(await bench.keep(good))));
  assert.equal(end.outcome, 'done');
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
