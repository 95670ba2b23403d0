import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { VideoId } from '../../src/domain/ids.ts';
import { codecLadder } from '../../src/domain/ladder.ts';
import { silentLog } from '../../src/lib/log.ts';
import { type Download, downloadPreparer } from '../../src/upload/download/prepare-downloads.ts';
import { readDownload } from '../../src/upload/download/send-download.ts';
import { ffprobe } from '../support/media.ts';
import {
  type Encoded,
  encodeFile,
  joinRendition,
  type MediaBench,
  mediaBench,
  picturesOf,
  presentationOf,
  renditionOf,
  samplesFrom,
  TEST_DEADLINE_MS,
} from './media-bench.ts';

const picture = ['-f', 'lavfi', '-i', 'testsrc2=s=480x270:r=30000/1001,trim=end_frame=400'];
const sound = ['-f', 'lavfi', '-i', 'aevalsrc=0.3*sin(2*PI*(300+200*t)*t)|0.2*sin(2*PI*500*t):s=44100:d=13.6'];
const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-threads', '1', '-bf', '2', '-c:a', 'aac'];

const prepare = ({ plan, source, results }: Encoded, { store }: MediaBench, rendition: string): Promise<Download> => {
  const renditions = results.flatMap((result) => result.renditions);
  const published = { find: async () => ({ generation: 1, plan, renditions, captions: [] }) };
  return downloadPreparer({ store, published, log: silentLog() })(source.videoId as VideoId, rendition);
};

async function bytesOf(download: Download, first: number, last: number, { store }: MediaBench): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of readDownload(download, { first, last }, store)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function fileOf(download: Download, name: string, bench: MediaBench): Promise<string> {
  const path = join(bench.folder, name);
  const bytes = await bytesOf(download, 0, download.sizeBytes - 1, bench);
  assert.equal(bytes.length, download.sizeBytes);
  await writeFile(path, bytes);
  return path;
}

test('a download is picture by picture and sample by sample what is played, in step', {
  timeout: TEST_DEADLINE_MS,
}, async () => {
  await using bench = await mediaBench();
  const encoded = await encodeFile(await bench.make('clip.mp4', [...picture, ...sound, ...codecs]), bench);
  const { grid, rungs, audio } = encoded.plan;
  const heard = await samplesFrom(
    String(grid!.delayTicks / grid!.timescale),
    await joinRendition(encoded, 'a-und', bench),
  );
  for (const { rendition } of rungs) {
    const file = await fileOf(await prepare(encoded, bench, rendition), `${rendition}.mp4`, bench);
    const fields = 'stream=codec_type,start_pts,nb_frames,duration_ts,time_base';
    const { streams } = JSON.parse(await ffprobe('-show_entries', fields, '-of', 'json', file)) as {
      streams: object[];
    };
    assert.deepEqual(streams, [
      {
        codec_type: 'video',
        time_base: '1/30000',
        start_pts: 0,
        duration_ts: grid!.frames * 1001,
        nb_frames: String(grid!.frames),
      },
      {
        codec_type: 'audio',
        time_base: '1/48000',
        start_pts: 0,
        duration_ts: audio[0]!.samples,
        nb_frames: String(Math.ceil(audio[0]!.samples / 1024)),
      },
    ]);
    const shown = await picturesOf(file);
    const played = await picturesOf(await joinRendition(encoded, rendition, bench));
    assert.deepEqual(
      shown,
      played.map(({ ticks, md5 }) => ({ ticks: ticks - grid!.delayTicks / grid!.ticksPerFrame, md5 })),
    );
    assert.deepEqual(await samplesFrom('0', file), heard);
  }
  const alone = await fileOf(await prepare(encoded, bench, 'a-und'), 'sound.mp4', bench);
  assert.deepEqual(await samplesFrom('0', alone), heard);
});

for (const codec of ['hevc', 'av1'] as const) {
  test(`in ${codec}, too, a download shows every picture and a keyframe stands alone`, {
    timeout: TEST_DEADLINE_MS,
  }, async () => {
    await using bench = await mediaBench();
    const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25,trim=end_frame=110', ...codecs.slice(0, 8)];
    const encoded = await encodeFile(await bench.make('source.mp4', source), bench, (plan) => ({
      ...plan,
      rungs: codecLadder(plan.rungs, codec).slice(0, 1),
    }));
    const { rendition } = encoded.plan.rungs[0]!;
    const played = (await picturesOf(await joinRendition(encoded, rendition, bench))).map(({ md5 }) => md5);
    const file = await fileOf(await prepare(encoded, bench, rendition), 'download.mp4', bench);
    const shown = await picturesOf(file);
    assert.deepEqual(
      shown,
      played.map((md5, ticks) => ({ ticks, md5 })),
    );
    const [first] = renditionOf(encoded, rendition).flatMap(({ segments }) => segments);
    const [offset, sizeBytes] = first!.keyframes![1]!;
    const read = presentationOf(encoded, bench);
    const segment = await read(`g1/${rendition}/000000.m4s`);
    const alone = join(bench.folder, 'keyframe.mp4');
    await writeFile(
      alone,
      Buffer.concat([await read(`g1/${rendition}/init.mp4`), segment.subarray(offset, offset + sizeBytes)]),
    );
    const pictures = await picturesOf(alone);
    assert.deepEqual(
      pictures.map(({ md5 }) => md5),
      [played[encoded.plan.grid!.gopFrames]],
    );
  });
}

test('every range is that part of the whole', { timeout: TEST_DEADLINE_MS }, async () => {
  await using bench = await mediaBench();
  const silent = [...picture.slice(0, 3), 'testsrc2=s=320x180:r=25,trim=end_frame=225', ...codecs.slice(0, 8)];
  const encoded = await encodeFile(await bench.make('silent.mp4', silent), bench);
  const download = await prepare(encoded, bench, encoded.plan.rungs[0]!.rendition);
  const whole = await bytesOf(download, 0, download.sizeBytes - 1, bench);
  const edges = [0, 1, download.head.length - 1, download.head.length, download.head.length + 1];
  let at = download.head.length;
  for (const run of download.runs) {
    at += run.sizeBytes;
    edges.push(at - 1, at);
  }
  const places = edges.filter((edge) => edge < whole.length);
  for (const first of places)
    for (const last of places.filter((edge) => edge >= first))
      assert.ok(
        (await bytesOf(download, first, last, bench)).equals(whole.subarray(first, last + 1)),
        `${first}-${last}`,
      );
});
