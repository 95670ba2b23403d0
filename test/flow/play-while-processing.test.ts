import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { VideoResource } from '../../src/domain/video-resource.ts';
import { eventually } from '../support/eventually.ts';
import { Instance } from '../support/instance.ts';
import { parseHls } from '../support/manifest-parsers.ts';
import { decodedFrames, ffmpeg, makeClip } from '../support/media.ts';

/** A video is played while the greater part of it is still being made, on the whole platform. */
const SECONDS = 40;
const RATE = 25;
let instance: Instance;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-clips-'));
  await makeClip(join(folder, 'long.mp4'), { seconds: SECONDS, size: '1280x720', rate: String(RATE) });
  instance = await Instance.start();
});

after(async () => {
  await instance?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test('a player that begins while a video is processed gets every frame of it, and the final one has the same', async () => {
  const { id } = await instance.upload(join(folder, 'long.mp4'), 'long.mp4');
  const video = await playable(id);
  assert.equal(video.state, 'processing');
  assert.deepEqual([video.playback?.hls, video.playback?.dash], [`/play/${id}/index.m3u8`, null]);
  const entry = await fetch(`${instance.url}/play/${id}/index.m3u8`);
  const growing = parseHls(await entry.text());
  assert.equal(growing.playlists?.length, 1);
  const dash = await fetch(`${instance.url}/play/${id}/manifest.mpd`);
  assert.deepEqual([dash.status, ((await dash.json()) as { code: string }).code], [404, 'dash_not_ready']);

  // Reads to the end of what is listed, waits for more, and ends when the playlist does.
  const listed = watchGrowth(new URL(growing.playlists?.[0]?.uri ?? '', entry.url).href);
  const frames = await framesOf(entry.url);
  assert.equal(frames, SECONDS * RATE);
  await listed;

  const ready = await instance.settled(id);
  assert.equal(ready.state, 'ready');
  assert.equal(ready.playback?.dash, `/play/${id}/manifest.mpd`);
  const final = await decodedFrames(`${instance.url}/play/${id}/index.m3u8`);
  assert.deepEqual(
    final,
    ready.renditions.filter(({ kind }) => kind === 'video').map(() => SECONDS * RATE),
  );
  const events = (await instance.logs()).filter((line) => line.videoId === id).map((line) => line.event);
  assert.ok(events.includes('video_playable'));
  assert.ok(events.includes('video_published'));
});

/** The video as soon as it says that it can be played. */
async function playable(id: string): Promise<VideoResource> {
  let video = await instance.video(id);
  await eventually(`video ${id} is playable`, async () => {
    video = await instance.video(id);
    assert.notEqual(video.state, 'failed', JSON.stringify(video.error));
    return video.playback !== null;
  });
  return video;
}

/** Looks at a media playlist until it has ended: it may only gain segments. */
async function watchGrowth(url: string): Promise<void> {
  let before: string[] = [];
  await eventually('the playlist has an end', async () => {
    const { segments, endList } = parseHls(await (await fetch(url)).text());
    const now = segments.map(({ uri }) => uri);
    assert.deepEqual(now.slice(0, before.length), before, 'a playlist shrank');
    before = now;
    return endList === true;
  });
}

/** ffmpeg begins an unfinished playlist near its end unless told otherwise. */
async function framesOf(url: string): Promise<number> {
  const input = ['-live_start_index', '0', '-i', url];
  const hashes = await ffmpeg('-xerror', ...input, '-map', '0:v:0', '-fps_mode', 'passthrough', '-f', 'framemd5', '-');
  return hashes.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
