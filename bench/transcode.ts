/**
 * Upload to ready on a running instance, beside one plain ffmpeg that makes the same ladder with the same settings.
 * Both run by turns, so that a noisy machine troubles them alike.
 *
 * With --quality the rungs of the last round are held against the source, too. The ladder must be the standard one
 * (MILLRACE_LADDER=standard), as the plain command has no trial.
 *
 *   node bench/transcode.ts --url http://127.0.0.1:8080 --pid <process id of the instance> [--rounds 3] [--quality]
 */
import { execFile } from 'node:child_process';
import { openAsBlob } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { gridOf } from '../src/domain/cut-plan.ts';
import { ladderOf } from '../src/domain/ladder.ts';
import type { VideoResource } from '../src/domain/video-resource.ts';
import { playlistsOf, type RungQuality, rungQualities } from './rung-quality.ts';

const run = promisify(execFile);
const NTSC = { numerator: 30_000, denominator: 1001 };
const JOB_DEADLINE_MS = 30 * 60_000;
/** The resolution of what is measured. */
const POLL_MS = 200;
/** Linux counts CPU time in hundredths of a second for programs. */
const TICKS_PER_SECOND = 100;

type Cost = { readonly wallSeconds: number; readonly cpuSeconds: number; readonly megabytes: number };
type Made = Cost & { readonly quality: readonly RungQuality[] };

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    pid: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '60' },
    source: { type: 'string' },
    quality: { type: 'boolean', default: false },
  },
});
if (!values.url || !values.pid) throw new Error('--url and --pid of a running instance are needed');
const instance = { url: values.url, pid: Number(values.pid) };
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
try {
  const source = values.source ?? (await makeSource(Number(values.seconds)));
  const rows: { round: number; millrace: Made; plain: Made }[] = [];
  const rounds = Number(values.rounds);
  for (let round = 1; round <= rounds; round++) {
    const withQuality = values.quality && round === rounds;
    const row = { round, millrace: await runMillrace(source, withQuality), plain: await runPlain(source, withQuality) };
    rows.push(row);
    print(String(round), row.millrace, row.plain);
    printQuality(row.millrace.quality, row.plain.quality);
  }
  const median = (pick: (row: (typeof rows)[number]) => number): number =>
    rows.map(pick).sort((a, b) => a - b)[Math.floor(rows.length / 2)] ?? Number.NaN;
  const wall = median((row) => row.millrace.wallSeconds / row.plain.wallSeconds);
  const cpu = median((row) => row.millrace.cpuSeconds / row.plain.cpuSeconds);
  console.log(`median ratio, millrace to plain: wall ${wall.toFixed(2)}, CPU ${cpu.toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true });
}

async function makeSource(seconds: number): Promise<string> {
  const path = join(folder, 'source.mp4');
  const inputs = ['-f', 'lavfi', '-i', 'testsrc2=s=1920x1080:r=30000/1001', '-f', 'lavfi', '-i', 'sine=440:r=48000'];
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '60', '-c:a', 'aac', '-ac', '2'];
  await run('ffmpeg', ['-nostdin', '-v', 'error', ...inputs, '-t', String(seconds), ...codecs, path]);
  return path;
}

/** Includes the upload, the queue, the playlists: all of what somebody waits for. */
async function runMillrace(source: string, withQuality: boolean): Promise<Made> {
  const body = await openAsBlob(source);
  const cpuBefore = await cpuOfTree(instance.pid);
  const startMs = performance.now();
  const answer = await request('POST', '/upload?filename=bench.mp4', body);
  const { id } = (await answer.json()) as { id: string };
  const video = await untilReady(id);
  const wallSeconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await cpuOfTree(instance.pid)) - cpuBefore;
  const seconds = video.source.durationSeconds ?? 0;
  // What the playlists declare, which is measured; the sound is counted with every rung.
  const bits = video.renditions.reduce((sum, rendition) => sum + rendition.averageBandwidthBps * seconds, 0);
  const hls = new URL(video.playback?.hls ?? '', instance.url).href;
  const quality = withQuality ? await rungQualities(source, await playlistsOf(hls)) : [];
  await request('DELETE', `/videos/${id}`);
  return { wallSeconds, cpuSeconds, megabytes: bits / 8e6, quality };
}

async function untilReady(id: string): Promise<VideoResource> {
  const deadlineMs = performance.now() + JOB_DEADLINE_MS;
  while (performance.now() < deadlineMs) {
    const video = (await (await request('GET', `/videos/${id}`)).json()) as VideoResource;
    if (video.state === 'ready') return video;
    if (video.state === 'failed') throw new Error(`failed: ${JSON.stringify(video.error)}`);
    await delay(POLL_MS);
  }
  throw new Error(`not ready after ${JOB_DEADLINE_MS} ms`);
}

async function request(method: string, path: string, body?: Blob): Promise<Response> {
  const signal = AbortSignal.timeout(JOB_DEADLINE_MS);
  const response = await fetch(new URL(path, instance.url), { method, signal, ...(body ? { body } : {}) });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}

/** The command that people write: one process, all its threads, the same sizes, caps and GOPs. */
async function runPlain(source: string, withQuality: boolean): Promise<Made> {
  const out = await mkdtemp(join(folder, 'plain-'));
  const rungs = ladderOf({ widthPx: 1920, heightPx: 1080, frameRate: NTSC });
  const { gopFrames } = gridOf({ frameRate: NTSC, frames: 1 });
  const heads = rungs.map((_, i) => `[i${i}]`).join('');
  const scales = rungs.map((rung, i) => `[i${i}]scale=${rung.widthPx}:${rung.heightPx}:flags=bicubic[o${i}]`);
  const outputs = rungs.flatMap(({ crf, maxrateBps }, i) => [
    ...[
      '-map',
      `[o${i}]`,
      `-crf:v:${i}`,
      `${crf}`,
      `-maxrate:v:${i}`,
      `${maxrateBps}`,
      `-bufsize:v:${i}`,
      `${maxrateBps}`,
    ],
  ]);
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-sc_threshold', '0'];
  const gops = ['-g', String(gopFrames), '-keyint_min', String(gopFrames)];
  const streams = [...rungs.map((_, i) => `v:${i},agroup:a`), 'a:0,agroup:a'].join(' ');
  const hls = ['-f', 'hls', '-hls_time', '4', '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod'];
  const cpuBefore = await cpuOfEndedChildren();
  const startMs = performance.now();
  await run('ffmpeg', [
    ...['-nostdin', '-v', 'error', '-i', source],
    ...['-filter_complex', `[0:v]split=${rungs.length}${heads};${scales.join(';')}`],
    ...[...outputs, '-map', '0:a', ...video, ...gops, '-c:a', 'aac', '-b:a', '128k'],
    ...[...hls, '-master_pl_name', 'index.m3u8', '-var_stream_map', streams, join(out, '%v.m3u8')],
  ]);
  const wallSeconds = (performance.now() - startMs) / 1000;
  const cpuSeconds = (await cpuOfEndedChildren()) - cpuBefore;
  const sizes = await Promise.all((await readdir(out)).map(async (name) => (await stat(join(out, name))).size));
  const playlists = rungs.map(({ heightPx }, i) => ({ heightPx, input: join(out, `${i}.m3u8`) }));
  const quality = withQuality ? await rungQualities(source, playlists) : [];
  return { wallSeconds, cpuSeconds, megabytes: sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e6, quality };
}

/** Of a process, all that live below it, and all of their children that have ended. */
async function cpuOfTree(root: number): Promise<number> {
  const processes = new Map<number, { parent: number; seconds: number }>();
  for (const name of await readdir('/proc')) {
    const fields = /^\d+$/.test(name) ? await statOf(name) : undefined;
    if (fields) processes.set(Number(name), { parent: Number(fields[1]), seconds: cpuIn(fields, 11, 12, 13, 14) });
  }
  const isBelow = (pid: number): boolean => pid === root || (pid > 1 && isBelow(processes.get(pid)?.parent ?? 0));
  const tree = [...processes].filter(([pid]) => isBelow(pid));
  return tree.reduce((sum, [, { seconds }]) => sum + seconds, 0);
}

async function cpuOfEndedChildren(): Promise<number> {
  const fields = await statOf('self');
  return fields ? cpuIn(fields, 13, 14) : Number.NaN;
}

function cpuIn(fields: readonly string[], ...indexes: readonly number[]): number {
  return indexes.reduce((sum, i) => sum + Number(fields[i]), 0) / TICKS_PER_SECOND;
}

/** The fields of proc(5) after the name, of which the first is the state; undefined where the process has ended. */
async function statOf(pid: string): Promise<string[] | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function printQuality(millrace: readonly RungQuality[], plain: readonly RungQuality[]): void {
  for (const [i, ours] of millrace.entries()) {
    const theirs = plain[i];
    if (theirs?.heightPx !== ours.heightPx) throw new Error('the ladders differ: is MILLRACE_LADDER=standard set?');
    const size = (ours.videoBytes / theirs.videoBytes).toFixed(3);
    console.log(`${ours.heightPx}p  SSIM ${ours.ssim.toFixed(5)} and ${theirs.ssim.toFixed(5)}, size ${size}`);
  }
}

function print(round: string, millrace: Cost, plain: Cost): void {
  const line = (name: string, { wallSeconds, cpuSeconds, megabytes }: Cost): string =>
    `${round}  ${name.padEnd(10)} wall ${wallSeconds.toFixed(1)} s  CPU ${cpuSeconds.toFixed(1)} s  ${megabytes.toFixed(1)} MB`;
  console.log(`${line('millrace', millrace)}\n${line('ffmpeg', plain)}`);
}
