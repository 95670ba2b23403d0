/**
 * From the last byte of an upload to the first playable segment, on a running instance: the multivariant playlist, the
 * media playlists and the first segments of picture and sound all answer 200. Then the time until the whole video can
 * be played at its lowest rung. For two lengths by turns: the first should not depend on it.
 *
 *   node bench/first-play.ts --url http://127.0.0.1:8080 [--seconds 60,600] [--rounds 3] [--whole] [--source minute.mp4]
 */
import { execFile } from 'node:child_process';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import type { VideoResource } from '../src/domain/video-resource.ts';

const run = promisify(execFile);
const DEADLINE_MS = 15 * 60_000;
/** The resolution of what is measured. */
const POLL_MS = 20;

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    seconds: { type: 'string', default: '60,600' },
    rounds: { type: 'string', default: '3' },
    whole: { type: 'boolean', default: false },
    /** A minute of 1080p, in place of one that is made. */
    source: { type: 'string' },
  },
});
if (!values.url) throw new Error('--url of a running instance is needed');
const base = values.url;
const lengths = values.seconds.split(',').map(Number);
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
try {
  const sources = new Map<number, string>();
  for (const seconds of lengths) sources.set(seconds, await makeSource(seconds));
  const first = new Map<number, number[]>(lengths.map((seconds) => [seconds, []]));
  for (let round = 1; round <= Number(values.rounds); round++)
    for (const [seconds, path] of sources) first.get(seconds)?.push(await measure(seconds, path, round));
  for (const [seconds, all] of first) console.log(`${seconds} s: median ${median(all).toFixed(2)} s to first play`);
  const [shortest = 0, longest = 0] = [first.get(Math.min(...lengths)), first.get(Math.max(...lengths))].map((all) =>
    median(all ?? []),
  );
  console.log(`longest to shortest: ${(longest / shortest).toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true });
}

/** One minute is encoded; longer ones repeat it, as a picture that never repeats would cost ten minutes to make. */
async function makeSource(seconds: number): Promise<string> {
  const minute = values.source ?? join(folder, 'minute.mp4');
  const path = join(folder, `${seconds}.mp4`);
  if (!existsSync(minute)) {
    const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=30000/1001', '-f', 'lavfi', '-i', 'sine=440:r=48000'];
    const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '28', '-g', '60', '-c:a', 'aac', '-ac', '2'];
    await run('ffmpeg', ['-nostdin', '-v', 'error', ...inputs, '-t', '60', ...codecs, minute]);
  }
  const repeated = ['-stream_loop', String(Math.ceil(seconds / 60) - 1), '-i', minute, '-t', String(seconds)];
  await run('ffmpeg', ['-nostdin', '-v', 'error', ...repeated, '-c', 'copy', '-movflags', '+faststart', path]);
  return path;
}

async function measure(seconds: number, path: string, round: number): Promise<number> {
  const load = loadavg()[0]?.toFixed(1);
  const { id, lastByteMs } = await upload(path);
  const video = await untilPlayable(id);
  const { media } = await playFirst(video);
  const firstSeconds = (performance.now() - lastByteMs) / 1000;
  const whole = values.whole ? await untilWhole(id, media, seconds, lastByteMs) : undefined;
  const rest = whole === undefined ? '' : `, whole at its lowest rung ${whole.toFixed(1)} s`;
  console.log(`round ${round}, ${seconds} s, load ${load}: first play ${firstSeconds.toFixed(2)} s${rest}`);
  await answer(`/videos/${id}`, { method: 'DELETE' });
  return firstSeconds;
}

async function upload(path: string): Promise<{ id: string; lastByteMs: number }> {
  let lastByteMs = 0;
  const file = createReadStream(path).once('end', () => {
    lastByteMs = performance.now();
  });
  const headers = { 'content-length': String((await stat(path)).size) };
  const body = Readable.toWeb(file) as BodyInit;
  const given = await answer('/upload?filename=bench.mp4', { method: 'POST', body, headers, duplex: 'half' });
  return { id: ((await given.json()) as { id: string }).id, lastByteMs };
}

async function untilPlayable(id: string): Promise<VideoResource> {
  return poll(async () => {
    const video = (await (await answer(`/videos/${id}`)).json()) as VideoResource;
    if (video.state === 'failed') throw new Error(`failed: ${JSON.stringify(video.error)}`);
    return video.playback ? video : undefined;
  });
}

/** As a player begins: the playlist, those that it names, and the first segment of each with its init. */
async function playFirst({ playback }: VideoResource): Promise<{ media: string[] }> {
  const entry = await answer(playback?.hls ?? '');
  const text = await entry.text();
  const media = [...text.matchAll(/URI="([^"]+)"|^(g.+\.m3u8)$/gm)].map(([, audio, video]) => audio ?? video ?? '');
  const playlists = media.map((uri) => new URL(uri, entry.url).href);
  for (const url of playlists) {
    const list = await (await answer(url)).text();
    const first = /^\d{6}\.m4s$/m.exec(list)?.[0] ?? 'none';
    for (const uri of ['init.mp4', first]) await (await answer(new URL(uri, url).href)).arrayBuffer();
  }
  return { media: playlists };
}

async function untilWhole(id: string, media: readonly string[], seconds: number, sinceMs: number): Promise<number> {
  await poll(async () => {
    const lists = await Promise.all(media.map(async (url) => (await answer(url)).text()));
    const listed = lists.map((list) =>
      [...list.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, s]) => sum + Number(s), 0),
    );
    if (listed.every((sum) => sum > seconds - 1)) return true;
    await delay(1000 - POLL_MS);
    const { state, error } = (await (await answer(`/videos/${id}`)).json()) as VideoResource;
    if (state === 'failed') throw new Error(`failed: ${JSON.stringify(error)}`);
    return undefined;
  });
  return (performance.now() - sinceMs) / 1000;
}

async function poll<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const endMs = performance.now() + DEADLINE_MS; performance.now() < endMs; await delay(POLL_MS)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`not within ${DEADLINE_MS} ms`);
}

async function answer(path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
  const response = await fetch(new URL(path, base), { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
}
